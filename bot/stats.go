package bot

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"deepskin"
	"deepskin/bot/words"
)

// statsLines is how many platforms and models have lines of their own: a message holds no more.
const statsLines = 10

// fromTeam reports whether a message came from a reviewer in the team's channel. The adapter knows: the
// address of a command may be one of its own, to which answers only its sender sees.
func (b *Bot) fromTeam(m Message) bool {
	return m.Reviewer && b.team.Chat != "" && m.At.Platform == b.team.Platform
}

// stats tells the team how things go.
func (b *Bot) stats(ctx context.Context, w words.Words) (Reply, error) {
	now := b.Now()
	var texts []string
	for _, window := range []struct {
		title string
		since time.Duration
	}{{"stats.day", 24 * time.Hour}, {"stats.week", 7 * 24 * time.Hour}} {
		s, err := b.Store.Stats(ctx, now.Add(-window.since))
		if err != nil {
			return Reply{}, err
		}
		texts = append(texts, w.Say(window.title)+"\n"+statsOf(w, s))
	}
	waiting, err := b.Store.OpenReviews(ctx)
	if err != nil {
		return Reply{}, err
	}
	backlog := "?"
	if n, err := b.Queue.Backlog(ctx); err == nil {
		backlog = strconv.Itoa(n)
	} else {
		b.Logger.Warn("the length of the queue is not known", "error", err)
	}
	texts = append(texts, w.Fill("stats.now", words.Data{"Queue": backlog, "Reviews": waiting}))
	return Reply{Title: w.Say("stats.title"), Text: paragraphs(texts...)}, nil
}

func statsOf(w words.Words, s deepskin.Stats) string {
	var all deepskin.Tally
	for _, t := range s.Tallies {
		all.Photos += t.Photos
		all.Benign += t.Benign
		all.Malignant += t.Malignant
		all.Inconclusive += t.Inconclusive
		all.Refused += t.Refused
		all.Failed += t.Failed
		all.Agreed += t.Agreed
		all.Disagreed += t.Disagreed
	}
	lines := []string{
		tally(w, w.Say("stats.all"), all),
		w.Fill("stats.times", words.Data{"Median": seconds(s.Median), "Most": seconds(s.P95)}),
	}
	for i, t := range s.Tallies {
		if i == statsLines {
			lines = append(lines, "…")
			break
		}
		name := t.Platform
		if t.Model != "" {
			name += " · " + t.Model
		}
		lines = append(lines, tally(w, name, t))
	}
	return strings.Join(lines, "\n")
}

// tally is one line of numbers.
func tally(w words.Words, name string, t deepskin.Tally) string {
	return w.Fill("stats.tally", words.Data{
		"Name": name, "Photos": t.Photos, "Benign": t.Benign, "Malignant": t.Malignant, "Inconclusive": t.Inconclusive,
		"Refused": t.Refused, "Failed": t.Failed, "Down": down(w, t), "Verdicts": t.Agreed + t.Disagreed,
	})
}

// down is the share of verdicts that disagree, in per cent.
func down(w words.Words, t deepskin.Tally) string {
	if t.Agreed+t.Disagreed == 0 {
		return "–"
	}
	return w.Fill("details.value", words.Data{"N": math.Round(100 * float64(t.Disagreed) / float64(t.Agreed+t.Disagreed))})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
