package discord

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"

	"deepskin"
)

// maxFile is how large a photo may be, in bytes.
const maxFile = 20 << 20

// fileHosts are where Discord keeps attachments.
var fileHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

// Fetch downloads a photo by the URL in Photo.Source, up to 20 MB and one byte, from Discord's own
// hosts only. It returns deepskin.ErrGone where Discord no longer has it, or the URL has expired.
func (a *Adapter) Fetch(ctx context.Context, source string) ([]byte, error) {
	if !isFile(source) {
		return nil, errors.New("discord download: not a file of Discord's")
	}
	patience, cancel := context.WithTimeout(ctx, a.config.MaxWait)
	defer cancel()
	for failures := 0; ; failures++ {
		photo, failure := a.download(ctx, source)
		if failure == nil {
			return photo, nil
		}
		a.metrics.countError(ctx, failure)
		if !failure.passing() || failures+1 == maxAttempts || ctx.Err() != nil ||
			sleepWithin(patience, max(failure.retryAfter, a.pauses.after(failures))) != nil {
			return nil, failure
		}
	}
}

// isFile reports whether a URL is that of an attachment.
func isFile(source string) bool {
	u, err := url.Parse(source)
	return err == nil && u.Scheme == "https" && u.User == nil && slices.Contains(fileHosts, u.Host)
}

func (a *Adapter) download(ctx context.Context, source string) ([]byte, *apiError) {
	ctx, cancel := context.WithTimeout(ctx, a.config.CallTimeout)
	defer cancel()
	failure := &apiError{route: "download", secret: a.config.Token}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		failure.cause = withoutURL(err)
		return nil, failure
	}
	resp, err := a.client.Do(req)
	if err != nil {
		failure.cause = withoutURL(err)
		return nil, failure
	}
	defer resp.Body.Close()
	failure.status = resp.StatusCode
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden, http.StatusGone:
		failure.cause = deepskin.ErrGone
		return nil, failure
	default:
		return nil, failure
	}
	photo, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	if err != nil {
		failure.cause = withoutURL(err)
		return nil, failure
	}
	return photo, nil
}
