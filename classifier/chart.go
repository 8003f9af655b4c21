package classifier

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/disintegration/imaging"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"deepskin"
)

// Sizes of a chart, in pixels. It is legible at half its width, as on a small phone.
const (
	chartWidth  = 800
	chartMargin = 32
	chartLine   = 32 // the size of letters
	chartRow    = 92 // a bar with its label above
	chartBar    = 26 // the height of a bar
)

// The colours of a chart. The mark differs in lightness, too, for the colour-blind.
var (
	chartInk    = color.NRGBA{33, 37, 41, 255}
	chartEmpty  = color.NRGBA{233, 236, 239, 255}
	chartPlain  = color.NRGBA{116, 152, 186, 255}
	chartMarked = color.NRGBA{176, 28, 28, 255}
)

// Chart draws bars below each other and returns a JPEG: dark on light, each label above its bar and the
// value at the right, and what the mark says at the bottom. Marked bars are red, and their labels have a
// red dot.
func Chart(c deepskin.Chart) ([]byte, error) {
	if len(c.Bars) == 0 {
		return nil, errors.New("draw chart: there are no bars")
	}
	canvas := imaging.New(chartWidth, chartMargin+len(c.Bars)*chartRow+chartLine+chartMargin*2, color.White)
	regular, err := chartPen(canvas, goregular.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := chartPen(canvas, gobold.TTF)
	if err != nil {
		return nil, err
	}
	const right = chartWidth - chartMargin
	for i, b := range c.Bars {
		if !(b.Share >= 0 && b.Share <= 1) { // so that NaN is refused as well
			return nil, fmt.Errorf("draw chart: a share of %v", b.Share)
		}
		top := chartMargin + i*chartRow
		fill, pen := chartPlain, regular
		if b.Marked {
			fill, pen = chartMarked, bold
		}
		write(pen, chartMargin, top+chartLine, b.Label)
		if b.Marked {
			dot(canvas, pen.Dot.X.Ceil()+chartLine/2, top+chartLine*2/3)
		}
		write(bold, right-bold.MeasureString(b.Value).Ceil(), top+chartLine, b.Value)
		bar := image.Rect(chartMargin, top+chartLine+12, right, top+chartLine+12+chartBar)
		draw.Draw(canvas, bar, image.NewUniform(chartEmpty), image.Point{}, draw.Src)
		bar.Max.X = bar.Min.X + max(int(math.Round(b.Share*float64(bar.Dx()))), 2) // even the unlikely shows
		draw.Draw(canvas, bar, image.NewUniform(fill), image.Point{}, draw.Src)
	}
	base := canvas.Rect.Dy() - chartMargin
	dot(canvas, chartMargin+chartLine/4, base-chartLine/3)
	write(regular, chartMargin+chartLine, base, c.Mark)
	return encodeJPEG(canvas)
}

// chartPen writes with a font.
func chartPen(canvas draw.Image, ttf []byte) (*font.Drawer, error) {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: chartLine, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("scale font: %w", err)
	}
	return &font.Drawer{Dst: canvas, Src: image.NewUniform(chartInk), Face: face}, nil
}

func write(pen *font.Drawer, x, y int, text string) {
	pen.Dot = fixed.P(x, y)
	pen.DrawString(text)
}

// dot draws the mark around a point.
func dot(canvas draw.Image, x, y int) {
	const radius = chartLine / 4
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			if dx*dx+dy*dy <= radius*radius {
				canvas.Set(x+dx, y+dy, chartMarked)
			}
		}
	}
}
