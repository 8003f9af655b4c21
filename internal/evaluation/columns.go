package evaluation

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// AddGroups reads further groups from a CSV file with a header and a row for each photo, whose
// column image_id, image, file or img_id names it. All other columns are groups, except those that
// end in _id. Photos without a row are in the group "not stated".
func (l *Labels) AddGroups(r io.Reader) error {
	header, rows, err := readTable(r)
	if err != nil {
		return fmt.Errorf("read groups: %w", err)
	}
	names := slices.IndexFunc(header, func(name string) bool { return slices.Contains(imageColumns, name) })
	if names < 0 {
		return fmt.Errorf("read groups: no column names the photos: want one of %v", imageColumns)
	}
	var columns []int
	for i, name := range header {
		if slices.Contains(l.columns, name) {
			return fmt.Errorf("read groups: the labels have a column %q already", name)
		}
		if !slices.Contains(imageColumns, name) && !strings.HasSuffix(name, "_id") {
			columns = append(columns, i)
			l.columns = append(l.columns, name)
		}
	}
	byName := map[string][]string{}
	for i, row := range rows {
		name := stem(row[names])
		if byName[name] != nil {
			return fmt.Errorf("read groups: row %d: %s has groups already", i+2, name)
		}
		byName[name] = row
	}
	met := 0
	for name, truth := range l.truths {
		row := byName[name]
		if row != nil {
			met++
		}
		for _, c := range columns {
			value := notStated
			if row != nil {
				value = groupValue(header[c], row[c])
			}
			truth.Groups = append(truth.Groups, value)
		}
	}
	if met == 0 {
		return errors.New("read groups: no label has groups: are these groups of other photos?")
	}
	return nil
}
