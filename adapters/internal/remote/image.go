package remote

import (
	"path/filepath"
	"strings"
)

// IsImage goes by a file's MIME type, or by its name where that is of no use. Formats that nobody can
// read here count too: the classifier has a sentence for them.
func IsImage(mime, name string) bool {
	mime = strings.ToLower(mime)
	if strings.HasPrefix(mime, "image/") {
		return true
	}
	if mime != "" && mime != "application/octet-stream" {
		return false
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff":
		return true
	}
	return false
}
