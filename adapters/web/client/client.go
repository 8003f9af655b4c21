// Package client speaks the JSON API of the web adapter, as the page does: it sends photos, waits
// for answers and gives verdicts.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"

	"deepskin"
)

// A Client is one visitor: the service takes the photos that it sends as one person's, by a
// session cookie that the first photo brings. Its methods may be called at the same time once
// that photo has been sent. They have no time limit but the context's. Where the service refuses
// something, their errors are an *Error.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the service at a base URL, "http://127.0.0.1:8080" say.
func New(baseURL string) *Client {
	jar, _ := cookiejar.New(nil) // Never fails.
	return &Client{base: strings.TrimRight(baseURL, "/"), http: &http.Client{Jar: jar}}
}

// Send uploads a photo under a file name. Without consent the service takes none.
func (c *Client) Send(ctx context.Context, name string, photo []byte, consent bool) (Accepted, error) {
	var accepted Accepted
	body, contentType, err := form(name, photo, consent)
	if err == nil {
		err = c.do(ctx, http.MethodPost, "/v1/cases", contentType, body, &accepted)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("send a photo: %w", err)
	}
	return accepted, nil
}

func form(name string, photo []byte, consent bool) (body []byte, contentType string, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	if err := w.WriteField("consent", strconv.FormatBool(consent)); err != nil {
		return nil, "", err
	}
	part, err := w.CreateFormFile("photo", name)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(photo); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return buf.Bytes(), w.FormDataContentType(), nil
}

// Case returns a case as it is now.
func (c *Client) Case(ctx context.Context, id deepskin.CaseID) (Case, error) {
	var found Case
	if err := c.do(ctx, http.MethodGet, path(id), "", nil, &found); err != nil {
		return Case{}, fmt.Errorf("read a case: %w", err)
	}
	return found, nil
}

// Heatmap returns a JPEG of the photo with what the model looked at.
func (c *Client) Heatmap(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	response, err := c.request(ctx, http.MethodGet, path(id)+"/heatmap", "", nil)
	if err != nil {
		return nil, fmt.Errorf("fetch a heatmap: %w", err)
	}
	defer finish(response)
	picture, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("fetch a heatmap: %w", err)
	}
	return picture, nil
}

// Judge gives a verdict on an answer; it replaces an earlier one.
func (c *Client) Judge(ctx context.Context, id deepskin.CaseID, v deepskin.Verdict) error {
	body, err := json.Marshal(v)
	if err == nil {
		err = c.do(ctx, http.MethodPost, path(id)+"/verdict", "application/json", body, nil)
	}
	if err != nil {
		return fmt.Errorf("give a verdict: %w", err)
	}
	return nil
}

// Forget deletes a case with its photo, answer and verdict.
func (c *Client) Forget(ctx context.Context, id deepskin.CaseID) error {
	if err := c.do(ctx, http.MethodDelete, path(id), "", nil, nil); err != nil {
		return fmt.Errorf("delete a case: %w", err)
	}
	return nil
}

func path(id deepskin.CaseID) string { return "/v1/cases/" + string(id) }

// do sends a request and reads the JSON of the answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, method, path, contentType string, body []byte, out any) error {
	response, err := c.request(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer finish(response)
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		return fmt.Errorf("understand the answer: %w", err)
	}
	return nil
}

// request returns the answer to a request if it is good, and an *Error if not. The caller
// finishes it.
func (c *Client) request(
	ctx context.Context, method, path, contentType string, body []byte,
) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		defer finish(response)
		return nil, readError(response)
	}
	return response, nil
}

// finish reads what little may be left of an answer, or its connection could not be used again.
func finish(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
	_ = response.Body.Close()
}
