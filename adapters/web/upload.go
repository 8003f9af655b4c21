package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"deepskin"
	"deepskin/bot"
	"deepskin/bot/words"
	"deepskin/internal/site"
)

const (
	// maxPhoto is the largest photo, in bytes.
	maxPhoto = 20 << 20
	// maxForm leaves room for the rest of the form around the largest photo.
	maxForm = maxPhoto + 64<<10
	// maxQueueing is how long an upload may wait for others to make room.
	maxQueueing = 3 * time.Second
)

// An uploadInput carries the request itself: the form is read as it comes, not into files on
// disk as huma would, because photos must not lie around.
type uploadInput struct {
	Session  session `cookie:"deepskin_session" doc:"The session that the first upload gave; the next ones stay in it."`
	Key      string  `header:"Idempotency-Key" maxLength:"200" doc:"Sending the same photo again with the same key makes no second case."`
	Language string  `header:"Accept-Language" doc:"The languages that the sender knows; English where none of them is ours."`

	w http.ResponseWriter
	r *http.Request
}

// Resolve takes hold of the request.
func (in *uploadInput) Resolve(ctx huma.Context) []error {
	in.r, in.w = humago.Unwrap(ctx)
	return nil
}

type uploadOutput struct {
	Location string `header:"Location" doc:"Where the case is read."`
	Body     accepted
}

// accepted is what the sender of a photo gets at once.
type accepted struct {
	ID     deepskin.CaseID `json:"id" doc:"The case's ID. Knowing it grants nothing without the session's cookie."`
	Status deepskin.Status `json:"status" enum:"waiting,pending,answered,failed,expired" doc:"How far the case has come."`
	Case   string          `json:"case" doc:"Where the case is read."`
	Events string          `json:"events" doc:"Where the case is followed by server-sent events."`
}

// uploadForm is the form as the OpenAPI document shows it.
var uploadForm = &huma.Schema{
	Type:     huma.TypeObject,
	Required: []string{"photo", "consent"},
	Properties: map[string]*huma.Schema{
		"photo": {
			Type: huma.TypeString, Format: "binary",
			Description: "The photo: JPEG, PNG or WebP, at most 20 MB.",
		},
		"consent": {
			Type: huma.TypeString, Enum: []any{"true"},
			Description: "That the sender agrees to have the photo looked at by a computer model.",
		},
	},
}

func (s *server) registerUpload(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID:   "send-photo",
		Method:        http.MethodPost,
		Path:          "/v1/cases",
		Summary:       "Send a photo",
		DefaultStatus: http.StatusAccepted,
		Errors: []int{
			http.StatusBadRequest, http.StatusForbidden, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
			http.StatusServiceUnavailable,
		},
	}, s.upload)
	// Only now: a form that huma knows of it would read whole, as JSON.
	api.OpenAPI().Paths["/v1/cases"].Post.RequestBody = &huma.RequestBody{
		Required: true,
		Content:  map[string]*huma.MediaType{"multipart/form-data": {Schema: uploadForm}},
	}
}

func (s *server) upload(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	w := words.For(in.Language)
	size := in.r.ContentLength
	if size > maxForm {
		return nil, refused(w, http.StatusRequestEntityTooLarge, "web.large")
	}
	if size < 0 || size > maxPhoto {
		size = maxPhoto
	}
	network, known := site.Client(in.r)
	if known {
		if !s.clients.enter(network) {
			return nil, busy(w, "web.busy")
		}
		defer s.clients.leave(network)
	}
	queueing, cancel := context.WithTimeout(ctx, maxQueueing)
	defer cancel()
	if err := s.uploads.Acquire(queueing, size); err != nil {
		return nil, busy(w, "web.busy")
	}
	defer s.uploads.Release(size)

	photo, err := s.readUpload(w, in, size)
	if err != nil {
		return nil, err
	}
	sender := openSession(in.w, in.r, in.Session)
	message := bot.Message{
		Sender:  sender,
		At:      address(sender),
		Event:   event(sender, in.Key),
		Photo:   &bot.Photo{Bytes: photo},
		Consent: true, Language: in.Language,
	}
	if known {
		message.Network = network.String()
	}
	reply, err := s.handler.Message(ctx, message)
	switch {
	case err != nil:
		return nil, s.problem(w, "take a photo", reply.Case, err)
	case reply.Case != "":
	case reply.RetryAfter > 0:
		return nil, inLanguage(reply.Language, later(http.StatusTooManyRequests, reply.Text, reply.RetryAfter))
	default:
		return nil, inLanguage(reply.Language, huma.Error422UnprocessableEntity(reply.Text))
	}

	// A photo that is sent a second time may have been answered long ago.
	view, err := s.cases.Case(ctx, sender, in.Language, reply.Case)
	if err != nil {
		return nil, s.problem(w, "read a new case", reply.Case, err)
	}
	path := "/v1/cases/" + string(reply.Case)
	return &uploadOutput{
		Location: path,
		Body:     accepted{ID: reply.Case, Status: view.Case.Status, Case: path, Events: path + "/events"},
	}, nil
}

// event names an upload. Keys are chosen by clients, so the same key of two sessions must not
// make the same name.
func event(sender deepskin.Sender, key string) string {
	if key == "" {
		return rand.Text()
	}
	sum := sha256.Sum256([]byte(sender.ID + "\n" + key))
	return hex.EncodeToString(sum[:])
}

// readUpload reads the form and returns its photo, or a problem. Size is about how many bytes
// the photo has.
func (s *server) readUpload(w words.Words, in *uploadInput, size int64) ([]byte, error) {
	now := time.Now()
	rc := http.NewResponseController(in.w)
	deadline := now.Add(s.cfg.UploadTimeout)
	if err := errors.Join(rc.SetReadDeadline(deadline), rc.SetWriteDeadline(deadline.Add(30*time.Second))); err != nil {
		return nil, s.problem(w, "bound an upload", "", err)
	}
	in.r.Body = http.MaxBytesReader(in.w, in.r.Body, maxForm)
	form, err := in.r.MultipartReader()
	if err != nil {
		return nil, huma.Error415UnsupportedMediaType("Please send a form (multipart/form-data) with the fields photo and consent.")
	}
	photo, consent, err := readForm(form, size)
	if err != nil {
		return nil, uploadProblem(w, err)
	}
	switch {
	case !consent:
		return nil, refused(w, http.StatusUnprocessableEntity, "web.consent")
	case photo == nil:
		return nil, refused(w, http.StatusUnprocessableEntity, "web.missing")
	case len(photo) == 0:
		return nil, refused(w, http.StatusUnprocessableEntity, "refusal.empty")
	}
	return photo, nil
}

// Errors of readForm.
var (
	errTooLarge  = errors.New("photo too large")
	errTwoPhotos = errors.New("more than one photo")
)

// readForm reads the fields photo and consent; the photo is nil where there is none.
func readForm(form *multipart.Reader, size int64) (photo []byte, consent bool, err error) {
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return photo, consent, nil
		}
		if err != nil {
			return nil, false, err
		}
		switch part.FormName() {
		case "consent":
			value, err := io.ReadAll(io.LimitReader(part, 8))
			if err != nil {
				return nil, false, err
			}
			consent = string(value) == "true"
		case "photo":
			if photo != nil {
				return nil, false, errTwoPhotos
			}
			if photo, err = readPhoto(part, size); err != nil {
				return nil, false, err
			}
		}
	}
}

// readPhoto reads a part into memory that is claimed only once.
func readPhoto(part io.Reader, size int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(part, maxPhoto+1)); err != nil {
		return nil, err
	}
	if buf.Len() > maxPhoto {
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}

// uploadProblem explains why a form could not be read.
func uploadProblem(w words.Words, err error) error {
	var tooManyBytes *http.MaxBytesError
	switch {
	case errors.As(err, &tooManyBytes), errors.Is(err, errTooLarge):
		return refused(w, http.StatusRequestEntityTooLarge, "web.large")
	case errors.Is(err, errTwoPhotos):
		return refused(w, http.StatusUnprocessableEntity, "web.single")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refused(w, http.StatusRequestTimeout, "web.slow")
	}
	return refused(w, http.StatusBadRequest, "web.damaged")
}
