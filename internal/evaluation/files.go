package evaluation

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// extensions are those of the formats that the service reads.
var extensions = []string{".jpg", ".jpeg", ".png", ".webp"}

// Files are the photos below a folder or in a tar archive. Several may be read at the same time.
// An archive that is compressed is held in memory as a whole.
type Files struct {
	folder string
	// archive is nil for a folder.
	archive archive
	// places are where in the archive the photos lie.
	places map[string]place
	names  []string
}

type place struct{ offset, size int64 }

// An archive is a tar archive that is not, or no longer, compressed.
type archive interface {
	io.ReadSeeker
	io.ReaderAt
}

// OpenFiles finds the photos by their extensions; hidden files and folders are left out. An
// archive is compressed with gzip if its name ends in .gz or .tgz, and else not at all. Close the
// files when they are no longer needed.
func OpenFiles(path string) (*Files, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find photos: %w", err)
	}
	files := &Files{folder: path, places: map[string]place{}}
	if info.IsDir() {
		err = files.listFolder()
	} else {
		err = files.listArchive(path)
	}
	if err == nil && len(files.names) == 0 {
		err = fmt.Errorf("no photo (%s) in %s", strings.Join(extensions, ", "), path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find photos: %w", err), files.Close())
	}
	slices.Sort(files.names)
	return files, nil
}

// Names returns the photos' paths below the folder or in the archive, sorted.
func (f *Files) Names() []string { return f.names }

// Read returns the bytes of one of the photos.
func (f *Files) Read(name string) ([]byte, error) {
	if f.archive == nil {
		return os.ReadFile(filepath.Join(f.folder, filepath.FromSlash(name)))
	}
	place, ok := f.places[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	content := make([]byte, place.size)
	if _, err := f.archive.ReadAt(content, place.offset); err != nil {
		return nil, fmt.Errorf("read %s from the archive: %w", name, err)
	}
	return content, nil
}

// Close closes the archive.
func (f *Files) Close() error {
	if closer, ok := f.archive.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func (f *Files) listFolder() error {
	return fs.WalkDir(os.DirFS(f.folder), ".", func(path string, entry fs.DirEntry, err error) error {
		hidden := path != "." && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && isPhoto(path):
			f.names = append(f.names, path)
		}
		return nil
	})
}

// listArchive notes where the photos lie, so that they need not be read in order, nor be kept.
func (f *Files) listArchive(path string) (err error) {
	if f.archive, err = openArchive(path); err != nil {
		return err
	}
	reader := tar.NewReader(f.archive)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s as a tar archive: %w", path, err)
		}
		if header.Typeflag != tar.TypeReg || !isPhoto(header.Name) || isHidden(header.Name) {
			continue
		}
		// The reader has read the header and nothing of what follows it.
		offset, err := f.archive.Seek(0, io.SeekCurrent)
		if err != nil {
			return fmt.Errorf("find the place of %s: %w", header.Name, err)
		}
		if _, ok := f.places[header.Name]; !ok {
			f.names = append(f.names, header.Name)
		}
		f.places[header.Name] = place{offset, header.Size} // a later file replaces an earlier one
	}
}

// openArchive opens the file, or unpacks it into memory.
func openArchive(path string) (archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if ext := strings.ToLower(filepath.Ext(path)); ext != ".gz" && ext != ".tgz" {
		return file, nil
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	content, err := io.ReadAll(packed)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	return bytes.NewReader(content), nil
}

func isPhoto(name string) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}

func isHidden(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Clean(name), "/"), func(part string) bool {
		return strings.HasPrefix(part, ".")
	})
}

// stem returns a photo's name without folder and extension. Other dots belong to the name.
func stem(name string) string {
	name = path.Base(filepath.ToSlash(name))
	if isPhoto(name) {
		return strings.TrimSuffix(name, path.Ext(name))
	}
	return name
}
