package bot_test

import (
	"context"
	"errors"
	"sync"
)

// errBroken is the fault of a machine.
var errBroken = errors.New("broken on purpose")

// faults are what a fake does before each of its calls. They can act in between, too: no lock is
// held.
type faults struct {
	mu     sync.Mutex
	before func(ctx context.Context, method string) error
	calls  map[string]int
}

// inject sets what is done before each call, by the method's name; nil for nothing.
func (f *faults) inject(before func(ctx context.Context, method string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}

// breaks makes some methods fail until inject is called again; all of them where none is named.
func (f *faults) breaks(methods ...string) {
	f.inject(func(_ context.Context, method string) error {
		for _, m := range methods {
			if m == method {
				return errBroken
			}
		}
		if len(methods) == 0 {
			return errBroken
		}
		return nil
	})
}

// hangs makes a method hang until its context ends.
func (f *faults) hangs(method string) {
	f.inject(func(ctx context.Context, m string) error {
		if m == method {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
}

// enter begins a call.
func (f *faults) enter(ctx context.Context, method string) error {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[method]++
	before := f.before
	f.mu.Unlock()
	if before != nil {
		if err := before(ctx, method); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// called returns how often a method was called.
func (f *faults) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}
