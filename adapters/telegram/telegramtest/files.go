package telegramtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // Telegram takes PNG as well as JPEG
	"net/http"
	"strings"
	"sync"
)

// maxDownload is how large a file may be that bots can have, in bytes.
const maxDownload = 20 << 20

type file struct {
	path   string
	unique string
	data   []byte
	size   int // larger than data where only the size matters
	// left is how often the file can still be downloaded; negative: without end.
	left int
}

// addFile stores a file and returns its ID. The caller holds mu.
func (s *Server) addFile(folder string, data []byte, size int) (id string, f *file) {
	s.nextFile++
	f = &file{
		path:   fmt.Sprintf("%s/file_%d.jpg", folder, s.nextFile),
		unique: fmt.Sprintf("AQAD%d", s.nextFile),
		data:   data,
		size:   size,
		left:   -1,
	}
	if s.downloads > 0 {
		f.left = s.downloads
	}
	id = fmt.Sprintf("AgACAgIAAxkBAAI%d_%s", s.nextFile, rand.Text())
	s.files[id], s.paths[f.path] = f, f
	return id, f
}

// getFile prepares a file for download.
func (s *Server) getFile(r request) (any, *refusal) {
	f, ok := s.files[r.params["file_id"]]
	if !ok || f.left == 0 {
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	}
	if f.size > maxDownload {
		return nil, badRequest("file is too big")
	}
	return map[string]any{
		"file_id": r.params["file_id"], "file_unique_id": f.unique, "file_size": f.size, "file_path": f.path,
	}, nil
}

// download serves a file under /file/bot<token>/<path>. It counts as a call of "download".
func (s *Server) download(w http.ResponseWriter, path string) {
	s.mu.Lock()
	s.calls["download"]++
	fault := s.takeFault("download")
	path, ours := strings.CutPrefix(path, s.token+"/")
	f, found := s.paths[path]
	found = found && ours && f.left != 0 && f.size <= maxDownload
	failing := fault.HangUp || fault.Status != 0
	if found && !failing && f.left > 0 {
		f.left--
	}
	s.mu.Unlock()
	switch {
	case fault.HangUp:
		panic(http.ErrAbortHandler)
	case fault.Status != 0:
		answer(w, nil, &refusal{code: fault.Status, description: fault.Description})
	case !found:
		answer(w, nil, &refusal{code: http.StatusNotFound, description: "Not Found"})
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(f.data)
	}
}

// thumbnail returns a small grey JPEG, as Telegram makes one of each photo.
var thumbnail = sync.OnceValue(func() []byte {
	img := image.NewGray(image.Rect(0, 0, 90, 67))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: 128}.Y
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // writing to memory cannot fail
	return b.Bytes()
})

// checkPicture applies Telegram's rules to a picture that the bot uploads.
func checkPicture(data []byte) *refusal {
	if len(data) == 0 {
		return badRequest("file must be non-empty")
	}
	if len(data) > 10<<20 {
		return &refusal{code: http.StatusRequestEntityTooLarge, description: "Request Entity Too Large"}
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return badRequest("IMAGE_PROCESS_FAILED")
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w+h > 10000 || w > 20*h || h > 20*w {
		return badRequest("PHOTO_INVALID_DIMENSIONS")
	}
	return nil
}
