package classifier

import (
	"image"
	"math"

	"deepskin"
)

// The second look. A phone photo is often taken from afar: squeezed into the model's square, the
// lesion is a few pixels. So where the box of the first look is small, the part around it is cut
// out of the full photo and the model looks at that as well.
//
// The rule, which training follows to the letter when it says what is expected:
//
// A photo is w x h pixels, upright. The first look is at the whole of it, squeezed into the
// model's square, and gives among others a box (left, top, right, bottom), each side clipped to 0
// to 1, and the kind: phone where its probability is above 0.5, else dermoscopy. All that follows
// is computed in float64, from the float32 numbers of the model.
//
//  1. There is no second look where the longer side of the box in the square picture,
//     max(right - left, bottom - top), is zero, or not below the kind's threshold "closer"; nor
//     where the score is above the kind's threshold: what is no lesion from afar gets no second
//     chance, or everyday photos would slip through.
//  2. The part is a square of side = max(longest / lesionShare, minPart) pixels, where longest =
//     max((right - left) w, (bottom - top) h), rounded to whole pixels by floor(x + 0.5). There
//     is no second look where it is more than maxPart min(w, h), so it always fits the photo.
//  3. Its left side is at floor((left + right) / 2 w - side / 2 + 0.5) with the rounded side,
//     moved to lie from 0 to w - side; its top likewise with h.
//  4. The part is cut out of the upright photo and resized to the model's square by the filter
//     that the whole photo is resized with: PIL's crop, then resize with BILINEAR. The model looks
//     at it.
//  5. Where the second look's score is above the out-of-distribution threshold of the first
//     look's kind, the first look alone counts. Otherwise the numbers are: probabilities, the
//     square roots of the products of both looks', divided by their sum; the score, the smaller
//     one; the kind and its probability, the first look's; the grids, the second look's, stretched
//     over the part; the box, the second look's, as shares of the whole photo.
const (
	// lesionShare is the share of the part's side that the longer side of the box takes.
	lesionShare = 0.55
	// minPart is the least side of the part, in pixels: fewer show nothing new.
	minPart = 64
	// maxPart is the greatest side of the part as a share of the photo's shorter side: a larger
	// one would show much the same as the first look.
	maxPart = 0.8
)

// partAround returns the part of an upright photo of this size that is worth a second look for a
// box, in pixels, and whether there is one.
func partAround(box deepskin.Box, closer float64, size image.Point) (image.Rectangle, bool) {
	width, height := box.Right-box.Left, box.Bottom-box.Top
	share := max(width, height)
	if share <= 0 || share >= closer {
		return image.Rectangle{}, false
	}
	longest := max(width*float64(size.X), height*float64(size.Y))
	side := nearest(max(longest/lesionShare, minPart))
	if float64(side) > maxPart*float64(min(size.X, size.Y)) {
		return image.Rectangle{}, false
	}
	begin := func(from, to float64, length int) int {
		middle := (from + to) / 2 * float64(length)
		return min(max(nearest(middle-float64(side)/2), 0), length-side)
	}
	corner := image.Pt(begin(box.Left, box.Right, size.X), begin(box.Top, box.Bottom, size.Y))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, true
}

func nearest(x float64) int { return int(math.Floor(x + 0.5)) }

// shares returns a part of a photo of this size as shares of it.
func shares(part image.Rectangle, size image.Point) deepskin.Box {
	w, h := float64(size.X), float64(size.Y)
	return deepskin.Box{
		Left: float64(part.Min.X) / w, Top: float64(part.Min.Y) / h,
		Right: float64(part.Max.X) / w, Bottom: float64(part.Max.Y) / h,
	}
}

// within returns a box of a part as a box of the whole photo.
func within(part, box deepskin.Box) deepskin.Box {
	width, height := part.Right-part.Left, part.Bottom-part.Top
	return deepskin.Box{
		Left: part.Left + box.Left*width, Top: part.Top + box.Top*height,
		Right: part.Left + box.Right*width, Bottom: part.Top + box.Bottom*height,
	}
}

// merge returns the numbers of both looks, the second of which was at a part of the photo.
func merge(first, second output, part deepskin.Box) output {
	merged := second
	merged.probabilities = make([]float64, len(first.probabilities))
	sum := 0.0
	for i, p := range first.probabilities {
		merged.probabilities[i] = math.Sqrt(p * second.probabilities[i])
		sum += merged.probabilities[i]
	}
	for i := range merged.probabilities {
		merged.probabilities[i] /= sum
	}
	merged.ood = min(first.ood, second.ood)
	merged.phone = first.phone
	merged.box = within(part, second.box)
	merged.part = &part
	return merged
}
