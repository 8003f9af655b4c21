package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"deepskin"
)

// A verdictBody is a deepskin.Verdict, and what its sender wrote, with their schema.
type verdictBody struct {
	Agrees  bool           `json:"agrees" doc:"Thumb up or down."`
	Truth   deepskin.Truth `json:"truth,omitempty" enum:"benign,malignant,no_lesion,unknown" doc:"What the lesion was, as far as is known."`
	Keep    *bool          `json:"keep,omitempty" doc:"Whether the photo may be kept to improve the model."`
	Comment string         `json:"comment,omitempty" maxLength:"1000" doc:"What the sender wants to say of an answer that they disagree with; empty leaves what they said before."`
}

// showVerdict returns what was said of a case; nil where nothing was.
func showVerdict(c deepskin.Case) *verdictBody {
	if c.Verdict == nil {
		return nil
	}
	return &verdictBody{c.Verdict.Agrees, c.Verdict.Truth, c.Verdict.Keep, c.Comment}
}

type verdictInput struct {
	Session  session         `cookie:"deepskin_session" doc:"The session that sent the photo. Nobody else sees the case."`
	ID       deepskin.CaseID `path:"id" doc:"The case's ID, 26 characters."`
	Language string          `header:"Accept-Language" doc:"The languages that the reader knows; English where none of them is ours."`
	Body     verdictBody
}

func (s *server) registerVerdict(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID:  "give-verdict",
		Method:       http.MethodPost,
		Path:         "/v1/cases/{id}/verdict",
		Summary:      "Say whether the answer was right; a later verdict replaces the earlier",
		MaxBodyBytes: 16 << 10, // A comment may have escapes.
		Errors: []int{
			http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone,
			http.StatusUnprocessableEntity, http.StatusServiceUnavailable,
		},
	}, func(ctx context.Context, in *verdictInput) (*struct{}, error) {
		asked := caseInput{in.Session, in.ID, in.Language}
		sender, w, err := asked.owner()
		if err != nil {
			return nil, err
		}
		said := in.Body
		if said.Agrees && said.Comment != "" {
			return nil, huma.Error422UnprocessableEntity("A comment goes with a thumb down.")
		}
		err = s.cases.Judge(ctx, sender, in.ID, deepskin.Verdict{Agrees: said.Agrees, Truth: said.Truth, Keep: said.Keep})
		if err == nil && said.Comment != "" {
			err = s.cases.Comment(ctx, sender, in.ID, said.Comment)
		}
		if err != nil {
			return nil, s.problem(w, "take a verdict", in.ID, err)
		}
		return nil, nil
	})
}
