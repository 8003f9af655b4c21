package classifier

import (
	"math"
	"sync"
)

// The resizing that every photo goes through on its way to the model: Pillow's bilinear filter,
// which widens when shrinking, so that every pixel of the photo counts.
//
// A pixel's three colours lie side by side in one 64-bit word, 21 bits each: room for a colour of
// 8 bits times weights that add up to 2^13, so one multiplication serves all three.
const (
	laneBits   = 21
	weightBits = 13
	one        = 1 << weightBits
	lanes      = 1 | 1<<laneBits | 1<<(2*laneBits)
	half       = lanes << (weightBits - 1) // rounds to the nearest
	colours    = lanes * 0xff
)

// A span is a stretch of a side, in pixels from the side's beginning; it may begin and end within
// pixels.
type span struct{ from, to float64 }

// taps say what the pixels of one side of the target are made of.
type taps struct {
	first   []int // the first pixel of the source that counts, for each of the target's
	begin   []int // where that one's weights begin, and at last where they end
	weights []uint64
	most    int // the greatest number of weights of a pixel
}

// set works out the weights for a target of so many pixels, which shows a span of a source whose pixels
// are means of so many pixels of the photo.
//
// Means have blurred the photo already, so the filter is made narrower. Variances of filters that follow
// each other add up; that of the mean of k is (k^2 - 1) / 12, that of a triangle a sixth of the square of half
// its width. Taking off half of the former keeps the sharpness of photos best, for means as for
// what libjpeg-turbo makes, which is a little sharper.
func (t *taps) set(target int, shown span, source, means int) {
	t.first, t.begin, t.weights, t.most = t.first[:0], append(t.begin[:0], 0), t.weights[:0], 0
	least := max(int(math.Floor(shown.from)), 0)
	end := min(int(math.Ceil(shown.to)), source)
	scale := (shown.to - shown.from) / float64(target)
	blurred := (1 - 1/float64(means*means)) / 4
	support := math.Sqrt(max(scale*scale-blurred, 1))
	for i := range target {
		middle := shown.from + (float64(i)+0.5)*scale
		from := max(int(middle-support+0.5), least)
		to := min(int(middle+support+0.5), end)
		sum := 0.0
		for x := from; x < to; x++ {
			sum += triangle((float64(x) + 0.5 - middle) / support)
		}
		// Rounding hands what it leaves over to the next weight, so that they add up exactly.
		exact, given := 0.0, 0
		for x := from; x < to; x++ {
			exact += triangle((float64(x)+0.5-middle)/support) / sum * one
			weight := int(math.Round(exact)) - given
			given += weight
			t.weights = append(t.weights, uint64(weight))
		}
		t.first = append(t.first, from)
		t.begin = append(t.begin, len(t.weights))
		t.most = max(t.most, to-from)
	}
}

// bounds returns the first pixel of the source that counts, and the one after the last.
func (t *taps) bounds() (first, end int) {
	last := len(t.first) - 1
	return t.first[0], t.first[last] + t.begin[last+1] - t.begin[last]
}

func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

// A workshop is the memory that resizing works in.
type workshop struct {
	across, down taps
	row          []uint64 // one of the source, as words
	rows         []uint64 // the latest rows, narrowed
	sum          []uint64 // a row of the target, not yet rounded
}

var workshops = sync.Pool{New: func() any { return new(workshop) }}

// resize renders a stretch of a view, across and down in its own pixels, as all of dst, and undoes an
// EXIF orientation on the way: dst is upright.
func resize(dst picture, src view, across, down span, orientation int) {
	w := workshops.Get().(*workshop)
	defer workshops.Put(w)
	width, height := dst.width, dst.height
	if orientation >= 5 { // rows and columns are swapped
		width, height = height, width
	}
	w.across.set(width, across, src.width, src.shrink)
	w.down.set(height, down, src.height, src.shrink)
	place := placeOf(orientation, dst.width, dst.height)

	// Across first and down after, rounding between, as Pillow does: the other order is a little faster,
	// but the single grey levels by which it differs moved probabilities by up to 0.02.
	left, right := w.across.bounds()
	ring := w.down.most
	w.row = grow(w.row, right-left)
	w.rows = grow(w.rows, ring*width)
	w.sum = grow(w.sum, width)
	narrowed := w.down.first[0] // the first row that is not in the ring yet
	for y := range height {
		weights := w.down.weights[w.down.begin[y]:w.down.begin[y+1]]
		for ; narrowed < w.down.first[y]+len(weights); narrowed++ {
			pack(w.row, src.pix[3*(narrowed*src.width+left):])
			w.across.narrow(w.rows[narrowed%ring*width:][:width], w.row, left)
		}
		for i := range w.sum {
			w.sum[i] = half
		}
		row := func(k int) []uint64 { return w.rows[(w.down.first[y]+k)%ring*width:][:width] }
		for k := 0; k < len(weights); k += 2 {
			if k+1 < len(weights) {
				addRows(w.sum, row(k), row(k+1), weights[k], weights[k+1])
			} else {
				addRows(w.sum, row(k), row(k), weights[k], 0)
			}
		}
		at := 3 * (place.start + y*place.down)
		for _, s := range w.sum {
			s >>= weightBits
			pixel := dst.pix[at : at+3 : at+3]
			pixel[0], pixel[1], pixel[2] = uint8(s), uint8(s>>laneBits), uint8(s>>(2*laneBits))
			at += 3 * place.right
		}
	}
}

// narrow renders a row of the source, whose words begin with the pixel left, as one of the target.
func (t *taps) narrow(dst, row []uint64, left int) {
	for x := range dst {
		weights := t.weights[t.begin[x]:t.begin[x+1]]
		pixels := row[t.first[x]-left:][:len(weights)]
		s := uint64(half)
		for k, weight := range weights {
			s += weight * pixels[k]
		}
		dst[x] = s >> weightBits & colours
	}
}

func grow(words []uint64, n int) []uint64 {
	if cap(words) < n {
		return make([]uint64, n)
	}
	return words[:n]
}

// pack makes words of the pixels that a row begins with.
func pack(words []uint64, pix []uint8) {
	pix = pix[:3*len(words)]
	for i := range words {
		words[i] = uint64(pix[3*i]) | uint64(pix[3*i+1])<<laneBits | uint64(pix[3*i+2])<<(2*laneBits)
	}
}

// addRows adds two rows at once: most of the time goes into reading and writing the sum.
func addRows(sum, a, b []uint64, weightA, weightB uint64) {
	a, b = a[:len(sum)], b[:len(sum)]
	for i := range sum {
		sum[i] += weightA*a[i] + weightB*b[i]
	}
}

// A place says where the pixels of a photo as it is stored lie in the upright one: the first, and
// how far it is to the next one to the right and below, in pixels.
type place struct{ start, right, down int }

// placeOf returns the place for an EXIF orientation, 1 to 8, and the size of the upright picture.
func placeOf(orientation, width, height int) place {
	last := width*height - 1
	switch orientation {
	case 2:
		return place{width - 1, -1, width}
	case 3:
		return place{last, -1, -width}
	case 4:
		return place{last - width + 1, 1, -width}
	case 5:
		return place{0, width, 1}
	case 6:
		return place{width - 1, width, -1}
	case 7:
		return place{last, -width, -1}
	case 8:
		return place{last - width + 1, -width, 1}
	}
	return place{0, 1, width}
}
