package discord

import (
	"context"
	"errors"
	"net/url"
	"slices"
)

// fileHosts are where Discord keeps attachments.
var fileHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

// Fetch downloads a photo by the URL in Photo.Source, up to 20 MB and one byte, from Discord's own
// hosts only. It returns deepskin.ErrGone where Discord no longer has it, or the URL has expired.
func (a *Adapter) Fetch(ctx context.Context, source string) ([]byte, error) {
	if !isFile(source) {
		return nil, errors.New("discord download: not a file of Discord's")
	}
	return a.files.Download(ctx, source)
}

// isFile reports whether a URL is that of an attachment.
func isFile(source string) bool {
	u, err := url.Parse(source)
	return err == nil && u.Scheme == "https" && u.User == nil && slices.Contains(fileHosts, u.Host)
}
