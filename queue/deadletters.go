package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"deepskin"
)

// A DeadLetter is a job that was given up, for operators to look at. Its photo is gone.
type DeadLetter struct {
	// ID names the letter in Redis. One case may have several, and a job that could not be read
	// has none.
	ID       string
	Case     deepskin.CaseID
	Platform string
	// Cause is the last error, cut to 300 bytes.
	Cause string
	// Deliveries is how often the job was handed out.
	Deliveries int
	At         time.Time
}

// DeadLetters returns the newest n dead letters, the latest first.
func (q *Queue) DeadLetters(ctx context.Context, n int) ([]DeadLetter, error) {
	entries, err := q.rdb.XRevRangeN(ctx, deadLetters, "+", "-", int64(n)).Result()
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	letters := make([]DeadLetter, len(entries))
	for i, e := range entries {
		text := func(field string) string { s, _ := e.Values[field].(string); return s }
		deliveries, err := strconv.Atoi(text("deliveries"))
		if err != nil {
			return nil, fmt.Errorf("read dead letter %s: %w", e.ID, err)
		}
		at, err := entryTime(e.ID)
		if err != nil {
			return nil, err
		}
		letters[i] = DeadLetter{
			ID:         e.ID,
			Case:       deepskin.CaseID(text("case")),
			Platform:   text("platform"),
			Cause:      text("cause"),
			Deliveries: deliveries,
			At:         at,
		}
	}
	return letters, nil
}

// DropDeadLetters removes dead letters and returns how many were still there.
func (q *Queue) DropDeadLetters(ctx context.Context, letters ...DeadLetter) (int, error) {
	if len(letters) == 0 {
		return 0, nil
	}
	ids := make([]string, len(letters))
	for i, l := range letters {
		ids[i] = l.ID
	}
	n, err := q.rdb.XDel(ctx, deadLetters, ids...).Result()
	if err != nil {
		return 0, fmt.Errorf("drop dead letters: %w", err)
	}
	return int(n), nil
}

// entryTime returns when a stream entry was added: its ID begins with Redis's clock.
func entryTime(id string) (time.Time, error) {
	ms, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read time of entry %s: %w", id, err)
	}
	return time.UnixMilli(n), nil
}
