package main

import (
	"html/template"
	"log/slog"
	"net/http"

	"deepskin/internal/dashboard"
	"deepskin/internal/team"
	"deepskin/queue"
	"deepskin/store"
)

// newDashboard is the team's dashboard, which tells its drift as metrics, too.
func newDashboard(kept *store.Store, jobs *queue.Queue, log *slog.Logger) *dashboard.Dashboard {
	return dashboard.New(dashboard.Config{
		Store: kept, Queue: jobs, Logger: log,
		Frame: func(w http.ResponseWriter, status int, body template.HTML) error {
			return team.Render(w, status, team.Page{
				Title: "Dashboard", Path: "/dashboard", Body: body, Styles: []string{dashboard.StylePath},
			})
		},
	})
}
