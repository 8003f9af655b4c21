package bot

import (
	"context"
	"time"

	"deepskin"
)

// A Store is all that must last. Package store implements it.
type Store interface {
	// AddCase writes a new case. If the sender's platform already delivered this event, it
	// writes nothing and returns the case made for it then, and false.
	AddCase(ctx context.Context, c deepskin.NewCase) (stored deepskin.Case, added bool, err error)
	// Case returns a case, or deepskin.ErrNotFound.
	Case(ctx context.Context, id deepskin.CaseID) (deepskin.Case, error)
	// OwnCase returns a case of this sender, or deepskin.ErrNotFound for any other.
	OwnCase(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) (deepskin.Case, error)
	// SetAddress notes where the bot's latest post about the case stands; the case counts as
	// acknowledged from then on.
	SetAddress(ctx context.Context, id deepskin.CaseID, at deepskin.Address) error

	// HasConsent reports whether the sender agreed to have photos looked at.
	HasConsent(ctx context.Context, sender deepskin.Sender) (bool, error)
	// GiveConsent records that agreement, and turns the sender's waiting cases that have not
	// expired by now into pending ones with the deadline. It returns those.
	GiveConsent(ctx context.Context, sender deepskin.Sender, now, deadline time.Time) ([]deepskin.Case, error)
	// Expire turns a waiting case into an expired one; false if it was not waiting.
	Expire(ctx context.Context, id deepskin.CaseID) (bool, error)

	// Answer turns a pending case into an answered one; false if it was not pending.
	Answer(ctx context.Context, id deepskin.CaseID, a deepskin.Assessment) (bool, error)
	// Fail turns a pending case into a failed one, keeping the cause for operators; false if
	// it was not pending.
	Fail(ctx context.Context, id deepskin.CaseID, cause string) (bool, error)
	// Reopen turns a failed case into a pending one that was promised an answer at a time, by a
	// new deadline, and that nothing was delivered of; false if it had not failed.
	Reopen(ctx context.Context, id deepskin.CaseID, at, deadline time.Time) (bool, error)
	// Delivered notes that the answer, apology or notice of expiry reached the platform.
	Delivered(ctx context.Context, id deepskin.CaseID, at time.Time) error
	// Due returns the cases of a platform that need attention: waiting ones whose deadline is
	// before the first time, and pending ones, and settled ones that were not delivered, whose
	// deadline is before the second; oldest first, at most limit.
	Due(ctx context.Context, platform string, waiting, others time.Time, limit int) ([]deepskin.Case, error)

	// Album returns the cases of an album, by its name in Case.Album, oldest first.
	Album(ctx context.Context, album string) ([]deepskin.Case, error)
	// DeliveredTogether notes for several cases at once what Delivered notes for one: all of them
	// or, after an error, none. Those that are gone or open stay as they are.
	DeliveredTogether(ctx context.Context, ids []deepskin.CaseID, at time.Time) error

	// Lease takes a lease for ttl, or renews it where this holder has it already; false if
	// another holder's has not run out. The database's clock counts.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	// EndLease gives a lease back; one that is not the holder's stays.
	EndLease(ctx context.Context, name, holder string) error

	// SetVerdict records or amends the sender's verdict on an answered case; it returns
	// deepskin.ErrNotFound unless the case is the sender's and answered.
	SetVerdict(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, v deepskin.Verdict) error
	// KeepPhoto stores a photo (JPEG) with consent; a second one replaces the first.
	KeepPhoto(ctx context.Context, id deepskin.CaseID, photo []byte) error
	// DropPhoto erases a kept photo, if there is one.
	DropPhoto(ctx context.Context, id deepskin.CaseID) error
	// Photo returns a kept photo, or deepskin.ErrGone.
	Photo(ctx context.Context, id deepskin.CaseID) ([]byte, error)

	// SetComment records what the sender wrote of an answer that they disagree with; it returns
	// deepskin.ErrNotFound unless the case is the sender's and they disagree.
	SetComment(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID, comment string) error

	// SetLanguage records the tag of the language that the sender chose, for what is to be said
	// from now on, about open cases too. A second choice replaces the first.
	SetLanguage(ctx context.Context, sender deepskin.Sender, tag string) error
	// Language returns that tag, empty where the sender chose none.
	Language(ctx context.Context, sender deepskin.Sender) (tag string, err error)

	// ForgetCase erases a case of this sender and what hangs on it, or returns
	// deepskin.ErrNotFound.
	ForgetCase(ctx context.Context, sender deepskin.Sender, id deepskin.CaseID) error
	// ForgetSender erases all that is held under the sender's key, consent and language too, and
	// returns the erased cases.
	ForgetSender(ctx context.Context, sender deepskin.Sender) ([]deepskin.Case, error)
	// ErasePhotos erases kept photos that were kept before a time, at most limit, and returns how
	// many there were.
	ErasePhotos(ctx context.Context, before time.Time, limit int) (int, error)
	// CountCases counts the cases that came before a time and were not counted yet, for the dashboard.
	CountCases(ctx context.Context, before time.Time) error
	// EraseCases erases cases without a kept photo that came before a time, at most limit, and
	// returns how many there were.
	EraseCases(ctx context.Context, before time.Time, limit int) (int, error)

	ReviewStore
}

// A ReviewStore is the part of a Store that the team's channel needs. A review begins with a kept photo
// of an answer that its sender disagrees with, and lasts as long as the photo.
type ReviewStore interface {
	// Unposted returns the cases whose reviews wait for a decision and have no post yet; at most limit.
	Unposted(ctx context.Context, limit int) ([]deepskin.CaseID, error)
	// AddPost notes the post of a review, which shows nothing of it yet. It returns
	// deepskin.ErrNotFound where there is nothing to decide, or where there is a post already.
	AddPost(ctx context.Context, id deepskin.CaseID, post deepskin.Address) error
	// StaleReviews returns the reviews whose posts on a platform do not show all; at most limit.
	StaleReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error)
	// ReviewShown notes that the post shows a version of the review.
	ReviewShown(ctx context.Context, id deepskin.CaseID, version int64, at time.Time) error
	// Vote records what a reviewer says, and what deepskin.SettleVotes makes of all that reviewers
	// said. It returns deepskin.ErrNotFound where there is no review.
	Vote(ctx context.Context, id deepskin.CaseID, reviewer deepskin.Sender, d deepskin.Decision, at time.Time) (deepskin.VoteOutcome, error)
	// EndedReviews returns reviews that have ended while their posts on a platform are still to be
	// removed; at most limit.
	EndedReviews(ctx context.Context, platform string, limit int) ([]deepskin.Review, error)
	// ForgetPost forgets the post of a review that has ended.
	ForgetPost(ctx context.Context, id deepskin.CaseID) error
	// OpenReviews returns how many reviews wait for a decision.
	OpenReviews(ctx context.Context) (int, error)
	// Stats counts what became of the photos that came since a time.
	Stats(ctx context.Context, since time.Time) (deepskin.Stats, error)
}

// A Queue is the way to the workers and back. Package queue implements it.
type Queue interface {
	// PutPhoto holds a photo for a worker, at most for ttl.
	PutPhoto(ctx context.Context, id deepskin.CaseID, photo []byte, ttl time.Duration) error
	// HasPhoto reports whether the photo is still held.
	HasPhoto(ctx context.Context, id deepskin.CaseID) (bool, error)
	// Enqueue adds a job unless one for the same case is waiting or being worked on; it
	// returns deepskin.ErrBusy when the backlog is full.
	Enqueue(ctx context.Context, job deepskin.Job) error
	// ExpectedWait returns how long a job that is added now will wait for its assessment, by
	// what the workers lately got done; zero where nothing is known of them.
	ExpectedWait(ctx context.Context) (time.Duration, error)
	// Backlog returns how many jobs are waiting or being worked on.
	Backlog(ctx context.Context) (int, error)
	// Generation names what Redis holds; another name than before says that it has come back
	// empty in between.
	Generation(ctx context.Context) (string, error)
	// Results calls handle for each result of a platform until ctx ends. A result whose
	// handling fails is handed out again.
	Results(ctx context.Context, platform string, handle func(context.Context, deepskin.Result) error) error
	// Copy returns the reduced copy that the worker left, or deepskin.ErrGone.
	Copy(ctx context.Context, id deepskin.CaseID) ([]byte, error)
	// Forget deletes the photo and the reduced copy.
	Forget(ctx context.Context, id deepskin.CaseID) error
	// Allow counts one photo, for its sender, its chat, its network and in all. Where that is one too
	// many for any of them it returns how long to wait, and zero otherwise.
	Allow(ctx context.Context, from deepskin.Origin) (wait time.Duration, err error)
}
