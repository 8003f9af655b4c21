package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
)

// maxFile is Telegram's limit on what bots may download, in bytes.
const maxFile = 20 << 20

// Fetch downloads a photo by the file ID in Photo.Source, up to 20 MB and one byte. It returns
// deepskin.ErrGone where Telegram no longer has it and deepskin.ErrTooLarge where Telegram does
// not hand it out for its size.
func (a *Adapter) Fetch(ctx context.Context, source string) ([]byte, error) {
	result, err := a.alone(ctx, call{
		method:     "getFile",
		params:     tgbotapi.Params{"file_id": source},
		repeatable: true,
	})
	if err != nil {
		var failure *apiError
		if errors.As(err, &failure) && failure.status == http.StatusBadRequest && !errors.Is(err, deepskin.ErrTooLarge) {
			// The file ID is all that was asked about, so it is what is wrong.
			return nil, fmt.Errorf("telegram getFile: %w", deepskin.ErrGone)
		}
		return nil, err
	}
	var file struct {
		Path string `json:"file_path"`
	}
	if err := json.Unmarshal(result, &file); err != nil || file.Path == "" {
		return nil, errors.New("telegram getFile: the answer has no path")
	}
	return a.download(ctx, file.Path)
}

// download gets a file's bytes, again where that fails in passing.
func (a *Adapter) download(ctx context.Context, path string) ([]byte, error) {
	patience, cancel := context.WithTimeout(ctx, a.maxWait)
	defer cancel()
	for failures := 0; ; failures++ {
		photo, failure := a.downloadOnce(ctx, path)
		if failure == nil {
			return photo, nil
		}
		a.metrics.countError(ctx, failure)
		if !failure.passing() || failures+1 == maxAttempts || ctx.Err() != nil ||
			sleepWithin(patience, a.backoff.after(failures)) != nil {
			return nil, failure
		}
	}
}

func (a *Adapter) downloadOnce(ctx context.Context, path string) ([]byte, *apiError) {
	ctx, cancel := context.WithTimeout(ctx, a.callTimeout)
	defer cancel()
	failure := &apiError{method: "download", secret: a.secret}
	// The library knows only Telegram's own host for files.
	url := fmt.Sprintf(a.fileEndpoint, a.token, path)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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
	if resp.StatusCode == http.StatusNotFound {
		failure.cause = deepskin.ErrGone
		return nil, failure
	}
	if resp.StatusCode != http.StatusOK {
		return nil, failure
	}
	photo, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	if err != nil {
		failure.cause = withoutURL(err)
		return nil, failure
	}
	return photo, nil
}
