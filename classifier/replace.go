package classifier

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// An Identity says which model a file must hold. What is empty is not checked.
type Identity struct {
	// Version is what the model's metadata must say.
	Version string
	// SHA256 is what the file's content must hash to, in lower-case hexadecimal digits.
	SHA256 string
}

func (i Identity) checkContent(content []byte) error {
	hash := sha256.Sum256(content)
	if got := hex.EncodeToString(hash[:]); i.SHA256 != "" && got != i.SHA256 {
		return fmt.Errorf("the file's SHA-256 is %s, want %s: it is damaged, or another one", got, i.SHA256)
	}
	return nil
}

func (i Identity) checkVersion(version string) error {
	if i.Version != "" && version != i.Version {
		return fmt.Errorf("the file holds the model %q, want %q", version, i.Version)
	}
	return nil
}

// Serving is the model that new photos are given to. It changes while photos are being looked at.
type serving struct {
	// replacing lets one replacement follow the other.
	replacing sync.Mutex

	mu  sync.Mutex
	now *served
}

// A served is a model and the photos that it is looking at.
type served struct {
	model  *model
	photos sync.WaitGroup
}

// take returns the model that serves, and keeps it open until its photos are told Done.
func (s *serving) take() *served {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.photos.Add(1)
	return s.now
}

// Replace loads another model and runs it once, beside the one that serves, and then gives it all
// new photos. Photos that are being looked at are finished by the model before, which is closed
// after them; Replace waits for that. If the file cannot be loaded, or is not what is wanted, the
// error says so and everything stays as it was.
func (c *Classifier) Replace(path string, want Identity) error {
	c.serving.replacing.Lock()
	defer c.serving.replacing.Unlock()
	config := c.config
	config.Model, config.Want = path, want
	next, err := openModel(config)
	if err != nil {
		return err
	}
	c.serving.mu.Lock()
	before := c.serving.now
	c.serving.now = &served{model: next}
	c.serving.mu.Unlock()
	before.photos.Wait() // nobody takes it any more
	if err := before.model.close(); err != nil {
		// It serves already: only memory is lost.
		config.Logger.Error("the model before could not be closed", "error", err)
	}
	return nil
}
