package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// Statements are prepared once each: SQLite takes about as long to understand a small one as to carry
// it out. They last as long as their connections. Only texts that are always the same belong here.
type statements struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// prepare returns the statement with this text.
func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if statement, ok := s.prepared[text]; ok {
		return statement, nil
	}
	statement, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare a statement: %w", err)
	}
	s.prepared[text] = statement
	return statement, nil
}

// row is like sql.DB.QueryRowContext.
func (s *statements) row(ctx context.Context, text string, args ...any) *sql.Row {
	statement, err := s.prepare(ctx, text)
	if err != nil {
		return s.db.QueryRowContext(ctx, text, args...) // which says what is wrong
	}
	return statement.QueryRowContext(ctx, args...)
}

// exec is like sql.DB.ExecContext.
func (s *statements) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	statement, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}
