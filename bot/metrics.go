package bot

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"deepskin"
)

// Outcomes of a photo, as they are counted.
const (
	outcomeAnswered = "answered" // got a label
	outcomeRefused  = "refused"  // could not be judged
	outcomeFailed   = "failed"   // was apologised for
	outcomeExpired  = "expired"  // had no consent
	outcomeLimited  = "limited"  // was one too many of its sender
	outcomeBusy     = "busy"     // found too much to do
)

// Stages whose time is measured.
const (
	stageFetch   = "fetch"   // download from the platform
	stageDeliver = "deliver" // answer or apology to the platform, rate limits included
	stageAnswer  = "answer"  // from the photo, or consent, until the answer was delivered
)

// metrics are what operators see of the conversation.
type metrics struct {
	photos   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	stages   *prometheus.HistogramVec
	verdicts *prometheus.CounterVec
	lease    *prometheus.GaugeVec
	votes    prometheus.Counter
	reviews  *prometheus.CounterVec
	erased   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	f := promauto.With(reg)
	m := metrics{
		photos: f.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_photos_total", Help: "Photos by how they ended.",
		}, []string{"platform", "outcome"}),
		refusals: f.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_refusals_total", Help: "Reasons why photos could not be judged; a photo may have several.",
		}, []string{"reason"}),
		stages: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "deepskin_bot_stage_seconds", Help: "Time that the bot's stages take.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300},
		}, []string{"stage"}),
		verdicts: f.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_verdicts_total", Help: "Verdicts of senders on their answers.",
		}, []string{"verdict"}),
		lease: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "deepskin_lease_held", Help: "1 where this process holds the conversation on an exclusive platform.",
		}, []string{"name"}),
		votes: f.NewCounter(prometheus.CounterOpts{
			Name: "deepskin_review_votes_total", Help: "Votes of the team's reviewers.",
		}),
		reviews: f.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_reviews_total", Help: "What the team's reviewers decided, with as many votes as it took.",
		}, []string{"decision"}),
		erased: f.NewCounterVec(prometheus.CounterOpts{
			Name: "deepskin_erased_total", Help: "What was erased because it was too old.",
		}, []string{"what"}),
	}
	// Shown as zero from the beginning, so that the first of a kind is an increase.
	for _, stage := range []string{stageFetch, stageDeliver, stageAnswer} {
		m.stages.WithLabelValues(stage)
	}
	for _, d := range append([]deepskin.Decision{deepskin.DecisionNoLesion, deepskin.DecisionReject}, diagnosed()...) {
		m.reviews.WithLabelValues(string(d))
	}
	m.erased.WithLabelValues(erasedCase)
	m.erased.WithLabelValues(erasedPhoto)
	return m
}

// begin shows all of a platform's outcomes from the start.
func (m metrics) begin(platform string) {
	for _, outcome := range []string{
		outcomeAnswered, outcomeRefused, outcomeFailed, outcomeExpired, outcomeLimited, outcomeBusy,
	} {
		m.photos.WithLabelValues(platform, outcome)
	}
}

// delivered notes how long an answer took. Apologies do not count: they are no answers.
func (m metrics) delivered(c deepskin.Case, took time.Duration) {
	if c.Status == deepskin.Answered {
		m.stage(stageAnswer, took)
	}
}

func (m metrics) outcome(platform, outcome string) { m.photos.WithLabelValues(platform, outcome).Inc() }

func (m metrics) answered(platform string, a deepskin.Assessment) {
	if !a.Refused() {
		m.outcome(platform, outcomeAnswered)
		return
	}
	m.outcome(platform, outcomeRefused)
	for _, problem := range a.Problems {
		m.refusals.WithLabelValues(string(problem)).Inc()
	}
}

func (m metrics) stage(name string, took time.Duration) {
	m.stages.WithLabelValues(name).Observe(took.Seconds())
}

// voted counts a vote, and the decision where the vote was the last one that it took.
func (m metrics) voted(outcome deepskin.VoteOutcome) {
	m.votes.Inc()
	if outcome.Status != deepskin.ReviewNew {
		m.reviews.WithLabelValues(string(outcome.Decision)).Inc()
	}
}

func (m metrics) verdict(v deepskin.Verdict) {
	if v.Agrees {
		m.verdicts.WithLabelValues("agree").Inc()
	} else {
		m.verdicts.WithLabelValues("disagree").Inc()
	}
}
