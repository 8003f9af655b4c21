package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"deepskin"
	"deepskin/adapters/internal/remote"
)

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
		var failure *remote.Error
		if errors.As(err, &failure) && failure.Status == http.StatusBadRequest && !errors.Is(err, deepskin.ErrTooLarge) {
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
	// The library knows only Telegram's own host for files.
	return a.files.Download(ctx, fmt.Sprintf(a.fileEndpoint, a.token, file.Path))
}
