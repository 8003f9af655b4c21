package queue

import (
	"context"
	"fmt"
	"time"
)

// modelTTL is how long what workers said of their models is held after the last one said something.
const modelTTL = time.Hour

// PublishModel tells the bots of the model that a worker serves: its version and its card, as JSON. Redis
// may come back empty, so a worker says it again and again.
func (q *Queue) PublishModel(ctx context.Context, version string, card []byte) error {
	pipe := q.rdb.TxPipeline()
	pipe.HSet(ctx, modelsKey, version, card)
	pipe.Expire(ctx, modelsKey, modelTTL)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("publish the card of model %s: %w", version, err)
	}
	return nil
}

// TakeModels returns the cards that workers published since the last call of any bot, in no order.
func (q *Queue) TakeModels(ctx context.Context) ([][]byte, error) {
	pipe := q.rdb.TxPipeline()
	all := pipe.HGetAll(ctx, modelsKey)
	pipe.Del(ctx, modelsKey)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("take the cards of the models: %w", err)
	}
	var cards [][]byte
	for _, card := range all.Val() {
		cards = append(cards, []byte(card))
	}
	return cards, nil
}

// Workers returns how many workers live.
func (q *Queue) Workers(ctx context.Context) (int, error) {
	s, err := q.state(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the workers: %w", err)
	}
	return s.workers, nil
}
