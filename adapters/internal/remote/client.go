// Package remote is what adapters share that call a platform's servers: requests that are repeated
// where that may help, held back where the platform has limits, and counted where they fail, with
// errors that hold no secret. What a platform's answers mean, and what its limits are, the adapters
// say.
package remote

import "net/http"

// Client returns a copy of a client that follows no redirects, because they would carry the token
// elsewhere. Nil means a client of its own.
func Client(client *http.Client) *http.Client {
	if client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		// Nearly all requests go to one host: the default of two idle connections means a new
		// TLS handshake for most of them.
		transport.MaxIdleConnsPerHost = 32
		client = &http.Client{Transport: transport}
	}
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
