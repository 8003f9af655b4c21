package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

const (
	// maxUpload is how large a file of the bot may be, in bytes.
	maxUpload = 10 << 20
	maxFiles  = 10
)

// An upload is a file of a multipart request.
type upload struct {
	name string
	data []byte
}

// filePart is the name of a part that is a file, with its number.
var filePart = regexp.MustCompile(`^files\[(\d+)\]$`)

// parse reads a body in the forms that Discord takes: JSON, or multipart with the JSON and files.
func (r *request) parse(body []byte) *refusal {
	kind, params, _ := mime.ParseMediaType(r.http.Header.Get("Content-Type"))
	switch {
	case r.http.Method == http.MethodGet || r.http.Method == http.MethodDelete:
		return nil
	case kind == "multipart/form-data":
		return r.parseParts(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	case kind == "application/json":
		r.body = body
	case len(body) > 0:
		return invalid("_", "CONTENT_TYPE_INVALID", `Expected "Content-Type" header to be one of {'application/json'}.`)
	}
	return nil
}

func (r *request) parseParts(parts *multipart.Reader) *refusal {
	r.files = map[int]upload{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return invalidJSON
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return invalidJSON
		}
		number := filePart.FindStringSubmatch(part.FormName())
		switch {
		case part.FormName() == "payload_json":
			r.body = data
		case number == nil || part.FileName() == "":
			return invalid(part.FormName(), "FORM_PART_INVALID", "Parts are payload_json and files[n] with a file name.")
		case len(data) > maxUpload:
			return tooLarge
		default:
			n, err := strconv.Atoi(number[1])
			if err != nil {
				return invalid(part.FormName(), "FORM_PART_INVALID", "The number of a file is too large.")
			}
			r.files[n] = upload{part.FileName(), data}
		}
	}
	if len(r.files) > maxFiles {
		return invalid("files", "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxFiles)
	}
	if r.body == nil {
		r.body = []byte("{}")
	}
	return nil
}

// An optional field is one of which it matters whether it was there; null counts as there.
type optional[T any] struct {
	set   bool
	value T
}

// UnmarshalJSON reads the value. encoding/json calls it for null too, but not for absent fields.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.set = true
	return json.Unmarshal(data, &o.value)
}

// A snowflake is an ID, which Discord takes as a string or as a number.
type snowflake string

// UnmarshalJSON reads either form.
func (f *snowflake) UnmarshalJSON(data []byte) error {
	*f = snowflake(strings.Trim(string(data), `"`))
	return nil
}
