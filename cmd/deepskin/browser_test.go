package main

import (
	"path/filepath"
	"testing"

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
	page.Until(`["benign", "malignant", "inconclusive"].includes(document.querySelector("#label").innerText)`)
	page.Click("#diagnoses summary")
	page.Until(`document.querySelectorAll("#bars li").length === 7`)
	page.Click("#heatmap")
	page.Until(`document.querySelector("#map img").naturalWidth > 200`)
	page.Shoot("real-answer")

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
}
