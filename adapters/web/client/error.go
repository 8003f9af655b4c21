package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// An Error is the service's refusal of a request.
type Error struct {
	// Status is the HTTP status, 404 say.
	Status int
	// Words are the service's own, for people.
	Words string
	// RetryAfter is when it makes sense to ask again; zero where the service does not say.
	RetryAfter time.Duration
}

// Error returns the status and the words.
func (e *Error) Error() string {
	return fmt.Sprintf("the service answered %d: %s", e.Status, e.Words)
}

// readError reads a problem document. What else may stand between us and the service, a proxy
// say, answers in other forms: then the status has to do.
func readError(response *http.Response) *Error {
	var problem struct {
		Detail string `json:"detail"`
	}
	e := &Error{Status: response.StatusCode, Words: http.StatusText(response.StatusCode)}
	err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&problem)
	if err == nil && problem.Detail != "" {
		e.Words = problem.Detail
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}
