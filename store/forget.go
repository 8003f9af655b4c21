package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"deepskin"
)

// ForgetCase erases a case of this sender and what hangs on it, its kept photo too, or returns
// deepskin.ErrNotFound.
func (s *Store) ForgetCase(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) error {
	err := s.changeOne(ctx, `DELETE FROM cases WHERE id = $1 AND sender = $2`, caseKey(id), s.seal.sender(sender))
	if err != nil {
		return fmt.Errorf("forget case: %w", err)
	}
	s.scrub(ctx)
	return nil
}

// ForgetSender erases all that is held under the sender's key: consent, language and, where the sender
// is a reviewer, their logins, their votes on what is not settled, and that the others were theirs. It
// returns the erased cases, oldest first. A sender of whom nothing is held is no error. After an error
// all may be erased all the same, and a second call has nothing to return then.
func (s *Store) ForgetSender(ctx context.Context, sender deepskin.Sender) ([]deepskin.Case, error) {
	key := s.seal.sender(sender)
	var cases []deepskin.Case
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM consents WHERE sender = $1`, key); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM languages WHERE sender = $1`, key); err != nil {
			return err
		}
		for _, statement := range slices.Concat(forgetReviewer, forgetLogins) {
			if _, err := tx.ExecContext(ctx, statement, key); err != nil {
				return err
			}
		}
		rows, err := tx.QueryContext(ctx, `DELETE FROM cases WHERE sender = $1 RETURNING `+caseColumns, key)
		if err != nil {
			return err
		}
		cases, err = s.scanCases(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("forget sender: %w", err)
	}
	s.scrub(ctx)
	sortCases(cases)
	return cases, nil
}
