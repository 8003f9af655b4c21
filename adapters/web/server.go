package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/semaphore"

	"deepskin/bot"
	"deepskin/internal/site"
)

// A server answers the requests of one Run.
type server struct {
	cfg     Config
	cases   Cases
	handler bot.Handler
	// uploads is the memory that photos on their way in may take, in bytes.
	uploads *semaphore.Weighted
	// clients have uploads on their way in, followers event streams.
	clients, followers *clients
	// stopping is closed when event streams have to end.
	stopping <-chan struct{}
}

func newServer(cfg Config, cases Cases, h bot.Handler, stopping <-chan struct{}) *server {
	return &server{
		cfg:       cfg,
		cases:     cases,
		handler:   h,
		uploads:   semaphore.NewWeighted(cfg.UploadMemory),
		clients:   &clients{most: cfg.UploadsPerNetwork, now: map[netip.Prefix]int{}},
		followers: &clients{most: cfg.StreamsPerNetwork, now: map[netip.Prefix]int{}},
		stopping:  stopping,
	}
}

// routes returns the whole site, the team's pages too.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	s.routeAPI(mux)
	routePage(mux)

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "This can only be asked for by our own page.")
	}))
	page := site.Secure(policy, site.RecoverPanics(s.cfg.Logger, apologise, crossOrigin.Handler(withProblems(mux))))
	if s.cfg.Team == nil {
		return page
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isTeams(r.URL.Path) {
			s.cfg.Team.ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// isTeams reports whether a path is one of the team's: /team, /review, /dashboard and what is below.
func isTeams(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first == "team" || first == "review" || first == "dashboard"
}

// routeAPI adds the API and the OpenAPI document that is made from it.
func (s *server) routeAPI(mux *http.ServeMux) {
	config := huma.DefaultConfig("DeepSkin", "1")
	config.Info.Description = "Send a photo of a skin lesion and get a risk label with a confidence. " +
		"It is not a medical device, and what it says is not a diagnosis."
	config.CreateHooks = nil // No $schema members.
	config.SchemasPath = ""
	config.DocsPath = ""    // That page loads its code from elsewhere.
	config.OpenAPIPath = "" // Huma would write the document at the first request, without a lock.
	config.Transformers = append(config.Transformers, kindly)
	api := humago.New(mux, config)

	s.registerUpload(api)
	s.registerCase(api)
	s.registerEvents(api)
	s.registerPhoto(api)
	s.registerHeatmap(api)
	s.registerVerdict(api)
	s.registerDelete(api)

	document, err := json.Marshal(api.OpenAPI())
	if err != nil {
		// The document depends on nothing but this package's types.
		panic(fmt.Sprintf("write the OpenAPI document: %v", err))
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(document)
	})
}
