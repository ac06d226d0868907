package announce

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expectations in testdata")

func TestScripts(t *testing.T) {
	for path, parse := range map[string]func([]byte) (message, error){
		"testdata/client.txt": func(b []byte) (message, error) { m, err := ParseClient(b); return m, err },
		"testdata/server.txt": func(b []byte) (message, error) { m, err := ParseServer(b); return m, err },
	} {
		t.Run(path, func(t *testing.T) { runScript(t, path, parse) })
	}
}

type message interface{ Append([]byte) []byte }

// runScript reads every message of a script twice: as it stands, and after it was written again.
func runScript(t *testing.T, path string, parse func([]byte) (message, error)) {
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(script)) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		got.WriteString(line)
		in, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "< ")
		if !ok {
			continue
		}
		m, err := parse([]byte(in))
		fmt.Fprintf(&got, "> %s\n", describe(m, err))
		if err != nil {
			continue
		}
		again, err := parse(m.Append(nil))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s\nwritten and read again: %s", in, describe(again, err))
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(script); got.String() != want {
		t.Errorf("got:\n%s", diff(got.String(), want))
	}
}

// diff shows the lines that differ.
func diff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			fmt.Fprintf(&b, "line %d\n", i+1)
			if i < len(g) {
				fmt.Fprintf(&b, "  got  %s\n", g[i])
			}
			if i < len(w) {
				fmt.Fprintf(&b, "  want %s\n", w[i])
			}
			break
		}
	}
	return b.String()
}

// describe prints a message field by field, bytes as hex and long descriptions by their length.
func describe(m message, err error) string {
	var bad *Malformed
	if errors.As(err, &bad) {
		return fmt.Sprintf("malformed: %s (scrape %v, infohash %x)", bad.Reason, bad.Scrape, bad.Infohash)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	v := reflect.ValueOf(m).Elem()
	return v.Type().Name() + " " + describeStruct(v)
}

func describeStruct(v reflect.Value) string {
	fields := make([]string, v.NumField())
	for i := range fields {
		fields[i] = v.Type().Field(i).Name + "=" + describeValue(v.Field(i))
	}
	return "{" + strings.Join(fields, " ") + "}"
}

func describeValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Array:
		return fmt.Sprintf("%x", v.Interface())
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			return fmt.Sprintf("%x", b)
		}
		items := make([]string, v.Len())
		for i := range items {
			items[i] = describeValue(v.Index(i))
		}
		return "[" + strings.Join(items, " ") + "]"
	case reflect.Struct:
		return describeStruct(v)
	case reflect.String:
		if s := v.String(); len(s) > 40 {
			return fmt.Sprintf("(%d bytes)", len(s))
		}
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v.Interface())
}
