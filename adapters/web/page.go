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
	entries, err := fs.ReadDir(pageFiles, "page")
	if err != nil {
		panic(fmt.Sprintf("read the embedded page: %v", err)) // Cannot be: it is in the binary.
	}
	for _, entry := range entries {
		name := path.Join("page", entry.Name())
		content, err := pageFiles.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("read the embedded page: %v", err))
		}
		pattern := "GET /" + name
		if entry.Name() == "index.html" {
			pattern = "GET /{$}"
		}
		mux.Handle(pattern, file(name, content))
	}
}

// file serves content, which browsers may keep but have to ask about: embedded files have no
// times, so their hash tells whether they changed.
func file(name string, content []byte) http.Handler {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
