package classifier

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
)

// decodingChild has the test's program decode photos for another process, instead of running tests.
const decodingChild = "DEEPSKIN_DECODING_CHILD"

// TestMain is the other end of BenchmarkStageDecodeInAChild as well.
func TestMain(m *testing.M) {
	if os.Getenv(decodingChild) == "" {
		os.Exit(m.Run())
	}
	if err := decodeFor(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)); err != nil && !errors.Is(err, io.EOF) {
		panic(err)
	}
}

// decodeFor reads photos, each behind its length, and writes the renderings that the model's picture is
// made of, until there are no more.
func decodeFor(in *bufio.Reader, out *bufio.Writer) error {
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err != nil {
			return err
		}
		photo := make([]byte, length)
		if _, err := io.ReadFull(in, photo); err != nil {
			return err
		}
		found, problem := inspect(photo)
		if problem != "" {
			return errors.New(string(problem))
		}
		seen, problem := (&source{photo: photo, header: found}).lookAt(benchModelSide)
		if problem != "" {
			return errors.New(string(problem))
		}
		_, err := out.Write(seen.pix)
		seen.release()
		if err := errors.Join(err, out.Flush()); err != nil {
			return err
		}
	}
}

// BenchmarkStageDecodeInAChild is what it would take to keep what C does with strangers' files in a
// process of its own: BenchmarkStageDecode, the photo going through one pipe and its pixels through
// another. A real one would have to watch memory and time, too. See docs/security.md for why there is none.
func BenchmarkStageDecodeInAChild(b *testing.B) {
	each(b, func(b *testing.B, from *source) {
		child := exec.CommandContext(b.Context(), os.Args[0])
		child.Env = append(os.Environ(), decodingChild+"=1")
		to, err1 := child.StdinPipe()
		back, err2 := child.StdoutPipe()
		if err := errors.Join(err1, err2, child.Start()); err != nil {
			b.Fatal(err)
		}
		shrink := wholeShrink(from.size, benchModelSide)
		repeat(b, func() {
			whole := newPicture(reduced(from.size.X, shrink), reduced(from.size.Y, shrink))
			defer whole.release()
			err1 := binary.Write(to, binary.BigEndian, uint32(len(from.photo)))
			_, err2 := to.Write(from.photo)
			_, err3 := io.ReadFull(back, whole.pix)
			if err := errors.Join(err1, err2, err3); err != nil {
				b.Fatal(err)
			}
		})
		if err := errors.Join(to.Close(), child.Wait()); err != nil {
			b.Fatal(err)
		}
		spent := child.ProcessState.UserTime() + child.ProcessState.SystemTime()
		b.ReportMetric(float64(spent)/1e6/float64(b.N), "child-cpu-ms/op")
	})
}
