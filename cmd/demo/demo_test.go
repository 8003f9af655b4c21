package main

import (
	"context"
	"fmt"
	"image/jpeg"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"deepskin"
	"deepskin/adapters/web/client"
	"deepskin/internal/child/childtest"
	"deepskin/internal/servers"
)

// The photos of the conversations with the fake, which goes by their names.
func fakePhotos(own ...string) []photo {
	var photos []photo
	for _, name := range own {
		photos = append(photos, photo{name: name, about: "your own", own: true})
	}
	return append(photos,
		photo{name: "mole.jpg"},
		photo{name: "blurred.jpg", refusal: deepskin.Blurred},
		photo{name: "notes.jpg", refusal: deepskin.UnknownFormat})
}

// talkToFake has a conversation with a fake service and returns what the screen showed.
func talkToFake(t *testing.T, f fault, photos []photo) (service *fakeService, shown, out string, err error) {
	t.Helper()
	service, url := startFake(t, f)
	var w strings.Builder
	out = t.TempDir()
	err = demo{client: client.New(url), screen: screen{&w}, out: out}.talk(t.Context(), photos)
	return service, w.String(), out, err
}

func TestTalkShowsTheWholeConversation(t *testing.T) {
	service, shown, out, err := talkToFake(t, "", fakePhotos())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"mole.jpg", "blurred.jpg", "notes.jpg"}; !slices.Equal(service.seen, want) {
		t.Errorf("sent %q, want %q", service.seen, want)
	}
	for _, name := range []string{"mole.jpg", "blurred.jpg", "notes.jpg", "heatmap.jpg"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{
		"Lower risk", "It looks harmless.", "40 x 30 pixels", `You said: {"agrees":false,"truth":"benign","keep":true}`,
		`"agrees":false,"truth":"benign","keep":true`, `problems ["blurred"]`, `["unknown_format"]`,
		"There is no such photo here.", "404 Not Found",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the screen lacks %q:\n%s", want, shown)
		}
	}
}

func TestTalkFindsWhatIsWrong(t *testing.T) {
	for f, want := range map[fault]string{
		"gives no answer":             "gave no answer",
		"refuses every drawn photo":   "judged none of the drawn photos",
		"offers no heatmap":           "offered no heatmap",
		"cuts the heatmap off":        "not a picture",
		"loses verdicts":              "should have stored the verdict",
		"loses consent":               "should have stored the verdict",
		"judges the blurred photo":    "should have found the photo blurred",
		"calls the text file corrupt": "should have found the photo unknown_format",
		"keeps what is deleted":       "should be gone",
	} {
		t.Run(string(f), func(t *testing.T) {
			_, shown, _, err := talkToFake(t, f, fakePhotos())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q; the screen showed\n%s", err, want, shown)
			}
		})
	}
}

func TestTalkTakesTheUsersOwnPhoto(t *testing.T) {
	for own, followedUp := range map[string]string{
		"own-good.jpg":    "own-good.jpg",
		"own-refused.jpg": "mole.jpg",
		"own-huge.jpg":    "mole.jpg",
	} {
		t.Run(own, func(t *testing.T) {
			_, shown, out, err := talkToFake(t, "", fakePhotos(own))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(shown, "goes back to "+followedUp) {
				t.Errorf("%s was not followed up:\n%s", followedUp, shown)
			}
			if _, err := os.Stat(filepath.Join(out, own)); err == nil {
				t.Error("the user's photo was copied")
			}
		})
	}
	// A user's photo is no excuse when all drawn ones are refused.
	if _, _, _, err := talkToFake(t, "refuses every drawn photo", fakePhotos("own-good.jpg")); err == nil {
		t.Error("nobody noticed that all drawn photos were refused")
	}
}

func TestWrapKeepsToTheWidth(t *testing.T) {
	for text, want := range map[string][]string{
		"":                     nil,
		"one two three":        {"one two", "three"},
		"ein schöner Tag":      {"ein", "schöner", "Tag"},
		"one unbreakableword!": {"one", "unbreaka", "bleword!"},
		"unbreakableword go":   {"unbreaka", "bleword", "go"},
		"äöü äöü äöü":          {"äöü äöü", "äöü"},
	} {
		if got := wrap(text, 8); !slices.Equal(got, want) {
			t.Errorf("wrap(%q) is %q, want %q", text, got, want)
		}
	}
}

// play runs the whole demonstration of the real program and returns what it showed.
func play(t *testing.T, program, out string, environ []string) string {
	t.Helper()
	var shown strings.Builder
	// The race detector and busy machines need longer than users do.
	err := run(t.Context(), []string{"-program", program, "-out", out, "-timeout", "8m"}, environ, &shown)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(out, "serve.log"))
		t.Fatalf("%v\n%s\n%s", err, shown.String(), log)
	}
	return shown.String()
}

// The real program, with the real model, end to end.
func TestDemoOfTheRealService(t *testing.T) {
	program, environ := childtest.Build(t)
	environ = append(environ, "REDIS_URL=", "DATABASE_URL=") // whoever runs the tests may have some
	out := filepath.Join(t.TempDir(), "output")
	shown := play(t, program, out, environ)
	for _, line := range strings.Split(shown, "\n") {
		if utf8.RuneCountInString(line) > lineWidth {
			t.Errorf("wider than %d characters: %s", lineWidth, line)
		}
	}
	for _, want := range []string{"👎", "{\"agrees\":false,\"truth\":\"benign\",\"keep\":true}", "404 Not Found", "stopped cleanly"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the screen lacks %q:\n%s", want, shown)
		}
	}
	heatmap, err := os.Open(filepath.Join(out, "heatmap.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = heatmap.Close() }()
	if _, err := jpeg.Decode(heatmap); err != nil {
		t.Errorf("heatmap: %v", err)
	}
}

// The same with servers that were there before and stay, twice, so that the second time finds what
// the first one left.
func TestDemoOnServers(t *testing.T) {
	redis, postgres := servers.NewRedis(t), servers.NewPostgres(t, "-c", "fsync=off")
	program, environ := childtest.Build(t)
	environ = append(environ, "REDIS_URL=redis://"+redis.Addr(), "DATABASE_URL="+postgres.URL(), "DEEPSKIN_DATA="+t.TempDir())
	db, err := pgx.Connect(t.Context(), postgres.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())

	before := 0
	for range 2 {
		shown := play(t, program, filepath.Join(t.TempDir(), "output"), environ)
		for _, want := range []string{"DATABASE_URL", "REDIS_URL", "stopped cleanly"} {
			if !strings.Contains(shown, want) {
				t.Errorf("the screen lacks %q:\n%s", want, shown)
			}
		}
		// The service would have worked without servers just as well.
		var cases int
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM cases WHERE status = 'answered'").Scan(&cases); err != nil {
			t.Fatal(err)
		}
		if cases <= before {
			t.Errorf("the database holds %d answered cases, %d before", cases, before)
		}
		before = cases
	}
	if n := countKeys(t, redis.Addr()); n == 0 {
		t.Error("nothing went through Redis")
	}
}

// countKeys asks a Redis how many keys it has.
func countKeys(t *testing.T, addr string) int {
	t.Helper()
	connection, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := fmt.Fprint(connection, "DBSIZE\r\n"); err != nil {
		t.Fatal(err)
	}
	var keys int
	if _, err := fmt.Fscanf(connection, ":%d\r\n", &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestRunTellsWhatItCannotUse(t *testing.T) {
	out := t.TempDir()
	if err := run(t.Context(), []string{"-out", out}, []string{"DEMO_PHOTO=/not/there.jpg"}, &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), "DEMO_PHOTO") {
		t.Errorf("missing photo: %v", err)
	}
	if err := run(t.Context(), []string{"-out", out, "-program", "./not-there"}, nil, &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), "start the service") {
		t.Errorf("missing program: %v", err)
	}
}
