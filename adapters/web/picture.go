package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"deepskin"
)

// A pictureOutput is a JPEG.
type pictureOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *server) registerPhoto(api huma.API) {
	s.registerPicture(api, huma.Operation{
		OperationID: "read-photo",
		Path:        "/v1/cases/{id}/photo",
		Summary:     "See the photo",
	}, "The photo, upright, reduced and without camera data.",
		s.cases.Photo)
}

func (s *server) registerHeatmap(api huma.API) {
	s.registerPicture(api, huma.Operation{
		OperationID: "read-heatmap",
		Path:        "/v1/cases/{id}/heatmap",
		Summary:     "See what the model looked at",
	}, "The photo with what speaks for the label marked on it.",
		s.cases.Heatmap)
}

// registerPicture adds an operation that gives the owner of a case a JPEG.
func (s *server) registerPicture(
	api huma.API, op huma.Operation, about string,
	get func(context.Context, deepskin.Sender, deepskin.CaseID) ([]byte, error),
) {
	op.Method = http.MethodGet
	op.Errors = []int{http.StatusNotFound, http.StatusGone, http.StatusServiceUnavailable}
	op.Responses = map[string]*huma.Response{"200": {
		Description: about,
		Content: map[string]*huma.MediaType{
			"image/jpeg": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		},
	}}
	huma.Register(api, op, func(ctx context.Context, in *caseInput) (*pictureOutput, error) {
		sender, w, err := in.owner()
		if err != nil {
			return nil, err
		}
		picture, err := get(ctx, sender, in.ID)
		if err != nil {
			return nil, s.problem(w, op.OperationID, in.ID, err)
		}
		return &pictureOutput{ContentType: "image/jpeg", Body: picture}, nil
	})
}
