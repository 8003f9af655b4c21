package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// postgresConnections is how many connections a process opens at most.
	postgresConnections = 10
	// postgresConnectTime is how long one may take to come about.
	postgresConnectTime = 5 * time.Second
	// postgresLock is the number of the lock that processes take to migrate one after the other.
	// Others who use locks in the same database must choose another.
	postgresLock = 0x6465657073
)

// postgresSettings are those of each connection, times in milliseconds. A statement that waits for
// long, or a transaction that its process has forgotten, would hold up all other processes.
var postgresSettings = map[string]string{
	"application_name":                    "deepskin",
	"statement_timeout":                   "10000",
	"lock_timeout":                        "5000",
	"idle_in_transaction_session_timeout": "10000",
}

// openPostgres prepares connections to a PostgreSQL; they come about when they are needed. What the
// URL says goes before the settings here: those of PostgreSQL and of pgx by name, and pool_max_conns
// and its kind.
func openPostgres(ctx context.Context, url string) (database, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The parser's own words could quote the password.
		return database{}, errors.New(
			"the PostgreSQL URL is malformed; it should look like postgres://USER:PASSWORD@HOST:5432/DATABASE")
	}
	params := config.ConnConfig.RuntimeParams
	for name, value := range postgresSettings {
		if _, set := params[name]; !set && !strings.Contains(params["options"], name) {
			params[name] = value
		}
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = postgresConnections
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = postgresConnectTime
	}
	// A connection that broke while it was not in use is noticed before a statement is sent on it:
	// of one that breaks afterwards nobody knows whether it did its work.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return database{}, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return database{
		write: db, read: db,
		change: func(ctx context.Context, statement string, args ...any) (bool, error) {
			return changed(db.ExecContext(ctx, statement, args...))
		},
		row:       db.QueryRowContext,
		now:       `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`,
		blob:      "BYTEA",
		snapshot:  sql.LevelRepeatableRead,
		transient: postgresTransient,
		lock:      lockPostgres,
		// Vacuuming is PostgreSQL's own business; see the package's documentation.
		scrub: func(context.Context) error { return nil },
		close: func() error {
			err := db.Close()
			pool.Close()
			return err
		},
	}, nil
}

// lockPostgres waits until no other process migrates, for as long as that takes, and keeps them
// waiting until the transaction ends. A migration may take its time, too.
func lockPostgres(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf(
		`SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(%d)`, postgresLock))
	return err
}

// PostgreSQL's codes for errors that pass.
var (
	// undone are those after which nothing has happened: serialization_failure, deadlock_detected,
	// cannot_connect_now (it starts or ends), too_many_connections.
	undone = []string{"40001", "40P01", "57P03", "53300"}
	// ended are those of a connection that PostgreSQL closes: admin_shutdown, crash_shutdown.
	ended = []string{"57P01", "57P02"}
)

// postgresTransient implements database.transient.
func postgresTransient(err error, unsure bool) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains(undone, e.Code) || !unsure && slices.Contains(ended, e.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) {
		return true // nothing was sent
	}
	_, network := errors.AsType[net.Error](err)
	return !unsure && (network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF))
}
