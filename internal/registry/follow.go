package registry

import (
	"context"
	"errors"
	"time"
)

const (
	// pollTime is how often the registry is asked what serves: mounted buckets tell nobody of
	// their changes.
	pollTime = 5 * time.Second
	// mostWait bounds how long a model that could not be used is left alone.
	mostWait = 5 * time.Minute
)

// Follow calls use for the model that serves, whenever that becomes another one than the file with
// this SHA-256, until ctx ends. Where use fails, or nobody can tell what serves, failed is told, and
// it is tried again later and later, or at once when the model changes.
func (r *Registry) Follow(ctx context.Context, serving string, use func(Change) error, failed func(error)) {
	var fault struct {
		sha256 string
		wait   time.Duration // zero while all is well
		until  time.Time
	}
	ticker := time.NewTicker(pollTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		current, err := r.Current()
		if errors.Is(err, ErrNotFound) || err == nil && current.SHA256 == serving {
			fault.wait = 0
			continue
		}
		if fault.wait > 0 && fault.sha256 == current.SHA256 && time.Now().Before(fault.until) {
			continue
		}
		if err == nil {
			err = use(current)
		}
		if err == nil {
			serving, fault.wait = current.SHA256, 0
			continue
		}
		failed(err)
		if fault.sha256 != current.SHA256 {
			fault.wait = 0
		}
		fault.sha256, fault.wait = current.SHA256, min(max(2*fault.wait, pollTime), mostWait)
		fault.until = time.Now().Add(fault.wait)
	}
}
