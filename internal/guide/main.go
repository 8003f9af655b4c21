// Command guide turns a drawing into a picture for chats: an SVG into a JPEG, with Chromium.
//
//	go run ./internal/guide drawing.svg picture.jpg
package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
)

// quality is that of the JPEG: edges of a drawing show less would-be noise at this than at the usual 75.
const quality = 88

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: guide drawing.svg picture.jpg")
	}
	drawing, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("read the drawing: %w", err)
	}
	picture, err := render(ctx, drawing)
	if err != nil {
		return fmt.Errorf("draw %s: %w", args[0], err)
	}
	if err := os.WriteFile(args[1], picture, 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// render returns the drawing as a JPEG of its own size.
func render(ctx context.Context, drawing []byte) ([]byte, error) {
	var size struct {
		Width  int `xml:"width,attr"`
		Height int `xml:"height,attr"`
	}
	if err := xml.Unmarshal(drawing, &size); err != nil {
		return nil, fmt.Errorf("read its size: %w", err)
	}
	folder, err := os.MkdirTemp("", "guide-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	// On a page of its own, or the browser adds margins and scroll bars.
	page := filepath.Join(folder, "page.html")
	html := fmt.Sprintf(`<!doctype html><meta charset="utf-8"><style>html,body{margin:0;overflow:hidden}svg{display:block}</style>%s`, drawing)
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		return nil, err
	}
	shot := filepath.Join(folder, "shot.png")
	chromium := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(folder, "profile"), "--screenshot="+shot,
		fmt.Sprintf("--window-size=%d,%d", size.Width, size.Height), "file://"+page)
	if out, err := chromium.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("run Chromium: %w: %s", err, out)
	}
	raw, err := os.ReadFile(shot)
	if err != nil {
		return nil, err
	}
	image, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read Chromium's picture: %w", err)
	}
	var picture bytes.Buffer
	err = jpeg.Encode(&picture, image, &jpeg.Options{Quality: quality})
	return picture.Bytes(), err
}
