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
	registerPicture(api, huma.Operation{
		OperationID: "read-photo",
		Path:        "/v1/cases/{id}/photo",
		Summary:     "See the photo",
	}, "The photo, upright, reduced and without camera data.",
		func(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error) {
			photo, err := s.cases.Photo(ctx, sender, id)
			if err != nil {
				return nil, s.problem("show a photo", id, err)
			}
			return photo, nil
		})
}

func (s *server) registerHeatmap(api huma.API) {
	registerPicture(api, huma.Operation{
		OperationID: "read-heatmap",
		Path:        "/v1/cases/{id}/heatmap",
		Summary:     "See what the model looked at",
	}, "The photo with what speaks for the label marked on it.",
		func(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) ([]byte, error) {
			picture, err := s.cases.Heatmap(ctx, sender, id)
			if err != nil {
				return nil, s.problem("draw a heatmap", id, err)
			}
			return picture, nil
		})
}

// registerPicture adds an operation that gives the owner of a case a JPEG.
func registerPicture(
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
		sender, id, err := owner(in.Session, in.ID)
		if err != nil {
			return nil, err
		}
		picture, err := get(ctx, sender, id)
		if err != nil {
			return nil, err
		}
		return &pictureOutput{ContentType: "image/jpeg", Body: picture}, nil
	})
}
