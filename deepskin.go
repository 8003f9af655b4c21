// Package deepskin holds the words that all parts of the service share: plain values and
// sentinel errors, no I/O.
//
// A case is one photo and its answer. An assessment is what the classifier says of it, a verdict
// what a person says of the assessment.
package deepskin

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"
)

// Errors that cross package borders. Callers test for them with errors.Is.
var (
	// ErrNotFound says that there is no such thing, or that it is not the caller's to see.
	ErrNotFound = errors.New("not found")
	// ErrGone says that a photo has been deleted or has expired.
	ErrGone = errors.New("photo is gone")
	// ErrTooLarge says that a photo has more bytes than the platform hands out, over 20 MB.
	ErrTooLarge = errors.New("photo is too large")
	// ErrBusy says that the backlog is full. What was refused can be sent again later.
	ErrBusy = errors.New("too much work is waiting")
)

// A CaseID names one case: 130 random bits in base 32, 26 characters. It is all that buttons,
// pages and logs carry, and knowing it grants nothing.
type CaseID string

// NewCaseID returns a fresh random ID.
func NewCaseID() CaseID { return CaseID(rand.Text()) }

// Valid reports whether the ID has the form that NewCaseID gives; IDs in requests come from
// anybody.
func (id CaseID) Valid() bool {
	if len(id) != 26 {
		return false
	}
	for _, c := range id {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// A Sender is a person as a platform knows them. It never reaches a log: use the case ID there.
type Sender struct {
	Platform string `json:"platform"`
	ID       string `json:"id"`
}

// LogValue keeps the sender out of logs.
func (Sender) LogValue() slog.Value { return slog.StringValue("[sender]") }

// String keeps the sender out of errors and formatted text.
func (Sender) String() string { return "[sender]" }

// An Origin is where a photo comes from, as limits count it. It never reaches a log.
type Origin struct {
	Sender Sender
	// Chat is the platform's name of the chat.
	Chat string
	// Network is the IP address, or the network, that the photo came from directly; empty where the
	// platform stands between, or nobody knows.
	Network string
}

// LogValue keeps the origin out of logs.
func (Origin) LogValue() slog.Value { return slog.StringValue("[origin]") }

// String keeps the origin out of errors and formatted text.
func (Origin) String() string { return "[origin]" }

// An Address names a message, or a place where messages can be sent, on a platform. It identifies
// a person: the store keeps it sealed, and it never reaches a log.
type Address struct {
	Platform string `json:"platform"`
	Chat     string `json:"chat"`
	// Thread is the topic of the chat, where the platform has such; empty for none.
	Thread string `json:"thread,omitempty"`
	// Message is empty where the address is that of a chat.
	Message string `json:"message,omitempty"`
	// ReplyTo is the message to which this one replies, in the same chat; empty where it is none
	// of the bot's, or replies to nothing.
	ReplyTo string `json:"reply_to,omitempty"`
}

// LogValue keeps the address out of logs.
func (Address) LogValue() slog.Value { return slog.StringValue("[address]") }

// String keeps the address out of errors and formatted text.
func (Address) String() string { return "[address]" }

// A Diagnosis is one of the seven codes of HAM10000.
type Diagnosis string

// The diagnoses that the classifier tells apart.
const (
	ActinicKeratosis   Diagnosis = "akiec" // and squamous cell carcinoma in situ (Bowen)
	BasalCellCarcinoma Diagnosis = "bcc"
	BenignKeratosis    Diagnosis = "bkl"
	Dermatofibroma     Diagnosis = "df"
	Melanoma           Diagnosis = "mel"
	MelanocyticNevus   Diagnosis = "nv"
	VascularLesion     Diagnosis = "vasc"
)

// Malignant reports whether the malignancy of an assessment includes the diagnosis: that is so for
// cancers and for their early forms.
func (d Diagnosis) Malignant() bool {
	return d == Melanoma || d == BasalCellCarcinoma || d == ActinicKeratosis
}

// A Label is the risk that the user is told.
type Label string

// The labels.
const (
	Benign    Label = "benign"
	Malignant Label = "malignant"
	// Inconclusive comes with problems where the photo was refused, and without where the
	// malignancy lies between the model's thresholds.
	Inconclusive Label = "inconclusive"
)

// A Problem says why a photo was refused.
type Problem string

// The problems, in the order in which they are looked for.
const (
	Empty         Problem = "empty"           // no bytes at all
	TooManyBytes  Problem = "too_many_bytes"  // over 20 MB
	HEIC          Problem = "heic"            // Apple's format, not read
	UnknownFormat Problem = "unknown_format"  // not JPEG, PNG or WebP
	TooManyPixels Problem = "too_many_pixels" // over 50 megapixels, or too much memory to decode
	Corrupt       Problem = "corrupt"         // truncated or damaged
	TooSmall      Problem = "too_small"       // too few pixels to judge
	TooDark       Problem = "too_dark"
	TooBright     Problem = "too_bright"
	Blurred       Problem = "blurred"
	NotALesion    Problem = "not_a_lesion" // unlike anything the model was trained on
)

// A Kind is how a photo was taken. The model is calibrated for each.
type Kind string

// The kinds of photo.
const (
	Dermoscopy Kind = "dermoscopy" // through a dermatoscope
	Phone      Kind = "phone"      // with nothing but a phone or camera
)

// A Box is a part of an upright photo: its sides as shares, 0 to 1, of the photo's width (left
// and right) and height (top and bottom).
type Box struct {
	Left   float64 `json:"left"`
	Top    float64 `json:"top"`
	Right  float64 `json:"right"`
	Bottom float64 `json:"bottom"`
}

// A Grid says where in the photo the model saw what speaks for the stated label: rows of values
// from 0 (nothing) to 1 (most), row by row, stretched over a part of the upright photo.
type Grid struct {
	Rows    int       `json:"rows"`
	Columns int       `json:"columns"`
	Values  []float32 `json:"values"`
	// Part is what the grid is stretched over; nil is the whole photo.
	Part *Box `json:"part,omitempty"`
}

// A Quality is what was measured of a photo, whatever it shows.
type Quality struct {
	// Side is the length of the photo's shorter side, in pixels.
	Side int `json:"side"`
	// Brightness is the mean luminance, 0 to 255, and BurntOut the share, 0 to 1, of pixels that are
	// white or nearly so.
	Brightness float64 `json:"brightness"`
	BurntOut   float64 `json:"burnt_out"`
	// Sharpness is the variance of the Laplacian of the luminance; 0 is a single colour.
	Sharpness float64 `json:"sharpness"`
}

// An Assessment is what the classifier says of one photo.
type Assessment struct {
	Label Label `json:"label"`
	// Malignancy is the calibrated probability, 0 to 1, that the lesion is malignant.
	Malignancy float64 `json:"malignancy"`
	// Confidence is the calibrated probability of the stated label, 0 to 1; of an inconclusive
	// one, that of the likelier side.
	Confidence float64 `json:"confidence"`
	// Diagnoses holds the probabilities of all seven; nil where the model was not run.
	Diagnoses map[Diagnosis]float64 `json:"diagnoses,omitempty"`
	// Diagnosis is the one that the picture itself speaks for most: that with the highest
	// probability if all seven were equally common. Empty where the model was not run.
	Diagnosis Diagnosis `json:"diagnosis,omitempty"`
	// Kind is what the photo looks like; empty where the model was not run.
	Kind Kind `json:"kind,omitempty"`
	// PhoneProbability is the probability, 0 to 1, that the photo is of kind Phone.
	PhoneProbability float64 `json:"phone_probability,omitempty"`
	// Lesion is where the model found the lesion; nil where it was not run.
	Lesion *Box `json:"lesion,omitempty"`
	// Closer says that the lesion was small in the photo, so the model looked again at the part
	// around it, and the numbers are those of both looks.
	Closer bool `json:"closer,omitempty"`
	// Problems is empty unless the photo was refused.
	Problems []Problem `json:"problems"`
	// Threshold is the malignancy from which this kind of photo is called malignant; zero where the
	// model was not run, and in assessments from before this field.
	Threshold float64 `json:"threshold,omitempty"`
	// OOD is the out-of-distribution score, the logit that no lesion is shown: the higher, the less
	// the photo resembles the training lesions.
	OOD float64 `json:"ood"`
	// OODLimit is the OOD above which this kind of photo is refused as not a lesion. It can be zero;
	// it is known only where Threshold is not.
	OODLimit float64 `json:"ood_limit,omitempty"`
	// Quality is what was measured of the photo itself; nil where it could not be decoded.
	Quality *Quality `json:"quality,omitempty"`
	Grid    *Grid    `json:"grid,omitempty"`
	// Model is the version of the model that made the assessment.
	Model string `json:"model"`
	// Millis is how long the assessment took, in milliseconds.
	Millis float64 `json:"millis"`
}

// Refused reports whether the photo itself was at fault.
func (a Assessment) Refused() bool { return len(a.Problems) > 0 }

// A Job asks a worker for the assessment of a photo, which waits under the case's ID.
type Job struct {
	Case     CaseID `json:"case"`
	Platform string `json:"platform"`
	// Deadline is when the user will have been told something; a worker drops what is older.
	Deadline time.Time `json:"deadline"`
}

// A Result is what comes back for a job: an assessment, or why none could be made.
type Result struct {
	Case       CaseID      `json:"case"`
	Assessment *Assessment `json:"assessment,omitempty"`
	// Failure is a cause for operators, empty where there is an assessment.
	Failure string `json:"failure,omitempty"`
}

// A Status is how far a case has come.
type Status string

// The statuses. Only one compare-and-set leads from Pending to Answered or Failed.
const (
	Waiting  Status = "waiting"  // for the sender's consent
	Pending  Status = "pending"  // promised an answer by the deadline
	Answered Status = "answered" // has an assessment
	Failed   Status = "failed"   // apologised for
	Expired  Status = "expired"  // consent was refused or did not come
)

// A Case is one photo and its answer.
type Case struct {
	ID       CaseID
	Platform string
	Status   Status
	Created  time.Time
	Deadline time.Time
	// Address is where the answer goes: the sender's own message, and once the bot has posted
	// something about the case, the bot's latest post.
	Address Address
	// Acknowledged says that Address is the bot's.
	Acknowledged bool
	// Source is how the platform's adapter can fetch the photo again; empty if it cannot.
	Source string
	// Assessment is nil unless the case is answered.
	Assessment *Assessment
	// Failure is the cause, empty unless the case failed.
	Failure string
	// Delivered is when the answer or apology reached the platform; zero before.
	Delivered time.Time
	// Verdict is nil until the sender gives one.
	Verdict *Verdict
	// Comment is what the sender wrote of an answer that they disagree with; empty where nothing.
	Comment string
	// Album names the album that the photo came in, the same for all its photos; empty for none.
	Album string
	// Language is the tag of the language in which the sender is answered, "fr"; empty where it
	// is not known.
	Language string
}

// A NewCase is a case as it is first written.
type NewCase struct {
	ID     CaseID
	Sender Sender
	// Event names the event that brought the photo uniquely on its platform: with the sender's
	// platform it makes the dedupe key.
	Event    string
	Status   Status // Waiting or Pending
	Created  time.Time
	Deadline time.Time
	Address  Address
	Source   string
	// Album is the platform's key of the sender's album that the photo came in; empty for none.
	Album string
	// Language is as in Case.
	Language string
}

// A Verdict is what a person says of an assessment.
type Verdict struct {
	// Agrees is the thumb: up or down.
	Agrees bool `json:"agrees"`
	// Truth is what the lesion was, as far as the person knows; empty where they do not.
	Truth Truth `json:"truth,omitempty"`
	// Keep is the consent to keep the photo for improving the model; nil until asked.
	Keep *bool `json:"keep,omitempty"`
}

// Truth is what a person says that a lesion was.
type Truth string

// What a person can say after a thumbs-down.
const (
	TruthBenign    Truth = "benign"
	TruthMalignant Truth = "malignant"
	TruthNoLesion  Truth = "no_lesion"
	TruthUnknown   Truth = "unknown"
)

// Valid reports whether the truth is one of those above.
func (t Truth) Valid() bool {
	return t == TruthBenign || t == TruthMalignant || t == TruthNoLesion || t == TruthUnknown
}
