package telegramtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
)

// A request is a call of a method: parameters and uploaded files.
type request struct {
	http   *http.Request
	params map[string]string
	files  map[string][]byte
}

// A refusal is an answer with ok false.
type refusal struct {
	code        int
	description string
	retryAfter  int // seconds; only with code 429
	movedTo     int64
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{code: http.StatusBadRequest, description: "Bad Request: " + fmt.Sprintf(format, args...)}
}

// A method is what the server can do, and the parameters it knows for it.
type method struct {
	params []string
	do     func(*Server, request) (any, *refusal)
}

var common = []string{"chat_id", "message_id", "parse_mode", "reply_markup"}

// methods are all that the server knows. Those that wait take the lock themselves.
var methods = map[string]method{
	"getMe":          {nil, locked((*Server).getMe)},
	"getWebhookInfo": {nil, locked((*Server).getWebhookInfo)},
	"deleteWebhook":  {[]string{"drop_pending_updates"}, locked((*Server).deleteWebhook)},
	"setMyCommands":  {[]string{"commands", "language_code"}, locked((*Server).setMyCommands)},
	"setWebhook": {
		[]string{"url", "secret_token", "allowed_updates", "max_connections", "drop_pending_updates"},
		locked((*Server).setWebhook),
	},
	"sendChatAction": {[]string{"chat_id", "action", "message_thread_id"}, locked((*Server).sendChatAction)},
	"getUpdates":     {[]string{"offset", "limit", "timeout", "allowed_updates"}, (*Server).getUpdates},
	"getFile":        {[]string{"file_id"}, locked((*Server).getFile)},
	"sendMessage": {
		[]string{"chat_id", "message_thread_id", "text", "parse_mode", "reply_markup", "reply_parameters", "link_preview_options", "disable_notification"},
		locked((*Server).sendMessage),
	},
	"sendPhoto": {
		[]string{"chat_id", "message_thread_id", "caption", "parse_mode", "reply_markup", "reply_parameters", "disable_notification"},
		locked((*Server).sendPhoto),
	},
	"editMessageText":     {append([]string{"text", "link_preview_options"}, common...), locked((*Server).editMessageText)},
	"editMessageCaption":  {append([]string{"caption"}, common...), locked((*Server).editMessageCaption)},
	"editMessageMedia":    {[]string{"chat_id", "message_id", "media", "reply_markup"}, locked((*Server).editMessageMedia)},
	"deleteMessage":       {[]string{"chat_id", "message_id"}, locked((*Server).deleteMessage)},
	"answerCallbackQuery": {[]string{"callback_query_id", "text", "show_alert"}, locked((*Server).answerCallbackQuery)},
}

func locked(do func(*Server, request) (any, *refusal)) func(*Server, request) (any, *refusal) {
	return func(s *Server, r request) (any, *refusal) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return do(s, r)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		s.download(w, path)
		return
	}
	token, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	if !ok || !strings.HasPrefix(r.URL.Path, "/bot") {
		answer(w, nil, &refusal{code: 404, description: "Not Found"})
		return
	}
	if token != s.token {
		answer(w, nil, &refusal{code: 401, description: "Unauthorized"})
		return
	}
	m, ok := methods[name]
	if !ok {
		answer(w, nil, &refusal{code: 404, description: "Not Found"})
		return
	}
	req, refused := parse(r)
	if refused != nil {
		answer(w, nil, refused)
		return
	}
	for param := range req.params {
		if !slices.Contains(m.params, param) {
			answer(w, nil, badRequest("unknown parameter %q of %s", param, name))
			return
		}
	}
	s.call(w, name, m, req)
}

// call does what the method does, unless the test ordered a fault or the bot goes too fast.
func (s *Server) call(w http.ResponseWriter, name string, m method, req request) {
	s.mu.Lock()
	s.calls[name]++
	fault := s.takeFault(name)
	refused := s.tooFast(name, req.params["chat_id"], fault)
	s.change()
	s.mu.Unlock()
	switch {
	case refused != nil:
		answer(w, nil, refused)
		return
	case fault.HangUp:
		panic(http.ErrAbortHandler)
	case fault.Status == http.StatusBadGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head></html>")
		return
	case fault.Status != 0:
		answer(w, nil, &refusal{code: fault.Status, description: fault.Description})
		return
	}
	result, refused := m.do(s, req)
	if (fault.LoseAnswer || fault.CutAnswer) && refused == nil {
		s.noteUnknown(name, req.params["chat_id"])
	}
	switch {
	case fault.LoseAnswer:
		panic(http.ErrAbortHandler)
	case fault.CutAnswer:
		cutAnswer(w, result, refused)
	default:
		answer(w, result, refused)
	}
}

// cutAnswer sends half of an answer.
func cutAnswer(w http.ResponseWriter, result any, refused *refusal) {
	whole := httptest.NewRecorder()
	answer(whole, result, refused)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	_ = http.NewResponseController(w).Flush() // else it would be dropped with the connection
	panic(http.ErrAbortHandler)
}

// parse reads the parameters in any form that Telegram takes and the library uses.
func parse(r *http.Request) (request, *refusal) {
	req := request{http: r, params: map[string]string{}, files: map[string][]byte{}}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost {
		return req, badRequest("this server takes POST only")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return req, badRequest("can't parse the form")
		}
		for name, values := range r.PostForm {
			req.params[name] = values[0]
		}
	case "multipart/form-data":
		if err := r.ParseMultipartForm(32 << 20); err != nil {
			return req, badRequest("can't parse the multipart form")
		}
		for name, values := range r.MultipartForm.Value {
			req.params[name] = values[0]
		}
		for name, headers := range r.MultipartForm.File {
			f, err := headers[0].Open()
			if err != nil {
				return req, badRequest("can't open an uploaded file")
			}
			data, err := io.ReadAll(f)
			_ = f.Close()
			if err != nil {
				return req, badRequest("can't read an uploaded file")
			}
			req.files[name] = data
		}
	default:
		return req, badRequest("unknown content type")
	}
	return req, nil
}

func answer(w http.ResponseWriter, result any, refused *refusal) {
	body := map[string]any{"ok": true, "result": result}
	status := http.StatusOK
	if refused != nil {
		status = refused.code
		body = map[string]any{"ok": false, "error_code": refused.code, "description": refused.description}
		if refused.retryAfter > 0 {
			body["parameters"] = map[string]any{"retry_after": refused.retryAfter}
		}
		if refused.movedTo != 0 {
			body["parameters"] = map[string]any{"migrate_to_chat_id": refused.movedTo}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// number reads a whole number; a missing one is zero.
func (r request) number(name string) (int64, *refusal) {
	text, ok := r.params[name]
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, badRequest("%s must be an integer", name)
	}
	return n, nil
}

func (s *Server) getMe(request) (any, *refusal) {
	return map[string]any{"id": botID, "is_bot": true, "first_name": "DeepSkin", "username": Username}, nil
}

func (s *Server) getWebhookInfo(request) (any, *refusal) {
	return map[string]any{"url": s.webhook, "has_custom_certificate": false, "pending_update_count": len(s.updates)}, nil
}

func (s *Server) deleteWebhook(request) (any, *refusal) {
	s.webhook = ""
	s.endHook()
	return true, nil
}

func (s *Server) setMyCommands(r request) (any, *refusal) {
	var commands []struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal([]byte(r.params["commands"]), &commands); err != nil {
		return nil, badRequest("can't parse the commands")
	}
	language := r.params["language_code"]
	if language != "" && (len(language) != 2 || strings.Trim(language, "abcdefghijklmnopqrstuvwxyz") != "") {
		return nil, badRequest("invalid language code specified")
	}
	if len(commands) > 100 {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	seen := map[string]bool{}
	menu := []Command{}
	for _, c := range commands {
		if len(c.Command) < 1 || len(c.Command) > 32 || strings.Trim(c.Command, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
		if units(c.Description) < 1 || units(c.Description) > 256 {
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
		if seen[c.Command] {
			return nil, badRequest("BOT_COMMANDS_DUPLICATED")
		}
		seen[c.Command] = true
		menu = append(menu, Command{c.Command, c.Description})
	}
	s.commands[language] = menu
	return true, nil
}

// Calls returns how often the bot called a method, refused calls included.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// AllCalls returns how often the bot called each method.
func (s *Server) AllCalls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}
