package store

import "testing"

func TestConstructThatThrows(t *testing.T) {
	if _, err := construct("Uint8Array", -1); errorName(err) != "RangeError" {
		t.Errorf("got %v", err)
	}
}
