package announce

import (
	"bytes"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// walk lists the tokens of a text as the reader sees them; nil where it refuses the text.
func walk(text []byte) []any {
	r := newReader(text)
	tokens := r.walk(nil)
	if r.end() != nil {
		return nil
	}
	return tokens
}

func (r *reader) walk(tokens []any) []any {
	switch kind := r.kind(); kind {
	case '{':
		tokens = append(tokens, kind)
		for name := range r.object("") {
			tokens = r.walk(append(tokens, name))
		}
		return append(tokens, byte('}'))
	case '[':
		tokens = append(tokens, kind)
		for range r.array("") {
			tokens = r.walk(tokens)
		}
		return append(tokens, byte(']'))
	case '"':
		return append(tokens, r.text("", MaxMessage))
	case '0':
		return append(tokens, r.number(math.NaN()))
	default:
		r.skip()
		return append(tokens, kind)
	}
}

// walkOracle lists them as jsontext does, within the limits of this package.
func walkOracle(text []byte) (tokens []any) {
	if len(text) > MaxMessage {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	for {
		t, err := dec.ReadToken()
		if err == io.EOF && len(tokens) > 0 {
			return tokens
		}
		if err != nil || dec.StackDepth() > MaxDepth {
			return nil
		}
		tokens = append(tokens, oracleToken(t))
		if dec.StackDepth() == 0 && len(bytes.Trim(text[dec.InputOffset():], " \t\r\n")) > 0 {
			return nil // a second value
		}
	}
}

func oracleToken(t jsontext.Token) any {
	switch t.Kind() {
	case '"':
		return t.String()
	case '0':
		f, _ := t.Float()
		return max(-math.MaxFloat64, min(math.MaxFloat64, f))
	}
	return byte(t.Kind())
}

func checkWalk(t *testing.T, text []byte) {
	if got, want := walk(text), walkOracle(text); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\ngot  %#v\nwant %#v", text, got, want)
	}
}

// strictness is what readers of JSON disagree on.
var strictness = []string{
	``, ` `, `null`, ` [ ] `, "\t{\r\n}", "\ufeff{}", "{}\x00", "\x00", `nul`, `nulll`, `truefalse`, `TRUE`, `NaN`, `[]]`, `{} {}`, `[}`, `{]`,
	`[,]`, `[1,]`, `[1 2]`, `[1,,2]`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{1:2}`, `{"a":1 "b":2}`, `{"a":1,"a":1}`,
	`{"a":{"b":1},"b":{"a":1}}`, `{"a":[{"a":1},{"a":1}]}`, `{"\u0061":1,"a":2}`, `{"":1,"":2}`, `{"x":{"a":1,"a":2}}`,
	`0`, `-0`, `-`, `+1`, `01`, `-01`, `1.`, `.5`, `1.5`, `1e`, `1e+`, `1e+5`, `1E-05`, `1e5.5`, `0x10`, `1_000`, `9007199254740993`, `1e999`, `-1e999`, `1e-999`,
	`"`, `"a`, `"\`, `"\"`, `"\""`, `"\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\v"`, `"\'"`, `"\x41"`, `"\U0041"`, `"a` + "\n" + `"`, "\"\x1f\"", "\"\x7f\"", "\"\u2028\"",
	`"\u"`, `"\u00"`, `"\u004`, `"\u0041"`, `"\u00e9\u00E9"`, `"\u+041"`, `"\u00_1"`, `"\u00 1"`, `"\u0000"`, `"\ufffd"`, `"\uffff"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\ud83d\u0041"`, `"\ud83d\n"`, `"\ud83dA"`, `"\ud83d\u"`, `"\ud83d\ude0"`,
	"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf0\x9f\x98\x80\"", "{\"\xff\":1}", "[\xff]",
	strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
	strings.Repeat("[", MaxDepth) + "{}" + strings.Repeat("]", MaxDepth), strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth),
	strings.Repeat(" ", MaxMessage-2) + "{}", strings.Repeat(" ", MaxMessage-1) + "{}",
}

func TestReaderAgreesWithOracle(t *testing.T) {
	for _, text := range strictness {
		checkWalk(t, []byte(text))
	}
}

// TestManyNames is about the work of looking for a duplicate.
func TestManyNames(t *testing.T) {
	var b strings.Builder
	for i := range 8000 {
		b.WriteString(`,"` + string(rune(0x400+i)) + `":1`)
	}
	once := `{"first":1` + b.String() + `}`
	twice := `{"first":1` + b.String() + `,"first":2}`
	if walk([]byte(once)) == nil || walk([]byte(twice)) != nil {
		t.Errorf("with a duplicate: %v, without: %v", walk([]byte(twice)) != nil, walk([]byte(once)) != nil)
	}
}

func FuzzReader(f *testing.F) {
	addSeeds(f, "testdata/client.txt")
	addSeeds(f, "testdata/server.txt")
	for _, text := range strictness[:len(strictness)-2] { // the last are as long as a message may be
		f.Add([]byte(text))
	}
	f.Fuzz(checkWalk)
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "v=0\r\n", string(everyByte[:]), "\x00\b\v\f\x1f\x7f", `"\/<>&`, "é\u2028😀\ufffd", "a\xffb\xed\xa0\x80", "\xff\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var w writer
		w.quote(s)
		if want, _ := jsontext.AppendQuote(nil, s); string(w) != string(want) {
			t.Fatalf("%q: got %s, want %s", s, w, want)
		}
		checkLatin1(t, s)
	})
}

func checkLatin1(t *testing.T, s string) {
	var id [20]byte
	copy(id[:], s)
	var w writer
	w.latin1(id)
	points := make([]rune, len(id))
	for i, c := range id {
		points[i] = rune(c)
	}
	if want, _ := jsontext.AppendQuote(nil, string(points)); string(w) != string(want) {
		t.Fatalf("%x: got %s, want %s", id, w, want)
	}
	if got, ok := binary(walk(w)[0].(string)); !ok || got != id {
		t.Fatalf("%x was read as %x", id, got)
	}
}
