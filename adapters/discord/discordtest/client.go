package discordtest

import (
	"fmt"
	"net/http"
	"slices"
)

// hosts are Discord's, all of which the server plays.
var hosts = []string{"discord.com", "cdn.discordapp.com", "media.discordapp.net"}

// Client returns a client for which the server is Discord: requests to Discord's hosts go to the
// server, and those to any other host fail.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: redirector{to: s.http.Listener.Addr().String(), by: s.http.Client().Transport}}
}

// A redirector sends requests for Discord somewhere else.
type redirector struct {
	to string // host and port
	by http.RoundTripper
}

// RoundTrip makes the request, or refuses it where it is not for Discord.
func (r redirector) RoundTrip(req *http.Request) (*http.Response, error) {
	if !slices.Contains(hosts, req.URL.Host) || req.URL.Scheme != "https" {
		return nil, fmt.Errorf("fake Discord: a request to %s://%s, which is not Discord", req.URL.Scheme, req.URL.Host)
	}
	moved := req.Clone(req.Context())
	moved.URL.Scheme, moved.URL.Host = "http", r.to
	moved.Host = req.URL.Host
	return r.by.RoundTrip(moved)
}
