package main

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"deepskin/classifier/sample"
	"deepskin/internal/browsertest"
)

// The page in a real browser, in front of the whole service and the shipped model.
func TestPageWithTheRealModel(t *testing.T) {
	s := start(t, environ(t, nil))
	folder := t.TempDir()
	lesion, blurred := filepath.Join(folder, "lesion.jpg"), filepath.Join(folder, "blurred.jpg")
	save(t, lesion, drawn(t, 1, sample.Options{}))
	save(t, blurred, drawn(t, 1, sample.Options{Fault: sample.Blurred}))

	page := browsertest.Open(t, s.url)
	page.See("#start")
	page.Shoot("real-start")
	send := func(photo string) {
		page.See("#drop")
		page.Drop("#drop", photo)
		page.See("#preview")
		page.Until(`document.querySelector("#consent").checked || document.querySelector("#consent").click() || true`)
		page.Click("#send")
		page.See("#answer")
	}
	send(lesion)
	page.Want("#text", "from one photo, not a diagnosis")
	page.Shoot("real-answer")
	speak := func(tag, words string) {
		t.Helper()
		page.Do(chromedp.SetValue(chromedp.CSS("#language"), tag))
		page.Until(`document.querySelector("#language").dispatchEvent(new Event("change"))`)
		page.Until(`document.querySelector("#text").innerText.includes("` + words + `")`)
	}
	speak("fr", "médecin") // The bot's own words too.
	page.Shoot("real-answer-fr")
	speak("en", "doctor")
	page.Until(`["benign", "malignant", "inconclusive"].includes(document.querySelector("#label").innerText)`)
	light := takePanel(page, "light", "body", "#answer > .bubble:not(.mine)")
	page.Click("#diagnoses summary")
	page.Until(`document.querySelectorAll("#bars li").length === 7`)
	page.Click("#heatmap")
	page.See("#compare")
	sameHeatmap(t, page)
	page.Shoot("real-details")
	drawPanels(t, light, takePanel(page, "dark", "#look", "#feedback"))

	page.Click("#down")
	page.See("#followup")
	page.Click("#followup [value=benign]")
	page.Click("#followup [value=yes]")
	page.Click("#followup [type=submit]")
	page.Until(`document.querySelector("#thanks").innerText.startsWith("Thank you")`)

	page.Click("#answer .another")
	send(blurred)
	page.Want("#title", "cannot judge")
	page.Want("#text", "blurred")
	page.Shoot("real-refusal")

	page.Click("#open-history")
	page.See("#cases")
	page.Shoot("real-history")

	page.Click("#cases li:last-child .case")
	page.See("#look")
	page.Print("real-sheet")
}

// sameHeatmap checks that the browser draws the heatmap as the server does.
func sameHeatmap(t *testing.T, page *browsertest.Tab) {
	t.Helper()
	type difference struct{ Mean, Photo float64 }
	got := browsertest.Eval[difference](page, `(async () => {
		const id = location.hash.slice(1);
		const fetched = async (what) => createImageBitmap(await (await fetch("/v1/cases/" + id + "/" + what)).blob());
		const photo = await fetched("photo");
		const server = await fetched("heatmap"); // With a legend below.
		const pixels = (picture, width, height) => {
			const context = new OffscreenCanvas(256, 192).getContext("2d", { willReadFrequently: true });
			context.drawImage(picture, 0, 0, width, height, 0, 0, 256, 192);
			return context.getImageData(0, 0, 256, 192).data;
		};
		const difference = (a, b) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / (a.length * 3 / 4);
		document.querySelector("#slide").value = 0;
		document.querySelector("#slide").dispatchEvent(new Event("input"));
		const compare = document.querySelector("#compare");
		const mine = pixels(compare, compare.width, compare.height);
		const height = server.width * photo.height / photo.width;
		const theirs = pixels(server, server.width, height);
		document.querySelector("#slide").value = 50;
		document.querySelector("#slide").dispatchEvent(new Event("input"));
		return { Mean: difference(mine, theirs), Photo: difference(pixels(photo, photo.width, photo.height), theirs) };
	})()`)
	t.Logf("the page's heatmap differs from the server's by %.2f of 255, the plain photo by %.2f", got.Mean, got.Photo)
	if got.Mean > 4 || got.Photo < 2*got.Mean {
		t.Errorf("the page's heatmap differs from the server's by %.2f of 255, the plain photo by %.2f", got.Mean, got.Photo)
	}
}
