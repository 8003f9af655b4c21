package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"deepskin"
	"deepskin/bot"
	"deepskin/bot/words"
)

// A caseInput names a case, and says who asks for it and what they read.
type caseInput struct {
	Session  session         `cookie:"deepskin_session" doc:"The session that sent the photo. Nobody else sees the case."`
	ID       deepskin.CaseID `path:"id" doc:"The case's ID, 26 characters."`
	Language string          `header:"Accept-Language" doc:"The languages that the reader knows; where none of them is ours, the case's own."`
}

// owner returns who asks for a case and the words for them, or the problem that the case cannot exist.
func (in *caseInput) owner() (deepskin.Sender, words.Words, error) {
	w := words.For(in.Language)
	sender, ok := in.Session.sender()
	if !ok || !in.ID.Valid() {
		return deepskin.Sender{}, w, notFound(w)
	}
	return sender, w, nil
}

// A caseBody is a case as the API shows it.
type caseBody struct {
	ID       deepskin.CaseID `json:"id"`
	Status   deepskin.Status `json:"status" enum:"waiting,pending,answered,failed,expired" doc:"How far the case has come."`
	Created  time.Time       `json:"created"`
	Deadline time.Time       `json:"deadline" doc:"By when there will be an answer or an apology."`
	Title    string          `json:"title" doc:"One line on the present state."`
	Text     string          `json:"text" doc:"Plain text, paragraphs separated by empty lines."`

	Label      deepskin.Label     `json:"label,omitempty" enum:"benign,malignant,inconclusive" doc:"The risk; there once the case is answered."`
	Malignancy *float64           `json:"malignancy,omitempty" minimum:"0" maximum:"1" doc:"Calibrated probability that the lesion is malignant; absent where the model was not run."`
	Confidence *float64           `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"Calibrated probability of the label; absent where the model was not run."`
	Diagnoses  map[string]float64 `json:"diagnoses,omitempty" doc:"Probabilities of the seven codes of HAM10000; not a diagnosis."`
	Diagnosis  string             `json:"diagnosis,omitempty" enum:"akiec,bcc,bkl,df,mel,nv,vasc" doc:"The code that the picture itself speaks for most, whatever is common; not a diagnosis."`
	Kind       deepskin.Kind      `json:"kind,omitempty" enum:"dermoscopy,phone" doc:"What the photo was taken for: taken through a dermatoscope, or without one. The figures are calibrated for it."`
	Lesion     *boxBody           `json:"lesion,omitempty" doc:"Where the model found the lesion."`
	Closer     bool               `json:"closer,omitempty" doc:"The lesion is small in the photo, so the model also looked at the part around it, and the figures are those of both looks."`
	Problems   []string           `json:"problems,omitempty" doc:"Why the photo was refused; absent unless it was."`
	Model      string             `json:"model,omitempty" doc:"The model's version."`
	Grid       *gridBody          `json:"grid,omitempty" doc:"What the model looked at; the same as a picture is at heatmap."`
	Photo      string             `json:"photo,omitempty" doc:"Where the upright photo is, reduced and without camera data, for as long as it is kept."`
	Heatmap    string             `json:"heatmap,omitempty" doc:"Where there is a picture of what the model looked at, for as long as the photo is kept."`
	Verdict    *verdictBody       `json:"verdict,omitempty" doc:"What the owner said of the answer."`
}

// A boxBody is a part of a photo.
type boxBody struct {
	Left   float64 `json:"left" minimum:"0" maximum:"1" doc:"Share of the width of the upright photo."`
	Top    float64 `json:"top" minimum:"0" maximum:"1" doc:"Share of its height."`
	Right  float64 `json:"right" minimum:"0" maximum:"1"`
	Bottom float64 `json:"bottom" minimum:"0" maximum:"1"`
}

// A gridBody is a deepskin.Grid with its schema.
type gridBody struct {
	Rows    int       `json:"rows" minimum:"1"`
	Columns int       `json:"columns" minimum:"1"`
	Values  []float32 `json:"values" doc:"Row by row: how much this part of the photo spoke for the label, from 0 (nothing) to 1 (most)."`
	Part    *boxBody  `json:"part,omitempty" doc:"What the grid is stretched over; absent where that is the whole photo."`
}

type caseOutput struct {
	Language string `header:"Content-Language" doc:"The language of title and text."`
	Body     caseBody
}

func (s *server) registerCase(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "read-case",
		Method:      http.MethodGet,
		Path:        "/v1/cases/{id}",
		Summary:     "Read a case and its answer",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *caseInput) (*caseOutput, error) {
		sender, _, err := in.owner()
		if err != nil {
			return nil, err
		}
		body, language, err := s.readCase(ctx, sender, in.Language, in.ID)
		if err != nil {
			return nil, err
		}
		return &caseOutput{language, body}, nil
	})
}

// readCase returns a case as the API shows it, in the language that best fits what the sender reads,
// and that language; or a problem.
func (s *server) readCase(
	ctx context.Context, sender deepskin.Sender, reads string, id deepskin.CaseID,
) (body caseBody, language string, err error) {
	view, err := s.cases.Case(ctx, sender, reads, id)
	if err != nil {
		return caseBody{}, "", s.problem(words.For(reads), "read a case", id, err)
	}
	return show(view), view.Reply.Language, nil
}

func show(v bot.View) caseBody {
	c := v.Case
	body := caseBody{
		ID: c.ID, Status: c.Status, Created: c.Created.UTC(), Deadline: c.Deadline.UTC(),
		Title: v.Reply.Title, Text: v.Reply.Text,
		Verdict: showVerdict(c),
	}
	a := c.Assessment
	if a == nil {
		return body
	}
	body.Label, body.Model = a.Label, a.Model
	body.Diagnosis, body.Kind = string(a.Diagnosis), a.Kind
	body.Lesion, body.Closer = (*boxBody)(a.Lesion), a.Closer
	for _, p := range a.Problems {
		body.Problems = append(body.Problems, string(p))
	}
	if a.Diagnoses != nil {
		body.Malignancy, body.Confidence = &a.Malignancy, &a.Confidence
		body.Diagnoses = make(map[string]float64, len(a.Diagnoses))
		for d, p := range a.Diagnoses {
			body.Diagnoses[string(d)] = p
		}
	}
	if g := a.Grid; g != nil {
		body.Grid = &gridBody{Rows: g.Rows, Columns: g.Columns, Values: g.Values, Part: (*boxBody)(g.Part)}
		body.Photo = "/v1/cases/" + string(c.ID) + "/photo"
		body.Heatmap = "/v1/cases/" + string(c.ID) + "/heatmap"
	}
	return body
}

func (s *server) registerDelete(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "delete-case",
		Method:      http.MethodDelete,
		Path:        "/v1/cases/{id}",
		Summary:     "Delete a photo, its answer and what was said of it",
		Errors:      []int{http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *caseInput) (*struct{}, error) {
		sender, w, err := in.owner()
		if err != nil {
			return nil, err
		}
		if err := s.cases.ForgetCase(ctx, sender, in.ID); err != nil {
			return nil, s.problem(w, "delete a case", in.ID, err)
		}
		return nil, nil
	})
}
