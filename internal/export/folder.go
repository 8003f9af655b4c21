package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
)

// markFile makes a folder an export, and says whose.
const markFile = "export.json"

// partial ends the name of a file that is being written.
const partial = ".partial"

// A mark is what is in the markFile.
type mark struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Store   string `json:"store"`
}

// A folder holds an export. Nothing outside it is touched, whatever links are in it.
type folder struct{ root *os.Root }

// openFolder opens the export of a store, or begins one in a folder that is missing or empty.
func openFolder(name, store string) (*folder, error) {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	f := &folder{root}
	if err := f.begin(mark{Format: "deepskin-export", Version: 1, Store: store}); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *folder) close() error { return f.root.Close() }

// begin checks that the folder is an export with this mark, or marks it.
func (f *folder) begin(m mark) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	switch found, err := f.root.ReadFile(markFile); {
	case errors.Is(err, fs.ErrNotExist):
		if err := f.checkEmpty(); err != nil {
			return err
		}
	case err != nil:
		return err
	case !bytes.Equal(found, text):
		return errors.New("the folder holds the export of another store, or of another version of the program")
	}
	if err := f.root.Chmod(".", 0o700); err != nil {
		return err
	}
	for _, photos := range photoFolders {
		if err := f.root.Mkdir(photos, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return f.save(markFile, text)
}

// checkEmpty refuses a folder that holds anything but the beginning of an export.
func (f *folder) checkEmpty() error {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return err
	}
	begun := []string{markFile + partial, photoFolders[lesionFile], photoFolders[noLesionFile]}
	for _, entry := range entries {
		if !slices.Contains(begun, entry.Name()) {
			return errors.New("the folder is not empty and no export")
		}
		if !entry.IsDir() {
			continue
		}
		if photos, err := fs.ReadDir(f.root.FS(), entry.Name()); err != nil || len(photos) > 0 {
			return errors.Join(errors.New("the folder is not empty and no export"), err)
		}
	}
	return nil
}

// read returns the rows that the folder has.
func (f *folder) read() (rows, error) {
	found := rows{}
	for _, file := range []string{lesionFile, noLesionFile} {
		content, err := f.root.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the first export did not come that far
		}
		if err != nil {
			return nil, err
		}
		table, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		if err != nil || len(table) == 0 || !slices.Equal(table[0], headers[file]) {
			return nil, errors.Join(fmt.Errorf("%s is damaged: remove it, and the export is made anew", file), err)
		}
		column := slices.Index(headers[file], "image_id")
		for _, fields := range table[1:] {
			found[fields[column]] = row{table: file, fields: fields, image: fields[column]}
		}
	}
	return found, nil
}

// sweep removes the photos that are not of these rows, and what an interrupted export left.
func (f *folder) sweep(r rows) error {
	keep := map[string]bool{}
	for _, one := range r {
		keep[one.file()] = true
	}
	for table, photos := range photoFolders {
		if err := f.root.Remove(table + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		entries, err := fs.ReadDir(f.root.FS(), photos)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if name := path.Join(photos, entry.Name()); !keep[name] {
				if err := f.root.Remove(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (f *folder) saveTable(file string, table [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(table); err != nil {
		return err
	}
	return f.save(file, text.Bytes())
}

// save writes a file whole or not at all, unless it has this content already.
func (f *folder) save(name string, content []byte) error {
	if found, err := f.root.ReadFile(name); err == nil && bytes.Equal(found, content) {
		return nil
	}
	file, err := f.root.OpenFile(name+partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(name+partial))
	}
	return f.root.Rename(name+partial, name)
}
