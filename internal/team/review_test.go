package team_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"deepskin"
	"deepskin/internal/team"
)

var caseField = regexp.MustCompile(`name="case" value="([A-Z2-7]{26})"`)

// shown is the case that a page asks about; empty for none.
func shown(page string) string {
	if m := caseField.FindStringSubmatch(page); m != nil {
		return m[1]
	}
	return ""
}

func TestThePageShowsWhatAReviewerNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := string(w.dispute(t, "My doctor <b>took</b> it out.", nil))
	v := w.loggedIn(t, rita)
	res, page := v.get("/review")
	says(t, res, page, http.StatusOK, "A doctor said malignant", "My doctor &lt;b&gt;took&lt;/b&gt; it out.", "Lower risk", "7%", "20%",
		"dermoscopy", "deepskin-test-1", "Mole (nevus)", "88%", "&lt;1%", "1 answer waits for the team.", "cannot be taken back")
	if n := strings.Count(page, `name="decision"`); n != len(deepskin.Diagnoses)+2 {
		t.Errorf("there are %d decisions", n)
	}
	if strings.Contains(page, alice.ID) || strings.Contains(page, "telegram") || strings.Contains(page, rita.ID) {
		t.Errorf("the page names somebody: %s", page)
	}
	for _, picture := range []string{"photo", "heatmap"} {
		res, content := v.get("/review/" + id + "/" + picture)
		if _, err := jpeg.Decode(bytes.NewReader([]byte(content))); err != nil || res.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("the %s is %s, %v", picture, res.Header.Get("Content-Type"), err)
		}
	}

	// A refusal that no model saw has no numbers and nothing to mark.
	refused := newWorld(t, nil)
	id = string(refused.dispute(t, "", func(a *deepskin.Assessment) {
		*a = deepskin.Assessment{Label: deepskin.Inconclusive, Problems: []deepskin.Problem{deepskin.TooDark}, Model: "deepskin-test-1"}
	}))
	v = refused.loggedIn(t, rita)
	res, page = v.get("/review")
	says(t, res, page, http.StatusOK, "too dark")
	for _, absent := range []string{"heatmap", "<progress", "Called so from"} {
		if strings.Contains(page, absent) {
			t.Errorf("the page has %q: %s", absent, page)
		}
	}
	res, page = v.get("/review/" + id + "/heatmap")
	says(t, res, page, http.StatusNotFound, "no such picture")
}

// What a reviewer does stands in the log, by a key that says nothing to others: who came, saw and judged.
func TestReviewersLeaveATrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.loggedIn(t, rita)
	id := string(w.dispute(t, "", nil))
	v.get("/review/" + id + "/photo")
	v.post("/review/vote", "case", id, "decision", "mel")
	stranger := w.visitor(t)
	stranger.get("/review/" + id + "/photo")
	logs := w.logs.String()
	var keys []string
	for _, did := range []string{"a reviewer logged in", "a reviewer saw a photo", "a reviewer voted"} {
		line := regexp.MustCompile(`msg="`+did+`".* reviewer=([0-9a-f]{64})`).FindAllStringSubmatch(logs, -1)
		if len(line) != 1 {
			t.Fatalf("%q is logged %d times: %s", did, len(line), logs)
		}
		keys = append(keys, line[0][1])
	}
	if keys[0] != keys[1] || keys[0] != keys[2] || strings.Contains(logs, rita.ID) || !strings.Contains(logs, "case="+id+" decision=mel") {
		t.Errorf("the log is %s", logs)
	}
}

func TestVoting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v, other := w.loggedIn(t, rita), w.loggedIn(t, rolf)
	id := string(w.dispute(t, "", nil))
	res, page := v.post("/review/vote", "case", id, "decision", "mel")
	says(t, res, page, http.StatusOK, "Noted: Melanoma.", "Nothing waits for you", "1 answer waits for other reviewers.")

	// The other reviewer does not learn of it, by anything on the page.
	_, blind := other.get("/review")
	fresh := newWorld(t, nil)
	freshID := string(fresh.dispute(t, "", nil))
	_, want := fresh.loggedIn(t, rolf).get("/review")
	if blind != strings.ReplaceAll(want, freshID, id) {
		t.Errorf("with a vote of somebody else's the page is another:\n%s", blind)
	}

	res, page = v.post("/review/vote", "case", id, "decision", "nv")
	says(t, res, page, http.StatusOK, "did not count")
	res, page = other.post("/review/vote", "case", id, "decision", "mel")
	says(t, res, page, http.StatusOK, "Noted: Melanoma.", "Nothing waits for you")
	if strings.Contains(page, "other reviewers") {
		t.Errorf("nothing waits for others: %s", page)
	}
	task, err := w.store.ReviewTask(t.Context(), rita, deepskin.CaseID(id))
	if err != nil || task.Review.Status != deepskin.ReviewLabelled || task.Review.Decision != "mel" {
		t.Errorf("the review is %+v, %v", task.Review, err)
	}
	third := w.loggedIn(t, deepskin.Sender{Platform: "team", ID: "third"})
	res, page = third.post("/review/vote", "case", id, "decision", "nv")
	says(t, res, page, http.StatusOK, "did not count")

	gone := w.dispute(t, "", nil)
	ok(t, w.store.ForgetCase(t.Context(), alice, gone))
	res, page = v.post("/review/vote", "case", string(gone), "decision", "nv")
	says(t, res, page, http.StatusOK, "That photo is gone")
	for _, picture := range []string{"/photo", "/heatmap"} {
		res, page = v.get("/review/" + string(gone) + picture)
		says(t, res, page, http.StatusNotFound)
	}
	for _, fields := range [][]string{
		{"case", id, "decision", "whatever"}, {"case", "../../etc", "decision", "mel"}, {"case", id}, {}, {"case", id, "decision", strings.Repeat("x", 1<<20)},
	} {
		res, page = v.post("/review/vote", fields...)
		says(t, res, page, http.StatusBadRequest, "no vote")
	}
	if res, page = v.get("/review?voted=<script>"); strings.Contains(page, "<script>") || strings.Contains(page, "Noted") {
		t.Errorf("%s: %s", res.Status, page)
	}

	// Who voted what is known to operators, by a key.
	log := w.logs.String()
	if n := strings.Count(log, "a reviewer voted"); n != 2 || !strings.Contains(log, "case="+id+" decision=mel reviewer=") {
		t.Errorf("the log has %d votes: %s", n, log)
	}
	for _, name := range []string{rita.ID, rolf.ID, alice.ID} {
		if strings.Contains(log, name) {
			t.Errorf("the log names %s", name)
		}
	}
}

func TestPhotosAreForReviewersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := string(w.dispute(t, "", nil))
	stranger := w.visitor(t)
	for _, path := range []string{"/photo", "/heatmap"} {
		res, page := stranger.get("/review/" + id + path)
		says(t, res, page, http.StatusForbidden, "How to get a link")
	}
	res, page := stranger.post("/review/vote", "case", id, "decision", "reject")
	says(t, res, page, http.StatusForbidden, "How to get a link")
	if n, err := w.store.OpenReviews(t.Context()); err != nil || n != 1 {
		t.Errorf("open are %d, %v", n, err)
	}
}

func TestSkipping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v := w.loggedIn(t, rita)
	ids := map[string]bool{}
	for range 3 {
		ids[string(w.dispute(t, "", nil))] = true
	}
	_, page := v.get("/review")
	for range 3 {
		id := shown(page)
		if !ids[id] {
			t.Fatalf("it shows %q of what is left, %v", id, ids)
		}
		delete(ids, id)
		var res *http.Response
		res, page = v.post("/review/skip", "case", id)
		says(t, res, page, http.StatusOK, "3 answers wait")
	}
	if shown(page) != "" || !strings.Contains(page, "You have skipped 3.") {
		t.Fatalf("all are skipped: %s", page)
	}
	_, page = v.post("/review/again")
	first := shown(page)
	if first == "" {
		t.Fatalf("what was skipped does not come back: %s", page)
	}
	for range 60 { // more than a cookie holds, made up
		v.post("/review/skip", "case", string(deepskin.NewCaseID()))
	}
	if _, page = v.get("/review"); shown(page) != first {
		t.Errorf("it shows %q, want %q", shown(page), first)
	}
	res, page := v.post("/review/skip", "case", "no case")
	says(t, res, page, http.StatusBadRequest)
	v.post("/team/logout")
	_, page = w.loggedIn(t, rolf).get("/review")
	if shown(page) != first {
		t.Errorf("for another reviewer it begins with %q", shown(page))
	}
}

// brokenReviews is reviews of which one method fails.
type brokenReviews struct {
	team.Reviews
	broken string
}

var errBroken = errors.New("the disk is full")

func (b brokenReviews) fail(method string) error {
	if b.broken == method {
		return errBroken
	}
	return nil
}

func (b brokenReviews) ReviewLine(context.Context, deepskin.Sender, int) ([]deepskin.ReviewTask, error) {
	return nil, b.fail("ReviewLine")
}

func (b brokenReviews) OpenReviews(context.Context) (int, error) { return 0, b.fail("OpenReviews") }

func (b brokenReviews) Photo(context.Context, deepskin.CaseID) ([]byte, error) {
	return nil, b.fail("Photo")
}

func TestReviewsOutOfReach(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"ReviewLine", "OpenReviews", "Photo"} {
		w := newWorld(t, func(c *team.Config) { c.Reviews = brokenReviews{c.Reviews, method} })
		v, path := w.visitor(t), "/review"
		v.post("/team/login", "link", w.link(t, rita))
		if method == "Photo" {
			path = "/review/" + string(w.dispute(t, "", nil)) + "/photo"
		}
		res, page := v.get(path)
		says(t, res, page, http.StatusServiceUnavailable, "It is our fault")
		if !strings.Contains(w.logs.String(), errBroken.Error()) {
			t.Errorf("%s: the log is %s", method, w.logs)
		}
	}
}
