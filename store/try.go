package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// patience is how long a method of the store takes at most, so that a database that is cut off
	// holds nobody up for as long as the network hopes for it.
	patience = 15 * time.Second
	// tries is how often an operation is tried that failed for a reason that passes; they spread
	// over two or three seconds.
	tries = 8
	// firstPause is the pause before the second try; the next ones are twice as long each.
	firstPause = 20 * time.Millisecond
)

// try runs f, again where it failed for a reason that passes. With its error f says whether it is
// unsure: whether what it tried to change may have been changed all the same. That is not tried
// again, or it could come out as having failed; the caller gets the error and has to look.
func (d database) try(ctx context.Context, f func(context.Context) (unsure bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := firstPause
	for i := 1; ; i++ {
		unsure, err := f(ctx)
		if err == nil || i == tries || !d.transient(err, unsure) {
			return err
		}
		// Of those who got into each other's way, each waits for a while of its own.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause/2)):
			pause *= 2
		}
	}
}

// look runs f, which only reads, and again where it failed for a reason that passes.
func (s *Store) look(ctx context.Context, f func(context.Context) error) error {
	return s.db.try(ctx, func(ctx context.Context) (bool, error) { return false, f(ctx) })
}

// change runs one statement and reports whether it changed a row.
func (s *Store) change(ctx context.Context, statement string, args ...any) (bool, error) {
	var done bool
	err := s.db.try(ctx, func(ctx context.Context) (bool, error) {
		var err error
		done, err = s.db.change(ctx, statement, args...)
		return true, err
	})
	return done, err
}

// transact runs f in a transaction, which holds only if f returns nil. Where it failed for a reason
// that passes, f runs again in a new one.
func (s *Store) transact(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	return s.db.try(ctx, func(ctx context.Context) (bool, error) { return s.db.transactOnce(ctx, f) })
}

// transactOnce runs f in a transaction, which holds only if f returns nil. With its error it says
// whether the transaction may hold all the same.
func (d database) transactOnce(ctx context.Context, f func(context.Context, *sql.Tx) error) (unsure bool, err error) {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	if err := f(ctx, tx); err != nil {
		// Rolling back fails only where the connection is lost, and the transaction with it.
		_ = tx.Rollback()
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return true, fmt.Errorf("commit: %w", err)
	}
	return false, nil
}
