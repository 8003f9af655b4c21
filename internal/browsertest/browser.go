// Package browsertest drives a real Chromium in tests.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Tab is a real browser on a page. What goes wrong ends its test.
type Tab struct {
	t   testing.TB
	ctx context.Context
	// shots is the folder for screenshots, from DEEPSKIN_SCREENSHOTS; empty for none.
	shots string

	// expected holds status codes that the browser may note as failures.
	expected []string

	mu         sync.Mutex
	complaints []string
}

// Open opens a page in Chromium, 360 by 800 pixels large. The test fails if the browser complains
// about anything: an error in a script, a broken link, a breach of the security policy; answers
// with an expected status, "404" say, are no such thing.
func Open(t testing.TB, url string, expected ...string) *Tab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("This test drives a real browser: please install Chromium (apt-get install chromium).")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, cancelBrowser := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelBrowser)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	ctx, cancelTimeout := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancelTimeout)

	b := &Tab{t: t, ctx: ctx, shots: os.Getenv("DEEPSKIN_SCREENSHOTS"), expected: expected}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatalf("read the browser's log: %v", err)
	}
	b.Do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(url))
	return b
}

func (b *Tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if slices.ContainsFunc(b.expected, func(status string) bool {
			return strings.Contains(e.Entry.Text, "status of "+status)
		}) {
			return
		}
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	}
}

// Do takes steps with the page.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.fail(err)
	}
}

// fail ends the test with what the page shows.
func (b *Tab) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	b.t.Fatalf("%v; the page shows:\n%s", err, text)
}

// Click clicks an element.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// See waits until an element is there to be seen.
func (b *Tab) See(selector string) {
	b.t.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Until waits for a JavaScript expression to be true.
func (b *Tab) Until(expression string) {
	b.t.Helper()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if err != nil {
			b.fail(fmt.Errorf("wait for %s: %w", expression, err))
		}
		if ok {
			return
		}
		b.Do(chromedp.Sleep(20 * time.Millisecond))
	}
}

// Text returns what an element says to those who see it.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q).innerText`, selector)))
	if err != nil {
		b.fail(err)
	}
	return text
}

// Want checks that an element says something.
func (b *Tab) Want(selector, words string) {
	b.t.Helper()
	if got := b.Text(selector); !strings.Contains(got, words) {
		b.t.Errorf("%s says %q, want %q in it", selector, got, words)
	}
}

// Shoot checks that the page fits phones and desktops, and keeps pictures of it, light and
// dark, where they are wanted.
func (b *Tab) Shoot(name string) {
	b.t.Helper()
	for _, width := range []int64{320, 360, 1280} {
		b.Do(chromedp.EmulateViewport(width, 800))
		overflow, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
		if err != nil {
			b.fail(err)
		}
		if overflow {
			b.t.Errorf("%s does not fit %d pixels", name, width)
		}
		if b.shots == "" || width == 320 {
			continue
		}
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			if err != nil {
				b.fail(err)
			}
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				b.fail(err)
			}
			file := filepath.Join(b.shots, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
			if err := os.WriteFile(file, picture, 0o600); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	b.Do(chromedp.EmulateViewport(360, 800))
}

// Drop drags a file onto an element and drops it there.
func (b *Tab) Drop(selector, path string) {
	b.t.Helper()
	box, err := chromedp.Run(b.ctx, chromedp.Evaluate[map[string]float64](
		fmt.Sprintf(`document.querySelector(%q).getBoundingClientRect().toJSON()`, selector)))
	if err != nil {
		b.fail(err)
	}
	for _, step := range []input.DispatchDragEventType{
		input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop,
	} {
		_, err := chromedp.Call(b.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: step, X: box["x"] + box["width"]/2, Y: box["y"] + box["height"]/2,
			Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{path}, DragOperationsMask: 1},
		})
		if err != nil {
			b.fail(fmt.Errorf("drop a file: %w", err))
		}
	}
}
