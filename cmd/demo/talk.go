package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"deepskin"
	"deepskin/adapters/web/client"
)

// The speakers, and the buttons below an answer as the page shows them.
const (
	you      = "You"
	deepSkin = "DeepSkin"

	lookButton   = "Show what the model looked at"
	deleteButton = "Delete this photo and answer"
	judgeButtons = "[👍 Yes] [👎 No]"
)

// A demo is one conversation.
type demo struct {
	client *client.Client
	screen screen
	// out is the folder for the pictures.
	out string
}

// talk goes through the whole conversation. It returns an error at the first thing that is not as
// it should be.
func (d demo) talk(ctx context.Context, photos []photo) error {
	var chosen client.Case // The one that is followed up.
	var chosenName string
	judged := false
	for _, p := range photos {
		if !p.own {
			if err := d.save(p.name, p.bytes); err != nil {
				return err
			}
		}
		answer, err := d.send(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if answer.Malignancy == nil || len(answer.Problems) > 0 {
			continue
		}
		judged = judged || !p.own
		if chosenName == "" && answer.Heatmap != "" {
			chosen, chosenName = answer, p.name
			if err := d.followUp(ctx, answer); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	switch {
	case !judged:
		return errors.New("the service judged none of the drawn photos")
	case chosenName == "":
		return errors.New("the service offered no heatmap")
	}
	d.screen.says(you, "[goes back to "+chosenName+" and taps "+deleteButton+"]")
	return d.delete(ctx, chosen.ID)
}

// save puts a picture where the user can look at it.
func (d demo) save(name string, picture []byte) error {
	if err := os.WriteFile(filepath.Join(d.out, name), picture, 0o600); err != nil {
		return fmt.Errorf("save a picture: %w", err)
	}
	return nil
}

// send sends a photo and shows the answer, which must be the one that the photo is for. The case
// is empty where the user's own photo was turned away at the door.
func (d demo) send(ctx context.Context, p photo) (client.Case, error) {
	d.screen.says(you, fmt.Sprintf("[photo: %s, %s]", p.name, p.about))
	accepted, err := d.client.Send(ctx, p.name, p.bytes, true)
	var refusal *client.Error
	if p.own && errors.As(err, &refusal) {
		d.screen.says(deepSkin, refusal.Words)
		return client.Case{}, nil
	}
	if err != nil {
		return client.Case{}, err
	}
	answer, err := d.client.Wait(ctx, accepted.ID)
	if err != nil {
		return client.Case{}, err
	}
	d.screen.says(deepSkin, words(answer))
	switch {
	case answer.Status != deepskin.Answered:
		return client.Case{}, fmt.Errorf("the service gave no answer, the case is %s", answer.Status)
	case p.refusal != "" && !slices.Contains(answer.Problems, p.refusal):
		return client.Case{}, fmt.Errorf("the service should have found the photo %s; it found %q", p.refusal, answer.Problems)
	case p.refusal != "":
		d.screen.note("It was refused as it should be: label %s, problems %q.", answer.Label, answer.Problems)
	}
	return answer, nil
}

// words are an answer as the page shows it.
func words(c client.Case) string {
	parts := []string{c.Title, c.Text}
	refused := len(c.Problems) > 0
	if c.Heatmap != "" && !refused {
		parts = append(parts, "["+lookButton+"]")
	}
	switch {
	case c.Status != deepskin.Answered:
	case refused:
		parts = append(parts, "Was it right to refuse this photo? "+judgeButtons)
	default:
		parts = append(parts, "Was this answer right? "+judgeButtons)
	}
	return strings.Join(parts, "\n\n")
}

// followUp looks at an answer's heatmap and disputes the answer.
func (d demo) followUp(ctx context.Context, answer client.Case) error {
	d.screen.says(you, "[taps "+lookButton+"]")
	picture, err := d.client.Heatmap(ctx, answer.ID)
	if err != nil {
		return err
	}
	decoded, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("the heatmap is not a picture: %w", err)
	}
	const name = "heatmap.jpg"
	if err := d.save(name, picture); err != nil {
		return err
	}
	size := decoded.Bounds().Size()
	d.screen.says(deepSkin, fmt.Sprintf("[picture: %d x %d pixels, saved as %s]", size.X, size.Y, filepath.Join(d.out, name)))
	return d.dispute(ctx, answer)
}

// dispute taps thumbs-down and answers what is asked next. What it says is true of no photo: it
// shows how a verdict is taken.
func (d demo) dispute(ctx context.Context, answer client.Case) error {
	keep := true
	for _, step := range []struct {
		tap     string
		verdict deepskin.Verdict
	}{
		{"👎 No", deepskin.Verdict{}},
		{"A doctor said it is benign", deepskin.Verdict{Truth: deepskin.TruthBenign}},
		{"Yes, you may keep the small copy", deepskin.Verdict{Truth: deepskin.TruthBenign, Keep: &keep}},
	} {
		d.screen.says(you, "[taps "+step.tap+"]")
		if err := d.client.Judge(ctx, answer.ID, step.verdict); err != nil {
			return err
		}
		now, err := d.client.Case(ctx, answer.ID)
		if err != nil {
			return err
		}
		if now.Verdict == nil || !reflect.DeepEqual(*now.Verdict, step.verdict) {
			return fmt.Errorf("the service should have stored the verdict %s; it has %s", show(step.verdict), show(now.Verdict))
		}
		// What is new below the answer.
		d.screen.says(deepSkin, strings.TrimSpace(strings.TrimPrefix(now.Text, answer.Text)))
		answer.Verdict = now.Verdict
	}
	d.screen.note("The verdict as it is stored, read back from the API: %s", show(answer.Verdict))
	return nil
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// delete erases a case and checks that it is gone.
func (d demo) delete(ctx context.Context, id deepskin.CaseID) error {
	if err := d.client.Forget(ctx, id); err != nil {
		return err
	}
	found, err := d.client.Case(ctx, id)
	var gone *client.Error
	switch {
	case err == nil:
		return fmt.Errorf("the case should be gone; it is %s", found.Status)
	case !errors.As(err, &gone) || gone.Status != http.StatusNotFound:
		return fmt.Errorf("the case should be gone: %w", err)
	}
	d.screen.says(deepSkin, gone.Words)
	d.screen.note("The API answers %d %s.", gone.Status, http.StatusText(gone.Status))
	return nil
}
