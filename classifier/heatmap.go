package classifier

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/disintegration/imaging"

	"deepskin"
)

// Sizes of a heatmap, in pixels.
const (
	heatmapSide = 1024 // the longest side at most
	heatmapLess = 560  // and at least: smaller photos are enlarged, or the grid could hardly be seen
)

// Heatmap draws a grid over the part of the photo that it belongs to and returns a JPEG: clear
// where the grid is zero, tinted from violet over green to yellow where it is strong, with a frame
// around the part, unless it is the whole photo, and with a legend below.
// The photo may be the original or its reduced copy. It is decoded without a budget, so callers
// should not draw many at once.
func Heatmap(photo []byte, grid deepskin.Grid) ([]byte, error) {
	if grid.Rows < 1 || grid.Columns < 1 || grid.Rows > 256 || grid.Columns > 256 ||
		len(grid.Values) != grid.Rows*grid.Columns {
		return nil, fmt.Errorf("draw heatmap: %d values in a grid of %d x %d", len(grid.Values), grid.Rows, grid.Columns)
	}
	if p := grid.Part; p != nil && !(0 <= p.Left && p.Left < p.Right && p.Right <= 1 &&
		0 <= p.Top && p.Top < p.Bottom && p.Bottom <= 1) { // so that NaN is refused as well
		return nil, fmt.Errorf("draw heatmap: %+v is no part of a photo", *p)
	}
	found, problem := inspect(photo)
	if problem == "" && found.memory > defaultDecodedBytes {
		problem = deepskin.TooManyPixels
	}
	if problem != "" {
		return nil, fmt.Errorf("draw heatmap: photo is unusable: %s", problem)
	}
	from := &source{photo: photo, header: found}
	seen, problem := from.render(image.Rectangle{Max: found.size}, shrinkFor(max(found.size.X, found.size.Y), heatmapSide))
	if problem != "" {
		return nil, fmt.Errorf("draw heatmap: photo is unusable: %s", problem)
	}
	fitting := seen.fit(heatmapSide, orientation(photo, found.format))
	picture := fitting.toNRGBA()
	fitting.release()
	seen.release()
	if size := picture.Rect.Size(); max(size.X, size.Y) < heatmapLess {
		scale := heatmapLess / float64(max(size.X, size.Y))
		picture = imaging.Resize(picture, scaled(size.X, scale), scaled(size.Y, scale), imaging.Linear)
	}
	part := picture.Rect
	if grid.Part != nil {
		part = pixelsOf(*grid.Part, picture.Rect.Size())
	}
	tint(picture, part, grid)
	if grid.Part != nil {
		frame(picture, part)
	}
	return encodeJPEG(addLegend(picture))
}

// pixelsOf returns a part of a picture of this size in its pixels: at least one.
func pixelsOf(part deepskin.Box, size image.Point) image.Rectangle {
	span := func(from, to float64, length int) (int, int) {
		begin := min(nearest(from*float64(length)), length-1)
		return begin, max(nearest(to*float64(length)), begin+1)
	}
	var r image.Rectangle
	r.Min.X, r.Max.X = span(part.Left, part.Right, size.X)
	r.Min.Y, r.Max.Y = span(part.Top, part.Bottom, size.Y)
	return r
}

// tint lays the grid over a part of the picture. The cells are blended with a cubic spline: their
// borders are the model's, not the skin's.
func tint(picture *image.NRGBA, part image.Rectangle, grid deepskin.Grid) {
	cells := image.NewGray(image.Rect(0, 0, grid.Columns, grid.Rows))
	highest := uint8(0)
	for i, v := range grid.Values {
		if v > 0 { // false for NaN as well
			cells.Pix[i] = uint8(math.Round(float64(min(v, 1)) * 255))
		}
		highest = max(highest, cells.Pix[i])
	}
	field := imaging.Resize(cells, part.Dx(), part.Dy(), imaging.BSpline)
	peak := uint8(1) // the spline rounds peaks off; scale them back to what they were
	for i := 0; i < len(field.Pix); i += 4 {
		peak = max(peak, field.Pix[i])
	}
	for y := range part.Dy() {
		for x := range part.Dx() {
			value := float64(field.Pix[field.PixOffset(x, y)]) / float64(peak) * float64(highest) / 255
			at := picture.PixOffset(part.Min.X+x, part.Min.Y+y)
			over(picture.Pix[at:at+3], value)
		}
	}
}

// frame draws a thin line around a part of the picture, at the picture's border inside of it:
// white within black, to stand out from any skin.
func frame(picture *image.NRGBA, part image.Rectangle) {
	rings := []color.Gray{{0}, {255}, {255}} // from the outside
	outer := part.Inset(-len(rings)).Intersect(picture.Rect)
	for _, c := range rings {
		inner := outer.Inset(1)
		for _, side := range []image.Rectangle{
			{outer.Min, image.Pt(outer.Max.X, inner.Min.Y)},
			{image.Pt(outer.Min.X, inner.Max.Y), outer.Max},
			{outer.Min, image.Pt(inner.Min.X, outer.Max.Y)},
			{image.Pt(inner.Max.X, outer.Min.Y), outer.Max},
		} {
			draw.Draw(picture, side, image.NewUniform(c), image.Point{}, draw.Src)
		}
		outer = inner
	}
}

// over blends the colour of a value, 0 to 1, into a pixel.
func over(pixel []uint8, value float64) {
	const strongest = 0.6 // the lesion must stay visible
	alpha := strongest * min(1, 1.6*max(value-0.06, 0))
	c := viridis(value)
	for i, target := range []uint8{c.R, c.G, c.B} {
		pixel[i] = uint8(math.Round(float64(pixel[i])*(1-alpha) + float64(target)*alpha))
	}
}

// viridisStops are the colours of matplotlib's viridis (CC0) at equal distances. It is ordered
// by lightness, also for the colour-blind, and unlike anything that skin shows.
var viridisStops = []color.NRGBA{
	{68, 1, 84, 255},
	{72, 40, 120, 255},
	{62, 74, 137, 255},
	{49, 104, 142, 255},
	{38, 130, 142, 255},
	{31, 158, 137, 255},
	{53, 183, 121, 255},
	{109, 205, 89, 255},
	{180, 222, 44, 255},
	{253, 231, 37, 255},
}

func viridis(value float64) color.NRGBA {
	position := min(max(value, 0), 1) * float64(len(viridisStops)-1)
	i := min(int(position), len(viridisStops)-2)
	t := position - float64(i)
	a, b := viridisStops[i], viridisStops[i+1]
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// addLegend returns the picture with a band below that shows the colours from little weight to
// much, between a minus and a plus: these need no language, and stay legible on a phone.
func addLegend(picture *image.NRGBA) *image.NRGBA {
	size := picture.Rect.Size()
	line := max(size.X, size.Y) / 24 // the height of a sign
	band := line * 2
	canvas := imaging.New(max(size.X, 10*line), size.Y+band, color.White)
	width := canvas.Rect.Dx()
	draw.Draw(canvas, picture.Rect.Add(image.Pt((width-size.X)/2, 0)), picture, image.Point{}, draw.Src)

	top := size.Y + line/2
	bar := image.Rect(width/2-4*line+line/2, top, width/2+4*line-line/2, top+line)
	for x := bar.Min.X; x < bar.Max.X; x++ {
		value := float64(x-bar.Min.X) / float64(bar.Dx()-1)
		for y := bar.Min.Y; y < bar.Max.Y; y++ {
			at := canvas.PixOffset(x, y)
			copy(canvas.Pix[at:], []uint8{228, 184, 164}) // on the colour of skin, as in the photo
			over(canvas.Pix[at:at+3], value)
		}
	}
	across := image.Rect(0, line*2/5, line, line*3/5)
	upright := image.Rect(line*2/5, 0, line*3/5, line)
	ink := image.NewUniform(color.Gray{40})
	minus, plus := image.Pt(bar.Min.X-line*3/2, top), image.Pt(bar.Max.X+line/2, top)
	for _, stroke := range []image.Rectangle{across.Add(minus), across.Add(plus), upright.Add(plus)} {
		draw.Draw(canvas, stroke, ink, image.Point{}, draw.Src)
	}
	return canvas
}
