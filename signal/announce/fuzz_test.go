package announce

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func addSeeds(f *testing.F, path string) {
	script, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(script)) {
		if in, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "< "); ok {
			f.Add([]byte(in))
		}
	}
}

// checkWritten checks that a message that was read is written as valid, bounded JSON that reads the same.
func checkWritten(t *testing.T, in []byte, m message, parse func([]byte) (message, error)) {
	out := m.Append(nil)
	if !utf8.Valid(out) || !json.Valid(out) {
		t.Fatalf("wrote %q", out)
	}
	if len(out) > MaxMessage { // escapes were shorter in the text that was read; it stays readable only below the limit
		if len(out) > 6*len(in)+200 {
			t.Fatalf("%d bytes became %d", len(in), len(out))
		}
		return
	}
	again, err := parse(out)
	if err != nil {
		t.Fatalf("%s\nwritten as %s\ncannot be read: %v", in, out, err)
	}
	if !reflect.DeepEqual(again, m) {
		t.Fatalf("%s\nwritten as %s\nread as %+v, was %+v", in, out, again, m)
	}
	if twice := again.Append(nil); !bytes.Equal(twice, out) {
		t.Fatalf("written as %s, then as %s", out, twice)
	}
}

func FuzzClientMessage(f *testing.F) {
	addSeeds(f, "testdata/client.txt")
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := ParseClient(in)
		if err != nil {
			return
		}
		if a, ok := m.(*Announce); ok && (len(a.Offers) > MaxOffers || a.Left < LeftUnknown) {
			t.Fatalf("read %+v", a)
		}
		checkWritten(t, in, m, func(b []byte) (message, error) { m, err := ParseClient(b); return m, err })
	})
}

func FuzzServerMessage(f *testing.F) {
	addSeeds(f, "testdata/server.txt")
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := ParseServer(in)
		if err != nil {
			return
		}
		checkWritten(t, in, m, func(b []byte) (message, error) { m, err := ParseServer(b); return m, err })
	})
}
