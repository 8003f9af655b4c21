package main

import (
	"log/slog"

	"deepskin/internal/dashboard"
	"deepskin/queue"
	"deepskin/store"
)

// newDashboard is the team's dashboard, which tells its drift as metrics, too.
func newDashboard(kept *store.Store, jobs *queue.Queue, log *slog.Logger) *dashboard.Dashboard {
	return dashboard.New(dashboard.Config{Store: kept, Queue: jobs, Logger: log})
}
