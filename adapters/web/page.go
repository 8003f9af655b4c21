package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"

	"deepskin/internal/site"
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
		mux.Handle(pattern, site.File(name, content))
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("read the embedded page: %v", err)) // Cannot be: it is in the binary.
	}
}
