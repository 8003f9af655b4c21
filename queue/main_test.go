package queue_test

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		beAVictim(url)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if clusterDir, err = os.MkdirTemp("", "cluster-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(clusterDir)
	return m.Run()
}
