// Package store keeps all that must last: the promise ledger (cases with their deadlines and
// answers), consent, verdicts, and the photos that people allowed us to keep.
//
// A person exists here only as a keyed hash. Addresses, photo sources and kept photos are sealed,
// so that the database file alone tells nobody who sent what.
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
// What a method has acknowledged survives a crash of the program and a loss of power.
type Store struct {
	db   database
	seal sealer
	log  *slog.Logger
}

// A database is what differs between the kinds of SQL server: how to connect and how to erase.
type database struct {
	write, read *sql.DB
	// scrub removes what deleted rows leave behind outside the tables.
	scrub func(context.Context) error
}

// An Option changes how a store works.
type Option func(*Store)

// WithLogger sets where the store tells operators what they should know; without it, nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *Store) { s.log = log } }

// Open opens a database, creates it where it is missing, and brings its tables up to date. The
// URL is sqlite:PATH; the folder of the path must exist. It returns ErrWrongKeys or
// ErrNewerSchema where the database must not be touched. The caller closes the store.
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
func (s *Store) Close() error {
	// The writer goes last, because SQLite tidies up with the last connection.
	return errors.Join(s.db.read.Close(), s.db.write.Close())
}

// connect chooses the kind of database by the URL's scheme. A URL can hold a password, so no
// error shows it.
func connect(ctx context.Context, url string) (database, error) {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return database{}, errors.New("the database URL has no scheme; it should look like sqlite:PATH")
	case scheme == "sqlite":
		return openSQLite(ctx, rest)
	default:
		return database{}, fmt.Errorf("unknown scheme %q in the database URL; it should look like sqlite:PATH", scheme)
	}
}

// prepare brings the tables up to date and checks the keys, all or nothing.
func (s *Store) prepare(ctx context.Context) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if err := migrate(ctx, tx); err != nil {
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

// transact runs f in a transaction, which holds only if f returns nil.
func (s *Store) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		// Rolling back fails only where the connection is lost, and the transaction with it.
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// change runs one statement and reports whether it changed a row.
func (s *Store) change(ctx context.Context, statement string, args ...any) (bool, error) {
	return changed(s.db.write.ExecContext(ctx, statement, args...))
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
