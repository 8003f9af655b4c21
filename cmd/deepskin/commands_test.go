package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/classifier/sample"
)

func save(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestClassifyPrintsAnObjectForEachPhoto(t *testing.T) {
	folder := t.TempDir()
	save(t, filepath.Join(folder, "a.jpg"), photo(t, 1))
	save(t, filepath.Join(folder, "b.jpg"), []byte("no photo"))
	save(t, filepath.Join(folder, "c.jpg"), drawn(t, 1, sample.Options{Width: 400, Height: 300, Fault: sample.Blurred}))
	save(t, filepath.Join(folder, ".hidden"), []byte("not looked at"))

	out, log, err := program(t, environ(t, nil), "classify", "--format", "jsonl", folder)
	if err != nil {
		t.Fatalf("classify: %v\n%s", err, log)
	}
	type answer struct {
		File       string
		Label      string
		Malignancy float64
		Confidence float64
		Diagnoses  map[string]float64
		Problems   []string
		OOD        *float64
		Kind       string
		Diagnosis  string
		Lesion     *struct{ Left, Right float64 }
		Grid       any
		Model      string
		Millis     float64
	}
	var answers []answer
	lines := bufio.NewScanner(strings.NewReader(out))
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		answers = append(answers, a)
	}
	if len(answers) != 3 {
		t.Fatalf("%d answers for 3 photos:\n%s", len(answers), out)
	}
	judged, unreadable, blurred := answers[0], answers[1], answers[2]
	if judged.File != filepath.Join(folder, "a.jpg") || len(judged.Problems) != 0 || judged.Problems == nil {
		t.Errorf("the lesion: %+v", judged)
	}
	total := 0.0
	for _, p := range judged.Diagnoses {
		total += p
	}
	if len(judged.Diagnoses) != 7 || math.Abs(total-1) > 1e-4 {
		t.Errorf("seven probabilities must sum to 1: %v", judged.Diagnoses)
	}
	malignancy := judged.Diagnoses["mel"] + judged.Diagnoses["bcc"] + judged.Diagnoses["akiec"]
	if math.Abs(malignancy-judged.Malignancy) > 1e-4 || judged.Model == "" || judged.Millis <= 0 || judged.OOD == nil {
		t.Errorf("the lesion: %+v", judged)
	}
	if judged.Kind != "dermoscopy" && judged.Kind != "phone" || judged.Diagnoses[judged.Diagnosis] == 0 ||
		judged.Lesion == nil || judged.Lesion.Left > judged.Lesion.Right || judged.Grid != nil {
		t.Errorf("the lesion: %+v", judged)
	}
	if unreadable.Label != "inconclusive" || len(unreadable.Problems) != 1 || unreadable.Problems[0] != "unknown_format" {
		t.Errorf("no photo: %+v", unreadable)
	}
	if blurred.Label != "inconclusive" || len(blurred.Problems) == 0 || len(blurred.Diagnoses) != 7 {
		t.Errorf("a blurred photo is refused but keeps its numbers: %+v", blurred)
	}
}

func TestClassifyFailsWhereAFileCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	save(t, filepath.Join(folder, "a.jpg"), photo(t, 1))
	out, log, err := program(t, environ(t, nil), "classify", folder, filepath.Join(folder, "missing.jpg"))
	if !errors.Is(err, errReported) || !strings.Contains(log, "missing.jpg") {
		t.Errorf("classify ended with %v and said %q", err, log)
	}
	if !strings.Contains(out, "a.jpg: ") {
		t.Errorf("the readable photo is missing from %q", out)
	}
	for _, words := range []string{"most like ", "taken for ", "look"} {
		if !strings.Contains(out, words) {
			t.Errorf("%q does not say what the photo is %q", out, words)
		}
	}
}

func TestVersionNamesModelAndProvider(t *testing.T) {
	out, _, err := program(t, environ(t, nil), "version")
	if err != nil || !strings.Contains(out, "computed by cpu") || !strings.Contains(out, "CC BY-NC 4.0") ||
		!strings.Contains(out, "malignant_auc") {
		t.Errorf("version: %v\n%s", err, out)
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	fake := telegramtest.New(t)
	discord := discordtest.New(t)
	healthy := withDiscord(discord, withTelegram(fake, environ(t, map[string]string{"REDIS_URL": startRedis(t)})))
	out, _, err := program(t, healthy, "doctor")
	if err != nil || strings.Count(out, "ok ") != 6 {
		t.Fatalf("doctor: %v\n%s", err, out)
	}
	if !strings.Contains(out, "https://discord.com/oauth2/authorize?client_id="+discord.BotID()) {
		t.Errorf("doctor shows no link with which to invite the bot:\n%s", out)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.onnx")
	save(t, damaged, []byte("no model"))
	for _, test := range []struct{ name, value, check string }{
		{"DEEPSKIN_ONNXRUNTIME", filepath.Join(t.TempDir(), "no.so"), "ONNX Runtime"},
		{"DEEPSKIN_MODEL", damaged, "model"},
		{"REDIS_URL", "redis://:hunter2@127.0.0.1:1", "Redis"},
		{"DATABASE_URL", "sqlite:" + filepath.Join(t.TempDir(), "no", "folder", "x.db"), "database"},
		{"TELEGRAM_TOKEN", "1:wrong", "Telegram"},
		{"DISCORD_TOKEN", "MTE.wrong.token", "Discord"},
		{"DISCORD_CHANNELS", "photos", "Discord"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := withDiscord(discord, withTelegram(fake, environ(t, nil)))
			env[test.name] = test.value
			out, _, err := program(t, env, "doctor")
			if !errors.Is(err, errReported) || !strings.Contains(out, "WRONG "+test.check+":") ||
				!strings.Contains(out, "To mend it:") {
				t.Errorf("doctor ended with %v:\n%s", err, out)
			}
			if strings.Contains(out, "hunter2") || strings.Contains(out, "1:wrong") || strings.Contains(out, "MTE.wrong") {
				t.Errorf("doctor shows a secret:\n%s", out)
			}
		})
	}
}

func TestSettingsComeFromFilesToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	save(t, path, []byte("123:from-a-file\n"))
	s, err := readSettings(map[string]string{"TELEGRAM_TOKEN_FILE": path})
	if err != nil || s.TelegramToken != "123:from-a-file" {
		t.Errorf("token %q, error %v", s.TelegramToken, err)
	}
	if _, err := readSettings(map[string]string{"TELEGRAM_TOKEN_FILE": path + "x"}); err == nil ||
		!strings.Contains(err.Error(), "TELEGRAM_TOKEN_FILE") {
		t.Errorf("a missing file gives %v", err)
	}
	// Empty, as in a compose file, is none; blanks do no harm.
	for list, intents := range map[string]int{"": 1, "12, 34": 3} {
		s, err := readSettings(map[string]string{"DISCORD_CHANNELS": list, "DISCORD_TOKEN": "MTEx.abc.def"})
		if err != nil {
			t.Fatal(err)
		}
		chat, err := s.discord(nil, nil)
		if err != nil || len(chat.Intents()) != intents {
			t.Errorf("DISCORD_CHANNELS=%q: %v", list, err)
		}
	}
	if _, err := readSettings(map[string]string{"DEEPSKIN_DEADLINE": "soon"}); err == nil {
		t.Error("a deadline of \"soon\" is accepted")
	}
	if s, err := readSettings(map[string]string{"DEEPSKIN_IDENTITY_KEY": "short"}); err != nil {
		t.Error(err)
	} else if _, err := s.keys(); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a key that is too short gives %v", err)
	}
}

// TestGreeting names the chats that are off, and how to turn them on.
func TestGreeting(t *testing.T) {
	for _, test := range []struct {
		s    settings
		want []string // settings that it names
	}{
		{settings{}, []string{"TELEGRAM_TOKEN", "DISCORD_TOKEN"}},
		{settings{TelegramToken: "1:a"}, []string{"DISCORD_TOKEN"}},
		{settings{DiscordToken: "a.b.c"}, []string{"TELEGRAM_TOKEN"}},
		{settings{TelegramToken: "1:a", DiscordToken: "a.b.c"}, nil},
	} {
		var screen strings.Builder
		test.s.greet(&screen, "[::]:8080")
		address, rest, _ := strings.Cut(screen.String(), "\n")
		if address != readyLine+"http://localhost:8080" {
			t.Errorf("it begins with %q", address)
		}
		for _, name := range []string{"TELEGRAM_TOKEN", "DISCORD_TOKEN"} {
			if strings.Contains(rest, name) != slices.Contains(test.want, name) {
				t.Errorf("with %v it should speak of %v:\n%s", test.s, test.want, rest)
			}
		}
	}
}
