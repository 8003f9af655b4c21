package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/adapters/discord/discordtest"
	"deepskin/internal/export"
)

// reviewAll lets two reviewers say the same of every photo that waits for them.
func reviewAll(t *testing.T, env map[string]string, d deepskin.Decision) (labelled int) {
	t.Helper()
	s, err := readSettings(env)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.openStore(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	}()
	line, err := kept.ReviewLine(t.Context(), deepskin.Sender{Platform: "web", ID: "anybody"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range line {
		for _, name := range []string{"one", "other"} {
			_, err := kept.Vote(t.Context(), task.Case.ID, deepskin.Sender{Platform: "web", ID: name}, d, time.Now())
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return len(line)
}

// exports runs the command and returns its summary, and the rows of metadata.csv below the header.
func exports(t *testing.T, env map[string]string, folder string) (export.Summary, [][]string) {
	t.Helper()
	out, _, err := program(t, env, "export", "--json", folder)
	if err != nil {
		t.Fatal(err)
	}
	var summary export.Summary
	if err := json.Unmarshal([]byte(out), &summary); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "metadata.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return summary, rows[1:]
}

// TestDeletedPhotosLeaveTheExport follows photos of two people into an export, and those of the one who
// writes /delete out of it again.
func TestDeletedPhotosLeaveTheExport(t *testing.T) {
	fake := discordtest.New(t)
	fake.SetPatience(patience)
	guild := fake.AddGuild("clinic")
	hall := guild.AddChannel("hall")
	ann, cas := fake.AddPerson("ann"), fake.AddPerson("cas")
	guild.Join(ann)
	guild.Join(cas)
	env := withDiscord(fake, environ(t, nil))
	start(t, env)
	fake.WaitForConnection()
	a, c := reader{fake, ann, hall}, reader{fake, cas, hall}
	a.disputes(t, 1, "")
	c.disputes(t, 3, "")
	folder := filepath.Join(t.TempDir(), "exported")
	if before, rows := exports(t, env, folder); before != (export.Summary{}) || len(rows) != 0 {
		t.Fatalf("before the review the export holds %+v: %v", before, rows)
	}
	if n := reviewAll(t, env, "mel"); n != 2 {
		t.Fatalf("%d reviews wait, want 2", n)
	}

	full, rows := exports(t, env, folder)
	if want := (export.Summary{Lesions: 2, Senders: 2, Added: 2}); full != want {
		t.Fatalf("the export holds %+v, want %+v", full, want)
	}
	for _, row := range rows {
		file, err := os.Open(filepath.Join(folder, "images", row[1]+".jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(io.Reader(file)); err != nil {
			t.Errorf("the photo is no JPEG: %v", err)
		}
		file.Close()
		if text := strings.Join(row, ","); row[2] != "mel" || row[7] != "discord" || row[9] == "" ||
			strings.Contains(text, ann.ID) || strings.Contains(text, cas.ID) {
			t.Errorf("a row is %v", row)
		}
	}

	ann.Run(hall, "delete")
	a.reads("erased everything")
	left, kept := exports(t, env, folder)
	if want := (export.Summary{Lesions: 1, Senders: 1, Removed: 1, Withdrawn: 1}); left != want {
		t.Fatalf("after /delete the export holds %+v, want %+v", left, want)
	}
	gone := rows[0][1]
	if kept[0][1] == gone {
		gone = rows[1][1]
	}
	files, err := os.ReadDir(filepath.Join(folder, "images"))
	if err != nil || len(files) != 1 || files[0].Name() != kept[0][1]+".jpg" {
		t.Errorf("after /delete there is %v, %v; want only %s", files, err, kept[0][1])
	}
	list, err := os.ReadFile(filepath.Join(folder, "withdrawn.csv"))
	if err != nil || !strings.Contains(string(list), gone) || strings.Contains(string(list), kept[0][1]) {
		t.Errorf("withdrawn.csv says %q, %v; want %s", list, err, gone)
	}
	fresh, _ := exports(t, env, filepath.Join(t.TempDir(), "fresh"))
	if fresh.Lesions != 1 {
		t.Errorf("a fresh export holds %+v", fresh)
	}
}

func TestExportRefusesWhatItDoesNotUnderstand(t *testing.T) {
	env := environ(t, nil)
	photos := t.TempDir()
	save(t, filepath.Join(photos, "a.jpg"), []byte("photo"))
	for want, args := range map[string][]string{
		"not empty and no export": {"export", photos},
		"--since takes a day":     {"export", "--since", "yesterday", t.TempDir()},
		"accepts 1 arg":           {"export"},
	} {
		if _, _, err := program(t, env, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v ended with %v, want %q", args, err, want)
		}
	}
	out, _, err := program(t, env, "export", filepath.Join(t.TempDir(), "new"))
	if err != nil || !strings.HasPrefix(out, "0 photos with a lesion and 0 without, of 0 people") {
		t.Errorf("of an empty store: %q, %v", out, err)
	}
}
