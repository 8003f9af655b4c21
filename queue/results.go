package queue

import (
	"context"
	"encoding/json"

	"deepskin"
	"deepskin/internal/tracing"
)

// A tracedResult is a result as it is in Redis, with the trace that it belongs to, if there is one.
type tracedResult struct {
	deepskin.Result
	Trace map[string]string `json:"trace,omitempty"`
}

// resultsConcurrency is how many results are handled at a time: handling one waits for a chat
// platform, and a slow message must not hold up the others.
const resultsConcurrency = 8

// Results calls handle for each result of a platform, several at a time, until ctx ends; then it
// lets handle finish, at most for the drain timeout, and returns nil. Several processes share the
// results of a platform. A result whose handling fails or panics is handed out again after the
// claim idle time, for as long as it takes. An error says that the queue was closed.
func (q *Queue) Results(ctx context.Context, platform string, handle func(context.Context, deepskin.Result) error) error {
	var c *consumer
	c = q.newConsumer(resultsStream(platform), botsGroup, resultsConcurrency, func(ctx context.Context, e entry) {
		var result tracedResult
		err := json.Unmarshal([]byte(e.payload), &result)
		if err != nil {
			q.log.ErrorContext(ctx, "a result cannot be read; dropping it", "platform", platform, "err", err)
		} else if err := q.handOut(ctx, platform, result, handle); err != nil {
			q.log.WarnContext(ctx, "a result could not be handled; it will be tried again",
				"case", result.Case, "delivery", e.deliveries, "err", err)
			return
		}
		if err := c.acknowledge(ctx, e.id); err != nil {
			q.log.WarnContext(ctx, "a result could not be acknowledged; it will come again", "case", result.Case, "err", err)
		}
	})
	return c.run(ctx)
}

// handOut calls handle for a result, within its trace.
func (q *Queue) handOut(
	ctx context.Context, platform string, r tracedResult, handle func(context.Context, deepskin.Result) error,
) error {
	ctx, span := q.config.Tracer.Start(tracing.Join(ctx, r.Trace), "take result", r.Case, platform)
	err := q.safely(ctx, r.Case, func() error { return handle(ctx, r.Result) })
	span.End(err)
	return err
}
