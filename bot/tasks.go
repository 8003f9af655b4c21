package bot

import "sync"

// tasks are what goes on in the background. In place of a sync.WaitGroup, because handlers may
// come at any time: nothing starts any more once all has been waited for.
type tasks struct {
	mu      sync.Mutex
	none    *sync.Cond
	running int
	closed  bool
}

func newTasks() *tasks {
	t := &tasks{}
	t.none = sync.NewCond(&t.mu)
	return t
}

// start runs f in the background. After close it does nothing: the next process's sweep sees to
// what was left.
func (t *tasks) start(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.running++
	go func() {
		defer t.done()
		f()
	}()
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running--; t.running == 0 {
		t.none.Broadcast()
	}
}

// close waits until nothing runs any more, what tasks start themselves included.
func (t *tasks) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.running > 0 {
		t.none.Wait()
	}
	t.closed = true
}
