package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// keySize is the length of either key in bytes.
const keySize = 32

// Keys are the secrets that make the database's rows meaningless to others. Whoever loses them
// loses what they protect: senders are no longer recognised, addresses and photos no longer read.
type Keys struct {
	// Identity turns senders and events into keyed hashes (HMAC-SHA-256): 32 random bytes.
	Identity []byte
	// Former are the identity keys that there were before, oldest first; none unless keys were rotated.
	// What they hashed is hashed again with the next one, so they are needed for as long as the database
	// lasts, and are worth nothing without the present one.
	Former [][]byte
	// Address seals addresses, photo sources, comments and kept photos (AES-256-GCM): 32 random bytes.
	Address []byte
}

// LogValue keeps the keys out of logs.
func (Keys) LogValue() slog.Value { return slog.StringValue("[keys]") }

// String keeps the keys out of errors and formatted text.
func (Keys) String() string { return "[keys]" }

// GoString keeps the keys out of %#v, too.
func (Keys) GoString() string { return "[keys]" }

// check returns an error unless both keys have their length.
func (k Keys) check() error {
	if len(k.Identity) != keySize || len(k.Address) != keySize {
		return fmt.Errorf("the identity key and the address key must have %d bytes each, not %d and %d",
			keySize, len(k.Identity), len(k.Address))
	}
	for _, former := range k.Former {
		if len(former) != keySize {
			return fmt.Errorf("a former identity key must have %d bytes, not %d", keySize, len(former))
		}
	}
	return nil
}

// identities are all identity keys, in the order in which they hash.
func (k Keys) identities() [][]byte { return append(append([][]byte{}, k.Former...), k.Identity) }

// keysFile is the JSON form of Keys; the bytes are in base 64.
type keysFile struct {
	Identity []byte   `json:"identity"`
	Former   [][]byte `json:"former,omitempty"`
	Address  []byte   `json:"address"`
}

// LoadOrCreateKeys reads the keys from a file. A missing file is created with fresh random keys,
// readable by its owner only; one that others may read or write is refused with an error. Several
// processes may call it at the same time: all get the same keys.
func LoadOrCreateKeys(path string) (Keys, error) { return loadOrCreate(path, freshKeys) }

// LoadOrCreateNextKeys is LoadOrCreateKeys for keys to rotate to from others: a missing file is created
// with their Next.
func LoadOrCreateNextKeys(path string, before Keys) (Keys, error) {
	return loadOrCreate(path, before.Next)
}

func loadOrCreate(path string, fresh func() Keys) (Keys, error) {
	keys, err := loadKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKeys(path, fresh()); err != nil {
			return Keys{}, fmt.Errorf("create key file %s: %w", path, err)
		}
		keys, err = loadKeys(path)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("load key file %s: %w", path, err)
	}
	return keys, nil
}

// loadKeys reads a key file, and checks who else can.
func loadKeys(path string) (Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Keys{}, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Keys{}, fmt.Errorf("others have access to it (mode %04o); run chmod 600 on it", mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Keys{}, err
	}
	return ParseKeys(text)
}

// ParseKeys reads keys from the content of a key file. No error quotes it.
func ParseKeys(text []byte) (Keys, error) {
	var file keysFile
	if err := json.Unmarshal(text, &file); err != nil {
		// The decoder's own words could quote the file.
		return Keys{}, errors.New("it is not the JSON object that was written")
	}
	keys := Keys(file)
	return keys, keys.check()
}

// freshKeys are random.
func freshKeys() Keys {
	k := Keys{Identity: make([]byte, keySize), Address: make([]byte, keySize)}
	_, _ = rand.Read(k.Identity) // never fails
	_, _ = rand.Read(k.Address)
	return k
}

// createKeys writes keys to a file that was missing. One that another process created meanwhile is
// left as it is.
func createKeys(path string, keys Keys) error {
	text, err := json.Marshal(keysFile(keys))
	if err != nil {
		return err
	}
	// Written elsewhere and then linked, so that nobody ever reads half of it.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(append(text, '\n'))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder puts a folder's new names on the disk.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
