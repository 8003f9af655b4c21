package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"

	"deepskin"
	"deepskin/classifier"
	"deepskin/internal/evaluation"
)

// An assessor has the classifier assess sets of photos, several at a time.
type assessor struct {
	model   *classifier.Classifier
	workers int
	stderr  io.Writer // where the progress is shown
}

// set finds the photos and what is known of them, and assesses them.
func (a assessor) set(ctx context.Context, flags evaluateFlags) (*evaluation.Set, error) {
	labels, err := a.readLabels(flags.labels, flags.cluster)
	if err != nil {
		return nil, err
	}
	if flags.groups != "" {
		file, err := os.Open(flags.groups)
		if err != nil {
			return nil, fmt.Errorf("read groups: %w", err)
		}
		defer file.Close()
		if err := labels.AddGroups(file); err != nil {
			return nil, err
		}
	}
	set, err := a.assess(ctx, flags.data, labels, flags.split, flags.masks)
	if err != nil {
		return nil, err
	}
	set.Kind = deepskin.Kind(flags.kind)
	if flags.others == "" {
		return set, nil
	}
	split := evaluation.All
	if flags.othersLabels != "" {
		split = evaluation.Test
	}
	if labels, err = a.readLabels(flags.othersLabels, ""); err != nil {
		return nil, err
	}
	others, err := a.assess(ctx, flags.others, labels, split, "")
	if err != nil {
		return nil, err
	}
	set.Others = others.Photos
	return set, nil
}

// readLabels returns nil where there are none.
func (a assessor) readLabels(path, cluster string) (*evaluation.Labels, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	defer file.Close()
	return evaluation.ReadLabels(file, a.model.Info().Malignant, cluster)
}

// assess has the photos of a part assessed, and held to their masks if there are any.
func (a assessor) assess(
	ctx context.Context, path string, labels *evaluation.Labels, split, masksPath string,
) (set *evaluation.Set, err error) {
	files, err := evaluation.OpenFiles(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	set, chosen, err := evaluation.Select(files.Names(), labels, split)
	if err != nil {
		return nil, err
	}
	var masks *evaluation.Masks
	if masksPath != "" {
		if masks, err = evaluation.OpenMasks(masksPath, set); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, masks.Close()) }()
	}
	bar := progressbar.NewOptions(len(chosen), progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetVisibility(isTerminal(a.stderr)),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(a.workers)
	for i, name := range chosen {
		group.Go(func() error {
			content, err := files.Read(name)
			if err != nil {
				return err
			}
			photo := &set.Photos[i]
			if photo.Assessment, err = a.model.Assess(ctx, content); err != nil {
				return fmt.Errorf("assess %s: %w", name, err)
			}
			if masks != nil {
				if photo.Explanation, err = masks.Explain(photo.Name, photo.Assessment); err != nil {
					return err
				}
			}
			photo.Assessment.Grid = nil // thousands of them would only fill the memory
			_ = bar.Add(1)              // a progress bar that cannot be drawn is no reason to stop
			return nil
		})
	}
	return set, group.Wait()
}
