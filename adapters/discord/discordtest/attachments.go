package discordtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif"  // for the size of pictures
	_ "image/jpeg" // for the size of pictures
	_ "image/png"  // for the size of pictures
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"
)

// urlLife is how long the URL of an attachment is good for.
const urlLife = 24 * time.Hour

// A File is what a person attaches.
type File struct {
	Name string
	Data []byte
	// Size is what Discord says of the file's size, in bytes, where only that matters. Zero: that
	// of Data.
	Size int
}

// An Attachment is a file of a message.
type Attachment struct {
	ID, Name string
	// Data is what the file holds, nil where it was made with a size only.
	Data []byte
	// URL is where the bot can have it, signed at the time of the question.
	URL string
}

type attachment struct {
	id, name string
	// folder is the path before the ID: of the channel, or of files that came with a command.
	folder string
	data   []byte
	size   int
	// gone says that the file can be had no more, whatever its URL.
	gone bool
}

// attach stores a file. The caller holds mu.
func (s *Server) attach(folder, name string, data []byte) *attachment {
	a := &attachment{id: s.id(), folder: folder, name: name, data: data, size: len(data)}
	s.attachments[a.id] = a
	return a
}

// attachAll stores the files of a person. The caller holds mu.
func (s *Server) attachAll(folder string, files []File) []*attachment {
	var list []*attachment
	for _, f := range files {
		a := s.attach(folder, f.Name, f.Data)
		if f.Size > 0 {
			a.size = f.Size
		}
		list = append(list, a)
	}
	return list
}

// url returns a signed URL for a path. The caller holds mu.
func (a *attachment) url(s *Server, host string) string {
	at := fmt.Sprintf("/%s/%s/%s", a.folder, a.id, url.PathEscape(a.name))
	issued := strconv.FormatInt(s.now().Unix(), 16)
	expires := strconv.FormatInt(s.now().Add(urlLife).Unix(), 16)
	return fmt.Sprintf("https://%s%s?ex=%s&is=%s&hm=%s&", host, at, expires, issued, s.sign(a.id, expires, issued))
}

func (s *Server) sign(parts ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range parts {
		mac.Write([]byte(part + "\n"))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// json returns the attachment as the API has it. The caller holds mu.
func (a *attachment) json(s *Server) map[string]any {
	body := map[string]any{
		"id": a.id, "filename": a.name, "size": a.size,
		"url": a.url(s, "cdn.discordapp.com"), "proxy_url": a.url(s, "media.discordapp.net"),
	}
	// Discord goes by the name, not by the content.
	if kind := mime.TypeByExtension(path.Ext(a.name)); kind != "" {
		body["content_type"] = kind
	}
	if config, _, err := image.DecodeConfig(bytes.NewReader(a.data)); err == nil {
		body["width"], body["height"] = config.Width, config.Height
	}
	if a.folder == "ephemeral-attachments/"+s.bot.ID {
		body["ephemeral"] = true
	}
	return body
}

// download serves a file where its URL was signed here and has not expired. It counts as a call of
// Download.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	fault := s.count(Download)
	if s.fail(w, r, fault) {
		return
	}
	q := r.URL.Query()
	expires, err := strconv.ParseInt(q.Get("ex"), 16, 64)
	s.mu.Lock()
	a, found := s.attachments[r.PathValue("attachment")]
	signed := err == nil && found && hmac.Equal([]byte(q.Get("hm")), []byte(s.sign(a.id, q.Get("ex"), q.Get("is"))))
	found = signed && !a.gone && s.now().Before(time.Unix(expires, 0))
	s.mu.Unlock()
	if !found {
		http.Error(w, "This content is no longer available.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if kind := mime.TypeByExtension(path.Ext(a.name)); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	_, _ = w.Write(a.data)
}

// ForgetAttachments lets all files that there are disappear before their URLs expire, those of the
// bot too.
func (s *Server) ForgetAttachments() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.attachments {
		a.gone = true
	}
}
