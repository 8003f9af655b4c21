package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/internal/browsertest"
)

// ask sends a photo from an open page and gets the answer that settle makes.
func ask(t *testing.T, s *site, b *browsertest.Tab, settle func(v *bot.View)) deepskin.CaseID {
	t.Helper()
	choosePhoto(t, b)
	if !browsertest.Eval[bool](b, `document.querySelector("#consent").checked`) {
		b.Click("#consent")
	}
	b.Click("#send")
	b.Until(`location.hash.length === 27`)
	id := deepskin.CaseID(browsertest.Eval[string](b, `location.hash.slice(1)`))
	s.bot.settle(id, settle)
	b.See("#answer")
	return id
}

// warm is an answer whose grid covers the right half of the photo and is strongest there on the
// right.
func warm(v *bot.View) {
	answered(v)
	v.Case.Assessment.Grid = &deepskin.Grid{
		Rows: 1, Columns: 3, Values: []float32{0, 1, 1},
		Part: &deepskin.Box{Left: 0.5, Top: 0, Right: 1, Bottom: 1},
	}
}

func testSlider(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	ask(t, s, b, warm)
	b.See("#look")
	b.Click("#heatmap")
	b.See("#compare")

	pixel := func(x int) [3]float64 {
		t.Helper()
		return browsertest.Eval[[3]float64](b, fmt.Sprintf(
			`(() => {
			const one = new OffscreenCanvas(1, 1).getContext("2d");
			one.drawImage(document.querySelector("#compare"), -%d, -40);
			return Array.from(one.getImageData(0, 0, 1, 1).data.slice(0, 3));
		})()`, x))
	}
	slide := func(to int) {
		t.Helper()
		b.Do(chromedp.SetValue(chromedp.CSS("#slide"), fmt.Sprint(to)))
		browsertest.Eval[bool](b, `document.querySelector("#slide").dispatchEvent(new Event("input"))`)
	}
	slide(100)
	photo := pixel(470)
	slide(0)
	marked := pixel(470)
	// Strongest is viridis's yellow over six tenths of the photo.
	for i, yellow := range []float64{253, 231, 37} {
		if want := photo[i]*0.4 + yellow*0.6; marked[i] < want-4 || marked[i] > want+4 {
			t.Errorf("where the grid is strongest the picture is %v over %v, want about %.0f in channel %d", marked, photo, want, i)
		}
	}
	left := pixel(100)
	slide(50)
	if got := pixel(100); got != left {
		t.Errorf("the part that the grid does not cover changed from %v to %v", left, got)
	}
	if got := pixel(470); got != marked {
		t.Errorf("right of the slider there is %v, want the marks, %v", got, marked)
	}
	slide(99)
	if got := pixel(460); got == marked {
		t.Error("left of the slider there are marks")
	}

	// The keyboard and a finger on the picture move it too.
	b.Do(chromedp.Focus(chromedp.CSS("#slide")), chromedp.KeyEvent(kb.Home))
	b.Until(`document.querySelector("#slide").value === "0" && document.querySelector("#slide").ariaValueText.startsWith("Photo less than 1%")`)
	b.Click("#compare")
	b.Until(`Math.abs(document.querySelector("#slide").value - 50) <= 1`)
}

func testSheet(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	ask(t, s, b, warm)
	b.See("#look")
	browsertest.Eval[bool](b, `window.print = () => { window.printed = true; }; true`)
	b.Click("#print")
	b.Until(`window.printed`)

	b.Print("16-sheet")
	for _, want := range []string{"benign", "93%", "7%", "test-1", "without a dermatoscope", "Melanoma", "not a diagnosis"} {
		b.Want("#sheet", want)
	}
	if seen := browsertest.Eval[string](b, `Array.from(document.body.children).filter((e) => e.checkVisibility()).map((e) => e.id).join()`); seen != "sheet" {
		t.Errorf("on paper there are %q", seen)
	}
	b.Until(`["sheet-photo", "sheet-marks"].every((id) => document.getElementById(id).width === 480)`)
}

func testHistory(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	b.Click("#open-history")
	b.See("#history")
	b.Want("#history", "nothing here yet")
	b.Click("#back")
	first := ask(t, s, b, answered)
	b.Until(historyHas(1))
	b.Click("#answer .another")
	ask(t, s, b, refused)
	b.Until(historyHas(2))

	// The list outlives the page.
	b.Do(chromedp.Navigate(s.url + "/"))
	b.Click("#open-history")
	b.See("#cases li")
	b.Until(`document.querySelectorAll("#cases li").length === 2 && document.querySelectorAll("#cases img[src^=blob]").length === 2`)
	b.Want("#cases li:first-child", "not judged")
	b.Inspect("12-history")

	b.Click("#cases li:last-child .case")
	b.See("#answer")
	b.Want("#label", "benign")
	b.Until(fmt.Sprintf(`location.hash === "#%s" && document.querySelector("#answer .thumb").naturalWidth === 480`, first))

	// One that is deleted goes from the server too; one that is gone there already goes all the same.
	b.Click("#open-history")
	b.See("#cases li")
	b.Click("#cases li:last-child .quiet")
	b.Click("#sure-delete [value=delete]")
	b.Until(`document.querySelectorAll("#cases li").length === 1`)
	if s.bot.count() != 1 {
		t.Error("the case is still on the server")
	}
	b.Click("#clear")
	b.Click("#sure-delete [value=keep]")
	b.Click("#clear")
	b.Click("#sure-delete [value=delete]")
	b.Until(`document.querySelector("#live").textContent === "All is deleted."`)
	if s.bot.count() != 0 {
		t.Error("clearing the list left a case on the server")
	}
	b.Until(historyHas(0))
}

// historyHas is the condition that so many cases are stored on the device.
func historyHas(n int) string {
	return fmt.Sprintf(`import("/page/history.js").then(async ({ list }) => (await list()).length === %d)`, n)
}

func testHistoryWithoutStorage(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.OnLoad(`for (const name of ["indexedDB", "localStorage"])
		Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });`)
	b.Do(chromedp.Reload())
	ask(t, s, b, answered)
	speak(b, "fr")
	b.Until(historyHas(1))
	b.Click("#open-history")
	b.See("#cases li")
	b.Want("#cases", "bénin")
}

// speak changes the page's language.
func speak(b *browsertest.Tab, tag string) {
	b.Do(chromedp.SetValue(chromedp.CSS("#language"), tag))
	browsertest.Eval[bool](b, `document.querySelector("#language").dispatchEvent(new Event("change"))`)
	b.Until(`document.documentElement.lang === "` + tag + `"`)
}

func testLanguages(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	for _, tag := range []string{"fr", "nl", "de", "es"} {
		speak(b, tag)
		b.Inspect("13-start-" + tag)
	}
	ask(t, s, b, answered)
	b.Want("#label", "benigno")
	b.Want("#confidence", "93")
	for tag, label := range map[string]string{"de": "gutartig", "nl": "goedaardig", "fr": "bénin"} {
		before := len(b.Requests())
		speak(b, tag)
		b.Want("#label", label)
		// The server is asked for its own words in that language.
		for asked := false; !asked; {
			for _, r := range b.Requests()[before:] {
				asked = asked || strings.Contains(r.URL, "/v1/cases/") && r.Language == tag
			}
			b.Do(chromedp.Sleep(20 * time.Millisecond))
		}
		b.Inspect("14-answer-" + tag)
	}
	for _, r := range b.Requests() {
		if strings.Contains(r.URL, "/v1/") && r.Language == "" {
			t.Errorf("%s does not say the language", r.URL)
		}
	}

	// The choice is remembered; without one the browser's languages count.
	speak(b, "nl")
	b.Do(chromedp.Reload())
	b.See("#answer")
	b.Until(`document.documentElement.lang === "nl" && document.querySelector("#language").value === "nl"`)
	browsertest.Eval[bool](b, `localStorage.clear(); true`)
	b.OnLoad(`Object.defineProperty(navigator, "languages", { value: ["pt-BR", "de-AT", "en"] });`)
	b.Do(chromedp.Navigate(s.url+"/"), chromedp.Reload())
	b.Until(`document.documentElement.lang === "de" && document.title.includes("Hautfleck")`)
}

func testKeyboard(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	// to moves on with the tabulator until an element has the focus, and checks that this shows.
	to := func(selector string) {
		t.Helper()
		for range 40 {
			b.Do(chromedp.KeyEvent(kb.Tab))
			if browsertest.Eval[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
				outlined := `getComputedStyle(document.activeElement).outlineStyle !== "none" || document.activeElement.id === "photo"`
				if !browsertest.Eval[bool](b, outlined) {
					t.Errorf("nothing shows that %s has the focus", selector)
				}
				return
			}
		}
		t.Fatalf("the tabulator does not lead to %s", selector)
	}
	to("#photo")
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{photoFile(t)}))
	b.See("#preview")
	to("#camera")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.id === "shoot"`)
	b.Do(chromedp.KeyEvent(kb.Escape))
	b.Until(`document.activeElement.id === "camera"`)
	to("#consent")
	b.Do(chromedp.KeyEvent(" "))
	to("#send")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, warm)
	b.Until(`document.activeElement.id === "title"`)
	b.See("#look")
	to("#heatmap")
	b.Do(chromedp.KeyEvent(kb.Enter))
	to("#slide")
	b.Do(chromedp.KeyEvent(kb.ArrowRight))
	b.Until(`document.querySelector("#slide").value === "51"`)
	to("#diagnoses summary")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.See("#bars")
	to("#down")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.value === "benign"`)
	b.Do(chromedp.KeyEvent(kb.ArrowDown))
	to("[name=keep]")
	b.Do(chromedp.KeyEvent(" "))
	to("#followup [type=submit]")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)
	to("#delete")
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.value === "delete"`)
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.id === "notice-title"`)
	if s.bot.count() != 0 {
		t.Error("nothing was deleted")
	}
}
