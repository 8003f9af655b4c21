package remote

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"deepskin"
)

// MaxFile is how large a photo may be, in bytes.
const MaxFile = 20 << 20

// A Downloader gets photos from a platform. All its fields are required.
type Downloader struct {
	// Platform is the platform's name, for errors.
	Platform string
	// Secret is what errors must not hold.
	Secret string
	// Gone are the statuses with which the platform says that it no longer has a file.
	Gone []int
	// Client makes the requests.
	Client *http.Client
	// Timeout bounds one attempt.
	Timeout time.Duration
	// MaxWait bounds how long is waited between attempts.
	MaxWait time.Duration
	// Backoff is the first pause between attempts.
	Backoff Backoff
	// Metrics take the failures.
	Metrics *Metrics
}

// Download returns a file, up to MaxFile and one byte, so that what is too large shows. It tries
// again where that fails in passing, and returns deepskin.ErrGone where the file is gone. Its errors
// are of type *Error.
func (d Downloader) Download(ctx context.Context, url string) ([]byte, error) {
	patience, cancel := context.WithTimeout(ctx, d.MaxWait)
	defer cancel()
	for failures := 0; ; failures++ {
		photo, e := d.once(ctx, url)
		if e == nil {
			return photo, nil
		}
		d.Metrics.CountError(ctx, e)
		if !e.Again(failures, true) || SleepWithin(patience, d.Backoff.After(failures)) != nil {
			return nil, e
		}
	}
}

func (d Downloader) once(ctx context.Context, url string) ([]byte, *Error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	e := &Error{Call: d.Platform + " download", Secret: d.Secret}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		e.Cause = WithoutURL(err)
		return nil, e
	}
	resp, err := d.Client.Do(req)
	if err != nil {
		e.Cause = WithoutURL(err)
		return nil, e
	}
	defer resp.Body.Close()
	e.Status = resp.StatusCode
	switch {
	case slices.Contains(d.Gone, e.Status):
		e.Cause = deepskin.ErrGone
		return nil, e
	case e.Status != http.StatusOK:
		return nil, e
	}
	photo, err := io.ReadAll(io.LimitReader(resp.Body, MaxFile+1))
	if err != nil {
		e.Cause = err
		return nil, e
	}
	return photo, nil
}
