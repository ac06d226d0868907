package seedbox

import (
	"slices"
	"testing"
	"time"
)

func TestEvictable(t *testing.T) {
	at := func(minutes int) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes) * time.Minute) }
	list := []candidate{
		{[20]byte{'a'}, 10, 0, at(0)}, // nobody else has it
		{[20]byte{'b'}, 10, 1, at(1)},
		{[20]byte{'c'}, 10, 3, at(9)},
		{[20]byte{'d'}, 10, 3, at(5)}, // unasked for longer
		{[20]byte{'e'}, 40, 1, at(2)},
	}
	for _, test := range []struct {
		lacking int64
		want    string
	}{{1, "d"}, {10, "d"}, {11, "dc"}, {30, "dcb"}, {31, "dcbe"}, {70, "dcbe"}, {71, ""}} {
		got := ""
		for _, c := range evictable(slices.Clone(list), test.lacking) {
			got += string(c.infohash[0])
		}
		if got != test.want {
			t.Errorf("for %d bytes: got %q, want %q", test.lacking, got, test.want)
		}
	}
}
