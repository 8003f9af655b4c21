package evaluation_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deepskin/internal/evaluation"
)

// What lies in the folder and the archive; photos hold their own names.
var (
	longName = strings.Repeat("long/", 40) + "d.webp" // more than a plain tar header holds
	there    = []string{"a.jpg", "sub/b.PNG", "sub/c.txt", ".hidden/x.jpg", "sub/._b.png", "sub/e.jpeg", longName}
	photos   = []string{"a.jpg", longName, "sub/b.PNG", "sub/e.jpeg"}
)

func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compress(t *testing.T, content []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func save(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesOfFoldersAndArchives(t *testing.T) {
	folder := t.TempDir()
	for _, name := range there {
		save(t, filepath.Join(folder, name), []byte(name))
	}
	plain := save(t, filepath.Join(t.TempDir(), "photos.tar"), archive(t, there...))
	packed := save(t, filepath.Join(t.TempDir(), "photos.tar.gz"), compress(t, archive(t, there...)))
	short := save(t, filepath.Join(t.TempDir(), "photos.TGZ"), compress(t, archive(t, there...)))
	for _, path := range []string{folder, plain, packed, short} {
		files, err := evaluation.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(files.Names()) != fmt.Sprint(photos) {
			t.Errorf("%s holds %v, want %v", path, files.Names(), photos)
		}
		for i := len(photos) - 1; i >= 0; i-- { // in any order
			content, err := files.Read(photos[i])
			if err != nil || string(content) != photos[i] {
				t.Errorf("%s holds %q as %s: %v", path, content, photos[i], err)
			}
		}
		if _, err := files.Read("other.jpg"); err == nil {
			t.Errorf("%s: a photo that is not there was read", path)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesThatCannotBeFound(t *testing.T) {
	packed := compress(t, archive(t, "a.jpg"))
	folder := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(folder, "missing"): "no such file",
		t.TempDir():                      "no photo",
		save(t, filepath.Join(folder, "a.tar"), archive(t, "b.txt")):        "no photo",
		save(t, filepath.Join(folder, "b.tar"), packed):                     "as a tar archive",
		save(t, filepath.Join(folder, "a.tar.gz"), archive(t, "a.jpg")):     "unpack",
		save(t, filepath.Join(folder, "b.tar.gz"), packed[:len(packed)-20]): "unpack",
	} {
		if _, err := evaluation.OpenFiles(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q in it", path, err, want)
		}
	}
}
