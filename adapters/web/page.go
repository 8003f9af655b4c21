package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed page
var pageFiles embed.FS

// routePage serves the page at / and its files below /page/.
func routePage(mux *http.ServeMux) {
	err := fs.WalkDir(pageFiles, "page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		pattern := "GET /" + name
		switch name {
		case "page/index.html":
			pattern = "GET /{$}"
		case "page/sw.js":
			pattern = "GET /sw.js" // A service worker serves what lies below it.
		}
		mux.Handle(pattern, file(name, content))
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("read the embedded page: %v", err)) // Cannot be: it is in the binary.
	}
}

// file serves content, which browsers may keep but have to ask about: embedded files have no
// times, so their hash tells whether they changed.
func file(name string, content []byte) http.Handler {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Ext(name) == ".webmanifest" {
			w.Header().Set("Content-Type", "application/manifest+json") // Not in every table of types.
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
