package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
)

// PutPhoto holds a photo for a worker, at most for ttl, which must be positive. It returns
// deepskin.ErrBusy where Redis has no memory left.
func (q *Queue) PutPhoto(ctx context.Context, id deepskin.CaseID, photo []byte, ttl time.Duration) error {
	if ttl <= 0 {
		// Redis would take it for "for ever".
		return fmt.Errorf("hold photo of case %s: TTL is not positive", id)
	}
	if err := q.rdb.Set(ctx, photoKey(id), photo, ttl).Err(); err != nil {
		return fmt.Errorf("hold photo of case %s: %w", id, busyIfFull(err))
	}
	return nil
}

// HasPhoto reports whether the photo is still held.
func (q *Queue) HasPhoto(ctx context.Context, id deepskin.CaseID) (bool, error) {
	n, err := q.rdb.Exists(ctx, photoKey(id)).Result()
	if err != nil {
		return false, fmt.Errorf("look for photo of case %s: %w", id, err)
	}
	return n > 0, nil
}

// Copy returns the reduced copy that the worker left, or deepskin.ErrGone.
func (q *Queue) Copy(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	return q.bytes(ctx, copyKey(id), "get copy of case", id)
}

// Forget deletes the photo and the reduced copy. A worker that still has the photo in its hands
// leaves no copy then.
func (q *Queue) Forget(ctx context.Context, id deepskin.CaseID) error {
	if err := q.rdb.Del(ctx, photoKey(id), copyKey(id)).Err(); err != nil {
		return fmt.Errorf("forget photos of case %s: %w", id, err)
	}
	return nil
}

// photo returns the photo of a case, or deepskin.ErrGone.
func (q *Queue) photo(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	return q.bytes(ctx, photoKey(id), "get photo of case", id)
}

func (q *Queue) bytes(ctx context.Context, key, doing string, id deepskin.CaseID) ([]byte, error) {
	b, err := q.rdb.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		err = deepskin.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", doing, id, err)
	}
	return b, nil
}

// busyIfFull tells a Redis without memory from a broken one.
func busyIfFull(err error) error {
	if redis.IsOOMError(err) {
		return fmt.Errorf("%w: Redis has no memory left", deepskin.ErrBusy)
	}
	return err
}
