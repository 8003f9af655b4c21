package servers

import (
	"os"
	"testing"
)

// NewRedis starts a redis-server as StartRedis does, and ends it with the test.
func NewRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r, err := StartRedis(t.Context(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, r) })
	return r
}

// NewPostgres starts a PostgreSQL as StartPostgres does, and ends it with the test.
func NewPostgres(t testing.TB, args ...string) *Postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgres-") // others could not reach t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	p, err := StartPostgres(t.Context(), dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p) })
	return p
}

// NewPrometheus starts a Prometheus as StartPrometheus does, and ends it with the test.
func NewPrometheus(t testing.TB, config string, args ...string) *Prometheus {
	t.Helper()
	p, err := StartPrometheus(t.Context(), t.TempDir(), config, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p) })
	return p
}

func stop(t testing.TB, s interface{ Stop() error }) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
