package queue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"deepskin"
	"deepskin/internal/logtest"
	"deepskin/queue"
)

const platform = "test"

// A handler is what Work calls.
type handler = func(context.Context, deepskin.Job, []byte) (queue.Outcome, error)

func answer(context.Context, deepskin.Job, []byte) (queue.Outcome, error) {
	return queue.Outcome{Assessment: deepskin.Assessment{Label: deepskin.Benign, Malignancy: 0.1, Model: "m1"}}, nil
}

func newJob() deepskin.Job {
	return deepskin.Job{Case: deepskin.NewCaseID(), Platform: platform, Deadline: time.Now().Add(time.Hour)}
}

// submit does what the bot does with a photo.
func submit(t testing.TB, q *queue.Queue, job deepskin.Job) deepskin.Job {
	t.Helper()
	if err := q.PutPhoto(t.Context(), job.Case, []byte("photo of "+job.Case), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := q.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return job
}

func work(t testing.TB, q *queue.Queue, concurrency int, handle handler) (stop func() error) {
	t.Helper()
	return background(t, func(ctx context.Context) error { return q.Work(ctx, concurrency, handle) })
}

// results passes on what the platform's bot would get.
func results(t testing.TB, q *queue.Queue) <-chan deepskin.Result {
	t.Helper()
	c := make(chan deepskin.Result, 1000)
	background(t, func(ctx context.Context) error {
		return q.Results(ctx, platform, func(_ context.Context, r deepskin.Result) error {
			c <- r
			return nil
		})
	})
	return c
}

func backlog(t testing.TB, q *queue.Queue) int {
	t.Helper()
	n, err := q.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func hasPhoto(t testing.TB, q *queue.Queue, id deepskin.CaseID) bool {
	t.Helper()
	has, err := q.HasPhoto(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return has
}

func TestAPhotoGoesAllTheWay(t *testing.T) {
	t.Parallel()
	allTheWay := func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		reduced := []byte{0xff, 0xd8, 0, '\r', '\n', 0xff, 0xd9}
		photos := make(chan string, 1)
		work(t, q, 2, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			photos <- string(photo)
			outcome, err := answer(ctx, job, photo)
			outcome.Copy = reduced
			return outcome, err
		})
		answers := results(t, q)
		job := submit(t, q, newJob())

		if got, want := receive(t, photos), "photo of "+string(job.Case); got != want {
			t.Errorf("the worker got %q, want %q", got, want)
		}
		r := receive(t, answers)
		if r.Case != job.Case || r.Failure != "" || r.Assessment == nil || r.Assessment.Malignancy != 0.1 || r.Assessment.Model != "m1" {
			t.Errorf("result %+v", r)
		}
		if hasPhoto(t, q, job.Case) {
			t.Error("the original photo outlived the answer")
		}
		if got, err := q.Copy(t.Context(), job.Case); err != nil || !bytes.Equal(got, reduced) {
			t.Errorf("copy %x, %v", got, err)
		}
		if n := backlog(t, q); n != 0 {
			t.Errorf("backlog %d, want 0", n)
		}
		if err := q.Forget(t.Context(), job.Case); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Copy(t.Context(), job.Case); !errors.Is(err, deepskin.ErrGone) {
			t.Errorf("copy after Forget: %v, want ErrGone", err)
		}
	}
	onAll(t, allTheWay)
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		allTheWay(t, "")
	})
}

func TestAnsweredJobsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		stop := work(t, q, 1, answer)
		answers := results(t, q)
		for range 3 {
			submit(t, q, newJob())
			receive(t, answers)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		rdb := client(t, url)
		waitFor(t, "the results to be acknowledged", func() bool {
			return rdb.XLen(t.Context(), "{deepskin}:results:"+platform).Val() == 0
		})
		for _, key := range allKeys(t, url) {
			if key != "{deepskin}:jobs" && key != "{deepskin}:results:"+platform {
				t.Errorf("left behind: %s", key)
			}
		}
		if consumers := rdb.XInfoConsumers(t.Context(), "{deepskin}:jobs", "workers").Val(); len(consumers) != 0 {
			t.Errorf("%d consumers left behind", len(consumers))
		}
	})
}

func TestEnqueueRefusesWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, Backlog: 2})
		submit(t, q, newJob())
		submit(t, q, newJob())
		job := newJob()
		if err := q.Enqueue(t.Context(), job); !errors.Is(err, deepskin.ErrBusy) {
			t.Fatalf("third job: %v, want ErrBusy", err)
		}
		if n := backlog(t, q); n != 2 {
			t.Errorf("backlog %d, want 2", n)
		}
		work(t, q, 1, answer)
		answers := results(t, q)
		receive(t, answers)
		receive(t, answers)
		if err := q.Enqueue(t.Context(), job); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
	})
}

func TestEnqueueTwiceAddsOneJob(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		job := submit(t, q, newJob())
		submit(t, q, job)
		if n := backlog(t, q); n != 1 {
			t.Fatalf("backlog %d while the job waits, want 1", n)
		}

		begun, release := make(chan bool), make(chan bool)
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			begun <- true
			<-release
			return answer(ctx, job, photo)
		})
		answers := results(t, q)
		receive(t, begun)
		submit(t, q, job)
		if n := backlog(t, q); n != 1 {
			t.Errorf("backlog %d while the job is worked on, want 1", n)
		}
		release <- true
		receive(t, answers)

		submit(t, q, job)
		receive(t, begun)
		release <- true
		if r := receive(t, answers); r.Case != job.Case {
			t.Errorf("a job that was done cannot be done again")
		}
	})
}

func TestEnqueueSeesThroughAMarkWithoutItsJob(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		job := submit(t, q, newJob())
		if err := client(t, url).Del(t.Context(), "{deepskin}:jobs").Err(); err != nil {
			t.Fatal(err)
		}
		submit(t, q, job)
		if n := backlog(t, q); n != 1 {
			t.Errorf("backlog %d, want 1", n)
		}
	})
}

func TestPhotosExpire(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, CopyTTL: 50 * time.Millisecond})
		kept, expiring := newJob(), newJob()
		submit(t, q, kept)
		if !hasPhoto(t, q, kept.Case) {
			t.Error("a photo with a TTL of an hour is gone")
		}
		if err := q.PutPhoto(t.Context(), expiring.Case, []byte("photo"), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the photo to expire", func() bool { return !hasPhoto(t, q, expiring.Case) })
		if err := q.PutPhoto(t.Context(), expiring.Case, []byte("photo"), 0); err == nil {
			t.Error("a photo without TTL was taken")
		}
		if err := q.Enqueue(t.Context(), expiring); err != nil {
			t.Fatal(err)
		}

		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			outcome, err := answer(ctx, job, photo)
			outcome.Copy = []byte("copy")
			return outcome, err
		})
		answers := results(t, q)
		for range 2 {
			r := receive(t, answers)
			want := ""
			if r.Case == expiring.Case {
				want = queue.FailurePhotoGone
			}
			if r.Failure != want {
				t.Errorf("failure %q, want %q", r.Failure, want)
			}
		}
		waitFor(t, "the copy to expire", func() bool {
			_, err := q.Copy(t.Context(), kept.Case)
			return errors.Is(err, deepskin.ErrGone)
		})
	})
}

func TestOldCopiesMakeRoomForNewOnes(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url, CopyBytes: 250})
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			outcome, err := answer(ctx, job, photo)
			outcome.Copy = bytes.Repeat([]byte("x"), 100)
			return outcome, err
		})
		answers := results(t, q)
		var jobs []deepskin.Job
		for range 4 {
			jobs = append(jobs, submit(t, q, newJob()))
			receive(t, answers)
		}
		for i, job := range jobs {
			_, err := q.Copy(t.Context(), job.Case)
			if gone := errors.Is(err, deepskin.ErrGone); gone != (i < 2) {
				t.Errorf("copy %d of 4: %v; there is room for the last two", i+1, err)
			}
		}
	})
}

func TestAForgottenPhotoLeavesNoCopy(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		q := open(t, queue.Config{URL: url})
		work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
			if err := q.Forget(ctx, job.Case); err != nil {
				return queue.Outcome{}, err
			}
			outcome, err := answer(ctx, job, photo)
			outcome.Copy = []byte("copy")
			return outcome, err
		})
		answers := results(t, q)
		job := submit(t, q, newJob())
		receive(t, answers)
		if _, err := q.Copy(t.Context(), job.Case); !errors.Is(err, deepskin.ErrGone) {
			t.Errorf("copy: %v, want ErrGone", err)
		}
	})
}

func TestAllow(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, url string) {
		anna := deepskin.Sender{Platform: platform, ID: "anna-4711"}
		allow := func(q *queue.Queue, sender deepskin.Sender) time.Duration {
			t.Helper()
			wait, err := q.Allow(t.Context(), deepskin.Origin{Sender: sender})
			if err != nil {
				t.Fatal(err)
			}
			return wait
		}

		unlimited := open(t, queue.Config{URL: url})
		for range 5 {
			if wait := allow(unlimited, anna); wait != 0 {
				t.Errorf("without limits: wait %v", wait)
			}
		}

		minute := open(t, queue.Config{URL: url, PhotosPerMinute: 2, PhotosPerDay: 100, Secret: []byte("a")})
		if first, second := allow(minute, anna), allow(minute, anna); first != 0 || second != 0 {
			t.Errorf("within the limit: wait %v, %v", first, second)
		}
		if wait := allow(minute, anna); wait <= 0 || wait > time.Minute {
			t.Errorf("third photo in a minute: wait %v", wait)
		}
		if wait := allow(minute, deepskin.Sender{Platform: "other", ID: anna.ID}); wait != 0 {
			t.Errorf("another sender: wait %v", wait)
		}

		day := open(t, queue.Config{URL: url, PhotosPerMinute: 100, PhotosPerDay: 1, Secret: []byte("b")})
		if wait := allow(day, anna); wait != 0 {
			t.Errorf("first photo of the day: wait %v", wait)
		}
		if wait := allow(day, anna); wait <= time.Minute || wait > 24*time.Hour {
			t.Errorf("second photo of the day: wait %v", wait)
		}

		keys := allKeys(t, url)
		if len(keys) == 0 {
			t.Error("nothing was counted")
		}
		for _, key := range keys {
			if strings.Contains(key, anna.ID) {
				t.Errorf("key %s names the sender", key)
			}
		}
	})
}

// Limits of chats, networks and all hold for different people, across processes, and whoever is turned
// away by one of them is counted by none.
func TestAllowCountsMoreThanSenders(t *testing.T) {
	t.Parallel()
	from := func(person, chat, network string) deepskin.Origin {
		return deepskin.Origin{Sender: deepskin.Sender{Platform: platform, ID: person}, Chat: chat, Network: network}
	}
	for name, test := range map[string]struct {
		config      queue.Config
		same, other deepskin.Origin
		longest     time.Duration
	}{
		"a chat": {
			queue.Config{PhotosPerChatMinute: 1},
			from("ben", "group-1", ""), from("anna", "group-2", ""), time.Minute,
		},
		"a network": {
			queue.Config{PhotosPerNetworkMinute: 1},
			from("ben", "2", "192.0.2.7/32"), from("anna", "1", "192.0.2.8/32"), time.Minute,
		},
		"a network's day": {
			queue.Config{PhotosPerNetworkDay: 1},
			from("ben", "2", "192.0.2.7/32"), from("anna", "1", ""), 24 * time.Hour,
		},
		"all": {queue.Config{PhotosPerMinuteInAll: 1}, from("ben", "2", ""), deepskin.Origin{}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			onAll(t, func(t *testing.T, url string) {
				config := test.config
				config.URL, config.Secret, config.PhotosPerMinute = url, []byte(name), 1
				one := open(t, config)
				another := one // there is no second process with the Redis in this one
				if url != "" {
					another = open(t, config)
				}
				first := from("anna", "group-1", "192.0.2.7/32")
				if wait, err := one.Allow(t.Context(), first); wait != 0 || err != nil {
					t.Fatalf("the first: wait %v, %v", wait, err)
				}
				wait, err := another.Allow(t.Context(), test.same)
				if wait <= 0 || wait > test.longest || err != nil {
					t.Errorf("somebody else: wait %v, %v", wait, err)
				}
				config.PhotosPerChatMinute, config.PhotosPerNetworkMinute = 0, 0
				config.PhotosPerNetworkDay, config.PhotosPerMinuteInAll = 0, 0
				if url != "" {
					if wait, err := open(t, config).Allow(t.Context(), test.same); wait != 0 || err != nil {
						t.Errorf("who was turned away was counted: wait %v, %v", wait, err)
					}
				}
				if test.other == (deepskin.Origin{}) {
					return
				}
				test.other.Sender.ID = "cleo"
				if wait, err := another.Allow(t.Context(), test.other); wait != 0 || err != nil {
					t.Errorf("from elsewhere: wait %v, %v", wait, err)
				}
			})
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]queue.Config{
		"a wrong URL":                {URL: "http://user:hunter2@host"},
		"a URL that does not parse":  {URL: "redis://user:hunter2@host:port:port/%zz"},
		"a negative backlog":         {Backlog: -1},
		"a rate limit and no secret": {PhotosPerDay: 1},
		"another one and no secret":  {PhotosPerMinuteInAll: 1},
		"a negative limit":           {PhotosPerChatMinute: -1},
		"a server that is not there": {URL: "redis://:hunter2@127.0.0.1:1?max_retries=-1"},
		"another kind of Redis":      {URL: "redis+ring://:hunter2@127.0.0.1:1"},
		"another scheme":             {URL: "http+cluster://:hunter2@127.0.0.1:1"},
		"Sentinels without a name":   {URL: "redis+sentinel://:hunter2@127.0.0.1:1/0"},
		"Sentinels without a port":   {URL: "redis+sentinel://:hunter2@127.0.0.1:1,127.0.0.2/0?master_name=m"},
		"no Sentinels":               {URL: "redis+sentinel:///0?master_name=hunter2"},
		"a Sentinel option unknown":  {URL: "redis+sentinel://127.0.0.1:1/0?master_name=m&hunter2=1"},
		"Sentinels that are not there": {
			URL: "rediss+sentinel://:hunter2@127.0.0.1:1,127.0.0.1:2/0?master_name=m&max_retries=-1&dialer_retries=1&sentinel_password=hunter2",
		},
		"a cluster with a database":     {URL: "redis+cluster://:hunter2@127.0.0.1:1/7"},
		"a cluster that does not parse": {URL: "redis+cluster://:hunter2@127.0.0.1:1/%zz"},
		"a cluster that is not there":   {URL: "rediss+cluster://:hunter2@127.0.0.1:1,127.0.0.1:2?max_redirects=-1&dialer_retries=1"},
		"a negative start timeout":      {StartTimeout: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := queue.Open(t.Context(), config)
			if err == nil {
				t.Fatal("opened", q.Close())
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
			if tried := !strings.Contains(err.Error(), "forms"); strings.HasSuffix(name, "not there") && !tried {
				t.Errorf("the URL was taken for a wrong one: %v", err)
			}
		})
	}
}

func TestAFullRedisIsBusyAndAnswersAllTheSame(t *testing.T) {
	t.Parallel()
	url := startRedis(t).url
	rdb := client(t, url)
	q := open(t, queue.Config{URL: url})
	limit := func(bytes string) {
		t.Helper()
		if err := rdb.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	answers := results(t, q)
	work(t, q, 1, func(ctx context.Context, job deepskin.Job, photo []byte) (queue.Outcome, error) {
		// Some 18 MB are in use, 16 of them by this photo.
		limit("8mb")
		if err := q.PutPhoto(ctx, deepskin.NewCaseID(), []byte("photo"), time.Hour); !errors.Is(err, deepskin.ErrBusy) {
			t.Errorf("photo for a full Redis: %v, want ErrBusy", err)
		}
		if err := q.Enqueue(ctx, newJob()); !errors.Is(err, deepskin.ErrBusy) {
			t.Errorf("job for a full Redis: %v, want ErrBusy", err)
		}
		return answer(ctx, job, photo)
	})
	job := newJob()
	if err := q.PutPhoto(t.Context(), job.Case, make([]byte, 16<<20), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := q.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if r := receive(t, answers); r.Case != job.Case || r.Assessment == nil {
		t.Errorf("result %+v", r)
	}
}

func TestOpenWarnsOfARedisThatEvicts(t *testing.T) {
	t.Parallel()
	url := startRedis(t).url
	rdb := client(t, url)
	for policy, warns := range map[string]bool{"noeviction": false, "allkeys-lru": true} {
		for setting, value := range map[string]string{"maxmemory": "100mb", "maxmemory-policy": policy} {
			if err := rdb.ConfigSet(t.Context(), setting, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		log, lines := capture()
		open(t, queue.Config{URL: url, Logger: log})
		if got := strings.Contains(lines(), "noeviction"); got != warns {
			t.Errorf("%s: warned %t, want %t", policy, got, warns)
		}
	}
}

// capture returns a logger and what it has logged so far.
func capture() (*slog.Logger, func() string) {
	b := &logtest.Log{}
	return slog.New(slog.NewTextHandler(b, nil)), b.String
}
