package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

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

func TestOnlyReviewersVote(t *testing.T) {
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
		w.pass(0)
		if now := w.reviewPost(); now.text() != p.text() || len(w.store.reviews[p.reply.Case].votes) != 0 {
			t.Errorf("the post is now %+v", now)
		}
	})
}

// The answer was of higher risk. A vote for that settles it.
func TestAVoteForTheRiskOfTheAnswerCountsAtOnce(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		w.disputed(alice, "")
		p := w.reviewPost()
		if r := w.vote(bob, p, "bcc"); !strings.Contains(r.Notice, "Noted: Basal cell carcinoma") {
			t.Errorf("Press = %+v", r)
		}
		w.pass(0)
		if r := w.vote(alice, p, "nv"); !strings.Contains(r.Notice, "decided already") {
			t.Errorf("the second vote: Press = %+v", r)
		}
		p = w.reviewPost()
		if !strings.Contains(p.text(), "Decided: Basal cell carcinoma") || p.reply.Buttons != nil || p.reply.Picture == nil {
			t.Errorf("the post is now %+v", p)
		}
		r := w.store.reviews[p.reply.Case]
		if r.Decision != "bcc" || r.votes[0].reviewer != bob || len(r.votes) != 1 || r.Decided.IsZero() {
			t.Errorf("stored is %+v", r)
		}
	})
}

// A change of risk takes two reviewers, and a third where they differ; nobody sees what others vote for
// before it is decided.
func TestAChangeOfRiskTakesTwoReviewers(t *testing.T) {
	for name, test := range map[string]struct {
		votes []string
		want  string
	}{
		"two agree":       {[]string{"nv", "nv"}, "Mole (nevus)"},
		"no lesion":       {[]string{"no_lesion", "no_lesion"}, "No skin spot"},
		"a third decides": {[]string{"nv", "mel", "mel"}, "Melanoma"},
		"nobody knows":    {[]string{"nv", "mel", "bkl"}, "Reject"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				registry := prometheus.NewRegistry()
				w.config.Metrics = registry
				w.thorough()
				w.withTeam()
				w.disputed(alice, "")
				fresh := w.reviewPost()
				for i, d := range test.votes {
					reviewer := deepskin.Sender{Platform: "chat", ID: fmt.Sprint("reviewer ", i)}
					if r := w.vote(reviewer, fresh, d); !strings.Contains(r.Notice, "Noted") || r.Edit != nil || r.Send != nil {
						t.Fatalf("Press = %+v, want a notice and nothing else", r)
					}
					w.pass(0)
					p := w.reviewPost()
					if i == len(test.votes)-1 {
						if !strings.Contains(p.text(), "Decided: "+test.want) || p.reply.Buttons != nil {
							t.Errorf("the post is now %+v", p)
						}
						continue
					}
					said := strings.ReplaceAll(p.text(), fmt.Sprintf("%d reviewer", i+1), "")
					if said == p.text() || strings.Contains(said, "Decided") || len(p.reply.Buttons) != 3 {
						t.Errorf("after %d votes the post is %+v", i+1, p)
					}
					if a, b := strings.Count(said, "Mole"), strings.Count(fresh.text(), "Mole"); a != b {
						t.Errorf("the post says what was voted for: %q", said)
					}
					edits := w.chat.called("Edit")
					if r := w.vote(reviewer, p, "reject"); !strings.Contains(r.Notice, "voted already") {
						t.Errorf("the same reviewer again: Press = %+v", r)
					}
					w.pass(reviewTime)
					if w.chat.called("Edit") != edits {
						t.Error("a vote that does not count changes the post")
					}
				}
				want := fmt.Sprintf("# HELP deepskin_review_votes_total Votes of the team's reviewers.\n"+
					"# TYPE deepskin_review_votes_total counter\ndeepskin_review_votes_total %d\n", len(test.votes))
				if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "deepskin_review_votes_total"); err != nil {
					t.Error(err)
				}
				if n := decisionsCounted(t, registry); n != 1 {
					t.Errorf("%v decisions are counted, want 1", n)
				}
			})
		})
	}
}

// decisionsCounted is how many decisions operators see.
func decisionsCounted(t *testing.T, registry *prometheus.Registry) (n float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "deepskin_reviews_total" {
			for _, m := range f.GetMetric() {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// What was decided elsewhere before it could be posted is no work for the channel.
func TestADecisionFromElsewhereNeedsNoPost(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		answer := w.disputes(alice, "")
		w.chat.breaks()
		w.shares(alice, answer)
		w.pass(reviewTime)
		_, err := w.store.Vote(t.Context(), answer.reply.Case, bob, deepskin.DecisionReject, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.chat.inject(nil)
		w.pass(time.Minute)
		w.teamSees(0, 0)
	})
}

// A photo that is shared again is reviewed again, in a post of its own.
func TestAPhotoThatIsSharedAgain(t *testing.T) {
	inTeam(t, func(t *testing.T, w *world) {
		answer := w.disputed(alice, "")
		w.vote(bob, w.reviewPost(), "nv")
		w.pass(0)
		first := w.reviewPost()
		w.chat.inject(failing("Delete"))
		w.press(alice, answer, "keep:"+string(answer.reply.Case)+":no")
		w.shares(alice, answer)
		w.pass(time.Minute)
		w.teamSees(1, 1) // one at a time
		w.chat.inject(nil)
		w.pass(2 * reviewTime)
		second := w.reviewPost()
		if second.at == first.at || second.reply.Picture == nil || strings.Contains(second.text(), "has voted") {
			t.Errorf("the new post is %+v", second)
		}
		if r := w.vote(bob, second, "nv"); !strings.Contains(r.Notice, "Noted") {
			t.Errorf("the same reviewer votes on the new review: Press = %+v", r)
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
				if len(w.store.reviews) != 0 || len(w.store.posts) != 0 {
					t.Errorf("what is left is %+v, %+v", w.store.reviews, w.store.posts)
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
		w.store.inject(failing("AddPost"))
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
		w.store.breaks("StaleReviews", "EndedReviews", "Unposted")
		w.pass(time.Minute)
		w.teamSees(0, 0)
		w.store.inject(nil)
		w.pass(reviewTime)
		w.teamSees(1, 1)
	})
}
