package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"deepskin"
	"deepskin/bot"
)

func TestOperatorsSeeHowPhotosEnd(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		registry := prometheus.NewRegistry()
		w.config.Metrics = registry
		w.chat.exclusive = true
		w.connect()
		w.run()
		w.consents(alice)

		w.photo(alice, "source-1")
		w.pass(time.Second)
		w.tap(alice, w.find(alice, theAnswer), "👍")
		dark := w.message(alice, "source-2")
		dark.Photo.Problem = deepskin.TooManyBytes
		w.hand(dark)
		w.photo(bob, "source-3") // without consent
		w.queue.expected = time.Hour
		w.hand(w.message(alice, "source-5"))
		w.queue.expected = 0
		w.queue.wait = func(int) time.Duration { return time.Minute }
		w.hand(w.message(alice, "source-4"))
		lost := w.message(alice, "")
		lost.Photo = &bot.Photo{}
		w.add(lost, deepskin.Pending, time.Minute)
		w.pass(time.Hour)

		const want = `
# HELP deepskin_photos_total Photos by how they ended.
# TYPE deepskin_photos_total counter
deepskin_photos_total{outcome="answered",platform="chat"} 1
deepskin_photos_total{outcome="busy",platform="chat"} 1
deepskin_photos_total{outcome="expired",platform="chat"} 1
deepskin_photos_total{outcome="failed",platform="chat"} 1
deepskin_photos_total{outcome="limited",platform="chat"} 1
deepskin_photos_total{outcome="refused",platform="chat"} 1
# HELP deepskin_refusals_total Reasons why photos could not be judged; a photo may have several.
# TYPE deepskin_refusals_total counter
deepskin_refusals_total{reason="too_many_bytes"} 1
# HELP deepskin_verdicts_total Verdicts of senders on their answers.
# TYPE deepskin_verdicts_total counter
deepskin_verdicts_total{verdict="agree"} 1
# HELP deepskin_lease_held 1 where this process holds the conversation on an exclusive platform.
# TYPE deepskin_lease_held gauge
deepskin_lease_held{name="chat"} 1
`
		err := testutil.GatherAndCompare(registry, strings.NewReader(want),
			"deepskin_photos_total", "deepskin_refusals_total", "deepskin_verdicts_total", "deepskin_lease_held")
		if err != nil {
			t.Error(err)
		}
		if n := testutil.CollectAndCount(registry, "deepskin_bot_stage_seconds"); n != 3 {
			t.Errorf("%d stages were measured, want 3", n)
		}
	})
}
