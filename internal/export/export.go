// Package export writes what people shared and reviewers labelled as a data set for training, in the
// form of HAM10000, and keeps a folder that holds one up to date.
//
// The folder holds export.json, which says whose export it is; metadata.csv, with a row for each
// lesion in images/; no_lesion.csv, with a row for each photo in no_lesion/, which shows none; and
// withdrawn.csv, the photos that were in an export once and may not be used any more. The same
// content of the store gives the same bytes.
package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// A Source is where the samples are: the store.
type Source interface {
	// Samples returns all that may be exported now, sorted by Image.
	Samples(ctx context.Context) ([]deepskin.Sample, error)
	// Export returns the photo of a sample, and notes that it leaves the store. It returns
	// deepskin.ErrGone where that is no longer allowed.
	Export(ctx context.Context, id deepskin.CaseID, at time.Time) ([]byte, error)
	// Withdrawn returns what was exported once and may not be used any more, sorted by Image.
	Withdrawn(ctx context.Context) ([]deepskin.Withdrawal, error)
	// ExportID names the source in its exports.
	ExportID() (string, error)
}

// A Summary says what is in the folder after an export, and what the export changed.
type Summary struct {
	// Lesions and NoLesion count the photos with and without a lesion; Senders, whose they are.
	Lesions  int `json:"lesions"`
	NoLesion int `json:"no_lesion"`
	Senders  int `json:"senders"`
	// Added, Changed and Removed count the rows that came, have another text now, and went.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
	// Withdrawn counts the photos that copies of this export must forget.
	Withdrawn int `json:"withdrawn"`
}

// Write brings a folder up to date with the source. The folder is made if it is missing; one that
// holds anything but an export of the same source is an error. Of what is not in it yet, only what
// was decided at since or later comes in; the zero time means everything.
//
// What may no longer be used goes first, so that neither a full disk nor an interruption keeps it; an
// export that ended in the middle has left a smaller data set, which the next one completes. One
// photo at a time is in memory. Two exports into the same folder at once are not supported.
func Write(ctx context.Context, source Source, path string, since time.Time) (Summary, error) {
	name, err := source.ExportID()
	if err != nil {
		return Summary{}, fmt.Errorf("export: %w", err)
	}
	f, err := openFolder(path, name)
	if err != nil {
		return Summary{}, fmt.Errorf("export to %s: %w", path, err)
	}
	summary, err := update(ctx, source, f, since)
	if err := errors.Join(err, f.close()); err != nil {
		return Summary{}, fmt.Errorf("export to %s: %w", path, err)
	}
	return summary, nil
}

func update(ctx context.Context, source Source, f *folder, since time.Time) (Summary, error) {
	before, err := f.read()
	if err != nil {
		return Summary{}, err
	}
	wanted, err := wantedRows(ctx, source, before, since)
	if err != nil {
		return Summary{}, err
	}
	if _, err := publish(ctx, source, f, before.alsoIn(wanted)); err != nil {
		return Summary{}, err
	}
	at := time.Now()
	for _, image := range wanted.images() {
		r := wanted[image]
		photo, err := source.Export(ctx, r.sample.Case, at)
		if errors.Is(err, deepskin.ErrGone) {
			delete(wanted, image) // taken back meanwhile
			continue
		}
		if err == nil {
			err = f.save(r.file(), photo)
		}
		if err != nil {
			return Summary{}, err
		}
	}
	// What was taken back or decided anew while the photos were written is not in this export.
	now, err := wantedRows(ctx, source, before, since)
	if err != nil {
		return Summary{}, err
	}
	rows := wanted.alsoIn(now)
	withdrawn, err := publish(ctx, source, f, rows)
	if err != nil {
		return Summary{}, err
	}
	return summarise(before, rows, withdrawn), nil
}

// wantedRows returns the rows that the folder is to hold.
func wantedRows(ctx context.Context, source Source, before rows, since time.Time) (rows, error) {
	samples, err := source.Samples(ctx)
	if err != nil {
		return nil, err
	}
	wanted := rows{}
	for _, sample := range samples {
		if _, there := before[sample.Image]; there || !sample.Decided.Before(since) {
			wanted[sample.Image] = newRow(sample)
		}
	}
	return wanted, nil
}

// publish makes the folder hold these rows, whose photos must be in it, and no other photo. It returns
// how many photos were withdrawn.
func publish(ctx context.Context, source Source, f *folder, r rows) (int, error) {
	withdrawn, err := source.Withdrawn(ctx)
	if err != nil {
		return 0, err
	}
	if err := f.sweep(r); err != nil {
		return 0, err
	}
	return len(withdrawn), errors.Join(f.saveTable(withdrawnFile, withdrawnTable(withdrawn)),
		f.saveTable(lesionFile, r.table(lesionFile)), f.saveTable(noLesionFile, r.table(noLesionFile)))
}

func summarise(before, after rows, withdrawn int) Summary {
	s := Summary{Withdrawn: withdrawn}
	senders := map[string]bool{}
	for image, r := range after {
		senders[r.sample.Lesion] = true
		if r.table == lesionFile {
			s.Lesions++
		} else {
			s.NoLesion++
		}
		switch old, there := before[image]; {
		case !there:
			s.Added++
		case !old.equal(r):
			s.Changed++
		}
	}
	for image := range before {
		if _, there := after[image]; !there {
			s.Removed++
		}
	}
	s.Senders = len(senders)
	return s
}
