package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteReaders is how many queries may read at once, beside the one writer.
const sqliteReaders = 4

// openSQLite opens an SQLite file for one writer and a few readers, who do not wait for each
// other. The file is created for its owner's eyes only.
func openSQLite(ctx context.Context, path string) (database, error) {
	if path == "" || path == ":memory:" {
		return database{}, errors.New("sqlite needs the path of a file, as in sqlite:deepskin.db")
	}
	path = filepath.Clean(path)
	// SQLite would let others read it; it gives its -wal and -shm files the same mode.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return database{}, fmt.Errorf("open the SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return database{}, fmt.Errorf("open the SQLite file: %w", err)
	}

	common := url.Values{
		"_busy_timeout": {"5000"}, // milliseconds to wait for another process
		"_foreign_keys": {"1"},
		"_dqs":          {"0"},
		"_pragma":       {"secure_delete(1)", "temp_store(memory)"}, // nothing erased stays in free pages or temporary files
	}
	write, err := openPool(ctx, path, common, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // an acknowledged write is on the disk
		"_txlock":       {"immediate"},
	}, 1)
	if err != nil {
		return database{}, err
	}
	read, err := openPool(ctx, path, common, url.Values{"_query_only": {"1"}}, sqliteReaders)
	if err != nil {
		return database{}, errors.Join(err, write.Close())
	}
	return database{
		write: write, read: read,
		change: newGroup(write).change,
		row:    newStatements(read).row,
		now:    `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)`,
		blob:   "BLOB",
		// Every transaction sees one moment.
		snapshot: sql.LevelDefault,
		// SQLite waits by itself, for as long as _busy_timeout says.
		transient: func(error, bool) bool { return false },
		// A transaction excludes the others from its beginning; see _txlock.
		lock:  func(context.Context, *sql.Tx) error { return nil },
		scrub: func(ctx context.Context) error { return truncateWAL(ctx, write) },
		// The writer goes last, because SQLite tidies up with the last connection.
		close: func() error { return errors.Join(read.Close(), write.Close()) },
	}, nil
}

// openPool opens connections to an SQLite file, all set up alike.
func openPool(ctx context.Context, path string, common, own url.Values, size int) (*sql.DB, error) {
	file := url.URL{Path: path}
	db, err := sql.Open("sqlite", "file:"+file.EscapedPath()+"?"+common.Encode()+"&"+own.Encode())
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to SQLite: %w", err), db.Close())
	}
	return db, nil
}

// truncateWAL moves the write-ahead log into the main file and empties it: until then the log
// still holds pages as they were before rows were erased.
func truncateWAL(ctx context.Context, db *sql.DB) error {
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("truncate SQLite's log: %w", err)
	}
	if busy != 0 {
		return errors.New("truncate SQLite's log: another process is reading it")
	}
	return nil
}
