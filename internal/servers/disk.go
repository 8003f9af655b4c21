package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// walSegment is the size in bytes of the files of PostgreSQL's write-ahead log: PostgreSQL's smallest,
// so that LimitFiles leaves them alone.
const walSegment = 1 << 20

// LimitFiles has every file of PostgreSQL grow to that many bytes and no further, as on a full disk:
// whatever needs more fails, and the rest goes on. Less than 1 MB counts as 1 MB. Zero takes the limit
// away. It lasts until then, or until PostgreSQL is started again.
//
// A full disk needs a file system of its own, and so rights that tests do not have; the limit of a
// process needs none. To PostgreSQL they differ in the number of the error.
func (p *Postgres) LimitFiles(ctx context.Context, bytes int64) error {
	pid := p.PID()
	if pid == 0 {
		return fmt.Errorf("limit PostgreSQL's files: %w", os.ErrProcessDone)
	}
	limit := "unlimited"
	if bytes > 0 {
		limit = strconv.FormatInt(max(bytes, walSegment), 10)
	}
	// Those that it makes from now on get the limit from it.
	if err := p.limit(ctx, pid, limit); err != nil {
		return err
	}
	children, err := childrenOf(pid)
	if err != nil {
		return fmt.Errorf("limit PostgreSQL's files: %w", err)
	}
	for _, child := range children {
		if err := p.limit(ctx, child, limit); err != nil && state(child) != gone {
			return err
		}
	}
	return nil
}

// limit sets the limit of one process. A command does it, as the user who runs PostgreSQL: not even
// root may do so for others everywhere.
func (p *Postgres) limit(ctx context.Context, pid int, limit string) error {
	cmd := exec.CommandContext(ctx, "prlimit", "--pid", strconv.Itoa(pid), "--fsize="+limit+":")
	cmd.SysProcAttr = p.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("limit PostgreSQL's files: %w: %s", err, out)
	}
	return nil
}
