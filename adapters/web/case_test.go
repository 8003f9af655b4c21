package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
)

// decode reads a JSON object.
func decode(t *testing.T, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return m
}

func TestCaseFromPendingToJudged(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	path := "/v1/cases/" + string(id)

	res, body := v.get(path)
	got := decode(t, body)
	if res.StatusCode != http.StatusOK || got["status"] != "pending" || got["title"] != "Looking at your photo…" || got["deadline"] == "" {
		t.Errorf("pending: %s: %s", res.Status, body)
	}
	for _, absent := range []string{
		"label", "malignancy", "confidence", "diagnoses", "diagnosis", "kind", "lesion", "closer", "problems",
		"grid", "photo", "heatmap", "verdict", "model",
	} {
		if _, ok := got[absent]; ok {
			t.Errorf("a pending case has %s", absent)
		}
	}
	res, body = v.do(http.MethodPost, path+"/verdict", strings.NewReader(`{"agrees":true}`))
	checkProblem(t, res, body, http.StatusNotFound) // There is nothing to judge yet.

	s.bot.settle(id, answered)
	_, body = v.get(path)
	got = decode(t, body)
	if got["status"] != "answered" || got["label"] != "benign" || got["malignancy"] != 0.07 || got["confidence"] != 0.93 ||
		got["model"] != "test-1" || len(got["diagnoses"].(map[string]any)) != 7 || got["heatmap"] != path+"/heatmap" {
		t.Errorf("answered: %s", body)
	}
	lesion, _ := got["lesion"].(map[string]any)
	if got["diagnosis"] != "mel" || got["kind"] != "phone" || got["closer"] != true ||
		lesion["left"] != 0.4 || lesion["top"] != 0.5 || lesion["right"] != 0.6 || lesion["bottom"] != 0.75 {
		t.Errorf("answered: %s", body)
	}

	grid, _ := got["grid"].(map[string]any)
	if grid["rows"] != 1.0 || grid["columns"] != 1.0 || !slices.Equal(grid["values"].([]any), []any{1.0}) || grid["part"] != nil {
		t.Errorf("the grid is %v", got["grid"])
	}
	if res, body := v.get(path + "/photo"); got["photo"] != path+"/photo" || res.Header.Get("Content-Type") != "image/jpeg" || body != "x" {
		t.Errorf("photo %v: %s, %s: %q", got["photo"], res.Status, res.Header.Get("Content-Type"), body)
	}

	res, body = v.get(path + "/heatmap")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(body, "\xff\xd8") {
		t.Errorf("heatmap: %s, %s, %d bytes", res.Status, res.Header.Get("Content-Type"), len(body))
	}
	if got := res.Header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("a heatmap may be cached: %q", got)
	}
	checkGuards(t, res)

	res, body = v.do(http.MethodPost, path+"/verdict", strings.NewReader(`{"agrees":false,"truth":"no_lesion","keep":true,"comment":"It was ink."}`), "Content-Type", "application/json")
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("verdict: %s: %s", res.Status, body)
	}
	_, c := s.bot.only(t)
	if judged := c.view.Case.Verdict; judged == nil || judged.Agrees || judged.Truth != deepskin.TruthNoLesion || judged.Keep == nil || !*judged.Keep {
		t.Errorf("the verdict is %+v", judged)
	}
	_, body = v.get(path)
	said, _ := decode(t, body)["verdict"].(map[string]any)
	if said["truth"] != "no_lesion" || said["comment"] != "It was ink." {
		t.Errorf("judged: %s", body)
	}

	res, body = v.do(http.MethodDelete, path, nil)
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("delete: %s: %s", res.Status, body)
	}
	res, body = v.get(path)
	checkProblem(t, res, body, http.StatusNotFound)
}

func TestRefusedPhotoHasProblemsAndNoFigures(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	s.bot.settle(id, refused)
	_, body := v.get("/v1/cases/" + string(id))
	got := decode(t, body)
	problems, ok := got["problems"].([]any)
	if !ok || len(problems) != 1 || problems[0] != "unknown_format" || got["label"] != "inconclusive" {
		t.Errorf("refused: %s", body)
	}
	for _, absent := range []string{"malignancy", "confidence", "diagnoses", "diagnosis", "kind", "lesion", "closer", "grid", "photo", "heatmap"} {
		if _, ok := got[absent]; ok {
			t.Errorf("a photo that no model saw has %s", absent)
		}
	}
}

func TestVerdictsThatMakeNoSense(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	s.bot.settle(id, answered)
	for _, c := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"no thumb", "application/json", `{}`, 422},
		{"unknown truth", "application/json", `{"agrees":false,"truth":"wart"}`, 422},
		{"thumb as text", "application/json", `{"agrees":"yes"}`, 422},
		{"unknown member", "application/json", `{"agrees":true,"owner":"me"}`, 422},
		{"no JSON", "application/json", `agrees`, 400},
		{"nothing", "application/json", ``, 400},
		{"another content type", "text/plain", `{"agrees":true}`, 415},
		{"a form", "application/x-www-form-urlencoded", `agrees=true`, 415},
		{"a comment that is too long", "application/json", `{"agrees":false,"comment":"` + strings.Repeat("x", 1001) + `"}`, 422},
		{"a comment on what is right", "application/json", `{"agrees":true,"comment":"It was ink."}`, 422},
		{"too long", "application/json", `{"agrees":true,"truth":"` + strings.Repeat("x", 20<<10) + `"}`, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := v.do(http.MethodPost, "/v1/cases/"+string(id)+"/verdict", strings.NewReader(c.body), "Content-Type", c.contentType)
			checkProblem(t, res, body, c.status)
		})
	}
	if _, c := s.bot.only(t); c.view.Case.Verdict != nil {
		t.Errorf("a verdict was taken: %+v", c.view.Case.Verdict)
	}
}

// everyRequest is each request that names a case.
var everyRequest = []struct{ method, path, body string }{
	{http.MethodGet, "", ""},
	{http.MethodGet, "/events", ""},
	{http.MethodGet, "/photo", ""},
	{http.MethodGet, "/heatmap", ""},
	{http.MethodPost, "/verdict", `{"agrees":true}`},
	{http.MethodDelete, "", ""},
}

func TestOnlyTheOwnerSeesACase(t *testing.T) {
	s := serve(t, web.Config{})
	owner := s.visitor(t)
	id := owner.send([]byte("x"))
	s.bot.settle(id, answered)

	other := s.visitor(t)
	other.send([]byte("y"))
	for name, v := range map[string]*visitor{"another session": other, "no session": s.visitor(t)} {
		for _, r := range everyRequest {
			res, body := v.do(r.method, "/v1/cases/"+string(id)+r.path, strings.NewReader(r.body), "Content-Type", "application/json")
			words := checkProblem(t, res, body, http.StatusNotFound)
			// It must look just like a case that never was.
			res, body = v.do(r.method, "/v1/cases/"+string(deepskin.NewCaseID())+r.path, strings.NewReader(r.body), "Content-Type", "application/json")
			if absent := checkProblem(t, res, body, http.StatusNotFound); absent != words {
				t.Errorf("%s: %q for a strange case, %q for none", name, words, absent)
			}
		}
	}
	if res, _ := owner.get("/v1/cases/" + string(id)); res.StatusCode != http.StatusOK {
		t.Errorf("the owner: %s", res.Status)
	}
}

func TestForgedIDs(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	v.send([]byte("x"))
	for _, id := range []string{"1", "short", strings.Repeat("a", 26), strings.Repeat("A", 27), "%27%20OR%201=1--", "%00", strings.Repeat("Z", 4000)} {
		for _, r := range everyRequest {
			res, body := v.do(r.method, "/v1/cases/"+id+r.path, strings.NewReader(r.body), "Content-Type", "application/json")
			checkProblem(t, res, body, http.StatusNotFound)
		}
	}
}

func TestTroubleIsExplainedAndNotLeaked(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		logged bool
	}{
		{"gone", deepskin.ErrGone, 410, false},
		{"busy", deepskin.ErrBusy, 503, false},
		{"broken", errors.New("disk /var/lib/deepskin.db is full"), 503, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, web.Config{})
			v := s.visitor(t)
			id := v.send([]byte("x"))
			s.bot.fail(c.err)
			for _, r := range everyRequest {
				res, body := v.do(r.method, "/v1/cases/"+string(id)+r.path, strings.NewReader(r.body), "Content-Type", "application/json")
				checkProblem(t, res, body, c.status)
				if strings.Contains(body, "disk") {
					t.Errorf("internals leak: %s", body)
				}
			}
			if got := strings.Contains(s.logs.String(), string(id)); got != c.logged {
				t.Errorf("logged: %t, want %t", got, c.logged)
			}
		})
	}
}

func TestPanicIsAProblemAndItsValueStaysOut(t *testing.T) {
	s := serve(t, web.Config{})
	s.bot.on(func(m bot.Message) (bot.Reply, error) { panic("secret of " + m.Sender.ID) })
	body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
	res, text := s.visitor(t).do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
	checkProblem(t, res, text, http.StatusInternalServerError)
	if logs := s.logs.String(); !strings.Contains(logs, "panicked") || strings.Contains(logs, "secret") || strings.Contains(text, "secret") {
		t.Errorf("the log is %q, the answer %q", logs, text)
	}
}

func TestNoTokenInLogs(t *testing.T) {
	s := serve(t, web.Config{})
	v := s.visitor(t)
	id := v.send([]byte("x"))
	_, c := s.bot.only(t)
	token := c.owner.ID
	s.bot.fail(errors.New("store is down"))
	for _, r := range everyRequest {
		v.do(r.method, "/v1/cases/"+string(id)+r.path, strings.NewReader(r.body), "Content-Type", "application/json")
	}
	s.bot.on(func(bot.Message) (bot.Reply, error) { return bot.Reply{}, errors.New("queue is down") })
	body, contentType := form(t, field{"photo", "x"}, field{"consent", "true"})
	v.do(http.MethodPost, "/v1/cases", body, "Content-Type", contentType)
	s.stop()
	logs := s.logs.String()
	if !strings.Contains(logs, "store is down") || !strings.Contains(logs, "queue is down") {
		t.Errorf("operators hear nothing: %q", logs)
	}
	if len(token) < 40 || strings.Contains(logs, token) {
		t.Error("the log holds the session's token")
	}
}
