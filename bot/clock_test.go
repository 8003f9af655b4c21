package bot_test

import (
	"sync/atomic"
	"testing"
	"time"
)

// The machine's clock may be set while photos wait. Everybody is told one thing all the same; only
// where the clock says that the deadline has passed is it an apology.
func TestClockJumps(t *testing.T) {
	for _, test := range []struct {
		jump time.Duration
		want string
	}{
		{time.Hour, theApology},
		{10 * time.Second, theAnswer},
		{-10 * time.Second, theAnswer},
		{-time.Hour, theAnswer},
	} {
		t.Run(test.jump.String(), func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				var ahead atomic.Int64
				w.config.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				w.connect()
				w.consents(alice)
				w.slow(5 * time.Second)
				w.run()
				w.photo(alice, "source-1")
				w.pass(time.Second)
				ahead.Store(int64(test.jump))
				w.pass(15 * time.Second)
				w.sees(alice, test.want)
				ahead.Store(0)
				w.pass(3 * time.Hour)
				w.sees(alice, test.want)
			})
		})
	}
}
