package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"deepskin"
)

// keyVersion is the first byte of all that is sealed. It names the form, so that a later version can
// bring a second one and still read the first.
const keyVersion = 1

// The kinds of things that are hashed or sealed. The kind goes into the hash or the seal, so that
// one thing can never pass for another.
const (
	kindSender  = "sender"
	kindEvent   = "event"
	kindAlbum   = "album"
	kindAddress = "address"
	kindSource  = "source"
	kindPhoto   = "photo"
	kindComment = "comment"
	kindPost    = "post"
	kindProof   = "proof"

	kindTeamLink    = "team link"
	kindTeamSession = "team session"
	kindReviewer    = "reviewer"
)

// A sealer hides what identifies people.
type sealer struct {
	// identities are those there were, oldest first, and the present one.
	identities [][]byte
	aead       cipher.AEAD
}

func newSealer(k Keys) (sealer, error) {
	if err := k.check(); err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(k.Address)
	if err != nil {
		return sealer{}, fmt.Errorf("use the address key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, fmt.Errorf("use the address key: %w", err)
	}
	return sealer{identities: k.identities(), aead: aead}, nil
}

// sender is the only form in which a person is known to the database.
func (s sealer) sender(p deepskin.Sender) []byte { return s.hash(kindSender, p.Platform, p.ID) }

// event is the dedupe key of an event on a platform.
func (s sealer) event(platform, event string) []byte { return s.hash(kindEvent, platform, event) }

// album is the only form in which the database knows an album, nil for none. The sender is in it,
// so that nobody's photos get among somebody else's.
func (s sealer) album(p deepskin.Sender, album string) []byte {
	if album == "" {
		return nil
	}
	return s.hash(kindAlbum, p.Platform, p.ID+"\x00"+album)
}

func (s sealer) hash(kind, platform, name string) []byte {
	sum := keyed(s.identities[0], []byte(kind+"\x00"+platform+"\x00"+name))
	for _, key := range s.identities[1:] {
		sum = keyed(key, sum)
	}
	return sum
}

// again hashes with the present identity key what was hashed with those before; nil stays nil.
func (s sealer) again(sum []byte) []byte {
	if sum == nil {
		return nil
	}
	return keyed(s.identities[len(s.identities)-1], sum)
}

func keyed(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// seal encrypts what belongs to a case. It can be opened for the same case and kind only.
func (s sealer) seal(id deepskin.CaseID, kind string, plain []byte) []byte {
	return s.aead.Seal([]byte{keyVersion}, nil, plain, []byte(string(id)+"\x00"+kind))
}

// open is the reverse of seal.
func (s sealer) open(id deepskin.CaseID, kind string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != keyVersion {
		return nil, errors.New("sealed with an unknown key version")
	}
	return s.aead.Open(nil, nil, sealed[1:], []byte(string(id)+"\x00"+kind))
}

// proof is a value that only the same two keys can make sense of.
func (s sealer) proof() []byte { return s.seal("", kindProof, s.hash(kindProof, "", "")) }

// proven reports whether a proof was made with these keys.
func (s sealer) proven(proof []byte) bool {
	plain, err := s.open("", kindProof, proof)
	return err == nil && hmac.Equal(plain, s.hash(kindProof, "", ""))
}
