package web_test

import (
	"context"
	"fmt"
	"image/color"
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

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
)

// A tab is a real browser on the page.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site *site
	// shots is where screenshots go; empty for none.
	shots string

	// expected holds status codes that the browser may note as failures.
	expected []string

	mu         sync.Mutex
	complaints []string
}

// browse opens the page in Chromium. The tab's test fails if the browser complains about
// anything: an error in a script, a broken link, a breach of the security policy; answers with an
// expected status are no such thing.
func (s *site) browse(t *testing.T, expected ...string) *tab {
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

	b := &tab{t: t, ctx: ctx, site: s, shots: os.Getenv("DEEPSKIN_SCREENSHOTS"), expected: expected}
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
	b.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate(s.url))
	return b
}

func (b *tab) hear(event any) {
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

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.fail(err)
	}
}

// fail ends the test with what the page shows.
func (b *tab) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	b.t.Fatalf("%v; the page shows:\n%s", err, text)
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// see waits until an element is there to be seen.
func (b *tab) see(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// until waits for a JavaScript expression to be true.
func (b *tab) until(expression string) {
	b.t.Helper()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if err != nil {
			b.fail(fmt.Errorf("wait for %s: %w", expression, err))
		}
		if ok {
			return
		}
		b.do(chromedp.Sleep(20 * time.Millisecond))
	}
}

// text returns what an element says to those who see it.
func (b *tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q).innerText`, selector)))
	if err != nil {
		b.fail(err)
	}
	return text
}

// want checks that an element says something.
func (b *tab) want(selector, words string) {
	b.t.Helper()
	if got := b.text(selector); !strings.Contains(got, words) {
		b.t.Errorf("%s says %q, want %q in it", selector, got, words)
	}
}

// shoot checks that the page fits phones and desktops, and keeps pictures of it, light and
// dark, where they are wanted.
func (b *tab) shoot(name string) {
	b.t.Helper()
	for _, width := range []int64{320, 360, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
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
	b.do(chromedp.EmulateViewport(360, 800))
}

// photoFile returns the path of a photo.
func photoFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spot.jpg")
	if err := os.WriteFile(path, drawSpot(color.RGBA{110, 70, 50, 255}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// choose chooses a photo and agrees.
func (b *tab) choose() {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{photoFile(b.t)}))
	b.see("#preview")
	b.click("#consent")
}

func TestPageFromPhotoToDeletion(t *testing.T) {
	s := serve(t, web.Config{})
	b := s.browse(t)
	b.see("#start")
	b.shoot("1-start")

	// Nothing goes without a photo and consent.
	b.click("#send")
	b.want("#missing", "choose a photo")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{photoFile(t)}))
	b.until(`document.querySelector("#preview").naturalWidth === 480`)
	b.click("#send")
	b.want("#missing", "agree")
	if s.bot.count() != 0 {
		t.Fatal("a photo went without consent")
	}
	b.click("#consent")
	b.shoot("2-chosen")
	b.click("#send")

	b.see("#progress")
	b.until(`document.querySelector("#stage").innerText.startsWith("Looking")`)
	b.want("#detail", "at the latest")
	b.until(`document.querySelector("#live").textContent.startsWith("Looking")`)
	b.shoot("3-waiting")
	id, _ := s.bot.only(t)
	s.bot.settle(id, answered)

	b.see("#answer")
	b.want("#title", "More like the harmless ones")
	b.want("#text", "show it to a doctor")
	b.want("#label", "benign")
	b.want("#confidence", "93 %")
	b.until(`document.querySelector("#live").textContent === "The answer is here." && document.activeElement.id === "title"`)
	b.shoot("4-answer")
	b.click("#diagnoses summary")
	b.see("#bars")
	b.want("#bars li:first-child", "Mole (melanocytic nevus)")
	b.want("#bars li:last-child", "under 1 %")
	b.until(`document.querySelectorAll("#bars li").length === 7`)

	b.click("#heatmap")
	b.until(`document.querySelector("#map img").naturalWidth === 480`)
	b.see("#map img")
	b.shoot("5-details")
	b.click("#heatmap")
	b.until(`document.querySelector("#map").hidden`)

	b.click("#down")
	b.see("#followup")
	b.until(`document.activeElement.value === "benign"`)
	if _, c := s.bot.only(t); c.view.Case.Verdict == nil || c.view.Case.Verdict.Agrees {
		t.Error("the thumb did not count by itself")
	}
	b.click("#followup [type=submit]")
	b.until(`document.querySelector("#thanks").innerText.includes("both questions")`)
	b.click("#followup [value=malignant]")
	b.click("#followup [value=yes]")
	b.shoot("6-followup")
	b.click("#followup [type=submit]")
	b.until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)
	_, c := s.bot.only(t)
	if v := c.view.Case.Verdict; v == nil || v.Agrees || v.Truth != deepskin.TruthMalignant || v.Keep == nil || !*v.Keep {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}

	// Reloading shows the answer again, and what was said of it.
	b.do(chromedp.Reload())
	b.see("#answer")
	b.until(`document.querySelector("#down").getAttribute("aria-pressed") === "true"`)

	b.click("#delete")
	b.see("#sure-delete")
	b.shoot("7-delete")
	b.click("#sure-delete [value=keep]")
	if s.bot.count() != 1 {
		t.Error("it was deleted although it should be kept")
	}
	b.click("#delete")
	b.click("#sure-delete [value=delete]")
	b.see("#notice")
	b.want("#notice-title", "Deleted")
	if s.bot.count() != 0 {
		t.Error("nothing was deleted")
	}
	b.shoot("8-deleted")
	b.click("#notice .another")
	b.see("#start")
}

func TestPageTakesDroppedPhotosAndThumbsUp(t *testing.T) {
	s := serve(t, web.Config{})
	b := s.browse(t)
	b.see("#drop")
	box, err := chromedp.Run(b.ctx, chromedp.Evaluate[map[string]float64](`document.querySelector("#drop").getBoundingClientRect().toJSON()`))
	if err != nil {
		b.fail(err)
	}
	for _, step := range []input.DispatchDragEventType{
		input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop,
	} {
		_, err := chromedp.Call(b.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: step, X: box["x"] + box["width"]/2, Y: box["y"] + box["height"]/2,
			Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{photoFile(t)}, DragOperationsMask: 1},
		})
		if err != nil {
			b.fail(fmt.Errorf("drop a photo: %w", err))
		}
	}
	b.see("#preview")
	b.want("#name", "spot.jpg")
	b.click("#consent")
	b.click("#send")
	b.see("#progress")
	b.until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, answered)
	b.see("#answer")
	b.click("#up")
	b.until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)
	if _, c := s.bot.only(t); c.view.Case.Verdict == nil || !c.view.Case.Verdict.Agrees {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}
	b.click("#answer .another")
	b.see("#empty")
}

func TestPageShowsARefusalAndSavesAVerdictWithoutPhoto(t *testing.T) {
	s := serve(t, web.Config{})
	b := s.browse(t, "410")
	b.choose()
	b.click("#send")
	b.until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, refused)
	b.see("#answer")
	b.want("#title", "could not read")
	b.until(`["figures", "diagnoses", "look"].every((id) => document.getElementById(id).hidden)`)
	b.shoot("9-refusal")

	s.bot.expire(id)
	b.click("#down")
	b.see("#followup")
	b.click("#followup [value=benign]")
	b.click("#followup [value=yes]")
	b.click("#followup [type=submit]")
	b.until(`document.querySelector("#thanks").innerText.includes("already been deleted")`)
	_, c := s.bot.only(t)
	if v := c.view.Case.Verdict; v == nil || v.Truth != deepskin.TruthBenign || v.Keep == nil || *v.Keep {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}
}

func TestPageSaysWhatToDoInTrouble(t *testing.T) {
	s := serve(t, web.Config{})
	s.bot.on(func(bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "You have sent many photos. Please come back in a minute.", RetryAfter: time.Minute}, nil
	})
	b := s.browse(t, "429", "404")
	b.choose()
	b.click("#send")
	b.see("#notice")
	b.want("#notice-text", "come back in a minute")
	b.shoot("10-trouble")

	s.bot.on(nil)
	b.click("#retry")
	b.until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, func(v *bot.View) {
		v.Case.Status = deepskin.Failed
		v.Reply = bot.Reply{Title: "Sorry", Text: "It did not work this time. Please send the photo again."}
	})
	b.see("#answer")
	b.want("#text", "send the photo again")
	b.until(`document.getElementById("feedback").hidden`)

	// Another browser's case.
	b.do(chromedp.Navigate(s.url+"/#"+string(deepskin.NewCaseID())), chromedp.Reload())
	b.see("#notice")
	b.want("#notice-text", "another browser")
}
