package client

import (
	"time"

	"deepskin"
)

// Accepted is what the sender of a photo gets at once.
type Accepted struct {
	ID     deepskin.CaseID `json:"id"`
	Status deepskin.Status `json:"status"`
}

// A Case is a photo's case as its owner sees it. Before it is answered, everything from Label on
// is zero.
type Case struct {
	ID      deepskin.CaseID `json:"id"`
	Status  deepskin.Status `json:"status"`
	Created time.Time       `json:"created"`
	// Deadline is by when there will be an answer or an apology.
	Deadline time.Time `json:"deadline"`
	// Title and Text say how things stand; paragraphs are separated by empty lines.
	Title string `json:"title"`
	Text  string `json:"text"`

	Label deepskin.Label `json:"label"`
	// Malignancy, Confidence and Diagnoses are probabilities, 0 to 1; nil where the model was
	// not run.
	Malignancy *float64                       `json:"malignancy"`
	Confidence *float64                       `json:"confidence"`
	Diagnoses  map[deepskin.Diagnosis]float64 `json:"diagnoses"`
	// Diagnosis is the one that the picture itself speaks for most; empty where the model was
	// not run, as are Kind and Lesion.
	Diagnosis deepskin.Diagnosis `json:"diagnosis"`
	// Kind is what the photo was taken for.
	Kind deepskin.Kind `json:"kind"`
	// Lesion is where the model found the lesion.
	Lesion *deepskin.Box `json:"lesion"`
	// Closer says that the lesion is small in the photo, so that the model looked at it twice.
	Closer bool `json:"closer"`
	// Problems is empty unless the photo was refused.
	Problems []deepskin.Problem `json:"problems"`
	// Model is the version of the model.
	Model string `json:"model"`
	// Heatmap is the path of the heatmap; empty where there is none.
	Heatmap string `json:"heatmap"`
	// Verdict is nil until one is given.
	Verdict *deepskin.Verdict `json:"verdict"`
}

// Settled reports whether the case has its answer, or an apology or notice instead.
func (c Case) Settled() bool {
	return c.Status == deepskin.Answered || c.Status == deepskin.Failed || c.Status == deepskin.Expired
}
