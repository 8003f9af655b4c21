package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Lease takes a lease for ttl, or renews it where this holder has it already; false if another
// holder's has not run out. The database's clock counts, to the millisecond; a ttl below one is an
// error. After any error the holder may have the lease, and knows by asking again.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	if ttl < time.Millisecond {
		return false, errors.New("take lease: it would run out at once")
	}
	taken, err := s.change(ctx, `
		INSERT INTO leases (name, holder, expires) VALUES ($1, $2, `+s.db.now+` + $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
		WHERE leases.holder = excluded.holder OR leases.expires <= `+s.db.now,
		name, holder, ttl.Milliseconds())
	if err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	return taken, nil
}

// EndLease gives a lease back; one that is not the holder's stays.
func (s *Store) EndLease(ctx context.Context, name, holder string) error {
	if _, err := s.change(ctx, `DELETE FROM leases WHERE name = $1 AND holder = $2`, name, holder); err != nil {
		return fmt.Errorf("end lease %s: %w", name, err)
	}
	return nil
}
