// Package site holds what all our web pages are served with: the headers that keep a browser from
// doing what a page never needs, an answer in place of a panic, and the files that are in the binary.
package site

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strings"
	"time"
)

// A Policy is what a browser may do with the pages of a site.
type Policy struct {
	// Content is the Content-Security-Policy.
	Content string
	// Referrer is the Referrer-Policy.
	Referrer string
	// Permissions is the Permissions-Policy.
	Permissions string
}

// Secure serves next with a policy, and keeps its answers out of caches unless they say otherwise.
func Secure(p Policy, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", p.Content)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", p.Referrer)
		h.Set("Permissions-Policy", p.Permissions)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-store")
		next.ServeHTTP(w, r)
	})
}

// RecoverPanics has apologise answer in place of a handler that panicked. The server's own way would
// log the client's address and the value of the panic.
func RecoverPanics(log *slog.Logger, apologise http.HandlerFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			log.Error("web request panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			apologise(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// Client returns where a request comes from: an IPv4 address, or the /64 network of an IPv6 one, which
// is what one customer of a provider has. A peer on our own network may be a proxy; it says for whom it
// asks, in the last entry that it adds to X-Forwarded-For, which anybody else could make up. Known is
// false where it does not say: then the network is the peer's, and may be everybody's.
func Client(r *http.Request) (network netip.Prefix, known bool) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	ip := peer.Addr().Unmap()
	known = ip.IsValid()
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		client, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1]))
		if known = err == nil; known {
			ip = client.Unmap()
		}
	}
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, _ = ip.WithZone("").Prefix(bits) // The zero prefix, for one that cannot be read, is one like others.
	return network, known
}

// File serves content, which browsers may keep but have to ask about: embedded files have no times,
// so their hash tells whether they changed. The name's extension says what it is.
func File(name string, content []byte) http.Handler {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Ext(name) == ".webmanifest" {
			w.Header().Set("Content-Type", "application/manifest+json") // Not in every table of types.
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
