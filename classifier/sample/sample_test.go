package sample_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"deepskin/classifier/sample"
)

var small = sample.Options{Width: 160, Height: 120}

func TestPhotoIsDecidedBySeedAndOptions(t *testing.T) {
	first, again := sample.Photo(7, small), sample.Photo(7, small)
	if !bytes.Equal(first.Pix, again.Pix) {
		t.Error("the same seed gave two photos")
	}
	if bytes.Equal(first.Pix, sample.Photo(8, small).Pix) {
		t.Error("another seed gave the same photo")
	}
}

func TestOptions(t *testing.T) {
	of := func(change func(*sample.Options)) (whole, middle float64) {
		options := sample.Options{Width: 160, Height: 120, Look: sample.Mole, Tone: sample.ToneIII}
		change(&options)
		photo := sample.Photo(2, options)
		return mean(photo, photo.Rect), mean(photo, image.Rect(70, 50, 90, 70))
	}
	usual, usualMiddle := of(func(*sample.Options) {})
	if usualMiddle > usual-30 {
		t.Errorf("middle has level %.0f, all %.0f; want a darker lesion", usualMiddle, usual)
	}
	if dark, _ := of(func(o *sample.Options) { o.Fault = sample.Dark }); dark > usual/5 {
		t.Errorf("dark photo has level %.0f, the usual one %.0f", dark, usual)
	}
	if deep, _ := of(func(o *sample.Options) { o.Tone = sample.ToneVI }); deep > usual-20 {
		t.Errorf("tone VI has level %.0f, tone III %.0f", deep, usual)
	}
	if _, middle := of(func(o *sample.Options) { o.Look = sample.DarkMole }); middle > usualMiddle-15 {
		t.Errorf("dark mole has level %.0f, the mole %.0f", middle, usualMiddle)
	}
}

func TestSizesShowTheSameScene(t *testing.T) {
	a := sample.Photo(3, sample.Options{Width: 160, Height: 120})
	b := sample.Photo(3, sample.Options{Width: 320, Height: 240})
	for y := range 4 {
		for x := range 4 {
			part := image.Rect(x, y, x+1, y+1)
			levelA := mean(a, image.Rectangle{Min: part.Min.Mul(30), Max: part.Max.Mul(30)})
			levelB := mean(b, image.Rectangle{Min: part.Min.Mul(60), Max: part.Max.Mul(60)})
			if d := levelA - levelB; d > 4 || d < -4 {
				t.Errorf("part %d, %d has level %.0f when small and %.0f when large", x, y, levelA, levelB)
			}
		}
	}
}

func TestJPEGOfTheUsualSize(t *testing.T) {
	encoded, err := sample.JPEG(sample.Photo(1, sample.Options{}), 92)
	if err != nil {
		t.Fatal(err)
	}
	if size := len(encoded) / 1000; size < 150 || size > 300 {
		t.Errorf("takes %d KB, want the 150 to 300 of a phone's photo of that size", size)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(encoded))
	if err != nil || decoded.Bounds().Size() != image.Pt(1280, 960) {
		t.Errorf("decoded to %v, %v", decoded.Bounds(), err)
	}
}

// mean is the average level of a part of a photo, over all colours.
func mean(photo *image.NRGBA, part image.Rectangle) float64 {
	part = part.Intersect(photo.Rect)
	sum := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			c := photo.NRGBAAt(x, y)
			sum += int(c.R) + int(c.G) + int(c.B)
		}
	}
	return float64(sum) / float64(3*part.Dx()*part.Dy())
}
