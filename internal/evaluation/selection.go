package evaluation

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Select pairs photos with their labels and keeps one part of them, sorted by name. files are
// names as Files lists them; the result's photos have none assessed yet, and the file of each
// comes beside it. Without labels, which may be nil, every photo stands for itself.
//
// A photo's part depends on the hash of its patient_id, or else its lesion_id, or else its name;
// the part Unfitted is only for photos without labels.
func Select(files []string, labels *Labels, split string) (set *Set, chosen []string, err error) {
	if err := checkSplit(split, labels != nil); err != nil {
		return nil, nil, err
	}
	type pair struct {
		photo Photo
		file  string
	}
	var pairs []pair
	met := map[string]bool{}
	set = &Set{Data: Data{Split: split}}
	for _, file := range files {
		name := stem(file)
		p, key := pair{Photo{Name: name}, file}, name
		if labels != nil {
			if met[name] {
				return nil, nil, fmt.Errorf("two photos are called %s: labels cannot tell them apart", name)
			}
			met[name] = true
			if p.photo.Truth = labels.truths[name]; p.photo.Truth == nil {
				set.Data.PhotosWithoutLabel++
				continue
			}
			key = labels.splits[name]
		}
		if isIn(split, key) {
			pairs = append(pairs, p)
		}
	}
	if labels != nil {
		set.Columns, set.Data.Cluster = labels.columns, labels.cluster
		set.Data.LabelsWithoutPhoto = len(labels.truths) - (len(met) - set.Data.PhotosWithoutLabel)
		if set.Data.LabelsWithoutPhoto == len(labels.truths) {
			return nil, nil, errors.New("no photo has a label: are these labels of other photos?")
		}
	}
	if len(pairs) == 0 {
		return nil, nil, fmt.Errorf("no photo is in the part %q", split)
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.photo.Name, b.photo.Name), cmp.Compare(a.file, b.file))
	})
	for _, p := range pairs {
		set.Photos, chosen = append(set.Photos, p.photo), append(chosen, p.file)
	}
	return set, chosen, nil
}
