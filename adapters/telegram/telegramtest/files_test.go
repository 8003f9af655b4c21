package telegramtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"deepskin/adapters/telegram/telegramtest"
)

// TestFilesExpire shows the ways in which a file stops being there.
func TestFilesExpire(t *testing.T) {
	s := telegramtest.New(t)
	newest := func() string {
		t.Helper()
		var updates []struct {
			Message struct {
				Photo []struct {
					ID string `json:"file_id"`
				} `json:"photo"`
			} `json:"message"`
		}
		if err := json.Unmarshal(call(t, s, "getUpdates", "offset", "-1").Result, &updates); err != nil {
			t.Fatal(err)
		}
		return updates[0].Message.Photo[1].ID
	}
	path := func(id string) string {
		t.Helper()
		var file struct {
			Path string `json:"file_path"`
		}
		got := call(t, s, "getFile", "file_id", id)
		if got.OK {
			if err := json.Unmarshal(got.Result, &file); err != nil || file.Path == "" {
				t.Fatalf("getFile: %+v, %v", got, err)
			}
		}
		return file.Path
	}
	status := func(path string) int {
		t.Helper()
		resp, err := http.Get(s.URL() + "/file/bot" + s.Token() + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	photo := picture(t, 90, 60)

	first := s.SendPhoto(user, user, photo)
	firstID := newest()
	s.LimitDownloads(2)
	s.SendPhoto(user, user, photo)
	limited := newest()
	s.Fail("download", telegramtest.Fault{Status: http.StatusBadGateway})
	var got []int
	for range 4 {
		got = append(got, status(path(limited)))
	}
	if want := "[502 200 200 404]"; fmt.Sprint(got) != want || path(limited) != "" {
		t.Errorf("a file for two downloads gave %v, want %s, and then the path %q", got, want, path(limited))
	}

	s.LimitDownloads(0)
	s.SendPhoto(user, user, photo)
	last := newest()
	firstPath := path(firstID)
	s.ForgetFile(first)
	if path(firstID) != "" || status(firstPath) != http.StatusNotFound {
		t.Error("a forgotten file is still there")
	}
	lastPath := path(last)
	if lastPath == "" || status(lastPath) != http.StatusOK {
		t.Error("forgetting one file took another")
	}
	s.ForgetFiles()
	if path(last) != "" || status(lastPath) != http.StatusNotFound {
		t.Error("a file is there after all were forgotten")
	}
}
