package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"deepskin"
)

// A verdictBody is a deepskin.Verdict with its schema.
type verdictBody struct {
	Agrees bool           `json:"agrees" doc:"Thumb up or down."`
	Truth  deepskin.Truth `json:"truth,omitempty" enum:"benign,malignant,no_lesion,unknown" doc:"What the lesion was, as far as is known."`
	Keep   *bool          `json:"keep,omitempty" doc:"Whether the photo may be kept to improve the model."`
}

type verdictInput struct {
	Session session         `cookie:"deepskin_session" doc:"The session that sent the photo. Nobody else sees the case."`
	ID      deepskin.CaseID `path:"id" doc:"The case's ID, 26 characters."`
	Body    verdictBody
}

func (s *server) registerVerdict(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID:  "give-verdict",
		Method:       http.MethodPost,
		Path:         "/v1/cases/{id}/verdict",
		Summary:      "Say whether the answer was right; a later verdict replaces the earlier",
		MaxBodyBytes: 4 << 10,
		Errors: []int{
			http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusServiceUnavailable,
		},
	}, func(ctx context.Context, in *verdictInput) (*struct{}, error) {
		sender, id, err := owner(in.Session, in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.cases.Judge(ctx, sender, id, deepskin.Verdict(in.Body)); err != nil {
			return nil, s.problem("take a verdict", id, err)
		}
		return nil, nil
	})
}
