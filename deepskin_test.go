package deepskin_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"deepskin"
)

func TestCaseIDs(t *testing.T) {
	id := deepskin.NewCaseID()
	if !id.Valid() || id == deepskin.NewCaseID() {
		t.Errorf("a fresh ID, %q, is invalid or comes twice", id)
	}
	for _, forged := range []deepskin.CaseID{
		"", id[1:], id + "A", "../../../../../../etc/passwd", deepskin.CaseID(strings.ToLower(string(id))),
		id[:25] + "1", id[:25] + ":", id[:24] + "é",
	} {
		if forged.Valid() {
			t.Errorf("%q is valid", forged)
		}
	}
}

// However somebody prints a sender or an address, nothing of a person may show.
func TestPeopleDoNotShow(t *testing.T) {
	const secret = "4101001"
	for _, value := range []any{
		deepskin.Sender{Platform: "telegram", ID: secret},
		deepskin.Address{Platform: "telegram", Chat: secret, Message: secret},
	} {
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
			slog.New(handler).Info("somebody", "who", value)
		}
		err := fmt.Errorf("send to %v, %s: %w", value, value, deepskin.ErrNotFound)
		if text := log.String() + err.Error() + fmt.Sprint(value); strings.Contains(text, secret) {
			t.Errorf("%T shows: %s", value, text)
		}
	}
}
