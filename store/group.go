package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// A group changes an SQLite file for many at once. Each transaction waits for the disk, so the changes
// that come while one is being written share the next.
type group struct {
	db         *sql.DB
	statements *statements
	// turn holds something while somebody writes.
	turn chan struct{}

	mu      sync.Mutex
	waiting []*change
}

// A change is one statement of somebody who waits for it.
type change struct {
	ctx       context.Context
	statement string
	args      []any

	done chan struct{} // closed once the rest is set
	rows bool          // whether it changed any
	err  error
}

func newGroup(db *sql.DB) *group {
	return &group{db: db, statements: newStatements(db), turn: make(chan struct{}, 1)}
}

// change runs one statement and reports whether it changed a row. Whoever's turn it is writes for all
// who wait.
func (g *group) change(ctx context.Context, statement string, args ...any) (bool, error) {
	c := &change{ctx: ctx, statement: statement, args: args, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	g.mu.Unlock()
	select {
	case <-c.done:
	case g.turn <- struct{}{}:
		g.write(g.take())
		<-g.turn
		<-c.done // by this turn, or the one before
	case <-ctx.Done():
		return false, ctx.Err() // what is being written may hold all the same
	}
	return c.rows, c.err
}

// take removes those who wait and returns them, without those who have given up.
func (g *group) take() []*change {
	g.mu.Lock()
	all := g.waiting
	g.waiting = nil
	g.mu.Unlock()
	var wanted []*change
	for _, c := range all {
		if err := c.ctx.Err(); err != nil {
			c.end(false, err)
		} else {
			wanted = append(wanted, c)
		}
	}
	return wanted
}

// write makes all changes in one transaction, or where one of them fails each by itself, so that it
// fails alone.
func (g *group) write(changes []*change) {
	if len(changes) > 1 && g.together(changes) {
		return
	}
	for _, c := range changes {
		c.end(changed(g.statements.exec(c.ctx, c.statement, c.args...)))
	}
}

// together reports whether the changes have come to an end: false where nothing has changed and they
// may be tried one by one.
func (g *group) together(changes []*change) bool {
	// Nobody's hurry must undo what the others wait for.
	ctx := context.WithoutCancel(changes[0].ctx)
	prepared := make([]*sql.Stmt, len(changes))
	var err error
	for i, c := range changes { // now, since the transaction takes the one connection
		if prepared[i], err = g.statements.prepare(ctx, c.statement); err != nil {
			return false
		}
	}
	tx, err := g.db.BeginTx(ctx, nil)
	if err != nil {
		return false
	}
	rows := make([]bool, len(changes))
	for i, c := range changes {
		if rows[i], err = changed(tx.StmtContext(ctx, prepared[i]).ExecContext(ctx, c.args...)); err != nil {
			_ = tx.Rollback() // fails only where the connection is lost, and the transaction with it
			return false
		}
	}
	if err = tx.Commit(); err != nil {
		err = fmt.Errorf("commit: %w", err)
	}
	for i, c := range changes {
		c.end(rows[i] && err == nil, err)
	}
	return true
}

func (c *change) end(rows bool, err error) {
	c.rows, c.err = rows, err
	close(c.done)
}
