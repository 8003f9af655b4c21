package web_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"deepskin/adapters/web"
	"deepskin/internal/browsertest"
)

// received agrees, sends and returns the photo that arrived.
func received(t *testing.T, s *site, b *browsertest.Tab) []byte {
	t.Helper()
	b.See("#preview")
	b.Click("#consent")
	b.Click("#send")
	b.Until(`location.hash.length === 27`)
	_, c := s.bot.only(t)
	return c.photo
}

func testPaste(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	photo := drawSpot(color.RGBA{110, 70, 50, 255})
	browsertest.Eval[bool](b, fmt.Sprintf(`(() => {
		const clipboardData = new DataTransfer();
		const bytes = Uint8Array.from(atob(%q), (c) => c.charCodeAt(0));
		clipboardData.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
		return window.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
	})()`, base64.StdEncoding.EncodeToString(photo)))
	b.See("#preview")
	b.Want("#name", "pasted.jpg")
	if !bytes.Equal(received(t, s, b), photo) {
		t.Error("the photo that arrived is not the one that was pasted")
	}
}

func testCamera(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	b.Click("#camera")
	const ready = `document.querySelector("#viewfinder").open && !document.querySelector("#shoot").disabled`
	b.Until(ready)
	b.See("#viewfinder .ring")
	b.Until(`document.querySelector("#camera-hint").innerText === "Put the spot into the ring."`)
	b.Inspect("11-camera")

	// A camera that sees nothing.
	browsertest.Eval[bool](b, `(() => {
		const draw = CanvasRenderingContext2D.prototype.drawImage;
		CanvasRenderingContext2D.prototype.drawImage = function (...args) {
			if (this.canvas.width !== 32) return draw.apply(this, args);
			this.fillRect(0, 0, 32, 32);
		};
		return true;
	})()`)
	b.Until(`document.querySelector("#camera-hint").innerText.includes("quite dark")`)

	b.Click("#camera-close")
	b.Until(`!document.querySelector("#viewfinder").open && document.activeElement.id === "camera"`)
	b.Click("#camera")
	b.Until(ready)
	tracks := `document.querySelector("#viewfinder video").srcObject === null`
	if browsertest.Eval[bool](b, tracks) {
		t.Error("there is no live picture")
	}
	b.Click("#shoot")
	b.See("#preview")
	b.Until(tracks) // The camera is off again.
	b.Want("#name", "camera.jpg")
	photo, err := jpeg.DecodeConfig(bytes.NewReader(received(t, s, b)))
	if err != nil || photo.Width < 480 {
		t.Errorf("the camera's photo is %d pixels wide, %v", photo.Width, err)
	}
}

func testCameraRefused(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	browsertest.Eval[bool](b, `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotAllowedError") }; true`)
	b.Click("#camera")
	b.Until(`document.querySelector("#missing").innerText.includes("could not be used") && document.activeElement.id === "photo"`)

	// A browser that lets no page use a camera: its own file dialog knows how to take a photo.
	b.OnLoad(`Object.defineProperty(navigator, "mediaDevices", { value: undefined });
		HTMLInputElement.prototype.click = function () { window.clicked = this.id; };`)
	b.Do(chromedp.Reload())
	b.See("#start")
	b.Click("#camera")
	b.Until(`window.clicked === "capture"`)
}

// lying is a JPEG of a scene 2,100 by 1,400 pixels large, red above blue, whose camera was turned: its
// EXIF data say that its right side is up, and where it was taken.
func lying(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 2100, 1400))
	for y := range 1400 {
		for x := range 2100 {
			c := color.RGBA{200, 30, 30, 255}
			if x >= 1050 {
				c = color.RGBA{30, 30, 200, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" +
		"\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	return append([]byte("\xff\xd8"+exif), buf.Bytes()[2:]...)
}

func testHugePhoto(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	path := filepath.Join(t.TempDir(), "huge.jpg")
	if err := os.WriteFile(path, lying(t), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{path}))
	photo := received(t, s, b)
	small, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	if size := small.Bounds().Size(); size != image.Pt(1365, 2048) {
		t.Errorf("the photo that arrived is %v, want it upright and 2,048 pixels high", size)
	}
	if r, _, b, _ := small.At(600, 200).RGBA(); r < b {
		t.Error("the photo that arrived stands on its head")
	}
	if bytes.Contains(photo, []byte("Exif")) {
		t.Error("the camera's data went along")
	}
}
