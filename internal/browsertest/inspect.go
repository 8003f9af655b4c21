package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Inspect does what Shoot does, and checks that axe-core finds nothing wrong with the page's
// accessibility, light and dark.
func (b *Tab) Inspect(name string) {
	b.t.Helper()
	b.Shoot(name)
	b.colours("dark") // In which only colours can be wrong anew.
	for _, violation := range b.axe(`{ runOnly: ["color-contrast", "link-in-text-block"] }`) {
		b.t.Errorf("%s, dark: %s", name, violation)
	}
	b.colours("light")
	for _, violation := range b.axe(`{ rules: { "target-size": { enabled: true } } }`) {
		b.t.Errorf("%s, light: %s", name, violation)
	}
}

// Shoot checks that what the page shows fits screens from 320 pixels to a desktop's, and keeps
// pictures of it, light and dark, under this name where DEEPSKIN_SCREENSHOTS names a folder for them.
func (b *Tab) Shoot(name string) {
	b.t.Helper()
	for _, width := range []int64{320, 360, 1280} {
		b.Do(chromedp.EmulateViewport(width, 800))
		if Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
			b.t.Errorf("%s does not fit %d pixels", name, width)
		}
		if b.shots == "" || width == 320 {
			continue
		}
		for _, scheme := range []string{"light", "dark"} {
			b.colours(scheme)
			b.shoot(fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
		}
	}
	b.Do(chromedp.EmulateViewport(360, 800))
}

// Print shows the page as it is on paper, and keeps a picture of that as Shoot does.
func (b *Tab) Print(name string) {
	b.t.Helper()
	b.media(emulation.SetEmulatedMediaParams{Media: "print"})
	if b.shots != "" {
		b.Do(chromedp.EmulateViewport(720, 1000))
		b.shoot(name + ".png")
	}
}

// colours makes the page light or dark.
func (b *Tab) colours(scheme string) {
	b.t.Helper()
	b.media(emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

func (b *Tab) media(m emulation.SetEmulatedMediaParams) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, m); err != nil {
		b.fail(fmt.Errorf("change the medium: %w", err))
	}
}

func (b *Tab) shoot(file string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.shots, file), b.picture(), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Picture returns a PNG of the whole page, so many pixels wide, with a number of the screen's pixels
// for each of its own. The scheme is "light" or "dark".
func (b *Tab) Picture(width int64, scale float64, scheme string) []byte {
	b.t.Helper()
	b.colours(scheme)
	b.Do(chromedp.EmulateViewport(width, 100, chromedp.EmulateScale(scale)))
	if Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		b.t.Errorf("the page does not fit %d pixels", width)
	}
	return b.picture()
}

func (b *Tab) picture() []byte {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.fail(fmt.Errorf("take a picture: %w", err))
	}
	return picture
}

// axe returns what axe-core finds wrong. Without options it goes by the rules of WCAG 2.1 AA and its
// own best practices; target-size, of WCAG 2.2, has to be asked for.
func (b *Tab) axe(options string) []string {
	b.t.Helper()
	if !Eval[bool](b, `"axe" in window`) {
		_, file, _, _ := runtime.Caller(0)
		script, err := os.ReadFile(filepath.Join(filepath.Dir(file), "../../deploy/lib/axe-core/axe.min.js"))
		if err != nil {
			b.t.Fatalf("axe-core is missing, deploy/axe.sh fetches it: %v", err)
		}
		Eval[bool](b, string(script)+`; "axe" in window`)
	}
	found := Eval[string](b, `axe.run(`+options+`).then(({ violations }) => violations.map((v) =>
		v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120) + " " + n.any.map((c) => c.message).join("; ")).join(" | ")).join("\n"))`)
	if found == "" {
		return nil
	}
	return strings.Split(found, "\n")
}
