// Package store keeps all that must last: the promise ledger (cases with their deadlines and
// answers), consent, verdicts, the photos that people allowed us to keep, and the team's reviews.
//
// A person exists here only as a keyed hash. Addresses, photo sources, comments and kept photos are sealed,
// so that the database alone tells nobody who sent what.
//
// # Which database
//
// SQLite needs no server and is right for one machine: the file must be on a local disk, and a few
// processes there may share it. PostgreSQL is for bot processes on several machines, and for those
// who already look after one. The tables and the statements are the same, and so is what the methods
// promise; with PostgreSQL a loss of power is survived only while its fsync and synchronous_commit
// are on, as they are by default.
//
// # What becomes of erased rows
//
// SQLite's pages are overwritten and its log is emptied with each erasure. In PostgreSQL an erased
// row is gone for every statement at once, but its bytes stay in the table's file until autovacuum
// has come by and the space is used again, and in the write-ahead log and the backups for as long as
// the operator keeps those. They are the sealed and hashed bytes that nobody can read without the
// keys; VACUUM does not overwrite them either, so none is run here.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"deepskin"
)

// Errors of Open. Callers test for them with errors.Is.
var (
	// ErrWrongKeys says that the database was written with other keys.
	ErrWrongKeys = errors.New("these are not the keys that the database was written with")
	// ErrNewerSchema says that a newer version of the program has changed the database's
	// tables; this one would damage what it does not understand.
	ErrNewerSchema = errors.New("the database belongs to a newer version of the program")
)

// A Store is the database. Its methods may be called at the same time, by several processes too.
// What a method has acknowledged survives a crash of the program and a loss of power. What a method
// returns an error for may have been done all the same, if the connection was lost just then; doing
// it again is harmless, but its result tells of the second time.
type Store struct {
	db   database
	seal sealer
	log  *slog.Logger
}

// A database is what differs between the kinds of SQL server.
type database struct {
	write, read *sql.DB
	// change runs one statement and reports whether it changed a row.
	change func(ctx context.Context, statement string, args ...any) (bool, error)
	// row runs a query, whose text is always the same, for one row.
	row func(ctx context.Context, query string, args ...any) *sql.Row
	// now is the SQL expression for the database's clock, in milliseconds since 1970.
	now string
	// blob is the SQL name of the type of bytes.
	blob string
	// snapshot is the isolation level at which a transaction that only reads sees one moment.
	snapshot sql.IsolationLevel
	// transient reports whether an error will pass, so that the same may be tried again. An unsure
	// one may hide a change that was made; it must not be, then.
	transient func(err error, unsure bool) bool
	// lock keeps other processes from migrating until the transaction ends.
	lock func(context.Context, *sql.Tx) error
	// scrub removes what deleted rows leave behind outside the tables.
	scrub func(context.Context) error
	close func() error
}

// An Option changes how a store works.
type Option func(*Store)

// WithLogger sets where the store tells operators what they should know; without it, nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *Store) { s.log = log } }

// Open opens a database and brings its tables up to date. The URL is sqlite:PATH, where the folder
// of the path must exist, or postgres://USER:PASSWORD@HOST/DATABASE, where the database must exist.
// Several processes may do so at the same time. It returns ErrWrongKeys or ErrNewerSchema where the
// database must not be touched. The caller closes the store.
func Open(ctx context.Context, url string, keys Keys, opts ...Option) (*Store, error) {
	seal, err := newSealer(keys)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db, err := connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{db: db, seal: seal, log: slog.New(slog.DiscardHandler)}
	for _, o := range opts {
		o(s)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, s.Close()))
	}
	// The last process may have died between erasing and scrubbing.
	s.scrub(ctx)
	return s, nil
}

// Close ends the store's connections. Nothing is lost without it.
func (s *Store) Close() error { return s.db.close() }

const urlForms = "it should look like sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"

// connect chooses the kind of database by the URL's scheme. A URL can hold a password, so no
// error shows it.
func connect(ctx context.Context, url string) (database, error) {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return database{}, errors.New("the database URL has no scheme; " + urlForms)
	case scheme == "sqlite":
		return openSQLite(ctx, rest)
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(ctx, url)
	default:
		return database{}, fmt.Errorf("unknown scheme %q in the database URL; %s", scheme, urlForms)
	}
}

// prepare brings the tables up to date and checks the keys, all or nothing.
func (s *Store) prepare(ctx context.Context) error {
	return s.db.prepare(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, _, err := s.db.migrate(ctx, tx); err != nil {
			return err
		}
		return s.checkKeys(ctx, tx)
	})
}

// checkKeys compares the keys with the proof that the first Open left in the database.
func (s *Store) checkKeys(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('keys', $1) ON CONFLICT (name) DO NOTHING`,
		s.seal.proof())
	if err != nil {
		return fmt.Errorf("write the proof of the keys: %w", err)
	}
	var proof []byte
	if err := tx.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'keys'`).Scan(&proof); err != nil {
		return fmt.Errorf("read the proof of the keys: %w", err)
	}
	if !s.seal.proven(proof) {
		return ErrWrongKeys
	}
	return nil
}

// changed reports whether a statement changed a row.
func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// changeOne runs one statement and returns deepskin.ErrNotFound where it changed no row.
func (s *Store) changeOne(ctx context.Context, statement string, args ...any) error {
	found, err := s.change(ctx, statement, args...)
	if err == nil && !found {
		err = deepskin.ErrNotFound
	}
	return err
}

// scrub clears away what erased rows left behind. The rows are gone for every reader by then, so
// a failure is for operators, not for the person who asked: the next erasure, the next Open and
// the last Close try again.
func (s *Store) scrub(ctx context.Context) {
	// Erasing was promised; the caller's hurry must not cut it short.
	if err := s.db.scrub(context.WithoutCancel(ctx)); err != nil {
		s.log.WarnContext(ctx, "could not yet clear erased data out of the database's files", "error", err)
	}
}

// millis is how times are stored: milliseconds since 1970, UTC. It is exact for the zero time.
func millis(t time.Time) int64 { return t.UnixMilli() }

// fromMillis is the reverse of millis.
func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
