package main

import (
	"bufio"
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A machine is where the figures come from.
type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	// Go is the version that the program was built with.
	Go string `json:"go"`
	// Load is how many processes wanted to run in the minute before, on average. On a machine
	// that was not idle the times say little.
	Load float64 `json:"load_before"`
}

// busy reports whether others used the machine.
func (m machine) busy() bool { return m.Load > 0.5 }

func describeMachine(program string) (machine, error) {
	build, err := buildinfo.ReadFile(program)
	if err != nil {
		return machine{}, fmt.Errorf("look at the program: %w", err)
	}
	m := machine{
		CPU: "unknown", Cores: runtime.GOMAXPROCS(0), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: build.GoVersion,
	}
	if name, err := field("/proc/cpuinfo", "model name"); err == nil { // Not every processor has one.
		m.CPU = name
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return machine{}, fmt.Errorf("see how busy the machine is (this needs Linux): %w", err)
	}
	minute, _, _ := strings.Cut(string(load), " ")
	if m.Load, err = strconv.ParseFloat(minute, 64); err != nil {
		return machine{}, fmt.Errorf("see how busy the machine is: %w", err)
	}
	return m, nil
}

// readMemory returns a process's resident memory, now and at most, in MB of 10^6 bytes.
func readMemory(pid int) (resident, peak float64, err error) {
	status := fmt.Sprintf("/proc/%d/status", pid)
	resident, err1 := memory(status, "VmRSS")
	peak, err2 := memory(status, "VmHWM")
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("read the service's memory (this needs Linux): %w", err)
	}
	return resident, peak, nil
}

// readCPU returns the processor time that a process has used.
func readCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the service's processor time (this needs Linux): %w", err)
	}
	// Fields 14 and 15, counted from the one after the name, which is in parentheses and is the second.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("read the service's processor time: its status is cut off")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	const tick = 10 * time.Millisecond // on every Linux of today
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

func memory(status, name string) (float64, error) {
	value, err := field(status, name)
	if err != nil {
		return 0, err
	}
	kibibytes, err := strconv.ParseFloat(strings.TrimSuffix(value, " kB"), 64)
	if err != nil {
		return 0, fmt.Errorf("understand %s: %w", name, err)
	}
	return kibibytes * 1024 / 1e6, nil
}

// field returns the first value under a name in a file of "name: value" lines.
func field(file, name string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if found, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(found) == name {
			return strings.TrimSpace(value), nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s says nothing of %s", file, name), lines.Err())
}
