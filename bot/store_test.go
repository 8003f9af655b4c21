package bot_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"deepskin"
)

// A memStore keeps cases in memory, as ports.go says that a Store does.
type memStore struct {
	faults

	mu      sync.Mutex
	cases   map[deepskin.CaseID]*storedCase
	consent map[deepskin.Sender]bool
	chosen  map[deepskin.Sender]string // languages
	photos  map[deepskin.CaseID][]byte
	leases  map[string]lease
	reviews map[deepskin.CaseID]*storedReview
	posts   map[deepskin.CaseID]deepskin.Address // of the team
	// stats is what Stats answers.
	stats func(since time.Time) deepskin.Stats
	// counted is until when cases were counted.
	counted time.Time
}

type lease struct {
	holder string
	until  time.Time
}

type storedCase struct {
	deepskin.Case
	sender deepskin.Sender
	event  string
}

func newMemStore() *memStore {
	return &memStore{
		cases:   map[deepskin.CaseID]*storedCase{},
		consent: map[deepskin.Sender]bool{},
		chosen:  map[deepskin.Sender]string{},
		photos:  map[deepskin.CaseID][]byte{},
		leases:  map[string]lease{},
		reviews: map[deepskin.CaseID]*storedReview{},
		posts:   map[deepskin.CaseID]deepskin.Address{},
		stats:   func(time.Time) deepskin.Stats { return deepskin.Stats{} },
	}
}

// enter begins a call; the caller unlocks where there is no error.
func (s *memStore) enter(ctx context.Context, method string) error {
	if err := s.faults.enter(ctx, method); err != nil {
		return err
	}
	s.mu.Lock()
	return nil
}

// snapshot is a copy that its reader may keep.
func (c *storedCase) snapshot() deepskin.Case {
	snapshot := c.Case
	if c.Verdict != nil {
		verdict := *c.Verdict
		snapshot.Verdict = &verdict
	}
	return snapshot
}

func (s *memStore) AddCase(
	ctx context.Context, c deepskin.NewCase,
) (deepskin.Case, bool, error) {
	if err := s.enter(ctx, "AddCase"); err != nil {
		return deepskin.Case{}, false, err
	}
	defer s.mu.Unlock()
	for _, old := range s.cases {
		if old.event == c.Event && old.sender.Platform == c.Sender.Platform {
			return old.snapshot(), false, nil
		}
	}
	stored := &storedCase{sender: c.Sender, event: c.Event, Case: deepskin.Case{
		ID: c.ID, Platform: c.Sender.Platform, Status: c.Status, Created: c.Created,
		Deadline: c.Deadline, Address: c.Address, Source: c.Source, Language: c.Language,
	}}
	if c.Album != "" {
		stored.Album = c.Sender.Platform + "/" + c.Sender.ID + "/" + c.Album
	}
	s.cases[c.ID] = stored
	return stored.snapshot(), true, nil
}

func (s *memStore) Case(ctx context.Context, id deepskin.CaseID) (deepskin.Case, error) {
	if err := s.enter(ctx, "Case"); err != nil {
		return deepskin.Case{}, err
	}
	defer s.mu.Unlock()
	c, ok := s.cases[id]
	if !ok {
		return deepskin.Case{}, deepskin.ErrNotFound
	}
	return c.snapshot(), nil
}

func (s *memStore) OwnCase(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) (deepskin.Case, error) {
	if err := s.enter(ctx, "OwnCase"); err != nil {
		return deepskin.Case{}, err
	}
	defer s.mu.Unlock()
	c, ok := s.cases[id]
	if !ok || c.sender != sender {
		return deepskin.Case{}, deepskin.ErrNotFound
	}
	return c.snapshot(), nil
}

// change applies f to a case; f reports whether it changed anything.
func (s *memStore) change(
	ctx context.Context, method string, id deepskin.CaseID, f func(c *storedCase) bool,
) (bool, error) {
	if err := s.enter(ctx, method); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	c, ok := s.cases[id]
	return ok && f(c), nil
}

func orNotFound(changed bool, err error) error {
	if err == nil && !changed {
		return deepskin.ErrNotFound
	}
	return err
}

func (s *memStore) SetAddress(
	ctx context.Context, id deepskin.CaseID, at deepskin.Address,
) error {
	return orNotFound(s.change(ctx, "SetAddress", id, func(c *storedCase) bool {
		c.Address, c.Acknowledged = at, true
		return true
	}))
}

func (s *memStore) HasConsent(ctx context.Context, sender deepskin.Sender) (bool, error) {
	if err := s.enter(ctx, "HasConsent"); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	return s.consent[sender], nil
}

func (s *memStore) GiveConsent(
	ctx context.Context, sender deepskin.Sender, now, deadline time.Time,
) ([]deepskin.Case, error) {
	if err := s.enter(ctx, "GiveConsent"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.consent[sender] = true
	var released []deepskin.Case
	for _, c := range s.cases {
		if c.sender == sender && c.Status == deepskin.Waiting && c.Deadline.After(now) {
			c.Status, c.Deadline = deepskin.Pending, deadline
			released = append(released, c.snapshot())
		}
	}
	return released, nil
}

func (s *memStore) settle(
	ctx context.Context, method string, id deepskin.CaseID, from deepskin.Status,
	f func(c *storedCase),
) (bool, error) {
	return s.change(ctx, method, id, func(c *storedCase) bool {
		if c.Status != from {
			return false
		}
		f(c)
		return true
	})
}

func (s *memStore) Expire(ctx context.Context, id deepskin.CaseID) (bool, error) {
	return s.settle(ctx, "Expire", id, deepskin.Waiting, func(c *storedCase) {
		c.Status = deepskin.Expired
	})
}

func (s *memStore) Answer(
	ctx context.Context, id deepskin.CaseID, a deepskin.Assessment,
) (bool, error) {
	return s.settle(ctx, "Answer", id, deepskin.Pending, func(c *storedCase) {
		c.Status, c.Assessment = deepskin.Answered, &a
	})
}

func (s *memStore) Fail(ctx context.Context, id deepskin.CaseID, cause string) (bool, error) {
	return s.settle(ctx, "Fail", id, deepskin.Pending, func(c *storedCase) {
		c.Status, c.Failure = deepskin.Failed, cause
	})
}

func (s *memStore) Reopen(ctx context.Context, id deepskin.CaseID, _, deadline time.Time) (bool, error) {
	return s.settle(ctx, "Reopen", id, deepskin.Failed, func(c *storedCase) {
		c.Status, c.Failure, c.Delivered, c.Deadline = deepskin.Pending, "", time.Time{}, deadline
	})
}

func (s *memStore) Delivered(ctx context.Context, id deepskin.CaseID, at time.Time) error {
	return orNotFound(s.change(ctx, "Delivered", id, func(c *storedCase) bool {
		if c.Status == deepskin.Waiting || c.Status == deepskin.Pending {
			return false
		}
		if c.Delivered.IsZero() {
			c.Delivered = at
		}
		return true
	}))
}

func (s *memStore) Lease(
	ctx context.Context, name, holder string, ttl time.Duration,
) (bool, error) {
	if err := s.enter(ctx, "Lease"); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	if l := s.leases[name]; l.holder != holder && time.Now().Before(l.until) {
		return false, nil
	}
	s.leases[name] = lease{holder: holder, until: time.Now().Add(ttl)}
	return true, nil
}

func (s *memStore) EndLease(ctx context.Context, name, holder string) error {
	if err := s.enter(ctx, "EndLease"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.leases[name].holder == holder {
		delete(s.leases, name)
	}
	return nil
}

func (s *memStore) Due(
	ctx context.Context, platform string, waiting, others time.Time, limit int,
) ([]deepskin.Case, error) {
	if err := s.enter(ctx, "Due"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var open []deepskin.Case
	for _, c := range s.cases {
		before := others
		if c.Status == deepskin.Waiting {
			before = waiting
		}
		if c.Platform == platform && c.Delivered.IsZero() && c.Deadline.Before(before) {
			open = append(open, c.snapshot())
		}
	}
	slices.SortFunc(open, func(a, b deepskin.Case) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return open[:min(len(open), limit)], nil
}

func (s *memStore) SetVerdict(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict,
) error {
	return orNotFound(s.change(ctx, "SetVerdict", id, func(c *storedCase) bool {
		if c.sender != sender || c.Status != deepskin.Answered {
			return false
		}
		if old := c.Verdict; old != nil {
			if v.Truth == "" && old.Agrees == v.Agrees {
				v.Truth = old.Truth
			}
			if v.Keep == nil {
				v.Keep = old.Keep
			}
			if old.Agrees != v.Agrees {
				c.Comment = ""
			}
		}
		c.Verdict = &v
		s.reviewChanged(id)
		if v.Keep != nil && !*v.Keep {
			delete(s.photos, id)
		}
		s.updateReviews()
		return true
	}))
}

func (s *memStore) KeepPhoto(ctx context.Context, id deepskin.CaseID, photo []byte) error {
	return orNotFound(s.change(ctx, "KeepPhoto", id, func(c *storedCase) bool {
		if c.Status != deepskin.Answered {
			return false
		}
		s.photos[id] = photo
		return true
	}))
}

func (s *memStore) DropPhoto(ctx context.Context, id deepskin.CaseID) error {
	if err := s.enter(ctx, "DropPhoto"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.photos, id)
	s.updateReviews()
	return nil
}

func (s *memStore) Photo(ctx context.Context, id deepskin.CaseID) ([]byte, error) {
	if err := s.enter(ctx, "Photo"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	photo, ok := s.photos[id]
	if !ok {
		return nil, deepskin.ErrGone
	}
	return photo, nil
}

func (s *memStore) SetLanguage(ctx context.Context, sender deepskin.Sender, tag string) error {
	if err := s.enter(ctx, "SetLanguage"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.chosen[sender] = tag
	for _, c := range s.cases {
		if c.sender == sender && c.Delivered.IsZero() {
			c.Language = tag
		}
	}
	return nil
}

func (s *memStore) Language(ctx context.Context, sender deepskin.Sender) (string, error) {
	if err := s.enter(ctx, "Language"); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	return s.chosen[sender], nil
}

func (s *memStore) ForgetCase(
	ctx context.Context, sender deepskin.Sender, id deepskin.CaseID,
) error {
	return orNotFound(s.change(ctx, "ForgetCase", id, func(c *storedCase) bool {
		if c.sender != sender {
			return false
		}
		delete(s.cases, id)
		delete(s.photos, id)
		return true
	}))
}

func (s *memStore) ForgetSender(
	ctx context.Context, sender deepskin.Sender,
) ([]deepskin.Case, error) {
	if err := s.enter(ctx, "ForgetSender"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	delete(s.consent, sender)
	delete(s.chosen, sender)
	var erased []deepskin.Case
	for id, c := range s.cases {
		if c.sender == sender {
			erased = append(erased, c.snapshot())
			delete(s.cases, id)
			delete(s.photos, id)
		}
	}
	return erased, nil
}

// all returns every case, oldest first.
func (s *memStore) all() []deepskin.Case {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []deepskin.Case
	for _, c := range s.cases {
		all = append(all, c.snapshot())
	}
	slices.SortFunc(all, func(a, b deepskin.Case) int { return a.Created.Compare(b.Created) })
	return all
}

func (s *memStore) Album(ctx context.Context, album string) ([]deepskin.Case, error) {
	if err := s.enter(ctx, "Album"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var cases []deepskin.Case
	for _, c := range s.cases {
		if album != "" && c.Album == album {
			cases = append(cases, c.snapshot())
		}
	}
	slices.SortFunc(cases, func(a, b deepskin.Case) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return cases, nil
}

func (s *memStore) DeliveredTogether(
	ctx context.Context, ids []deepskin.CaseID, at time.Time,
) error {
	if err := s.enter(ctx, "DeliveredTogether"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, id := range ids {
		c, ok := s.cases[id]
		if ok && c.Status != deepskin.Waiting && c.Status != deepskin.Pending && c.Delivered.IsZero() {
			c.Delivered = at
		}
	}
	return nil
}
