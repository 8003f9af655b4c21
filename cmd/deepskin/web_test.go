package main

import (
	"bytes"
	"errors"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"deepskin"
	"deepskin/adapters/web/client"
	"deepskin/classifier/sample"
)

// ask sends a photo and waits for its answer.
func ask(t *testing.T, c *client.Client, content []byte) client.Case {
	t.Helper()
	accepted, err := c.Send(t.Context(), "lesion.jpg", content, true)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Wait(t.Context(), accepted.ID)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestWebFromPhotoToVerdict(t *testing.T) {
	for name, redisURL := range map[string]func(*testing.T) string{
		"embedded Redis": func(*testing.T) string { return "" },
		"redis-server":   startRedis,
	} {
		t.Run(name, func(t *testing.T) {
			env := environ(t, map[string]string{"REDIS_URL": redisURL(t)})
			first := start(t, env)
			visitor := client.New(first.url)
			answer := ask(t, visitor, photo(t, 1))
			if answer.Status != deepskin.Answered || len(answer.Problems) != 0 || len(answer.Diagnoses) != 7 ||
				!strings.Contains(answer.Text, "from one photo, not a diagnosis") {
				t.Fatalf("answer: %+v", answer)
			}
			heatmap, err := visitor.Heatmap(t.Context(), answer.ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := jpeg.Decode(bytes.NewReader(heatmap)); err != nil {
				t.Errorf("the heatmap is no JPEG: %v", err)
			}
			keep := true
			given := deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: &keep}
			if err := visitor.Judge(t.Context(), answer.ID, given); err != nil {
				t.Fatal(err)
			}

			stranger := client.New(first.url)
			var refused *client.Error
			if _, err := stranger.Case(t.Context(), answer.ID); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
				t.Errorf("a stranger gets %v", err)
			}

			// The verdict and the kept photo outlast the process, and an embedded Redis with it.
			if err := first.stop(); err != nil {
				t.Fatal(err)
			}
			env["DEEPSKIN_ADDR"] = strings.TrimPrefix(first.url, "http://")
			start(t, env)
			again, err := visitor.Case(t.Context(), answer.ID)
			if err != nil || again.Verdict == nil || again.Verdict.Truth != given.Truth ||
				again.Verdict.Agrees || again.Verdict.Keep == nil || !*again.Verdict.Keep {
				t.Fatalf("after the restart: %+v, %v", again, err)
			}
			if _, err := visitor.Heatmap(t.Context(), answer.ID); err != nil {
				t.Errorf("the kept photo is gone: %v", err)
			}
			if err := visitor.Forget(t.Context(), answer.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := visitor.Case(t.Context(), answer.ID); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
				t.Errorf("a forgotten case gives %v", err)
			}
		})
	}
}

func TestWebRefusesWithAReason(t *testing.T) {
	s := start(t, environ(t, nil))
	visitor := client.New(s.url)
	small := sample.Options{Width: 400, Height: 300}
	blurred, dark := small, small
	blurred.Fault, dark.Fault = sample.Blurred, sample.Dark
	whole := photo(t, 1)
	for _, test := range []struct {
		problem deepskin.Problem
		photo   []byte
	}{
		{deepskin.UnknownFormat, []byte("a text file named lesion.jpg")},
		{deepskin.Corrupt, whole[:len(whole)/2]},
		{deepskin.TooSmall, drawn(t, 1, sample.Options{Width: 40, Height: 30})},
		{deepskin.Blurred, drawn(t, 1, blurred)},
		{deepskin.TooDark, drawn(t, 1, dark)},
	} {
		answer := ask(t, visitor, test.photo)
		if answer.Label != deepskin.Inconclusive || len(answer.Problems) == 0 || answer.Problems[0] != test.problem {
			t.Errorf("%s: got %s, %v", test.problem, answer.Label, answer.Problems)
		}
	}
	var refused *client.Error
	if _, err := visitor.Send(t.Context(), "lesion.jpg", whole, false); !errors.As(err, &refused) {
		t.Errorf("a photo without consent gives %v", err)
	}
}

func TestWebSaysWhenToComeBack(t *testing.T) {
	s := start(t, environ(t, map[string]string{"DEEPSKIN_PHOTOS_PER_MINUTE": "2"}))
	visitor := client.New(s.url)
	ask(t, visitor, photo(t, 1))
	ask(t, visitor, photo(t, 2))
	_, err := visitor.Send(t.Context(), "lesion.jpg", photo(t, 3), true)
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests || refused.RetryAfter <= 0 {
		t.Errorf("the third photo in a minute gives %v", err)
	}
}
