package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// SetVerdict records or amends the sender's verdict on an answered case; it returns
// deepskin.ErrNotFound unless the case is the sender's and answered.
//
// The thumb replaces the earlier one. An empty truth keeps the earlier truth, unless the thumb
// turned, which erases the comment, too; a nil consent keeps the earlier consent. Consent that is
// taken back erases the kept photo. A case that is disagreed with begins its review where the photo is
// kept; one that is agreed with after all ends it, unless the team has seen it.
func (s *Store) SetVerdict(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict) error {
	if v.Truth != "" && !v.Truth.Valid() {
		return fmt.Errorf("set verdict on case %s: the truth is unknown to us", id)
	}
	var keep sql.Null[int64]
	if v.Keep != nil {
		keep = sql.Null[int64]{V: number(*v.Keep), Valid: true}
	}
	erased := false
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		set, err := changed(tx.ExecContext(ctx, `
			UPDATE cases SET
				agrees = $3,
				truth = CASE WHEN $4 <> '' THEN $4 WHEN agrees = $3 THEN truth ELSE '' END,
				comment = CASE WHEN agrees = $3 THEN comment END,
				keep = COALESCE($5, keep),
				judged = $6
			WHERE id = $1 AND sender = $2 AND status = 'answered'`,
			caseKey(id), s.seal.sender(sender), number(v.Agrees), string(v.Truth), keep, millis(time.Now())))
		if err != nil {
			return err
		}
		if !set {
			return deepskin.ErrNotFound
		}
		if _, err := tx.ExecContext(ctx, reviewChanged, caseKey(id)); err != nil {
			return err
		}
		switch {
		case v.Keep != nil && !*v.Keep:
			erased, err = changed(tx.ExecContext(ctx, dropPhoto, caseKey(id)))
		case v.Agrees:
			_, err = tx.ExecContext(ctx, endUnseenReview, caseKey(id))
		default:
			err = beginReview(ctx, tx, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("set verdict on case %s: %w", id, err)
	}
	if erased {
		s.scrub(ctx)
	}
	return nil
}

// SetComment records what the sender wrote of an answer that they disagree with; a second comment
// replaces the first. It returns deepskin.ErrNotFound unless the case is the sender's and they disagree.
func (s *Store) SetComment(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, comment string) error {
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		set, err := changed(tx.ExecContext(ctx, `UPDATE cases SET comment = $3 WHERE id = $1 AND sender = $2 AND agrees = 0`,
			caseKey(id), s.seal.sender(sender), s.seal.seal(id, kindComment, []byte(comment))))
		if err != nil {
			return err
		}
		if !set {
			return deepskin.ErrNotFound
		}
		_, err = tx.ExecContext(ctx, reviewChanged, caseKey(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("set comment on case %s: %w", id, err)
	}
	return nil
}

// KeepPhoto stores a photo (JPEG) with consent; a second one replaces the first. The consent is
// recorded in the same step, so that no photo is ever here without it; where the sender disagrees with
// the answer, the review begins in that step, too. It returns
// deepskin.ErrNotFound unless there is such a case and it is answered.
func (s *Store) KeepPhoto(ctx context.Context, id deepskin.CaseID, photo []byte) error {
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		found, err := changed(tx.ExecContext(ctx, `UPDATE cases SET keep = 1 WHERE id = $1 AND status = 'answered'`, caseKey(id)))
		if err != nil {
			return err
		}
		if !found {
			return deepskin.ErrNotFound
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO photos (case_id, photo, kept) VALUES ($1, $2, $3)
			ON CONFLICT (case_id) DO UPDATE SET photo = excluded.photo, kept = excluded.kept`,
			caseKey(id), s.seal.seal(id, kindPhoto, photo), millis(time.Now()))
		if err != nil {
			return err
		}
		return beginReview(ctx, tx, id)
	})
	if err != nil {
		return fmt.Errorf("keep photo of case %s: %w", id, err)
	}
	return nil
}

// dropPhoto is the statement that erases a kept photo.
const dropPhoto = `DELETE FROM photos WHERE case_id = $1`

// DropPhoto erases a kept photo, if there is one. The verdict stays as it is.
func (s *Store) DropPhoto(ctx context.Context, id deepskin.CaseID) error {
	dropped, err := s.change(ctx, dropPhoto, caseKey(id))
	if err != nil {
		return fmt.Errorf("drop photo of case %s: %w", id, err)
	}
	if dropped {
		s.scrub(ctx)
	}
	return nil
}

// Photo returns a kept photo, or deepskin.ErrGone.
func (s *Store) Photo(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	var sealed []byte
	err := s.look(ctx, func(ctx context.Context) error {
		return s.db.read.QueryRowContext(ctx, `SELECT photo FROM photos WHERE case_id = $1`, caseKey(id)).Scan(&sealed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = deepskin.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("read kept photo: %w", err)
	}
	photo, err := s.seal.open(id, kindPhoto, sealed)
	if err != nil {
		return nil, fmt.Errorf("open kept photo of case %s: %w", id, err)
	}
	return photo, nil
}

// number is how booleans are stored, alike in all databases.
func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
