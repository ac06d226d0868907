package main

import (
	"strings"
	"testing"
)

func TestResults(t *testing.T) {
	got := results("a machine", "v1", []measurement{
		{Name: "goodput", Browser: "Firefox", Unit: "MB/s", Beside: "webtorrent", Ours: []float64{30, 20, 10, 20.5}, Theirs: []float64{10, 10, 10, 10}, Note: "64 MiB"},
	})
	const want = "| goodput | Firefox | webtorrent | 4 | 20.2 MB/s | 10 MB/s | 2.02 | 1.00 | 3.00 | 64 MiB |"
	if !strings.Contains(got, want) {
		t.Errorf("got:\n%s\nwant the line:\n%s", got, want)
	}
}

func TestMeasurementWithoutATurn(t *testing.T) {
	for _, m := range []measurement{{Name: "none"}, {Name: "uneven", Ours: []float64{1, 2}, Theirs: []float64{1}}} {
		if m.check() == nil {
			t.Errorf("%s: got no error", m.Name)
		}
	}
}
