package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"deepskin"
)

// teamSessions is how many sessions a reviewer can have: a few devices. One more ends the oldest.
const teamSessions = 5

// AddTeamLink notes a one-time link, whose token opens a session of the reviewer's until it expires.
// Only a keyed hash of the token is stored. An earlier link of the same reviewer works no longer.
func (s *Store) AddTeamLink(ctx context.Context, token string, reviewer deepskin.Sender, now, expires time.Time) error {
	if token == "" || reviewer.Platform == "" || reviewer.ID == "" {
		return errors.New("add team link: it has no token or no reviewer")
	}
	key := s.seal.hash(kindTeamLink, "", token)
	sealed, err := s.sealReviewer(key, reviewer)
	if err == nil {
		err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `DELETE FROM team_links WHERE expires <= $1`, millis(now)); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `
				INSERT INTO team_links (sender, token, reviewer, expires) VALUES ($1, $2, $3, $4)
				ON CONFLICT (sender) DO UPDATE SET token = excluded.token, reviewer = excluded.reviewer, expires = excluded.expires`,
				s.seal.sender(reviewer), key, sealed, millis(expires))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("add team link: %w", err)
	}
	return nil
}

// OpenTeamSession uses a link up and opens a session with a token of its own, of which only a keyed
// hash is stored. Where the reviewer has too many sessions, the oldest ends. It returns
// deepskin.ErrNotFound for a link that is unknown, used up or expired.
func (s *Store) OpenTeamSession(
	ctx context.Context, link, token string, now, expires time.Time,
) (deepskin.TeamSession, error) {
	if token == "" {
		return deepskin.TeamSession{}, errors.New("open team session: it has no token")
	}
	linkKey, key := s.seal.hash(kindTeamLink, "", link), s.seal.hash(kindTeamSession, "", token)
	var session deepskin.TeamSession
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var sender, sealed []byte
		err := tx.QueryRowContext(ctx, `DELETE FROM team_links WHERE token = $1 AND expires > $2 RETURNING sender, reviewer`,
			linkKey, millis(now)).Scan(&sender, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return deepskin.ErrNotFound
		}
		if err != nil {
			return err
		}
		reviewer, err := s.openReviewer(linkKey, sealed)
		if err != nil {
			return fmt.Errorf("open the link's reviewer: %w", err)
		}
		if sealed, err = s.sealReviewer(key, reviewer); err != nil {
			return err
		}
		// Room is made for the new one, and what has ended is forgotten.
		_, err = tx.ExecContext(ctx, `
			DELETE FROM team_sessions WHERE expires <= $1 OR token IN (
				SELECT token FROM team_sessions WHERE sender = $2 ORDER BY opened DESC, token LIMIT 1000 OFFSET $3)`,
			millis(now), sender, teamSessions-1)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO team_sessions (token, sender, reviewer, opened, expires) VALUES ($1, $2, $3, $4, $5)`,
			key, sender, sealed, millis(now), millis(expires))
		session = deepskin.TeamSession{Reviewer: reviewer, Key: hex.EncodeToString(sender), Expires: fromMillis(millis(expires))}
		return err
	})
	if err != nil {
		return deepskin.TeamSession{}, fmt.Errorf("open team session: %w", err)
	}
	return session, nil
}

// TeamSession returns the session with a token, or deepskin.ErrNotFound where there is none, or no
// longer.
func (s *Store) TeamSession(ctx context.Context, token string, now time.Time) (deepskin.TeamSession, error) {
	key := s.seal.hash(kindTeamSession, "", token)
	var sender, sealed []byte
	var expires int64
	err := s.look(ctx, func(ctx context.Context) error {
		return s.db.read.QueryRowContext(ctx, `SELECT sender, reviewer, expires FROM team_sessions WHERE token = $1 AND expires > $2`,
			key, millis(now)).Scan(&sender, &sealed, &expires)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = deepskin.ErrNotFound
	}
	if err != nil {
		return deepskin.TeamSession{}, fmt.Errorf("look up team session: %w", err)
	}
	reviewer, err := s.openReviewer(key, sealed)
	if err != nil {
		return deepskin.TeamSession{}, fmt.Errorf("open the team session's reviewer: %w", err)
	}
	return deepskin.TeamSession{Reviewer: reviewer, Key: hex.EncodeToString(sender), Expires: fromMillis(expires)}, nil
}

// EndTeamSession ends the session with a token, if there is one.
func (s *Store) EndTeamSession(ctx context.Context, token string) error {
	_, err := s.change(ctx, `DELETE FROM team_sessions WHERE token = $1`, s.seal.hash(kindTeamSession, "", token))
	if err != nil {
		return fmt.Errorf("end team session: %w", err)
	}
	return nil
}

// forgetLogins are the statements that forget a reviewer's links and sessions.
var forgetLogins = []string{`DELETE FROM team_links WHERE sender = $1`, `DELETE FROM team_sessions WHERE sender = $1`}

// sealReviewer seals who a link or a session belongs to. It can be opened for the same row only.
func (s *Store) sealReviewer(key []byte, p deepskin.Sender) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode reviewer: %w", err)
	}
	return s.seal.seal(rowName(key), kindReviewer, plain), nil
}

// openReviewer is the reverse of sealReviewer.
func (s *Store) openReviewer(key, sealed []byte) (deepskin.Sender, error) {
	plain, err := s.seal.open(rowName(key), kindReviewer, sealed)
	if err != nil {
		return deepskin.Sender{}, err
	}
	var p deepskin.Sender
	if err := json.Unmarshal(plain, &p); err != nil {
		// The decoder's own words could quote the reviewer.
		return deepskin.Sender{}, errors.New("it is not a reviewer")
	}
	return p, nil
}

// rowName is what stands for the case where a row is sealed that belongs to none.
func rowName(key []byte) deepskin.CaseID { return deepskin.CaseID(hex.EncodeToString(key)) }
