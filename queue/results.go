package queue

import (
	"context"
	"encoding/json"

	"deepskin"
)

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
		var result deepskin.Result
		err := json.Unmarshal([]byte(e.payload), &result)
		if err != nil {
			q.log.ErrorContext(ctx, "a result cannot be read; dropping it", "platform", platform, "err", err)
		} else if err := q.safely(ctx, func() error { return handle(ctx, result) }); err != nil {
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
