package watch

import "math"

// What is usual to read into a population stability index.
const (
	// Moderate is the index from which a shift deserves a look.
	Moderate = 0.1
	// Major is the index from which what was measured on the reference can no longer be relied on.
	Major = 0.25
)

const (
	// MinPhotos is how many photos there must be for an index to be told: with fewer, chance alone
	// makes one of Moderate.
	MinPhotos = 200
	// minReference is how many photos the reference must hold.
	minReference = 100
	// groupPhotos is how many photos of the reference stand at least behind each share that is
	// compared, and groups how many shares there are at most: tenths, where the reference is large.
	groupPhotos = 20
	groups      = 10
)

// A Drift says how far the photos of some time differ from a reference, in one feature.
type Drift struct {
	// PSI is the population stability index: the sum of (q - p) ln(q / p) over the groups, where p
	// and q are a group's shares of the reference and of the photos. 0 is no difference.
	PSI float64
	// Chance is the index that photos like those of the reference have on average, only because
	// both are samples.
	Chance float64
	// Photos and Reference are how many were compared.
	Photos, Reference int
}

// Drift measures how far the photos of some time are from a reference, in this feature; false where
// either has too few photos to say anything.
//
// Neighbouring bins are put together until each group holds about a tenth of the reference, so that the
// index is that of deciles; labels stay by themselves. A group without photos counts as one with half a
// photo, because the index would be infinite.
func (f Feature) Drift(reference, photos Histogram) (Drift, bool) {
	reference, photos = Histogram(nil).Add(reference), Histogram(nil).Add(photos) // all of Bins bins
	d := Drift{Photos: photos.Total(), Reference: reference.Total()}
	if d.Photos < MinPhotos || d.Reference < minReference {
		return d, false
	}
	p, q := f.group(reference, photos, max(groupPhotos, (d.Reference+groups-1)/groups))
	d.PSI = psi(p, q)
	d.Chance = float64(len(p)-1) * (1/float64(d.Photos) + 1/float64(d.Reference))
	return d, true
}

// group puts neighbouring bins together until at least so many photos of the reference are in each
// group. What remains at the end joins the last one, unless nearly all of the reference is in the first.
func (f Feature) group(reference, photos Histogram, atLeast int) (p, q []int) {
	if f.categories {
		return together(reference, photos)
	}
	open := false
	for i := range reference {
		if !open {
			p, q = append(p, 0), append(q, 0)
		}
		last := len(p) - 1
		p[last] += reference[i]
		q[last] += photos[i]
		open = p[last] < atLeast
	}
	if last := len(p) - 1; open && last > 1 {
		p[last-1] += p[last]
		q[last-1] += q[last]
		p, q = p[:last], q[:last]
	}
	return p, q
}

// together leaves out the bins that are empty in both.
func together(reference, photos Histogram) (p, q []int) {
	for i := range reference {
		if reference[i]+photos[i] > 0 {
			p, q = append(p, reference[i]), append(q, photos[i])
		}
	}
	return p, q
}

// psi compares counts of two samples, group by group.
func psi(reference, photos []int) float64 {
	index := 0.0
	p, q := shares(reference), shares(photos)
	for i := range p {
		index += (q[i] - p[i]) * math.Log(q[i]/p[i])
	}
	return index
}

// shares are those of all counts, where none counts as a half.
func shares(counts []int) []float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	shares := make([]float64, len(counts))
	for i, n := range counts {
		shares[i] = max(float64(n), 0.5) / float64(total)
	}
	return shares
}
