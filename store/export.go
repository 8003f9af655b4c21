package store

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"deepskin"
)

// exportable selects what consent and the team allow to be exported: p is the photo, c its case and
// r its review.
const exportable = `
	FROM photos p JOIN cases c ON c.id = p.case_id JOIN reviews r ON r.case_id = p.case_id
	WHERE c.keep = 1 AND r.status = 'labelled'`

// Samples returns all photos that may be exported now, sorted by the pseudonyms of the photos: those
// whose senders let us keep them and that reviewers gave a diagnosis, or said to show no lesion. One
// that no model has looked at is not among them.
func (s *Store) Samples(ctx context.Context) ([]deepskin.Sample, error) {
	names, err := s.seal.pseudonyms()
	if err != nil {
		return nil, fmt.Errorf("list samples: %w", err)
	}
	var samples []deepskin.Sample
	err = s.look(ctx, func(ctx context.Context) error {
		samples = nil
		rows, err := s.db.read.QueryContext(ctx, `
			SELECT c.id, c.sender, c.platform, c.assessment, r.decision, r.decided`+exportable)
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var sample deepskin.Sample
			var sender []byte
			var assessment string
			var decided int64
			err := scan(&sample.Case, &sender, &sample.Platform, &assessment, &sample.Decision, &decided)
			if err != nil {
				return err
			}
			var about struct {
				Kind  deepskin.Kind `json:"kind"`
				Model string        `json:"model"`
			}
			if err := json.Unmarshal([]byte(assessment), &about); err != nil {
				return fmt.Errorf("read assessment of case %s: %w", sample.Case, err)
			}
			if about.Kind == "" {
				return nil
			}
			sample.Kind, sample.Model, sample.Decided = about.Kind, about.Model, fromMillis(decided)
			sample.Image, sample.Lesion = names.image(sample.Case), names.lesion(sender)
			samples = append(samples, sample)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list samples: %w", err)
	}
	slices.SortFunc(samples, func(a, b deepskin.Sample) int { return cmp.Compare(a.Image, b.Image) })
	return samples, nil
}

// Export returns the photo of a sample, and notes first that it leaves the store, at a time of which
// only the day is kept. It returns deepskin.ErrGone where the photo may not be exported, or no longer.
func (s *Store) Export(ctx context.Context, id deepskin.CaseID, at time.Time) ([]byte, error) {
	photo, err := s.export(ctx, id, at)
	if err != nil {
		return nil, fmt.Errorf("export photo of case %s: %w", id, err)
	}
	return photo, nil
}

func (s *Store) export(ctx context.Context, id deepskin.CaseID, at time.Time) ([]byte, error) {
	names, err := s.seal.pseudonyms()
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT p.photo`+exportable+` AND p.case_id = $1`, caseKey(id)).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return deepskin.ErrGone
		}
		if err != nil {
			return err
		}
		// A photo that was taken back and shared again is exported again.
		_, err = tx.ExecContext(ctx, `
			INSERT INTO exports (image, case_id, exported) VALUES ($1, $2, $3)
			ON CONFLICT (image) DO UPDATE SET case_id = excluded.case_id WHERE exports.case_id IS NULL`,
			names.image(id), string(id), millis(at.UTC().Truncate(24*time.Hour)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.seal.open(id, kindPhoto, sealed)
}

// Withdrawn returns the photos that were exported once and may not be used any more, sorted by their
// pseudonyms.
func (s *Store) Withdrawn(ctx context.Context) ([]deepskin.Withdrawal, error) {
	var withdrawn []deepskin.Withdrawal
	err := s.look(ctx, func(ctx context.Context) error {
		withdrawn = nil
		rows, err := s.db.read.QueryContext(ctx, `SELECT image, exported FROM exports WHERE case_id IS NULL`)
		if err != nil {
			return err
		}
		return each(rows, func(scan func(...any) error) error {
			var w deepskin.Withdrawal
			var exported int64
			err := scan(&w.Image, &exported)
			w.Exported = fromMillis(exported)
			withdrawn = append(withdrawn, w)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list withdrawn photos: %w", err)
	}
	slices.SortFunc(withdrawn, func(a, b deepskin.Withdrawal) int { return cmp.Compare(a.Image, b.Image) })
	return withdrawn, nil
}

// ExportID names this store in its exports, so that one is never mistaken for that of another store.
func (s *Store) ExportID() (string, error) {
	names, err := s.seal.pseudonyms()
	return names.store, err
}

// pseudonyms are the names that an export carries. Each kind has a key of its own, derived from the
// first identity key, so that nothing in an export fits anything in the database without that key, and
// that the names of photos outlast a rotation.
type pseudonyms struct {
	images, lesions []byte
	store           string
}

func (s sealer) pseudonyms() (pseudonyms, error) {
	var p pseudonyms
	var store []byte
	for purpose, key := range map[string]*[]byte{
		"deepskin export images": &p.images, "deepskin export lesions": &p.lesions, "deepskin export store": &store,
	} {
		var err error
		if *key, err = hkdf.Key(sha256.New, s.identities[0], nil, purpose, sha256.Size); err != nil {
			return pseudonyms{}, fmt.Errorf("derive the keys of exports: %w", err)
		}
	}
	p.store = hex.EncodeToString(store[:8])
	return p, nil
}

func (p pseudonyms) image(id deepskin.CaseID) string { return "DSI_" + pseudonym(p.images, []byte(id)) }

func (p pseudonyms) lesion(sender []byte) string { return "DSL_" + pseudonym(p.lesions, sender) }

// pseudonym is 128 bits of a keyed hash, in hexadecimal.
func pseudonym(key, name []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(name)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
