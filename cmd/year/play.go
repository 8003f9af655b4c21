package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"deepskin/internal/export"
)

// A quarter is what happened in one.
type quarter struct {
	Number   int
	Arrivals arrivals
	Reviewed reviewed
	Exported export.Summary
	Trained  trained
	Verdict  verdict
	// Audit is the share of labels on the wrong side that was found where the gate stopped the
	// model; SetAside says that the export was left out from then on.
	Audit    float64
	SetAside bool
	// Serves is what the model that serves at the end of it can do.
	Serves verdict
}

// A played year is all that the report tells.
type played struct {
	First    trained
	Verdict  verdict // of the first model
	Ways     choice
	Without  verdict
	Quarters []quarter
	// Whole holds the last model to the first one.
	Whole verdict
}

// play does everything that an earlier run has not done yet.
func (y *year) play(ctx context.Context) (p played, err error) {
	photos, err := y.divide()
	if err != nil {
		return played{}, err
	}
	if y.album, err = openAlbum(filepath.Join(y.data, archiveFile)); err != nil {
		return played{}, err
	}
	defer func() { err = errors.Join(err, y.album.files.Close()) }()
	if p.First, err = step(y, "first-training", func() (trained, error) { return y.train(ctx, "first", nil, "") }); err != nil {
		return played{}, err
	}
	if p.Verdict, err = step(y, "first-model", func() (verdict, error) { return y.begin(ctx, p.First) }); err != nil {
		return played{}, err
	}
	service, err := y.serve(ctx)
	if err != nil {
		return played{}, err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()

	serving, serves := p.First, p.Verdict
	var exports []string
	for n := 1; n <= quarters; n++ {
		q, err := y.quarter(ctx, service.URL, n, photos[n], &p, exports, serving, serves)
		if err != nil {
			return played{}, fmt.Errorf("quarter %d: %w", n, err)
		}
		if !q.SetAside {
			exports = append(exports, y.exportFolder(n))
		}
		if q.Verdict.Passed {
			serving, serves = q.Trained, q.Verdict
		}
		q.Serves = serves
		p.Quarters = append(p.Quarters, q)
	}
	p.Whole, err = step(y, "whole-year", func() (verdict, error) {
		return y.measure(ctx, "whole-year", "evaluate", "--model", serves.Version, "--against", p.Verdict.Version)
	})
	return p, err
}

func (y *year) exportFolder(n int) string { return y.path(fmt.Sprintf("q%d-export", n)) }

// quarter plays one, with the exports that are learnt from and the model that serves.
func (y *year) quarter(
	ctx context.Context, url string, n int, photos []photo, p *played, exports []string, serving trained, serves verdict,
) (quarter, error) {
	q, name := quarter{Number: n}, "q"+strconv.Itoa(n)
	var err error
	if q.Arrivals, err = step(y, name+"-photos", func() (arrivals, error) {
		if err := y.await(ctx, url, serves.Version, photos[0]); err != nil {
			return arrivals{}, err
		}
		return y.send(ctx, url, y.path(name+"-sent.jsonl"), photos)
	}); err != nil {
		return q, err
	}
	if q.Reviewed, err = step(y, name+"-reviews", func() (reviewed, error) {
		return y.review(ctx, n, q.Arrivals, photos)
	}); err != nil {
		return q, err
	}
	if q.Exported, err = step(y, name+"-export", func() (export.Summary, error) { return y.export(ctx, n) }); err != nil {
		return q, err
	}
	exports = append(exports[:len(exports):len(exports)], y.exportFolder(n))
	if q.Trained, err = y.retrain(ctx, url, name, photos[0], p, exports, serving); err != nil {
		return q, err
	}
	if q.Verdict, err = step(y, name+"-gate", func() (verdict, error) { return y.gate(ctx, name, q.Trained) }); err != nil {
		return q, err
	}
	if q.Verdict.Passed {
		return q, y.promote(ctx, q.Verdict.Version)
	}
	q.Audit = q.Reviewed.audit(n)
	q.SetAside = q.Audit > auditLimit
	return q, nil
}

// export writes what was decided in a quarter.
func (y *year) export(ctx context.Context, n int) (export.Summary, error) {
	out, err := y.deepskin(ctx, "export", "--json", "--since", began(n).Format(time.DateOnly), y.exportFolder(n))
	var summary export.Summary
	if err == nil {
		err = json.Unmarshal([]byte(out), &summary)
	}
	return summary, err
}

// retrain trains the quarter's candidate. The first quarter tries both ways, which decides for all of
// them, and what more training brings without the exports.
func (y *year) retrain(
	ctx context.Context, url, name string, visited photo, p *played, exports []string, serving trained,
) (trained, error) {
	train := func(folder string, exports []string, start string) (trained, error) {
		return step(y, folder+"-training", func() (trained, error) {
			return y.whileServing(ctx, url, visited, func() (trained, error) { return y.train(ctx, folder, exports, start) })
		})
	}
	if len(p.Quarters) > 0 {
		start := ""
		if p.Ways.FromCurrent {
			start = serving.Folder
		}
		return train(name+"-candidate", exports, start)
	}
	var err error
	if p.Ways.Scratch, err = train(name+"-scratch", exports, ""); err != nil {
		return trained{}, err
	}
	if p.Ways.Current, err = train(name+"-current", exports, serving.Folder); err != nil {
		return trained{}, err
	}
	if p.Ways.Without, err = train(name+"-without", nil, serving.Folder); err != nil {
		return trained{}, err
	}
	p.Ways.FromCurrent = p.Ways.Current.AUC > p.Ways.Scratch.AUC
	p.Without, err = step(y, name+"-without-model", func() (verdict, error) {
		return y.measure(ctx, name+"-without", "evaluate", "--model", p.Ways.Without.model())
	})
	return p.Ways.chosen(), err
}
