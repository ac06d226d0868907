package seedbox

import (
	"slices"
	"testing"
	"time"
)

func TestEvictable(t *testing.T) {
	at := func(minutes int) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes) * time.Minute) }
	list := []candidate{
		{[20]byte{'a'}, 10, false, 0, at(0)}, // nobody else has it
		{[20]byte{'b'}, 10, false, 1, at(1)},
		{[20]byte{'c'}, 10, false, 3, at(9)},
		{[20]byte{'d'}, 10, false, 3, at(5)}, // unasked for longer
		{[20]byte{'e'}, 40, false, 1, at(2)},
		{[20]byte{'f'}, 5, true, 0, at(8)}, // nobody has the rest
	}
	for _, test := range []struct {
		lacking int64
		want    string
	}{{1, "f"}, {5, "f"}, {6, "fd"}, {16, "fdc"}, {35, "fdcb"}, {36, "fdcbe"}, {75, "fdcbe"}, {76, ""}} {
		got := ""
		for _, c := range evictable(slices.Clone(list), test.lacking) {
			got += string(c.infohash[0])
		}
		if got != test.want {
			t.Errorf("for %d bytes: got %q, want %q", test.lacking, got, test.want)
		}
	}
}
