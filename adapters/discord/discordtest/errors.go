package discordtest

import (
	"fmt"
	"net/http"
	"strings"
)

// A refusal is an answer that is an error.
type refusal struct {
	status  int
	code    int
	message string
	// errors says what is wrong with which field; nil for all but invalid forms.
	errors map[string]any
	// retryAfter is in seconds; only with status 429.
	retryAfter float64
	global     bool
}

// Discord's errors. https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
var (
	notFound          = &refusal{status: http.StatusNotFound, message: "404: Not Found"}
	unauthorized      = &refusal{status: http.StatusUnauthorized, message: "401: Unauthorized"}
	unknownChannel    = &refusal{status: http.StatusNotFound, code: 10003, message: "Unknown Channel"}
	unknownGuild      = &refusal{status: http.StatusNotFound, code: 10004, message: "Unknown Guild"}
	unknownMember     = &refusal{status: http.StatusNotFound, code: 10007, message: "Unknown Member"}
	unknownMessage    = &refusal{status: http.StatusNotFound, code: 10008, message: "Unknown Message"}
	unknownUser       = &refusal{status: http.StatusNotFound, code: 10013, message: "Unknown User"}
	unknownWebhook    = &refusal{status: http.StatusNotFound, code: 10015, message: "Unknown Webhook"}
	unknownInteract   = &refusal{status: http.StatusNotFound, code: 10062, message: "Unknown interaction"}
	notYourself       = &refusal{status: http.StatusForbidden, code: 20012, message: "You are not authorized to perform this action on this application"}
	tooLarge          = &refusal{status: http.StatusRequestEntityTooLarge, code: 40005, message: "Request entity too large"}
	acknowledged      = &refusal{status: http.StatusBadRequest, code: 40060, message: "Interaction has already been acknowledged."}
	noUserAgent       = &refusal{status: http.StatusForbidden, code: 40333, message: "internal network error"}
	missingAccess     = &refusal{status: http.StatusForbidden, code: 50001, message: "Missing Access"}
	notInDM           = &refusal{status: http.StatusForbidden, code: 50003, message: "Cannot execute action on a DM channel"}
	notAuthor         = &refusal{status: http.StatusForbidden, code: 50005, message: "Cannot edit a message authored by another user"}
	emptyMessage      = &refusal{status: http.StatusBadRequest, code: 50006, message: "Cannot send an empty message"}
	cannotSend        = &refusal{status: http.StatusForbidden, code: 50007, message: "Cannot send messages to this user"}
	missingPermission = &refusal{status: http.StatusForbidden, code: 50013, message: "Missing Permissions"}
	invalidToken      = &refusal{status: http.StatusUnauthorized, code: 50027, message: "Invalid Webhook Token"}
	invalidRecipient  = &refusal{status: http.StatusBadRequest, code: 50033, message: "Invalid Recipient(s)"}
	invalidVersion    = &refusal{status: http.StatusBadRequest, code: 50041, message: "Invalid API version provided"}
	invalidJSON       = &refusal{status: http.StatusBadRequest, code: 50109, message: "The request body contains invalid JSON."}
)

// json returns the refusal as Discord writes it.
func (r *refusal) json() map[string]any {
	body := map[string]any{"message": r.message, "code": r.code}
	if r.errors != nil {
		body["errors"] = r.errors
	}
	if r.status == http.StatusTooManyRequests {
		delete(body, "code")
		body["retry_after"], body["global"] = r.retryAfter, r.global
	}
	return body
}

// problems collect what is wrong with a form.
type problems struct {
	tree map[string]any
}

// add notes a problem of a field. A field of a list has a path such as "embeds.0.title".
func (p *problems) add(path, code, format string, args ...any) {
	if p.tree == nil {
		p.tree = map[string]any{}
	}
	node := p.tree
	for name := range strings.SplitSeq(path, ".") {
		below, ok := node[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			node[name] = below
		}
		node = below
	}
	list, _ := node["_errors"].([]any)
	node["_errors"] = append(list, map[string]any{"code": code, "message": fmt.Sprintf(format, args...)})
}

// length checks how many characters a text has.
func (p *problems) length(path, text string, least, most int) {
	n := len([]rune(text))
	switch {
	case least > 0 && n == 0:
		p.add(path, "BASE_TYPE_REQUIRED", "This field is required")
	case n < least || n > most:
		p.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
}

// count checks how many entries a list has.
func (p *problems) count(path string, n, least, most int) {
	if n < least || n > most {
		p.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
}

// refusal returns the answer to the form, nil where nothing is wrong with it.
func (p *problems) refusal() *refusal {
	if p.tree == nil {
		return nil
	}
	return &refusal{status: http.StatusBadRequest, code: 50035, message: "Invalid Form Body", errors: p.tree}
}

// invalid returns the answer to a form with one problem.
func invalid(path, code, format string, args ...any) *refusal {
	var p problems
	p.add(path, code, format, args...)
	return p.refusal()
}
