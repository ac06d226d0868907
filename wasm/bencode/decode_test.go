package bencode_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/bencode"
)

// tree turns a Value into what Append takes, in the types int64, string, []any and Dict.
func tree(v bencode.Value) any {
	switch v.Kind() {
	case bencode.Integer:
		n, _ := v.Int()
		return n
	case bencode.String:
		s, _ := v.Text()
		return s
	case bencode.List:
		items := []any{}
		for item := range v.Items() {
			items = append(items, tree(item))
		}
		return items
	case bencode.Dictionary:
		d := bencode.Dict{}
		for key, value := range v.Entries() {
			d[string(key)] = tree(value)
		}
		return d
	}
	return nil
}

func TestDecode(t *testing.T) {
	cases := []struct {
		in   string
		want any
	}{
		{"i0e", int64(0)},
		{"i-1e", int64(-1)},
		{"i9223372036854775807e", int64(1<<63 - 1)},
		{"i-9223372036854775808e", int64(-1 << 63)},
		{"0:", ""},
		{"4:spam", "spam"},
		{"5:i1e2:", "i1e2:"},
		{"2:\xff\x00", "\xff\x00"},
		{"le", []any{}},
		{"l4:spami3ee", []any{"spam", int64(3)}},
		{"llelee", []any{[]any{}, []any{}}},
		{"de", bencode.Dict{}},
		{"d3:cow3:moo4:spaml1:a1:bee", bencode.Dict{"cow": "moo", "spam": []any{"a", "b"}}},
		{"d0:i1e1:ad1:bi2eee", bencode.Dict{"": int64(1), "a": bencode.Dict{"b": int64(2)}}},
	}
	for _, c := range cases {
		v, err := bencode.Decode([]byte(c.in), bencode.Limits{})
		if err != nil {
			t.Errorf("Decode(%q): %v", c.in, err)
			continue
		}
		if got := tree(v); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Decode(%q) = %#v, want %#v", c.in, got, c.want)
		}
		if got := string(v.Raw()); got != c.in {
			t.Errorf("Decode(%q).Raw() = %q", c.in, got)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	cases := []struct{ in, want string }{
		{"", "ends inside"},
		{"e", "no value begins"},
		{"x", "no value begins"},
		{"-1:a", "no value begins"},
		{"i", "ends inside"},
		{"i1", "ends inside"},
		{"ie", "malformed integer"},
		{"i-e", "malformed integer"},
		{"i-0e", "malformed integer"},
		{"i00e", "malformed integer"},
		{"i01e", "malformed integer"},
		{"i+1e", "malformed integer"},
		{"i 1e", "malformed integer"},
		{"i1.0e", "malformed integer"},
		{"i1_0e", "malformed integer"},
		{"i9223372036854775808e", "malformed integer"},
		{"i" + strings.Repeat("1", 1000) + "e", "malformed integer"},
		{"1", "ends inside"},
		{"1:", "ends inside"},
		{"2:a", "ends inside"},
		{"00:", "malformed string length"},
		{"01:a", "malformed string length"},
		{"1a:a", "malformed string length"},
		{"999999999:a", "ends inside"},
		{"1000000000:a", "malformed string length"},
		{"99999999999999999999:a", "malformed string length"},
		{"l", "ends inside"},
		{"li1e", "ends inside"},
		{"lxe", "no value begins"},
		{"d", "ends inside"},
		{"d1:a", "ends inside"},
		{"d1:ae", "no value begins"},
		{"d1:ai1e", "ends inside"},
		{"di1ei1ee", "not a string"},
		{"dlei1ee", "not a string"},
		{"d1:ai1e1:ai2ee", "key twice"},
		{"d1:bi1e1:ai2ee", "out of order"},
		{"d2:aai1e1:bi2e1:ai3ee", "out of order"},
		{"i1ei2e", "3 bytes after"},
		{"lee", "1 bytes after"},
	}
	for _, c := range cases {
		_, err := bencode.Decode([]byte(c.in), bencode.Limits{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode(%.40q) = %v, want an error with %q", c.in, err, c.want)
		}
	}
}

func TestDecodeUnsorted(t *testing.T) {
	unsorted := bencode.Limits{Unsorted: true}
	v, err := bencode.Decode([]byte("d1:bi1e1:ad1:zi2e1:yi3eee"), unsorted)
	if err != nil {
		t.Fatal(err)
	}
	want := bencode.Dict{"a": bencode.Dict{"y": int64(3), "z": int64(2)}, "b": int64(1)}
	if got := tree(v); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, in := range []string{"d1:ai1e1:ai2ee", "d1:bi1e1:ai2e1:bi3ee", "ld1:bi1e1:ai2e1:ai3eee"} {
		if _, err := bencode.Decode([]byte(in), unsorted); err == nil {
			t.Errorf("Decode(%q) accepted a key twice", in)
		}
	}
}

func nested(depth int) []byte {
	return []byte(strings.Repeat("l", depth) + strings.Repeat("e", depth))
}

func TestLimits(t *testing.T) {
	items := func(n int) []byte { return []byte("l" + strings.Repeat("0:", n-1) + "e") }
	cases := []struct {
		name   string
		in     []byte
		limits bencode.Limits
		ok     bool
	}{
		{"deepest", nested(bencode.MaxDepth), bencode.Limits{}, true},
		{"too deep", nested(bencode.MaxDepth + 1), bencode.Limits{}, false},
		{"no deeper on demand", nested(bencode.MaxDepth + 1), bencode.Limits{Depth: 100}, false},
		{"own depth", nested(3), bencode.Limits{Depth: 3}, true},
		{"own depth exceeded", nested(4), bencode.Limits{Depth: 3}, false},
		{"side by side is not deep", []byte("llelelelelelelee"), bencode.Limits{Depth: 2}, true},
		{"scalars have no depth", []byte("li1e1:ae"), bencode.Limits{Depth: 1}, true},
		{"very deep and open", bytes.Repeat([]byte("l"), 1<<20), bencode.Limits{}, false},
		{"items", items(10), bencode.Limits{Items: 10}, true},
		{"too many items", items(11), bencode.Limits{Items: 10}, false},
		{"keys count", []byte("d1:ai1ee"), bencode.Limits{Items: 2}, false},
		{"default items", items(bencode.DefaultItems), bencode.Limits{}, true},
		{"default items exceeded", items(bencode.DefaultItems + 1), bencode.Limits{}, false},
	}
	for _, c := range cases {
		_, err := bencode.Decode(c.in, c.limits)
		if got := err == nil; got != c.ok {
			t.Errorf("%s: accepted = %v, want %v (%v)", c.name, got, c.ok, err)
		}
	}
}

func TestDecodePrefix(t *testing.T) {
	v, rest, err := bencode.DecodePrefix([]byte("d1:ai1ee\x00rest"), bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(v.Raw()), "d1:ai1ee"; got != want {
		t.Errorf("value %q, want %q", got, want)
	}
	if got, want := string(rest), "\x00rest"; got != want {
		t.Errorf("rest %q, want %q", got, want)
	}
}

func TestValueOfAnotherKind(t *testing.T) {
	list, err := bencode.Decode([]byte("li7e1:ade"+"e"), bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	values := []bencode.Value{{}, list}
	for item := range list.Items() {
		values = append(values, item)
	}
	for _, v := range values {
		if _, ok := v.Int(); ok != (v.Kind() == bencode.Integer) {
			t.Errorf("Int of %q: %v", v.Raw(), ok)
		}
		if _, ok := v.Bytes(); ok != (v.Kind() == bencode.String) {
			t.Errorf("Bytes of %q: %v", v.Raw(), ok)
		}
		if _, ok := v.Text(); ok != (v.Kind() == bencode.String) {
			t.Errorf("Text of %q: %v", v.Raw(), ok)
		}
		if got := v.Get("absent").Kind(); got != bencode.None {
			t.Errorf("Get of %q is a %v", v.Raw(), got)
		}
	}
}

func TestGetRawSpan(t *testing.T) {
	const info = "d6:lengthi1e4:name1:ne"
	v, err := bencode.Decode([]byte("d8:announce3:url4:info"+info+"5:z-keyi1ee"), bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(v.Get("info").Raw()); got != info {
		t.Errorf("raw info %q, want %q", got, info)
	}
	if got, _ := v.Get("info").Get("length").Int(); got != 1 {
		t.Errorf("length %d, want 1", got)
	}
}

// Getters must stop where the caller does.
func TestIterationStops(t *testing.T) {
	v, err := bencode.Decode([]byte("d1:ai1e1:bli1ei2ei3eee"), bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	keys, items := 0, 0
	for range v.Entries() {
		keys++
		break
	}
	for range v.Get("b").Items() {
		items++
		break
	}
	if keys != 1 || items != 1 {
		t.Errorf("went through %d keys and %d items after break", keys, items)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"i0e", "i-12e", "0:", "4:spam", "le", "de", "d3:cow3:moo4:spaml1:a1:bee", "d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee",
		"d8:announce3:url4:infod6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces0:ee", "lllleeee", "999999999:", "i1e2:xx",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		limits := bencode.Limits{Depth: 8, Items: 100}
		v, rest, err := bencode.DecodePrefix(in, limits)
		if err == nil {
			checkCanonical(t, in[:len(in)-len(rest)], v)
		}
		limits.Unsorted = true
		v, _, looseErr := bencode.DecodePrefix(in, limits)
		if err == nil && looseErr != nil {
			t.Fatalf("%q is refused only when its keys may be unsorted: %v", in, looseErr)
		}
		if looseErr == nil {
			checkReencoded(t, v, limits)
		}
	})
}

// checkCanonical demands that what was decoded strictly is encoded to the same bytes.
func checkCanonical(t *testing.T, in []byte, v bencode.Value) {
	t.Helper()
	if got := bencode.Append(nil, tree(v)); !bytes.Equal(got, in) {
		t.Fatalf("decoded %q, encoded %q", in, got)
	}
}

// checkReencoded demands that sorting the keys changes nothing but their order, and that the limits hold.
func checkReencoded(t *testing.T, v bencode.Value, limits bencode.Limits) {
	t.Helper()
	want := tree(v)
	if d := depth(want); d > limits.Depth {
		t.Fatalf("%q has depth %d", v.Raw(), d)
	}
	limits.Unsorted = false
	sorted, err := bencode.Decode(bencode.Append(nil, want), limits)
	if err != nil {
		t.Fatalf("%q cannot be decoded when sorted: %v", v.Raw(), err)
	}
	if got := tree(sorted); !reflect.DeepEqual(got, want) || len(sorted.Raw()) != len(v.Raw()) {
		t.Fatalf("sorting changed %q to %q", v.Raw(), sorted.Raw())
	}
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			deepest = max(deepest, depth(item))
		}
	case bencode.Dict:
		for _, value := range v {
			deepest = max(deepest, depth(value))
		}
	default:
		return 0
	}
	return deepest + 1
}
