//go:build !js

package bencode_test

import (
	"bytes"
	"math/big"
	"reflect"
	"testing"

	oracle "github.com/anacrolix/torrent/bencode"

	"fanseed/wasm/bencode"
)

// FuzzOracle compares with the decoder and encoder of anacrolix/torrent. What we accept, it decodes to the same; what it encodes, we
// accept, as long as it stays within our limits.
func FuzzOracle(f *testing.F) {
	for _, seed := range []string{
		"i0e", "i-12e", "4:spam", "le", "de", "d3:cow3:moo4:spaml1:a1:bee", "d0:0:e", "i99999999999999999999e", "d1:bi1e1:ai2ee",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := bencode.Decode(in, bencode.Limits{})
		var theirs any
		theirErr := oracle.Unmarshal(in, &theirs)
		if err == nil {
			if theirErr != nil {
				t.Fatalf("we accept %q, they do not: %v", in, theirErr)
			}
			if got, want := tree(v), fromOracle(theirs); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: we decode %#v, they %#v", in, got, want)
			}
		}
		if theirErr == nil && withinLimits(theirs) {
			checkTheirs(t, theirs)
		}
	})
}

// checkTheirs demands that we decode what they encode, and encode it as they do.
func checkTheirs(t *testing.T, theirs any) {
	t.Helper()
	encoded, err := oracle.Marshal(theirs)
	if err != nil {
		t.Fatalf("they cannot encode %#v: %v", theirs, err)
	}
	v, err := bencode.Decode(encoded, bencode.Limits{})
	if err != nil {
		t.Fatalf("they encode %q, we refuse it: %v", encoded, err)
	}
	if got := bencode.Append(nil, tree(v)); !bytes.Equal(got, encoded) {
		t.Fatalf("they encode %q, we %q", encoded, got)
	}
}

func fromOracle(v any) any {
	switch v := v.(type) {
	case []any:
		items := []any{}
		for _, item := range v {
			items = append(items, fromOracle(item))
		}
		return items
	case map[string]any:
		d := bencode.Dict{}
		for key, value := range v {
			d[key] = fromOracle(value)
		}
		return d
	}
	return v
}

func withinLimits(v any) bool { return depth(fromOracle(v)) <= bencode.MaxDepth && !hasBig(v) }

// hasBig finds integers that fit in no int64, and holes that their decoder leaves for a stray end.
func hasBig(v any) bool {
	switch v := v.(type) {
	case *big.Int, nil:
		return true
	case []any:
		for _, item := range v {
			if hasBig(item) {
				return true
			}
		}
	case map[string]any:
		for _, value := range v {
			if hasBig(value) {
				return true
			}
		}
	}
	return false
}
