package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program grows its stack, collects garbage under deep calls, recovers from panics, one of them below a method that the compiler wrapped,
// and says who called: all that the runtime's tables are for.
const program = `package main

import (
	"fmt"
	"io"
	"runtime"
)

func deep(n int, keep []*int) int {
	if n == 0 {
		runtime.GC()
		return len(keep)
	}
	var frame [64]int
	frame[n%64] = n
	return deep(n-1, append(keep, &frame[n%64])) + frame[(n+1)%64]
}

func fails() (err error) {
	defer func() { err = fmt.Errorf("%v", recover()) }()
	var none []int
	return fmt.Errorf("%d", none[3])
}

type rescuer struct{ err *error }

func (r rescuer) Close() error {
	*r.err = fmt.Errorf("%v", recover())
	return nil
}

type boat struct{ rescuer }

func sinks() (err error) {
	var c io.Closer = &boat{rescuer{&err}}
	defer c.Close()
	panic("water")
}

func main() {
	pc, file, line, _ := runtime.Caller(0)
	fmt.Println(deep(5000, nil), fails(), sinks(), runtime.FuncForPC(pc).Name(), file, line)
}
`

func compileProgram(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module program\n\ngo 1.26\n", "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "program.wasm", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	module, err := os.ReadFile(filepath.Join(dir, "program.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func gzipped(t *testing.T, b []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestAStrippedProgramRunsAsBefore(t *testing.T) {
	module := compileProgram(t)
	stripped, err := stripLines(module)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := gzipped(t, module), gzipped(t, stripped); after > before*78/100 {
		t.Errorf("compressed it has %d bytes, and had %d", after, before)
	}
	file := filepath.Join(t.TempDir(), "stripped.wasm")
	if err := os.WriteFile(file, stripped, 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec"), file)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, want := string(out), "5000 runtime error: index out of range [3] with length 0 water  ? 0\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSegmentsMakeTheSameMemory(t *testing.T) {
	memory := make([]byte, 5000)
	for _, at := range []int{0, 1, 40, 41, 100, 3000, 4999} {
		memory[at] = byte(at) | 1
	}
	again, err := readSegments(writeSegments(memory))
	if err != nil || !bytes.Equal(again, memory) {
		t.Errorf("the memory differs, %v", err)
	}
}

func TestWhatIsNoGoProgramIsRefused(t *testing.T) {
	empty := []byte("\x00asm\x01\x00\x00\x00")
	for name, module := range map[string][]byte{
		"section cut short": append(bytes.Clone(empty), sectionData, 200),
		"no tables":         append(bytes.Clone(empty), sectionData, 7, 1, 0, 0x41, 0, 0x0b, 1, 'x'),
		"segment cut short": append(bytes.Clone(empty), sectionData, 6, 1, 0, 0x41, 0, 0x0b, 9),
		"passive segment":   append(bytes.Clone(empty), sectionData, 3, 1, 1, 0),
	} {
		if _, err := stripLines(module); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
