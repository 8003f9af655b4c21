package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/bot"
)

const (
	// teamRoom is the team's channel.
	teamRoom = "room-of-team"
	// reviewTime is when the team's posts are up to date at the latest.
	reviewTime = 11 * time.Second
	// theComment is what people write of a wrong answer.
	theComment = "It was ink."
)

// withTeam starts a bot with a channel of the team's.
func (w *world) withTeam() {
	w.t.Helper()
	w.chat.team = teamRoom
	w.connect()
	w.consents(alice)
	w.run()
}

// restart starts another bot on what the first one left.
func (w *world) restart() {
	w.t.Helper()
	w.end()
	w.connect()
	w.run()
}

// disputes sends a photo, says that the answer is wrong, and comments where there is one; the question
// whether the photo may be kept is still open. It returns the answer.
func (w *world) disputes(s deepskin.Sender, comment string) post {
	w.t.Helper()
	w.photo(s, "source-1")
	w.pass(time.Second)
	posts := w.chat.seen(s)
	answer := posts[len(posts)-1]
	w.press(s, answer, "dispute:"+string(answer.reply.Case))
	w.press(s, answer, "truth:"+string(answer.reply.Case)+":benign")
	if comment != "" {
		w.write(s, answer, comment)
	}
	return answer
}

// shares lets the team have the photo.
func (w *world) shares(s deepskin.Sender, answer post) {
	w.t.Helper()
	w.press(s, answer, "keep:"+string(answer.reply.Case)+":yes")
}

// disputed is disputes and shares.
func (w *world) disputed(s deepskin.Sender, comment string) post {
	w.t.Helper()
	answer := w.disputes(s, comment)
	w.shares(s, answer)
	return answer
}

// write sends the form behind a button.
func (w *world) write(s deepskin.Sender, p post, text string) bot.PressReply {
	w.t.Helper()
	return w.pressed(bot.Press{Sender: s, At: p.at, Data: "comment:" + string(p.reply.Case), Text: text, Language: w.language})
}

// vote is a press by a reviewer.
func (w *world) vote(s deepskin.Sender, p post, decision string) bot.PressReply {
	w.t.Helper()
	return w.pressed(bot.Press{
		Sender: s, At: p.at, Data: "review:" + string(p.reply.Case) + ":" + decision, Reviewer: true, Language: w.language,
	})
}

// reviewPost returns the one message in the team's channel.
func (w *world) reviewPost() post {
	w.t.Helper()
	posts := w.chat.postsIn(teamRoom)
	if len(posts) != 1 {
		w.t.Fatalf("%d messages in the team's channel, want 1: %+v", len(posts), posts)
	}
	return posts[0]
}

// teamSees checks how many messages are in the team's channel, and how many of them show a photo.
func (w *world) teamSees(messages, photos int) {
	w.t.Helper()
	posts, shown := w.chat.postsIn(teamRoom), 0
	for _, p := range posts {
		if p.reply.Picture != nil {
			shown++
		}
	}
	if len(posts) != messages || shown != photos {
		w.t.Errorf("the team sees %d messages and %d photos, want %d and %d", len(posts), shown, messages, photos)
	}
}

// failing makes some methods fail.
func failing(methods ...string) func(context.Context, string) error {
	return func(_ context.Context, method string) error {
		for _, m := range methods {
			if m == method {
				return errBroken
			}
		}
		return nil
	}
}

func inTeam(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	in(t, func(t *testing.T, w *world) {
		w.thorough()
		w.withTeam()
		test(t, w)
	})
}

func TestTheTeamSeesADisputedAnswer(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		answer := w.disputes(alice, theComment)
		w.pass(reviewTime)
		w.teamSees(0, 0) // nobody has agreed to that
		w.shares(alice, answer)
		w.pass(0)
		p := w.reviewPost()
		if got := string(p.reply.Picture); got != "heat over small pixels of source-1" {
			t.Errorf("the picture is %q", got)
		}
		for _, want := range []string{"Higher risk", "32%", aModel.Version, "Melanoma: 20%", "Mole (nevus): 62%", "A doctor said benign", theComment} {
			if !strings.Contains(p.text(), want) {
				t.Errorf("the post does not say %q: %s", want, p.text())
			}
		}
		for _, secret := range secrets {
			if strings.Contains(p.text(), secret) {
				t.Errorf("the post holds %q", secret)
			}
		}
		choices := 0
		for _, row := range p.reply.Buttons {
			choices += len(row)
		}
		if choices != 9 {
			t.Errorf("there are %d choices, want the seven diagnoses, no lesion and reject", choices)
		}
		w.restart()
		w.pass(time.Minute)
		w.teamSees(1, 1)
		if n := w.chat.called("Edit"); n != 2 { // the answer and the post
			t.Errorf("%d edits, want 2", n)
		}
	})
}

func TestOnlySharedPhotosOfDisputedAnswersReachTheTeam(t *testing.T) {
	inTeam(t, func(_ *testing.T, w *world) {
		answer := w.disputes(alice, "")
		w.press(alice, answer, "keep:"+string(answer.reply.Case)+":no")
		w.photo(alice, "source-2")
		w.pass(time.Second)
		w.push(alice, alice, "agree", "")
		w.pass(time.Minute)
		w.teamSees(0, 0)
	})
}

func TestWhatIsSaidLaterIsShown(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		answer := w.disputed(alice, "")
		if strings.Contains(w.reviewPost().text(), "writes") {
			t.Fatal("the post has a comment before there is one")
		}
		w.write(alice, answer, theComment)
		w.pass(0)
		if p := w.reviewPost(); !strings.Contains(p.text(), theComment) {
			t.Errorf("the post is still %q", p.text())
		}
	})
}

func TestTheFirstVoteCounts(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.disputed(alice, "")
		p := w.reviewPost()
		for name, press := range map[string]bot.Press{
			"no reviewer":     {Sender: bob, Data: "review:" + string(p.reply.Case) + ":mel"},
			"forged decision": {Sender: bob, Reviewer: true, Data: "review:" + string(p.reply.Case) + ":all of it"},
		} {
			if r := w.pressed(press); !strings.Contains(r.Notice, "Only reviewers") {
				t.Errorf("%s: Press = %+v", name, r)
			}
		}
		if r := w.pressed(bot.Press{Sender: bob, Reviewer: true, Data: "review:" + string(deepskin.NewCaseID()) + ":mel"}); !strings.Contains(r.Notice, theStale) {
			t.Errorf("of another case: Press = %+v", r)
		}
		if r := w.vote(bob, p, "bcc"); !strings.Contains(r.Notice, "Noted: Basal cell carcinoma") {
			t.Errorf("Press = %+v", r)
		}
		w.pass(0)
		if r := w.vote(alice, p, "nv"); !strings.Contains(r.Notice, "Somebody was faster") {
			t.Errorf("the second vote: Press = %+v", r)
		}
		p = w.reviewPost()
		if !strings.Contains(p.text(), "Decided: Basal cell carcinoma") || p.reply.Buttons != nil || p.reply.Picture == nil {
			t.Errorf("the post is now %+v", p)
		}
		r := w.store.reviews[p.reply.Case]
		if r.Decision != "bcc" || r.reviewer != bob || r.Decided.IsZero() {
			t.Errorf("stored is %+v", r)
		}
	})
}

func TestADecisionIsShownAfterARestart(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.disputed(alice, "")
		w.chat.inject(failing("Edit"))
		w.vote(bob, w.reviewPost(), "reject")
		w.pass(reviewTime)
		w.end()
		w.chat.inject(nil)
		w.connect()
		w.run()
		if p := w.reviewPost(); !strings.Contains(p.text(), "Decided: Reject") {
			t.Errorf("the post is %q", p.text())
		}
	})
}

// ends are the ways in which a photo stops being the team's to see.
var ends = map[string]func(w *world, answer post){
	"/delete": func(w *world, _ post) { w.command(alice, "delete") },
	"the case is deleted": func(w *world, answer post) {
		if err := w.bot.ForgetCase(w.t.Context(), alice, answer.reply.Case); err != nil {
			w.t.Fatal(err)
		}
	},
	"consent is taken back": func(w *world, answer post) {
		w.press(alice, answer, "keep:"+string(answer.reply.Case)+":no")
	},
}

func TestThePostGoesWithThePhoto(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			inTeam(t, func(t *testing.T, w *world) {
				answer := w.disputed(alice, theComment)
				p := w.reviewPost()
				end(w, answer)
				w.pass(0)
				w.teamSees(0, 0)
				if len(w.store.reviews) != 0 {
					t.Errorf("what is left is %+v", w.store.reviews)
				}
				if r := w.vote(bob, p, "mel"); !strings.Contains(r.Notice, theStale) {
					t.Errorf("a vote on what is gone: %+v", r)
				}
			})
		})
	}
}

func TestThePostGoesOnceThePlatformIsBack(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			inTeam(t, func(_ *testing.T, w *world) {
				answer := w.disputed(alice, "")
				w.chat.breaks()
				end(w, answer)
				w.pass(time.Hour)
				w.teamSees(1, 1)
				w.restart()
				w.pass(time.Hour)
				w.chat.inject(nil)
				w.pass(reviewTime)
				w.teamSees(0, 0)
			})
		})
	}
}

// However the process dies, no photo stands in the channel that nobody knows of.
func TestAPostWhoseAddressWasNotNotedShowsNothing(t *testing.T) {
	inTeam(t, func(_ *testing.T, w *world) {
		w.store.inject(failing("AddReview"))
		w.disputed(alice, "")
		w.teamSees(1, 0)
		w.store.inject(nil)
		w.restart()
		w.teamSees(2, 1)
		w.command(alice, "delete")
		w.pass(0)
		w.teamSees(1, 0)
	})
}

// A photo that goes while its post is being written takes the post along.
func TestDeletingWhileThePostIsWritten(t *testing.T) {
	for _, during := range []string{"Send", "Edit"} {
		inTeam(t, func(_ *testing.T, w *world) {
			answer := w.disputes(alice, "")
			once := true
			w.chat.inject(func(ctx context.Context, method string) error {
				if method == during && once {
					once = false
					return w.bot.ForgetCase(ctx, alice, answer.reply.Case)
				}
				return nil
			})
			w.shares(alice, answer)
			w.pass(reviewTime)
			w.teamSees(0, 0)
		})
	}
}

func TestAPostThatTheTeamRemovedStaysAway(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.disputed(alice, "")
		p := w.reviewPost()
		if err := w.chat.Delete(t.Context(), p.at); err != nil {
			t.Fatal(err)
		}
		w.vote(bob, p, "nv")
		edits := w.chat.called("Edit")
		w.pass(time.Hour)
		w.teamSees(0, 0)
		if n := w.chat.called("Edit") - edits; n != 0 {
			t.Errorf("%d more tries to show it", n)
		}
	})
}

func TestAReviewWithoutHeatmapShowsThePhoto(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.end()
		w.config.Heatmap = func([]byte, deepskin.Grid) ([]byte, error) { return nil, errors.New("cannot draw") }
		w.connect()
		w.run()
		w.disputed(alice, "")
		if got := string(w.reviewPost().reply.Picture); got != "small pixels of source-1" {
			t.Errorf("the picture is %q", got)
		}
	})
}

func TestReviewsOutliveBadTimes(t *testing.T) {
	inTeam(t, func(_ *testing.T, w *world) {
		answer := w.disputes(alice, "")
		w.chat.breaks()
		w.shares(alice, answer)
		w.pass(time.Minute)
		w.chat.inject(nil)
		w.store.breaks("StaleReviews", "EndedReviews", "Unreviewed")
		w.pass(time.Minute)
		w.teamSees(0, 0)
		w.store.inject(nil)
		w.pass(reviewTime)
		w.teamSees(1, 1)
	})
}
