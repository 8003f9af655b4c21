// Package browsertest drives a real Chromium in tests.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Tab is a real browser on a page. What goes wrong ends its test.
type Tab struct {
	t   testing.TB
	ctx context.Context
	// shots is the folder for screenshots, from DEEPSKIN_SCREENSHOTS; empty for none.
	shots string

	// expected holds status codes and network errors that the browser may note as failures.
	expected []string

	mu         sync.Mutex
	complaints []string
	requests   []Request
}

// A Request is one that the page made.
type Request struct {
	URL string
	// Language is the header Accept-Language; empty where the page did not set it.
	Language string
}

// Requests returns the page's requests so far, those that were answered from a cache too.
func (b *Tab) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// patience bounds what is done in one tab; it only decides how soon a failure shows.
const patience = 10 * time.Minute

// A Browser is a running Chromium, with a camera that shows a test picture and needs no permission.
type Browser struct{ ctx context.Context }

// Start starts Chromium until the test ends. Its tabs share nothing, but starting it takes longer
// than opening one.
func Start(t testing.TB) *Browser {
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
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
	)
	ctx, cancelBrowser := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelBrowser)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &Browser{ctx}
}

// Open opens a page in a Chromium of its own, as Browser.Open does.
func Open(t testing.TB, url string, expected ...string) *Tab {
	t.Helper()
	return Start(t).Open(t, url, expected...)
}

// Open opens a page in a tab of its own, 360 by 800 pixels large, without anything that other tabs
// stored. The test fails if the browser complains about anything: an error in a script, a broken
// link, a breach of the security policy; answers with an expected status, "404" say, or an
// expected network error, "ERR_CONNECTION_REFUSED" say, are no such thing.
func (browser *Browser) Open(t testing.TB, url string, expected ...string) *Tab {
	t.Helper()
	ctx, cancelTab := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancelTab)
	ctx, cancelTimeout := context.WithTimeout(ctx, patience)
	t.Cleanup(cancelTimeout)

	b := &Tab{t: t, ctx: ctx, shots: os.Getenv("DEEPSKIN_SCREENSHOTS"), expected: expected}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("open a tab: %v", err)
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
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatalf("watch the browser's requests: %v", err)
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
			return strings.Contains(e.Entry.Text, "status of "+status) || strings.Contains(e.Entry.Text, "net::"+status)
		}) {
			return
		}
		b.complaints = append(b.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		language, _ := e.Request.Headers["Accept-Language"].(string)
		b.requests = append(b.requests, Request{URL: e.Request.URL, Language: language})
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

// Until waits for a JavaScript expression to be true, or to promise that.
func (b *Tab) Until(expression string) {
	b.t.Helper()
	for !Eval[bool](b, expression) {
		b.Do(chromedp.Sleep(20 * time.Millisecond))
	}
}

// Eval returns the value of a JavaScript expression, that of a promise once it is kept.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fail(fmt.Errorf("evaluate %.80s: %w", expression, err))
	}
	return value
}

// OnLoad runs a script before the page's own, from the next load on.
func (b *Tab) OnLoad(script string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		b.fail(fmt.Errorf("add a script: %w", err))
	}
}

// Text returns what an element says to those who see it.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	return Eval[string](b, fmt.Sprintf(`document.querySelector(%q).innerText`, selector))
}

// Want checks that an element says something.
func (b *Tab) Want(selector, words string) {
	b.t.Helper()
	if got := b.Text(selector); !strings.Contains(got, words) {
		b.t.Errorf("%s says %q, want %q in it", selector, got, words)
	}
}

// Drop drags a file onto an element and drops it there.
func (b *Tab) Drop(selector, path string) {
	b.t.Helper()
	box := Eval[map[string]float64](b, fmt.Sprintf(`document.querySelector(%q).getBoundingClientRect().toJSON()`, selector))
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
