package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is a program that is measured, with all that it starts, as Linux counts it (proc(5)).
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu      sync.Mutex
	printed bytes.Buffer
}

func startProcess(dir, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p, p
	p.cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Write takes what the process prints.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String()
}

// end ends the process as its operator would.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// says waits until the process has printed what matches a pattern, and gives the pattern's first group.
func (p *process) says(ctx context.Context, pattern string) (found string, err error) {
	compiled := regexp.MustCompile(pattern)
	err = p.until(ctx, pattern, func() bool {
		groups := compiled.FindStringSubmatch(p.said())
		if groups != nil {
			found = groups[1]
		}
		return groups != nil
	})
	return found, err
}

// until waits for something that comes about while the process runs.
func (p *process) until(ctx context.Context, what string, is func() bool) error {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("%s ended before %s: %s", p.cmd.Path, what, p.said())
		case <-time.After(20 * time.Millisecond):
		}
		if is() {
			return nil
		}
	}
	return fmt.Errorf("%s: no %s: %s", p.cmd.Path, what, p.said())
}

// used gives the CPU seconds, user and system, of the process and of those that it has started.
func (p *process) used() float64 {
	const ticks = 100 // a second, on every Linux that Go runs on
	total := 0.0
	for _, pid := range p.tree() {
		// The name, in brackets, may hold anything. After it come the state, and eleven on the four times.
		_, rest, _ := strings.Cut(procFile(pid, "stat"), ") ")
		if fields := strings.Fields(rest); len(fields) > 14 {
			for _, field := range fields[11:15] {
				n, _ := strconv.Atoi(field)
				total += float64(n) / ticks
			}
		}
	}
	return total
}

// tree lists the process and those that it has started.
func (p *process) tree() []int {
	pids := []int{p.cmd.Process.Pid}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pids[0]))
	for _, file := range children {
		listed, _ := os.ReadFile(file)
		for field := range strings.FieldsSeq(string(listed)) {
			pid, _ := strconv.Atoi(field)
			pids = append(pids, pid)
		}
	}
	return pids
}

// resident gives the bytes that the process has in memory now.
func (p *process) resident() float64 {
	return field(procFile(p.cmd.Process.Pid, "status"), "VmRSS") * 1024
}

// read gives the bytes that the process has read, from files and sockets.
func (p *process) read() float64 { return field(procFile(p.cmd.Process.Pid, "io"), "rchar") }

// procFile is empty once the process has ended.
func procFile(pid int, name string) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	return string(b)
}

// field gives the number behind a name.
func field(text, name string) float64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return n
		}
	}
	return 0
}
