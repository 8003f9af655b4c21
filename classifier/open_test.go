package classifier_test

import (
	"os"
	"sync"
	"testing"

	"deepskin/classifier"
)

const modelPath = "../models/deepskin.onnx"

// shared serves all tests that ask for no configuration of their own: loading takes longest.
var shared = sync.OnceValues(func() (*classifier.Classifier, error) {
	return classifier.New(classifier.Config{Model: modelPath})
})

// open loads the model that the project ships, unless config names another one.
func open(t testing.TB, config classifier.Config) *classifier.Classifier {
	t.Helper()
	if _, err := os.Stat(modelPath); err != nil {
		t.Fatalf("the model is missing: %v; train one with make train", err)
	}
	if config == (classifier.Config{}) {
		c, err := shared()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if config.Model == "" {
		config.Model = modelPath
	}
	c, err := classifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
