package site_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"deepskin/internal/site"
)

func TestClient(t *testing.T) {
	for name, test := range map[string]struct {
		peer, forwarded, network string
		known                    bool
	}{
		"direct":                     {"198.51.100.20:4711", "", "198.51.100.20/32", true},
		"who pretends to be a proxy": {"198.51.100.20:4711", "203.0.113.9", "198.51.100.20/32", true},
		"through our proxy":          {"10.0.0.2:4711", "192.0.2.1, 203.0.113.9", "203.0.113.9/32", true},
		"Google's front end":         {"169.254.1.1:4711", "203.0.113.9", "203.0.113.9/32", true},
		"a proxy that does not say":  {"10.0.0.2:4711", "", "10.0.0.2/32", false},
		"a proxy that says nonsense": {"127.0.0.1:4711", "203.0.113.9, unknown", "127.0.0.1/32", false},
		"one network of IPv6":        {"[2001:db8:1:2:3:4:5:6]:4711", "", "2001:db8:1:2::/64", true},
		"IPv4 in IPv6":               {"[::ffff:198.51.100.20]:4711", "", "198.51.100.20/32", true},
		"with a zone":                {"[fe80::1%eth0]:4711", "", "fe80::/64", false},
		"no address":                 {"@", "203.0.113.9", "invalid Prefix", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if network, known := site.Client(r); network.String() != test.network || known != test.known {
			t.Errorf("%s: %v, %v; want %s, %v", name, network, known, test.network, test.known)
		}
	}
}
