package web_test

import (
	"image/color"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"deepskin"
	"deepskin/adapters/web"
	"deepskin/bot"
	"deepskin/internal/browsertest"
)

// The page in a real browser: one for all tests, a tab for each.
func TestPage(t *testing.T) {
	browser := browsertest.Start(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *browsertest.Browser)
	}{
		{"from photo to deletion", testFromPhotoToDeletion},
		{"drop and thumbs up", testDropAndThumbsUp},
		{"paste", testPaste},
		{"camera", testCamera},
		{"camera refused", testCameraRefused},
		{"huge photo", testHugePhoto},
		{"refusal", testRefusal},
		{"trouble", testTrouble},
		{"slider", testSlider},
		{"sheet", testSheet},
		{"history", testHistory},
		{"history without storage", testHistoryWithoutStorage},
		{"languages", testLanguages},
		{"keyboard", testKeyboard},
		{"offline", testOffline},
		{"connection lost", testConnectionLost},
		{"budgets", testBudgets},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, browser) })
	}
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

// choosePhoto chooses a photo.
func choosePhoto(t *testing.T, b *browsertest.Tab) {
	t.Helper()
	b.See("#start")
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{photoFile(t)}))
	b.See("#preview")
}

// choose chooses a photo and agrees.
func choose(t *testing.T, b *browsertest.Tab) {
	t.Helper()
	choosePhoto(t, b)
	b.Click("#consent")
}

func testFromPhotoToDeletion(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#start")
	b.Want("#start #guide", "daylight")
	b.Inspect("1-start")

	// Nothing goes without a photo and consent.
	b.Click("#send")
	b.Want("#missing", "choose a photo")
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#photo"), []string{photoFile(t)}))
	b.Until(`document.querySelector("#preview").naturalWidth === 480`)
	b.Click("#send")
	b.Want("#missing", "agree")
	if s.bot.count() != 0 {
		t.Fatal("a photo went without consent")
	}
	b.Click("#consent")
	b.Inspect("2-chosen")
	b.Click("#send")

	b.See("#progress")
	b.Until(`document.querySelector("#stage").innerText.startsWith("Looking")`)
	b.Want("#detail", "at the latest")
	b.Until(`document.querySelector("#live").textContent.startsWith("Looking")`)
	b.Inspect("3-waiting")
	id, _ := s.bot.only(t)
	s.bot.settle(id, answered)

	b.See("#answer")
	b.Want("#title", "More like the harmless ones")
	b.Want("#text", "show it to a doctor")
	b.Want("#label", "benign")
	b.Want("#confidence", "93%")
	b.Until(`document.querySelector("#live").textContent === "The answer is here." && document.activeElement.id === "title"`)
	b.Inspect("4-answer")
	b.Click("#diagnoses summary")
	b.See("#bars")
	b.Want("#bars li:first-child", "Mole (melanocytic nevus)")
	b.Want("#bars li:last-child", "less than 1%")
	b.Until(`document.querySelectorAll("#bars li").length === 7`)

	b.Click("#heatmap")
	b.Until(`document.querySelector("#compare").width === 480`)
	b.See("#compare")
	b.Inspect("5-details")
	b.Click("#heatmap")
	b.Until(`document.querySelector("#map").hidden`)

	b.Click("#down")
	b.See("#followup")
	b.Until(`document.activeElement.value === "benign"`)
	if _, c := s.bot.only(t); c.view.Case.Verdict == nil || c.view.Case.Verdict.Agrees {
		t.Error("the thumb did not count by itself")
	}
	b.Click("#followup [type=submit]")
	b.Until(`document.querySelector("#thanks").innerText.includes("both questions")`)
	b.Click("#followup [value=malignant]")
	b.Click("#followup [value=yes]")
	b.Do(chromedp.SendKeys(chromedp.CSS("#comment"), "It was ink."))
	b.Want("#comment-left", "Characters left: 989")
	b.Inspect("6-followup")
	b.Click("#followup [type=submit]")
	b.Until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)
	_, c := s.bot.only(t)
	if v := c.view.Case.Verdict; v == nil || v.Agrees || v.Truth != deepskin.TruthMalignant || v.Keep == nil || !*v.Keep {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}
	if c.view.Case.Comment != "It was ink." {
		t.Errorf("the comment is %q", c.view.Case.Comment)
	}

	// Reloading shows the answer again, and what was said of it.
	b.Do(chromedp.Reload())
	b.See("#answer")
	b.Until(`document.querySelector("#down").getAttribute("aria-pressed") === "true"`)

	b.Click("#delete")
	b.See("#sure-delete")
	b.Inspect("7-delete")
	b.Click("#sure-delete [value=keep]")
	if s.bot.count() != 1 {
		t.Error("it was deleted although it should be kept")
	}
	b.Click("#delete")
	b.Click("#sure-delete [value=delete]")
	b.See("#notice")
	b.Want("#notice-title", "Deleted")
	if s.bot.count() != 0 {
		t.Error("nothing was deleted")
	}
	b.Inspect("8-deleted")
	b.Click("#notice .another")
	b.See("#start")
}

func testDropAndThumbsUp(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url)
	b.See("#drop")
	b.Drop("#drop", photoFile(t))
	b.See("#preview")
	b.Want("#name", "spot.jpg")
	b.Click("#consent")
	// By a thumb that trembles: one photo goes.
	browsertest.Eval[bool](b, `for (const _ of [1, 2]) document.querySelector("#start").requestSubmit(); true`)
	b.See("#progress")
	b.Until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, answered)
	b.See("#answer")
	b.Click("#up")
	b.Until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)
	if _, c := s.bot.only(t); c.view.Case.Verdict == nil || !c.view.Case.Verdict.Agrees {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}
	b.Click("#answer .another")
	b.See("#empty")
}

func testRefusal(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	b := browser.Open(t, s.url, "410")
	choose(t, b)
	b.Click("#send")
	b.Until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, refused)
	b.See("#answer")
	b.Want("#title", "could not read")
	b.Want("#answer #guide", "daylight")
	b.Until(`["figures", "diagnoses", "look"].every((id) => document.getElementById(id).hidden)`)
	b.Want("#ask", "right to refuse")
	b.Inspect("9-refusal")

	s.bot.expire(id)
	b.Click("#down")
	b.See("#followup")
	b.Click("#followup [value=benign]")
	b.Click("#followup [value=yes]")
	b.Click("#followup [type=submit]")
	b.Until(`document.querySelector("#thanks").innerText.includes("already been deleted")`)
	_, c := s.bot.only(t)
	if v := c.view.Case.Verdict; v == nil || v.Truth != deepskin.TruthBenign || v.Keep == nil || *v.Keep {
		t.Errorf("the verdict is %+v", c.view.Case.Verdict)
	}
}

func testTrouble(t *testing.T, browser *browsertest.Browser) {
	s := serve(t, web.Config{})
	s.bot.on(func(bot.Message) (bot.Reply, error) {
		return bot.Reply{Text: "You have sent many photos. Please come back in a minute.", RetryAfter: time.Minute}, nil
	})
	b := browser.Open(t, s.url, "429", "404")
	choose(t, b)
	b.Click("#send")
	b.See("#notice")
	b.Want("#notice-text", "come back in a minute")
	b.Inspect("10-trouble")

	s.bot.on(nil)
	b.Click("#retry")
	b.Until(`location.hash.length === 27`)
	id, _ := s.bot.only(t)
	s.bot.settle(id, func(v *bot.View) {
		v.Case.Status = deepskin.Failed
		v.Reply = bot.Reply{Title: "Sorry", Text: "It did not work this time. Please send the photo again."}
	})
	b.See("#answer")
	b.Want("#text", "send the photo again")
	b.Until(`document.getElementById("feedback").hidden`)

	// Another browser's case.
	b.Do(chromedp.Navigate(s.url+"/#"+string(deepskin.NewCaseID())), chromedp.Reload())
	b.See("#notice")
	b.Want("#notice-text", "another browser")
}
