package child_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"deepskin/internal/child"
)

// TestMain is also the program that the tests start: with BEHAVE set it plays serve.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv("BEHAVE"); behaviour != "" {
		os.Exit(play(behaviour))
	}
	os.Exit(m.Run())
}

func play(behaviour string) (status int) {
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	if len(os.Args) != 2 || os.Args[1] != "serve" {
		fmt.Fprintln(os.Stderr, "not asked to serve")
		return 9
	}
	fmt.Fprintln(os.Stderr, strings.Join(os.Environ(), "\n"))
	switch behaviour {
	case "fail":
		return 1
	case "leave":
		return 0
	case "hang":
		<-terms
		return 0
	}
	fmt.Println("Good morning.")
	fmt.Println("DeepSkin is ready: http://127.0.0.1:1234")
	fmt.Println("Telegram is off.")
	switch behaviour {
	case "stumble":
		<-terms
		return 3
	case "stay":
		select {}
	case "chatter":
		fmt.Println(strings.Repeat("chatter ", 100_000))
	}
	<-terms
	return 0
}

func config(t *testing.T, behaviour string, environ ...string) child.Config {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return child.Config{
		Program: program, Data: "some folder", Environ: append(environ, "BEHAVE="+behaviour),
		Patience: 10 * time.Second,
	}
}

func TestServiceStartsAndStops(t *testing.T) {
	for _, behaviour := range []string{"well", "chatter"} {
		s, err := child.Start(t.Context(), config(t, behaviour))
		if err != nil {
			t.Fatal(err)
		}
		if s.URL != "http://127.0.0.1:1234" || s.PID == 0 {
			t.Errorf("%s: URL %q, PID %d", behaviour, s.URL, s.PID)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%s: %v", behaviour, err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%s, stopped again: %v", behaviour, err)
		}
	}
}

// surroundings starts and stops a service and returns the environment that it had.
func surroundings(t *testing.T, cfg child.Config) map[string]string {
	t.Helper()
	var log strings.Builder
	cfg.Log = &log
	s, err := child.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		name, value, _ := strings.Cut(line, "=")
		got[name] = value
	}
	return got
}

func TestServiceKnowsItsSettingsButNobodysChats(t *testing.T) {
	cfg := config(t, "well",
		"HOME=/home", "DEEPSKIN_MODEL=a", "DEEPSKIN_PROVIDER_FILE=b", "DEEPSKIN_ADDR=:80", "DEEPSKIN_DATA=mine",
		"DEEPSKIN_IDENTITY_KEY=c", "REDIS_URL=d", "REDIS_URL_FILE=e", "DATABASE_URL=f", "TELEGRAM_TOKEN=g",
		"TELEGRAM_TOKEN_FILE=h")
	cfg.Settings = []string{"DEEPSKIN_PHOTOS_PER_DAY=0"}
	want := map[string]string{
		"HOME": "/home", "DEEPSKIN_MODEL": "a", "DEEPSKIN_PROVIDER_FILE": "b", "DEEPSKIN_ADDR": "127.0.0.1:0",
		"DEEPSKIN_DATA": "some folder", "DEEPSKIN_PHOTOS_PER_DAY": "0", "BEHAVE": "well",
	}
	if got := surroundings(t, cfg); !maps.Equal(got, want) {
		t.Errorf("the service had %v, want %v", got, want)
	}
}

func TestServiceGetsWhatIsPassedOn(t *testing.T) {
	cfg := config(t, "well", "REDIS_URL=a", "DATABASE_URL_FILE=b", "DEEPSKIN_DATA=c", "TELEGRAM_TOKEN=d")
	cfg.Data = ""
	cfg.Pass = []string{"REDIS_URL", "DATABASE_URL", "DEEPSKIN_DATA"}
	want := map[string]string{
		"REDIS_URL": "a", "DATABASE_URL_FILE": "b", "DEEPSKIN_DATA": "c", "DEEPSKIN_ADDR": "127.0.0.1:0", "BEHAVE": "well",
	}
	if got := surroundings(t, cfg); !maps.Equal(got, want) {
		t.Errorf("the service had %v, want %v", got, want)
	}
}

func TestStartTellsWhyThereIsNoService(t *testing.T) {
	for behaviour, want := range map[string]string{"fail": "exit status 1", "leave": "ended before it was ready"} {
		if _, err := child.Start(t.Context(), config(t, behaviour)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", behaviour, err)
		}
	}
	missing := config(t, "well")
	missing.Program = "./not-there"
	if _, err := child.Start(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing program: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := child.Start(ctx, config(t, "hang")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("service that is never ready: %v", err)
	}
}

func TestStopTellsAnUncleanEnd(t *testing.T) {
	for behaviour, want := range map[string]string{
		"stumble": "exit status 3",
		"stay":    "was killed",
		"well":    "ended too early",
	} {
		t.Run(behaviour, func(t *testing.T) {
			cfg := config(t, behaviour)
			if behaviour == "stay" {
				cfg.Patience = 100 * time.Millisecond
			}
			s, err := child.Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if behaviour == "well" { // but for somebody else
				if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				waitGone(t, s.PID)
			}
			if err := s.Stop(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Stop gave %v, want %q", err, want)
			}
		})
	}
}

// waitGone waits until a process has ended and has been waited for.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-t.Context().Done():
			t.Fatal("the process does not end")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
