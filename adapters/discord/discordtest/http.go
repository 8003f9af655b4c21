package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// A request is a call of the REST API.
type request struct {
	http    *http.Request
	version string // "v9" or "v10"
	body    []byte // JSON
	files   map[int]upload
}

// param returns a part of the path.
func (r *request) param(name string) string { return r.http.PathValue(name) }

// A route is what the server can do under one pattern of a path.
type route struct {
	do func(*Server, *request) (any, *refusal)
	// open routes need no token of the bot, and do not count towards the global limit.
	open bool
	// bucket is the part of the path for each value of which the route has a limit; empty for none.
	bucket string
}

// routes are all that the server knows, by method and path as in Discord's documentation.
var routes = map[string]route{
	"GET /gateway":                 {do: (*Server).getGateway, open: true},
	"GET /gateway/bot":             {do: (*Server).getGatewayBot},
	"GET /users/{user}":            {do: (*Server).getUser},
	"POST /users/@me/channels":     {do: (*Server).createDM},
	"GET /applications/@me":        {do: (*Server).getApplication},
	"GET /oauth2/applications/@me": {do: (*Server).getApplication},

	"GET /applications/{application}/commands":                {do: (*Server).getCommands},
	"PUT /applications/{application}/commands":                {do: (*Server).putCommands},
	"GET /applications/{application}/guilds/{guild}/commands": {do: (*Server).getCommands},
	"PUT /applications/{application}/guilds/{guild}/commands": {do: (*Server).putCommands},

	"GET /guilds/{guild}":                {do: (*Server).getGuild},
	"GET /guilds/{guild}/roles":          {do: (*Server).getRoles},
	"GET /guilds/{guild}/channels":       {do: (*Server).getChannels},
	"GET /guilds/{guild}/members/{user}": {do: (*Server).getMember},
	"GET /channels/{channel}":            {do: (*Server).getChannel},

	"POST /channels/{channel}/typing":               {do: (*Server).typing, bucket: "channel"},
	"GET /channels/{channel}/messages":              {do: (*Server).getMessages, bucket: "channel"},
	"POST /channels/{channel}/messages":             {do: (*Server).postMessage, bucket: "channel"},
	"GET /channels/{channel}/messages/{message}":    {do: (*Server).getMessage, bucket: "channel"},
	"PATCH /channels/{channel}/messages/{message}":  {do: (*Server).patchMessage, bucket: "channel"},
	"DELETE /channels/{channel}/messages/{message}": {do: (*Server).deleteMessage, bucket: "channel"},

	"POST /interactions/{interaction}/{token}/callback":         {do: (*Server).callback, open: true},
	"POST /webhooks/{application}/{token}":                      {do: (*Server).followUp, open: true, bucket: "token"},
	"GET /webhooks/{application}/{token}/messages/{message}":    {do: (*Server).getAnswer, open: true, bucket: "token"},
	"PATCH /webhooks/{application}/{token}/messages/{message}":  {do: (*Server).patchAnswer, open: true, bucket: "token"},
	"DELETE /webhooks/{application}/{token}/messages/{message}": {do: (*Server).deleteAnswer, open: true, bucket: "token"},
}

// The names under which calls outside the REST API count, and can be made to fail.
const (
	// Download is the download of an attachment.
	Download = "download"
	// Connect is the opening of a gateway connection.
	Connect = "connect"
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/{version}"+path, func(w http.ResponseWriter, r *http.Request) {
			s.call(w, r, pattern, route)
		})
	}
	mux.HandleFunc("GET /attachments/{channel}/{attachment}/{name}", s.download)
	mux.HandleFunc("GET /ephemeral-attachments/{application}/{attachment}/{name}", s.download)
	mux.HandleFunc("GET "+gatewayPath, s.connect)
	mux.HandleFunc("GET "+resumePath, s.connect)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil, notFound) })
	return mux
}

// maxRequest is how large a request may be, in bytes: some more than all the files of a message.
const maxRequest = (maxFiles + 1) * maxUpload

// call does what a route does, unless the test ordered a fault or the bot goes too fast.
func (s *Server) call(w http.ResponseWriter, r *http.Request, pattern string, route route) {
	fault := s.count(pattern)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil && !errors.As(err, new(*http.MaxBytesError)) {
		return // the bot is gone
	}
	refused := s.admit(r, route)
	if refused == nil && err != nil {
		refused = tooLarge
	}
	if refused != nil {
		answer(w, nil, refused)
		return
	}
	s.mu.Lock()
	refused = s.tooFast(w.Header(), r, pattern, route, fault)
	s.mu.Unlock()
	if refused != nil {
		answer(w, nil, refused)
		return
	}
	if s.fail(w, r, fault) {
		return
	}
	req := &request{http: r, version: r.PathValue("version")}
	if refused = req.parse(body); refused != nil {
		answer(w, nil, refused)
		return
	}
	result, refused := s.do(route, req)
	if (fault.LoseAnswer || fault.CutAnswer) && refused == nil {
		s.noteUnknown(pattern, req)
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

// cutAnswer sends half of an answer; of one without content, nothing.
func cutAnswer(w http.ResponseWriter, result any, refused *refusal) {
	whole := httptest.NewRecorder()
	answer(whole, result, refused)
	if whole.Body.Len() > 0 {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		_ = http.NewResponseController(w).Flush() // else it would be dropped with the connection
	}
	panic(http.ErrAbortHandler)
}

func (s *Server) do(route route, req *request) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.change()
	return route.do(s, req)
}

// count notes a call and returns what is to go wrong with it.
func (s *Server) count(pattern string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[pattern]++
	s.change()
	return s.takeFault(pattern)
}

// admit refuses requests that get no further than Discord's door.
func (s *Server) admit(r *http.Request, route route) *refusal {
	switch version := r.PathValue("version"); {
	case version != "v9" && version != "v10":
		return invalidVersion
	case !strings.HasPrefix(r.UserAgent(), "DiscordBot ("):
		return noUserAgent
	case !route.open && r.Header.Get("Authorization") != "Bot "+s.token:
		return unauthorized
	}
	return nil
}

// decode reads the request's JSON.
func (r *request) decode(into any) *refusal {
	if err := json.NewDecoder(bytes.NewReader(r.body)).Decode(into); err != nil {
		return invalidJSON
	}
	return nil
}

// answer writes a result as JSON; none is 204.
func answer(w http.ResponseWriter, result any, refused *refusal) {
	status := http.StatusOK
	switch {
	case refused != nil:
		status, result = refused.status, refused.json()
	case result == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(result)
}

// Calls returns how often the bot called a route, refused calls included. Routes are written as in
// Discord's documentation, "POST /channels/{channel}/messages" say, without the version; besides
// there are Download and Connect.
func (s *Server) Calls(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known(route)
	return s.calls[route]
}

// AllCalls returns how often the bot called each route.
func (s *Server) AllCalls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// known ends the test where there is no such route: a misspelt one would never be called. The caller
// holds mu.
func (s *Server) known(route string) {
	s.t.Helper()
	if _, ok := routes[route]; !ok && route != Download && route != Connect {
		s.fatal("there is no route %q", route)
	}
}
