package team_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"deepskin"
	"deepskin/internal/browsertest"
)

// reads waits until an element, on this page or the next, says something.
func reads(b *browsertest.Tab, selector, words string) {
	b.Until(fmt.Sprintf(`(document.querySelector(%q)?.textContent ?? "").includes(%q)`, selector, words))
}

// A reviewer at work in a real browser: with the link that a chat shows, by keys and by thumb.
func TestAReviewerAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := browsertest.Open(t, w.url+"/review", "403")
	reads(b, "main", "How to get a link")
	b.Inspect("team-1-stranger")

	b.Do(chromedp.Navigate(w.link(t, rita)))
	b.Until(`location.hash === "" && document.querySelector("#paste").hidden && document.activeElement.tagName === "BUTTON"`)
	b.Inspect("team-2-login")
	b.Do(chromedp.KeyEvent(kb.Enter))
	reads(b, "h1", "Nothing waits for you")
	b.Inspect("team-3-empty")

	first := w.dispute(t, "It bled a little after the summer.\nMy doctor took it out, and the lab found a melanoma.", nil)
	unsure := func(a *deepskin.Assessment) { // less sure, so it comes later
		a.Label, a.Malignancy, a.Confidence, a.Kind = deepskin.Inconclusive, 0.21, 0.79, deepskin.Phone
		a.Threshold = 0.9
	}
	second := w.dispute(t, "", unsure)
	b.Do(chromedp.Reload())
	b.See("#vote")
	b.Until(`[...document.images].every((i) => i.complete || i.className === "marked")`)
	b.Until(`document.querySelector("[name=case]").value === "` + string(first) + `"`)
	b.Inspect("team-4-review")
	press := func(keys string) { b.Do(chromedp.KeyEvent(keys)) }
	press("h")
	b.Until(`document.querySelector(".marked").checkVisibility() && document.querySelector(".marked").naturalWidth === 480`)
	b.Until(`!document.querySelector(".plain").checkVisibility()`)
	b.Shoot("team-5-marked")
	press("h")
	b.Until(`document.querySelector(".plain").checkVisibility()`)

	// Keys that are switched off do nothing, on the next photo neither.
	b.Do(chromedp.EmulateViewport(1280, 800)) // phones have no keys
	b.Click("#keys")
	b.Do(chromedp.Reload())
	b.See("#vote")
	b.Until(`!document.querySelector("#keys").checked && !document.documentElement.classList.contains("keyed")`)
	press("4")
	b.Until(`document.activeElement.tagName === "BODY"`)
	b.Click("#keys")

	// One key alone votes nothing.
	press("4")
	b.Until(`document.activeElement.value === "nv"`)
	press("1")
	b.Until(`document.activeElement.value === "mel"`)
	b.Shoot("team-6-chosen")
	press(kb.Enter)
	reads(b, ".note", "Noted: Melanoma")
	b.Until(`document.querySelector("[name=case]").value === "` + string(second) + `"`)
	b.Inspect("team-7-noted")
	press("s")
	reads(b, "h1", "Only skipped photos are left")
	b.Inspect("team-8-skipped")
	press("s")
	b.See("#vote")
	b.Click("[value=reject]") // By a thumb.
	reads(b, "h1", "Nothing waits for you")
	for id, want := range map[deepskin.CaseID]struct {
		status deepskin.ReviewStatus
		votes  int
	}{first: {deepskin.ReviewNew, 1}, second: {deepskin.ReviewRejected, 1}} {
		task, err := w.store.ReviewTask(t.Context(), rita, id)
		if err != nil || task.Review.Status != want.status || task.Review.Votes != want.votes || !task.Voted {
			t.Errorf("the review is %+v, %v; want %+v", task, err, want)
		}
	}

	// What was refused, with a word that no line holds.
	w.dispute(t, strings.Repeat("x", 300), func(a *deepskin.Assessment) {
		*a = deepskin.Assessment{Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.TooDark, deepskin.Blurred}, Model: "deepskin-test-1"}
	})
	b.Do(chromedp.Reload())
	b.See("#vote")
	b.Inspect("team-9-refused")

	b.Click("header button")
	reads(b, "main", "You are logged out")
	for _, r := range b.Requests() {
		if !strings.HasPrefix(r.URL, w.url) {
			t.Errorf("the pages ask %s", r.URL)
		}
	}
}

// Two who vote on the same photo at the same time.
func TestAReviewerIsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.dispute(t, "", nil)
	b := browsertest.Open(t, w.url+"/team/login")
	b.Do(chromedp.SendKeys(chromedp.CSS("#link"), w.link(t, rita)))
	b.Click("#login button")
	b.See("#vote")
	_, err := w.store.Vote(t.Context(), id, rolf, deepskin.DecisionReject, w.now())
	ok(t, err)
	b.Click("[value=nv]")
	reads(b, ".note", "That vote did not count")
}
