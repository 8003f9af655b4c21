package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"deepskin/adapters/web"
	"deepskin/internal/browsertest"
)

func testOffline(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url, "ERR_CONNECTION_REFUSED")
	b.See("#start")
	b.Until(`navigator.serviceWorker.ready.then(() => Boolean(navigator.serviceWorker.controller))`)
	ask(t, s, b, answered)
	b.See("#look")
	speak(b, "fr")

	kept := browsertest.Eval[[]string](b, `(async () => {
		const urls = [];
		for (const name of await caches.keys())
			for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
		return urls;
	})()`)
	for _, path := range kept {
		if !strings.HasPrefix(path, "/page/") {
			t.Errorf("the service worker keeps %s", path)
		}
	}
	if len(kept) == 0 {
		t.Error("the service worker keeps nothing")
	}

	s.stop()
	b.Do(chromedp.Reload())
	b.Until(`document.querySelector("h1")?.innerText === "Vous êtes hors ligne"`)
	b.Inspect("15-offline")
}

func testConnectionLost(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url, "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET")
	choose(t, b)
	b.Click("#send")
	b.Until(`location.hash.length === 27 && document.querySelector("#stage").innerText.startsWith("Looking")`)
	s.stop()
	b.Until(`document.querySelector("#stage").innerText === "The connection was lost"`)
	b.Want("#detail", "kept for you")

	// What is asked for now fails with words.
	b.Click("#open-history")
	b.Click("#back")
	choosePhoto(t, b)
	b.Click("#send")
	b.See("#notice")
	b.Want("#notice-text", "could not be reached")
	b.See("#retry")
}

// longTasks counts from the start of the page what kept it from reacting for over 100 ms.
const longTasks = `window.slow = [];
	new PerformanceObserver((list) => window.slow.push(...list.getEntries().filter((e) => e.duration > 100)))
		.observe({ type: "longtask", buffered: true });`

func testBudgets(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	sent := browsertest.Eval[float64](b, `["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
		.reduce((sum, e) => sum + e.decodedBodySize, 0)`)
	t.Logf("the page has %.0f bytes before photos", sent)
	if sent < 10_000 || sent > 150_000 {
		t.Errorf("the page has %.0f bytes before photos, want at most 150,000", sent)
	}

	// The observer sees what it should.
	b.OnLoad(longTasks)
	b.Do(chromedp.Reload())
	b.See("#start")
	browsertest.Eval[bool](b, `setTimeout(() => { const end = performance.now() + 150; while (performance.now() < end); }); true`)
	b.Until(`window.slow.length > 0`)

	choose(t, b)
	b.Click("#send")
	b.Until(`location.hash.length === 27 && document.querySelector("#stage").innerText.startsWith("Looking")`)
	// A busy machine may stop the page for a moment; work of its own would show in each second.
	quiet := false
	for range 5 {
		quiet = quiet || browsertest.Eval[bool](b, `(window.slow.length = 0, new Promise((resolve) => setTimeout(() => resolve(window.slow.length === 0), 1000)))`)
	}
	if !quiet {
		t.Error("the page has long tasks all the time while it waits")
	}

	id, _ := s.bot.only(t)
	s.bot.settle(id, warm)
	b.See("#look")
	b.Click("#heatmap")
	b.See("#compare")
	for _, r := range b.Requests() {
		if !strings.HasPrefix(r.URL, s.url+"/") && !strings.HasPrefix(r.URL, "blob:"+s.url) {
			t.Errorf("the page asks another host: %s", r.URL)
		}
	}
}
