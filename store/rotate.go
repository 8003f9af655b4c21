package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"deepskin"
)

// ErrInUse says that a bot is running on the database.
var ErrInUse = errors.New("a bot is running on this database: stop all bots first")

// rotateBatch is how many cases are read at a time.
const rotateBatch = 500

// Next returns keys to rotate to: two fresh ones, and what the identity keys were.
func (k Keys) Next() Keys {
	next := freshKeys()
	next.Former = append(append([][]byte{}, k.Former...), k.Identity)
	return next
}

// follows reports whether these are keys to rotate to from others.
func (k Keys) follows(before Keys) bool {
	former := before.identities()
	if len(k.Former) != len(former) || bytes.Equal(k.Identity, before.Identity) || bytes.Equal(k.Address, before.Address) {
		return false
	}
	for i := range former {
		if !bytes.Equal(k.Former[i], former[i]) {
			return false
		}
	}
	return true
}

// Rotate goes over to new keys, all or nothing, while no bot is running: hashes are hashed once more, and
// what is sealed is sealed anew. People are still known and what is kept can still be read, by the new
// keys alone; team members log in anew. The new keys must be the old ones' Next. Where the database has
// the new keys already, nothing is done.
//
// Backups from before keep the old keys.
func Rotate(ctx context.Context, url string, before, after Keys) error {
	if !after.follows(before) {
		return errors.New("rotate keys: the new keys are no successors of those in use")
	}
	s, err := Open(ctx, url, before)
	if errors.Is(err, ErrWrongKeys) {
		if done, err := Open(ctx, url, after); err == nil {
			return done.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	to, err := newSealer(after)
	if err == nil {
		r := rotation{s.seal, to}
		err = s.db.prepare(ctx, func(ctx context.Context, tx *sql.Tx) error { return r.run(ctx, tx, s.db.now) })
	}
	if err == nil {
		s.scrub(ctx)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	return nil
}

// A rotation goes from one sealer to the next.
type rotation struct{ from, to sealer }

func (r rotation) run(ctx context.Context, tx *sql.Tx, now string) error {
	var held int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM leases WHERE expires > `+now).Scan(&held); err != nil {
		return fmt.Errorf("look for running bots: %w", err)
	}
	if held > 0 {
		return ErrInUse
	}
	for _, step := range []struct {
		what string
		do   func(context.Context, *sql.Tx) error
	}{
		{"consents", r.hashes("consents", "sender")},
		{"languages", r.hashes("languages", "sender")},
		{"votes", r.hashes("votes", "reviewer")},
		{"cases", r.cases},
		{"photos", r.seals("photos", "photo", kindPhoto)},
		{"posts", r.seals("review_posts", "address", kindPost)},
		{"links", execute(`DELETE FROM team_links`)},
		{"sessions", execute(`DELETE FROM team_sessions`)},
		{"the proof of the keys", func(ctx context.Context, tx *sql.Tx) error {
			return execute(`UPDATE settings SET value = $1 WHERE name = 'keys'`, r.to.proof())(ctx, tx)
		}},
	} {
		if err := step.do(ctx, tx); err != nil {
			return fmt.Errorf("rotate %s: %w", step.what, err)
		}
	}
	return nil
}

func execute(statement string, args ...any) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	}
}

// hashes hashes a column of senders once more.
func (r rotation) hashes(table, column string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		all, err := list[[]byte](ctx, tx, `SELECT DISTINCT `+column+` FROM `+table+` WHERE `+column+` IS NOT NULL`)
		for i := 0; err == nil && i < len(all); i++ {
			err = execute(`UPDATE `+table+` SET `+column+` = $1 WHERE `+column+` = $2`, r.to.again(all[i]), all[i])(ctx, tx)
		}
		return err
	}
}

// seals seals a column anew, row by row: photos are large.
func (r rotation) seals(table, column, kind string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		ids, err := list[deepskin.CaseID](ctx, tx, `SELECT case_id FROM `+table)
		for i := 0; err == nil && i < len(ids); i++ {
			var sealed []byte
			if err := tx.QueryRowContext(ctx, `SELECT `+column+` FROM `+table+` WHERE case_id = $1`, string(ids[i])).Scan(&sealed); err != nil {
				return err
			}
			if sealed, err = r.reseal(ids[i], kind, sealed); err == nil {
				err = execute(`UPDATE `+table+` SET `+column+` = $1 WHERE case_id = $2`, sealed, string(ids[i]))(ctx, tx)
			}
		}
		return err
	}
}

// A rotatedCase is what of a case is hashed or sealed.
type rotatedCase struct {
	id                                             deepskin.CaseID
	sender, event, album, address, source, comment []byte
}

func (r rotation) cases(ctx context.Context, tx *sql.Tx) error {
	for last := deepskin.CaseID(""); ; {
		batch, err := listCases(ctx, tx, last)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, c := range batch {
			if err := r.change(ctx, tx, c); err != nil {
				return fmt.Errorf("case %s: %w", c.id, err)
			}
		}
		last = batch[len(batch)-1].id
	}
}

func (r rotation) change(ctx context.Context, tx *sql.Tx, c rotatedCase) error {
	address, err1 := r.reseal(c.id, kindAddress, c.address)
	source, err2 := r.reseal(c.id, kindSource, c.source)
	comment, err3 := r.reseal(c.id, kindComment, c.comment)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return execute(`
		UPDATE cases SET sender = $2, event = $3, album = $4, address = $5, source = $6, comment = $7 WHERE id = $1`,
		string(c.id), r.to.again(c.sender), r.to.again(c.event), r.to.again(c.album), address, source, comment)(ctx, tx)
}

// reseal seals anew what belongs to a case; nil stays nil.
func (r rotation) reseal(id deepskin.CaseID, kind string, sealed []byte) ([]byte, error) {
	if sealed == nil {
		return nil, nil
	}
	plain, err := r.from.open(id, kind, sealed)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", kind, err)
	}
	return r.to.seal(id, kind, plain), nil
}

func listCases(ctx context.Context, tx *sql.Tx, after deepskin.CaseID) ([]rotatedCase, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT id, sender, event, album, address, source, comment FROM cases WHERE id > $1 ORDER BY id LIMIT $2`,
		string(after), rotateBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var batch []rotatedCase
	for rows.Next() {
		var c rotatedCase
		if err := rows.Scan(&c.id, &c.sender, &c.event, &c.album, &c.address, &c.source, &c.comment); err != nil {
			return nil, err
		}
		batch = append(batch, c)
	}
	return batch, rows.Err()
}

// list returns the values of a query with one column.
func list[T any](ctx context.Context, tx *sql.Tx, query string) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
