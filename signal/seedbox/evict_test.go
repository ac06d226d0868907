package seedbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMakeWay(t *testing.T) {
	candidates := []candidate{
		{[20]byte{1}, 100, 5, at(10)}, // others seed it most
		{[20]byte{2}, 100, 3, at(20)},
		{[20]byte{3}, 100, 3, at(5)}, // nobody has asked for it as long
		{[20]byte{4}, 1000, 1, at(1)},
		{[20]byte{5}, 1000, 0, at(0)}, // the server alone has it
	}
	for _, c := range []struct {
		bytes  int64
		want   string
		enough bool
	}{
		{0, "", true}, {-5, "", true}, {1, "1", true}, {100, "1", true}, {101, "1 3", true}, {300, "1 3 2", true}, {301, "1 3 2", false},
	} {
		chosen, enough := makeWay(c.bytes, candidates)
		var got []string
		for _, one := range chosen {
			got = append(got, fmt.Sprint(one.infohash[0]))
		}
		if strings.Join(got, " ") != c.want || enough != c.enough {
			t.Errorf("for %d bytes: %v, %v, want %s, %v", c.bytes, got, enough, c.want, c.enough)
		}
	}
	if candidates[0].infohash[0] != 1 || candidates[4].infohash[0] != 5 {
		t.Error("the caller's candidates were moved")
	}
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
