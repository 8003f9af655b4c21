package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"deepskin"
)

// caseColumns are the columns that scanCase reads.
const caseColumns = `id, platform, status, created, deadline, address, acknowledged, source, assessment, failure,
	delivered, agrees, truth, keep, language, comment, album`

// joinedColumns are the caseColumns of a table c beside others.
var joinedColumns = regexp.MustCompile(`\w+`).ReplaceAllString(caseColumns, "c.$0")

// AddCase writes a new case, which is Waiting or Pending. If the sender's platform already
// delivered this event, it writes nothing and returns the case made for it then, and false.
// Times are kept to the millisecond.
func (s *Store) AddCase(ctx context.Context, c deepskin.NewCase) (stored deepskin.Case, added bool, err error) {
	stored, added, err = s.addCase(ctx, c)
	if err != nil {
		return deepskin.Case{}, false, fmt.Errorf("add case %s: %w", c.ID, err)
	}
	return stored, added, nil
}

func (s *Store) addCase(ctx context.Context, c deepskin.NewCase) (deepskin.Case, bool, error) {
	if err := checkNewCase(c); err != nil {
		return deepskin.Case{}, false, err
	}
	address, err := s.sealAddress(c.ID, c.Address)
	if err != nil {
		return deepskin.Case{}, false, err
	}
	event := s.seal.event(c.Sender.Platform, c.Event)
	album := s.seal.album(c.Sender, c.Album)
	added, err := s.change(ctx, `
		INSERT INTO cases (id, sender, event, platform, status, created, deadline, address, source, language, album, promised)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (event) DO NOTHING`,
		string(c.ID), s.seal.sender(c.Sender), event, c.Sender.Platform, string(c.Status),
		millis(c.Created), millis(c.Deadline), address, s.seal.seal(c.ID, kindSource, []byte(c.Source)), text(c.Language),
		album, sql.Null[int64]{V: millis(c.Created), Valid: c.Status == deepskin.Pending})
	if err != nil {
		return deepskin.Case{}, false, err
	}
	if added {
		return deepskin.Case{
			ID: c.ID, Platform: c.Sender.Platform, Status: c.Status,
			Created: fromMillis(millis(c.Created)), Deadline: fromMillis(millis(c.Deadline)),
			Address: c.Address, Source: c.Source, Language: text(c.Language),
			Album: hex.EncodeToString(album),
		}, true, nil
	}
	stored, err := s.oneCase(ctx, `SELECT `+caseColumns+` FROM cases WHERE event = $1`, event)
	if errors.Is(err, deepskin.ErrNotFound) {
		// Not ErrNotFound for the caller, who was looking for nothing.
		return deepskin.Case{}, false, errors.New("the case of the same event was erased just now")
	}
	return stored, false, err
}

// checkNewCase refuses what would break the ledger's promises; its errors name no values, which
// could identify somebody.
func checkNewCase(c deepskin.NewCase) error {
	switch {
	case !c.ID.Valid():
		return errors.New("the ID is malformed")
	case c.Sender.Platform == "" || c.Sender.ID == "":
		return errors.New("the sender is incomplete")
	case c.Event == "":
		return errors.New("the event has no name")
	case c.Status != deepskin.Waiting && c.Status != deepskin.Pending:
		return errors.New("a new case must be waiting or pending")
	}
	return nil
}

// Case returns a case, or deepskin.ErrNotFound.
func (s *Store) Case(ctx context.Context, id deepskin.CaseID) (deepskin.Case, error) {
	c, err := s.oneCase(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = $1`, caseKey(id))
	if err != nil {
		return deepskin.Case{}, fmt.Errorf("read case: %w", err)
	}
	return c, nil
}

// OwnCase returns a case of this sender, or deepskin.ErrNotFound for any other.
func (s *Store) OwnCase(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) (deepskin.Case, error) {
	c, err := s.oneCase(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = $1 AND sender = $2`,
		caseKey(id), s.seal.sender(sender))
	if err != nil {
		return deepskin.Case{}, fmt.Errorf("read own case: %w", err)
	}
	return c, nil
}

// SetAddress notes where the bot's latest post about the case stands; the case counts as
// acknowledged from then on. It returns deepskin.ErrNotFound where the case has been erased
// meanwhile.
func (s *Store) SetAddress(ctx context.Context, id deepskin.CaseID, at deepskin.Address) error {
	address, err := s.sealAddress(id, at)
	if err == nil {
		err = s.changeOne(ctx, `UPDATE cases SET address = $2, acknowledged = 1 WHERE id = $1`, caseKey(id), address)
	}
	if err != nil {
		return fmt.Errorf("set address of case %s: %w", id, err)
	}
	return nil
}

// Due returns the cases of a platform that need attention: waiting ones whose deadline is before the
// first time, and pending ones, and settled ones that were not delivered, whose deadline is before the
// second; oldest first, at most limit, none where limit is zero.
func (s *Store) Due(ctx context.Context, platform string, waiting, others time.Time, limit int) ([]deepskin.Case, error) {
	var cases []deepskin.Case
	err := s.look(ctx, func(ctx context.Context) error {
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT `+caseColumns+` FROM cases WHERE platform = $1 AND delivered IS NULL
			AND deadline < CASE status WHEN 'waiting' THEN CAST($2 AS BIGINT) ELSE $3 END
			ORDER BY created, id LIMIT $4`, platform, millis(waiting), millis(others), max(limit, 0))
		if err != nil {
			return err
		}
		cases, err = s.scanCases(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list cases that are due: %w", err)
	}
	return cases, nil
}

// oneCase reads the case that a query selects, or returns deepskin.ErrNotFound.
func (s *Store) oneCase(ctx context.Context, query string, args ...any) (deepskin.Case, error) {
	var c deepskin.Case
	err := s.look(ctx, func(ctx context.Context) error {
		var err error
		c, err = s.scanCase(s.db.row(ctx, query, args...).Scan)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = deepskin.ErrNotFound
	}
	return c, err
}

// caseKey is a case ID as the database has it. An ID that can be nobody's is the empty one: PostgreSQL
// would take offence at some of what people put into links and buttons.
func caseKey(id deepskin.CaseID) string {
	if !id.Valid() {
		return ""
	}
	return string(id)
}

// scanCases reads all rows and closes them.
func (s *Store) scanCases(rows *sql.Rows) ([]deepskin.Case, error) {
	var cases []deepskin.Case
	err := each(rows, func(scan func(...any) error) error {
		c, err := s.scanCase(scan)
		cases = append(cases, c)
		return err
	})
	return cases, err
}

// each calls f for each row, until f returns an error, and closes the rows.
func each(rows *sql.Rows, f func(scan func(...any) error) error) error {
	defer func() { _ = rows.Close() }() // its error comes from rows.Err, too
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanCase reads the caseColumns of one row.
func (s *Store) scanCase(scan func(...any) error) (deepskin.Case, error) {
	var (
		c                 deepskin.Case
		created, deadline int64
		address, source   []byte
		comment, album    []byte
		acknowledged      int64
		assessment        sql.Null[string]
		delivered         sql.Null[int64]
		agrees, keep      sql.Null[int64]
		truth             deepskin.Truth
	)
	err := scan(&c.ID, &c.Platform, &c.Status, &created, &deadline, &address, &acknowledged, &source, &assessment,
		&c.Failure, &delivered, &agrees, &truth, &keep, &c.Language, &comment, &album)
	if err != nil {
		return deepskin.Case{}, err
	}
	c.Acknowledged, c.Album = acknowledged != 0, hex.EncodeToString(album)
	c.Created, c.Deadline = fromMillis(created), fromMillis(deadline)
	if delivered.Valid {
		c.Delivered = fromMillis(delivered.V)
	}
	if c.Address, err = s.openAddress(c.ID, address); err != nil {
		return deepskin.Case{}, fmt.Errorf("open address of case %s: %w", c.ID, err)
	}
	plain, err := s.seal.open(c.ID, kindSource, source)
	if err != nil {
		return deepskin.Case{}, fmt.Errorf("open photo source of case %s: %w", c.ID, err)
	}
	c.Source = string(plain)
	if comment != nil {
		if plain, err = s.seal.open(c.ID, kindComment, comment); err != nil {
			return deepskin.Case{}, fmt.Errorf("open comment on case %s: %w", c.ID, err)
		}
		c.Comment = string(plain)
	}
	if assessment.Valid {
		if err := json.Unmarshal([]byte(assessment.V), &c.Assessment); err != nil {
			return deepskin.Case{}, fmt.Errorf("read assessment of case %s: %w", c.ID, err)
		}
	}
	if agrees.Valid {
		c.Verdict = &deepskin.Verdict{Agrees: agrees.V != 0, Truth: truth}
		if keep.Valid {
			c.Verdict.Keep = new(keep.V != 0)
		}
	}
	return c, nil
}

func (s *Store) sealAddress(id deepskin.CaseID, a deepskin.Address) ([]byte, error) {
	return s.sealPlace(id, kindAddress, a)
}

func (s *Store) openAddress(id deepskin.CaseID, sealed []byte) (deepskin.Address, error) {
	return s.openPlace(id, kindAddress, sealed)
}

// sealPost is sealAddress for the team's post about a case.
func (s *Store) sealPost(id deepskin.CaseID, a deepskin.Address) ([]byte, error) {
	return s.sealPlace(id, kindPost, a)
}

// openPost is the reverse of sealPost.
func (s *Store) openPost(id deepskin.CaseID, sealed []byte) (deepskin.Address, error) {
	return s.openPlace(id, kindPost, sealed)
}

func (s *Store) sealPlace(id deepskin.CaseID, kind string, a deepskin.Address) ([]byte, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode address: %w", err)
	}
	return s.seal.seal(id, kind, plain), nil
}

func (s *Store) openPlace(id deepskin.CaseID, kind string, sealed []byte) (deepskin.Address, error) {
	plain, err := s.seal.open(id, kind, sealed)
	if err != nil {
		return deepskin.Address{}, err
	}
	var a deepskin.Address
	if err := json.Unmarshal(plain, &a); err != nil {
		// The decoder's own words could quote the address.
		return deepskin.Address{}, errors.New("it is not an address")
	}
	return a, nil
}
