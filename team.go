package deepskin

import "time"

// A TeamSession is a reviewer of the team who is logged in to the team's web pages.
type TeamSession struct {
	// Reviewer is who votes.
	Reviewer Sender
	// Key is the reviewer as logs may name them: a keyed hash, in hexadecimal digits.
	Key string
	// Expires is when the session ends by itself.
	Expires time.Time
}
