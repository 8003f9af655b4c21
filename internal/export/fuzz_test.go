package export_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin/internal/export"
)

// FuzzFolder brings folders up to date whose tables somebody has tampered with. Either that is told, or
// the folder holds an export afterwards; nothing outside of it is touched.
func FuzzFolder(f *testing.F) {
	folder := filepath.Join(f.TempDir(), "export")
	if _, err := export.Write(f.Context(), newSource(), folder, time.Time{}); err != nil {
		f.Fatal(err)
	}
	var tables [2]string
	for i, name := range []string{"metadata.csv", "no_lesion.csv"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			f.Fatal(err)
		}
		tables[i] = string(content)
	}
	f.Add(tables[0], tables[1])
	f.Add(tables[1], tables[0])
	f.Add(strings.ReplaceAll(tables[0], "DSI_", "../../outside/"), tables[1])
	f.Add(tables[0]+"x,../../outside/photo,mel,review,,,,web,phone,m,2026-01-01\n", tables[1])
	f.Add(strings.Replace(tables[0], ",", ",\"", 1), "")
	f.Fuzz(func(t *testing.T, lesions, others string) {
		home := t.TempDir()
		outside, folder := filepath.Join(home, "outside", "photo.jpg"), filepath.Join(home, "exports", "export")
		if err := os.Mkdir(filepath.Dir(outside), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, newSource(), folder)
		for path, content := range map[string]string{
			outside: "a photo", filepath.Join(folder, "metadata.csv"): lesions, filepath.Join(folder, "no_lesion.csv"): others,
		} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := export.Write(t.Context(), newSource(), folder, time.Time{}); err == nil {
			consistent(t, contents(t, folder))
		}
		if files := contents(t, filepath.Dir(outside)); len(files) != 1 || files["photo.jpg"] != "a photo" {
			t.Errorf("outside of the folder there is %v", files)
		}
	})
}
