package classifier_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The metadata of an ONNX file are messages {1: key, 2: value} in field 14 of the outermost one,
// and the order of fields does not matter: an entry can be cut out and another one appended.

// editModel returns the path of a copy of the model in which a metadata value is changed.
func editModel(t *testing.T, key string, change func(value string) string) string {
	t.Helper()
	content, value := cutMetadata(t, key)
	return writeModel(t, append(content, entry(key, change(value))...))
}

// editKey returns the path of a copy of the model in which a metadata key is changed.
func editKey(t *testing.T, key, other string) string {
	t.Helper()
	content, value := cutMetadata(t, key)
	return writeModel(t, append(content, entry(other, value)...))
}

// renameOutputs returns the path of a copy of the model that lacks some outputs.
func renameOutputs(t *testing.T, names ...string) string {
	t.Helper()
	content := readModel(t)
	for _, name := range names {
		other := strings.ToUpper(name)
		content = bytes.ReplaceAll(content, field(1, []byte(name)), field(1, []byte(other))) // as an input or output
		content = bytes.ReplaceAll(content, field(2, []byte(name)), field(2, []byte(other))) // as what a node gives
	}
	return writeModel(t, content)
}

func readModel(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(modelPath)
	if err != nil {
		t.Fatalf("the model is missing: %v; train one with make train", err)
	}
	return content
}

func writeModel(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edited.onnx")
	writeTo(t, path, content)
	return path
}

func writeTo(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cutMetadata returns the model without one of its metadata, and that one's value.
func cutMetadata(t *testing.T, key string) (rest []byte, value string) {
	t.Helper()
	for left := readModel(t); len(left) > 0; {
		tag, n := binary.Uvarint(left)
		size := n
		if number, kind := tag>>3, tag&7; kind == 2 {
			length, m := binary.Uvarint(left[n:])
			size += m + int(length)
			body := left[n+m : size]
			head := append([]byte{1<<3 | 2, byte(len(key))}, key...)
			if number == 14 && bytes.HasPrefix(body, head) {
				valueLength, k := binary.Uvarint(body[len(head)+1:])
				value = string(body[len(head)+1+k:][:valueLength])
				left = left[size:]
				continue
			}
		} else { // a number
			_, m := binary.Uvarint(left[n:])
			size += m
		}
		rest, left = append(rest, left[:size]...), left[size:]
	}
	if value == "" {
		t.Fatalf("the model has no metadata %q", key)
	}
	return rest, value
}

func entry(key, value string) []byte {
	return field(14, join(field(1, []byte(key)), field(2, []byte(value))))
}
