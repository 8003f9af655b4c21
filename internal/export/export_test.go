package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/export"
)

var update = flag.Bool("update", false, "write testdata/export anew; the training code's tests read it, too")

// day is when the samples were decided, unless a test says otherwise.
var day = time.Date(2026, 3, 1, 15, 4, 5, 0, time.UTC)

// A source is what a store holds that can be exported.
type source struct {
	samples   []deepskin.Sample
	photos    map[deepskin.CaseID][]byte
	withdrawn []deepskin.Withdrawal
	id        string
	// exporting is called before each photo is handed out; nil for nothing.
	exporting func(deepskin.CaseID) error
	// exported counts how often a photo was handed out.
	exported int
}

func (s *source) Samples(context.Context) ([]deepskin.Sample, error) {
	return slices.SortedFunc(slices.Values(s.samples), func(a, b deepskin.Sample) int {
		return strings.Compare(a.Image, b.Image)
	}), nil
}

func (s *source) Export(_ context.Context, id deepskin.CaseID, _ time.Time) ([]byte, error) {
	if s.exporting != nil {
		if err := s.exporting(id); err != nil {
			return nil, err
		}
	}
	photo, kept := s.photos[id]
	if !kept {
		return nil, deepskin.ErrGone
	}
	s.exported++
	return photo, nil
}

func (s *source) Withdrawn(context.Context) ([]deepskin.Withdrawal, error) { return s.withdrawn, nil }

func (s *source) ExportID() (string, error) { return s.id, nil }

// add adds the n-th sample.
func (s *source) add(n int, d deepskin.Decision) *deepskin.Sample {
	id := deepskin.CaseID(fmt.Sprint("case ", n))
	s.samples = append(s.samples, deepskin.Sample{
		Case: id, Image: fmt.Sprintf("DSI_%032x", n), Lesion: fmt.Sprintf("DSL_%032x", n/2), Decision: d, Decided: day,
		Platform: "telegram", Kind: deepskin.Phone, Model: "v-test",
	})
	s.photos[id] = drawn(n)
	return &s.samples[len(s.samples)-1]
}

// withdraw takes the n-th sample back.
func (s *source) withdraw(n int) {
	s.withdrawn = append(s.withdrawn, deepskin.Withdrawal{Image: s.samples[n].Image, Exported: day.Truncate(24 * time.Hour)})
	delete(s.photos, s.samples[n].Case)
	s.samples = slices.Delete(s.samples, n, n+1)
}

// newSource has five lesions of three people, and a photo that shows none.
func newSource() *source {
	s := &source{photos: map[deepskin.CaseID][]byte{}, id: "0123456789abcdef"}
	for n, d := range []deepskin.Decision{"mel", "nv", "bkl", "no_lesion", "bcc", "nv"} {
		s.add(n, d)
	}
	s.samples[1].Kind, s.samples[4].Platform = deepskin.Dermoscopy, "web"
	return s
}

// drawn is a small JPEG that differs for each n.
func drawn(n int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 32, 24))
	for i := range 32 * 24 {
		picture.Set(i%32, i/32, color.RGBA{R: uint8(40 * n), G: uint8(4 * (i % 32)), B: 90, A: 255})
	}
	var packed bytes.Buffer
	_ = jpeg.Encode(&packed, picture, nil) // a buffer takes everything
	return packed.Bytes()
}

// write exports everything.
func write(t *testing.T, s *source, folder string) export.Summary {
	t.Helper()
	summary, err := export.Write(t.Context(), s, folder, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// contents are all files below a folder.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// same fails the test unless two folders have the same bytes.
func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	names := func(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }
	if !slices.Equal(names(got), names(want)) {
		t.Errorf("the files are %v, want %v", names(got), names(want))
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s has other bytes: %q, want %q", name, shortened(got[name]), shortened(content))
		}
	}
}

func shortened(text string) string { return text[:min(len(text), 2000)] }

func TestExportIsADataSet(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "export")
	if *update {
		if err := os.RemoveAll(golden); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(t.TempDir(), "not", "yet")
	s := newSource()
	s.withdraw(5)
	summary := write(t, s, folder)
	want := export.Summary{Lesions: 4, NoLesion: 1, Senders: 3, Added: 5, Withdrawn: 1}
	if summary != want {
		t.Errorf("the summary is %+v, want %+v", summary, want)
	}
	if *update {
		write(t, s, golden)
	}
	same(t, contents(t, folder), contents(t, golden))
	again := write(t, s, folder)
	if want.Added = 0; again != want {
		t.Errorf("the second summary is %+v, want %+v", again, want)
	}
	same(t, contents(t, folder), contents(t, golden))
}

func TestExportIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, newSource(), folder)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestExportFollowsTheSource(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "export")
	s := newSource()
	write(t, s, folder)

	s.withdraw(0)
	s.samples[0].Decision = "mel"                     // decided anew
	s.samples[1].Decision = deepskin.DecisionNoLesion // moves to the other table
	s.samples[3].Model = "v-test"                     // as it was
	s.samples = slices.Delete(s.samples, 4, 5)        // rejected after all: gone, but not withdrawn
	s.add(6, "df")
	summary := write(t, s, folder)
	want := export.Summary{Lesions: 3, NoLesion: 2, Senders: 4, Added: 1, Changed: 2, Removed: 2, Withdrawn: 1}
	if summary != want {
		t.Errorf("the summary is %+v, want %+v", summary, want)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	write(t, s, fresh)
	same(t, contents(t, folder), contents(t, fresh))
	if list := contents(t, folder)["withdrawn.csv"]; list != fmt.Sprintf("image_id,exported\nDSI_%032x,2026-03-01\n", 0) {
		t.Errorf("withdrawn.csv is %q", list)
	}
}

func TestExportSinceADayAddsOnlyWhatIsNewer(t *testing.T) {
	t.Parallel()
	s := newSource()
	for n := range s.samples {
		s.samples[n].Decided = day.AddDate(0, 0, n)
	}
	since := day.AddDate(0, 0, 4).Truncate(24 * time.Hour)
	folder := filepath.Join(t.TempDir(), "export")
	summary, err := export.Write(t.Context(), s, folder, since)
	if err != nil || summary.Lesions != 2 || summary.NoLesion != 0 {
		t.Fatalf("of a fresh export: %+v, %v", summary, err)
	}
	write(t, s, folder)
	s.withdraw(5)
	s.samples[0].Decision = "nv"
	summary, err = export.Write(t.Context(), s, folder, since)
	want := export.Summary{Lesions: 4, NoLesion: 1, Senders: 3, Changed: 1, Removed: 1, Withdrawn: 1}
	if err != nil || summary != want {
		t.Errorf("of what is there: %+v, %v; want %+v", summary, err, want)
	}
}

func TestPhotosTakenBackMeanwhileAreNotExported(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *source){
		"before it is read": func(s *source) { s.withdraw(4) },
		"after it was read": func(s *source) { s.withdraw(0) },
		"decided anew":      func(s *source) { s.samples[0].Decision = deepskin.DecisionNoLesion },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource()
			s.exporting = func(id deepskin.CaseID) error {
				if id == "case 2" {
					change(s)
				}
				return nil
			}
			folder := filepath.Join(t.TempDir(), "export")
			write(t, s, folder)
			files := contents(t, folder)
			if n := strings.Count(files["metadata.csv"], "DSI_") + strings.Count(files["no_lesion.csv"], "DSI_"); n != 5 {
				t.Errorf("%d photos in the tables, want 5: %v", n, files["metadata.csv"])
			}
			consistent(t, files)
			s.exporting = nil
			write(t, s, folder)
			fresh := filepath.Join(t.TempDir(), "fresh")
			write(t, s, fresh)
			same(t, contents(t, folder), contents(t, fresh))
		})
	}
}

// consistent fails the test unless each row has a photo, and nothing else is there.
func consistent(t *testing.T, files map[string]string) {
	t.Helper()
	want := []string{"export.json", "metadata.csv", "no_lesion.csv", "withdrawn.csv"}
	for table, photos := range map[string]string{"metadata.csv": "images/", "no_lesion.csv": "no_lesion/"} {
		rows, err := csv.NewReader(strings.NewReader(files[table])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			want = append(want, photos+row[1]+".jpg")
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("the files are %v, want %v", got, want)
	}
}

func TestInterruptedExportsAreCompleted(t *testing.T) {
	t.Parallel()
	want := filepath.Join(t.TempDir(), "want")
	whole := newSource()
	whole.withdraw(0)
	write(t, whole, want)
	killed := errors.New("killed")
	for n := range len(whole.samples) {
		s := newSource()
		folder := filepath.Join(t.TempDir(), "export")
		write(t, s, folder)
		if err := os.RemoveAll(filepath.Join(folder, "images")); err != nil { // so that there is something to do
			t.Fatal(err)
		}
		s.withdraw(0)
		s.exporting = func(deepskin.CaseID) error {
			if s.exported == len(whole.samples)+1+n {
				return killed
			}
			return nil
		}
		if _, err := export.Write(t.Context(), s, folder, time.Time{}); !errors.Is(err, killed) {
			t.Fatalf("the export ended with %v", err)
		}
		if files := contents(t, folder); strings.Contains(files["metadata.csv"], whole.withdrawn[0].Image) ||
			files["images/"+whole.withdrawn[0].Image+".jpg"] != "" {
			t.Error("what was taken back is there after an interruption")
		}
		// A kill in the middle of a file leaves the beginning of it.
		for _, name := range []string{"metadata.csv.partial", "images/x.jpg.partial"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.exporting = nil
		write(t, s, folder)
		same(t, contents(t, folder), contents(t, want))
	}
}

// A limit on the size of files stands for a full disk: writing fails in the middle of a photo. It
// holds for the whole process, so no other test runs at the same time.
func TestFullDiskKeepsNothingThatWasTakenBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "export")
	s := newSource()
	write(t, s, folder)
	s.withdraw(0)
	last := s.add(6, "nv")
	s.photos[last.Case] = bytes.Repeat([]byte("photo"), 1<<20)

	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := export.Write(t.Context(), s, folder, time.Time{})
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("the export ended with %v", err)
	}
	files := contents(t, folder)
	consistent(t, files)
	if n := strings.Count(files["metadata.csv"], "DSI_"); n != 4 {
		t.Errorf("%d lesions in the table, want those that were there and stay: %s", n, files["metadata.csv"])
	}
	write(t, s, folder)
	fresh := filepath.Join(t.TempDir(), "fresh")
	write(t, s, fresh)
	same(t, contents(t, folder), contents(t, fresh))
}

func TestFoldersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, folder string){
		"not empty and no export": func(t *testing.T, folder string) {
			save(t, filepath.Join(folder, "holiday.jpg"), "photo")
		},
		"of another store": func(t *testing.T, folder string) {
			other := newSource()
			other.id = "fedcba9876543210"
			write(t, other, folder)
		},
		"damaged": func(t *testing.T, folder string) {
			write(t, newSource(), folder)
			save(t, filepath.Join(folder, "metadata.csv"), "lesion_id\n")
		},
		"escapes from": func(t *testing.T, folder string) { // the photos would be written elsewhere
			elsewhere := t.TempDir()
			save(t, filepath.Join(elsewhere, "holiday.jpg"), "photo")
			if err := os.Symlink(elsewhere, filepath.Join(folder, "images")); err != nil {
				t.Fatal(err)
			}
			save(t, filepath.Join(folder, "export.json"),
				`{"format":"deepskin-export","version":1,"store":"0123456789abcdef"}`+"\n")
			t.Cleanup(func() {
				if files := contents(t, elsewhere); len(files) != 1 {
					t.Errorf("elsewhere there is %v", files)
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			prepare(t, folder)
			before := contents(t, folder)
			_, err := export.Write(t.Context(), newSource(), folder, time.Time{})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the error is %v", err)
			}
			same(t, contents(t, folder), before)
		})
	}
}

func save(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
