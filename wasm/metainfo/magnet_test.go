package metainfo_test

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/metainfo"
)

const (
	leavesHex    = "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36"
	leavesBase32 = "2JDU5BWJLMM3RPH5XEV4CLE5IRTHZ6RW"
	btmhHex      = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
)

var btmh = func() (v2 [32]byte) {
	_, _ = hex.Decode(v2[:], []byte(btmhHex))
	return v2
}()

var leaves = [20]byte{0xd2, 0x47, 0x4e, 0x86, 0xc9, 0x5b, 0x19, 0xb8, 0xbc, 0xfd, 0xb9, 0x2b, 0xc1, 0x2c, 0x9d, 0x44, 0x66, 0x7c, 0xfa, 0x36}

func TestParseMagnet(t *testing.T) {
	type m = metainfo.Magnet
	const link = "magnet:?xt=urn:btih:" + leavesHex
	cases := []struct {
		in   string
		want m
	}{
		{link, m{Infohash: leaves}},
		{"magnet:?xt=urn:btih:" + strings.ToUpper(leavesHex), m{Infohash: leaves}},
		{"magnet:?xt=urn:btih:" + leavesBase32, m{Infohash: leaves}},
		{"MAGNET:?xt=URN:BTIH:" + strings.ToLower(leavesBase32), m{Infohash: leaves}},
		{"magnet:?xt.1=urn%3Abtih%3A" + leavesHex + "&tr.1=udp%3A%2F%2Fa&tr.2=udp://b", m{Infohash: leaves, Trackers: []string{"udp://a", "udp://b"}}},
		{"magnet:?dn=x&xt=urn:btmh:1114caf1&xt=urn:btih:" + leavesHex, m{Infohash: leaves, Name: "x"}},
		{link + "&xt=urn:btih:" + leavesBase32, m{Infohash: leaves}},
		{link + "&dn=Leaves+of%20Grass%2B&dn=second", m{Infohash: leaves, Name: "Leaves of Grass+"}},
		{"magnet:?xt=urn:btmh:1220" + btmhHex, m{Infohash: [20]byte(btmh[:]), InfohashV2: btmh}},
		{"magnet:?xt=URN:BTMH:1220" + strings.ToUpper(btmhHex) + "&xt.2=urn:btih:" + leavesHex, m{Infohash: leaves, InfohashV2: btmh}},
		{link + "&so=7,0,2-4,3", m{Infohash: leaves, Select: []int{0, 2, 3, 4, 7}}},
		{link + "&so=1&so=0", m{Infohash: leaves, Select: []int{0, 1}}},
		{link + "&dn=%ff", m{Infohash: leaves, Name: "\uFFFD"}},
		{link + "&xl=362017", m{Infohash: leaves, Length: 362017}},
		{link + "&ws=https://a/?b=c%26d&ws=ftp://x/", m{Infohash: leaves, Webseeds: []string{"https://a/?b=c&d"}}},
		{link + "&tr=http://a/x+y&tr=javascript:alert(1)&tr=&tr", m{Infohash: leaves, Trackers: []string{"http://a/x+y"}}},
		{link + "&&=&x.pe=127.0.0.1:1&unknown=1#fragment", m{Infohash: leaves}},
	}
	for _, c := range cases {
		got, err := metainfo.ParseMagnet(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.in, got, err, c.want)
		}
	}
}

func TestParseMagnetRefuses(t *testing.T) {
	const link = "magnet:?xt=urn:btih:" + leavesHex
	for _, c := range []struct{ in, want string }{
		{"", "does not begin"},
		{"magnet:", "does not begin"},
		{"https://example.org/?xt=urn:btih:" + leavesHex, "does not begin"},
		{leavesHex, "does not begin"},
		{"magnet:?", "no infohash"},
		{"magnet:?dn=x&tr=udp://a", "no infohash"},
		{"magnet:?xt=" + leavesHex, "no infohash"},
		{"magnet:?xt=urn:btmh:1114caf1", "no infohash"},
		{"magnet:?xt=urn:btmh:1220caf1", "not an infohash"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("0", 40), "not an infohash"},
		{"magnet:?xt=urn:btih:", "not an infohash"},
		{"magnet:?xt=urn:btih:" + leavesHex[1:], "not an infohash"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("g", 40), "not an infohash"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("1", 32), "not an infohash"},
		{link + "&xt=urn:btih:" + strings.Repeat("1", 40), "two different"},
		{link + "&dn=%", "percent-encoding"},
		{link + "&dn=%2", "percent-encoding"},
		{link + "&tr=%zz", "percent-encoding"},
		{"magnet:?xt=urn:btmh:1220" + btmhHex[1:], "not an infohash"},
		{"magnet:?xt=urn:btmh:1220" + btmhHex + "&xt=urn:btmh:1220" + strings.Repeat("11", 32), "two different"},
		{link + "&so=", "not a list of files"},
		{link + "&so=1-", "not a list of files"},
		{link + "&so=-1", "not a list of files"},
		{link + "&so=3-1", "not a list of files"},
		{link + "&so=0-200000", "not a list of files"},
		{link + "&so=" + strings.Repeat("0-199999,", 100) + "1", "not a list of files"},
		{link + "&so=99999999999999999999", "not a list of files"},
		{link + "&xl=-1", "not a length"},
		{link + "&xl=9007199254740992", "not a length"},
		{link + "&xl=many", "not a length"},
		{link + "&dn=" + strings.Repeat("n", 64<<10), "at most 65536"},
	} {
		got, err := metainfo.ParseMagnet(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %+v, %v; want an error with %q", c.in, got, err, c.want)
		}
	}
}

func TestMagnetString(t *testing.T) {
	m := metainfo.Magnet{
		Infohash: leaves, Name: "Léaves & Grass+", Length: 362017,
		Trackers: []string{"wss://tracker.example/announce?a=b&c"}, Webseeds: []string{"https://a/b c"},
	}
	want := "magnet:?xt=urn:btih:" + leavesHex + "&dn=L%C3%A9aves%20%26%20Grass%2B&xl=362017" +
		"&tr=wss%3A%2F%2Ftracker.example%2Fannounce%3Fa%3Db%26c&ws=https%3A%2F%2Fa%2Fb%20c"
	if got := m.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, err := metainfo.ParseMagnet(want); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("read back %+v, %v", got, err)
	}
}

func TestMagnetStringV2(t *testing.T) {
	for _, c := range []struct {
		m    metainfo.Magnet
		want string
	}{
		{metainfo.Magnet{Infohash: [20]byte(btmh[:]), InfohashV2: btmh}, "magnet:?xt=urn:btmh:1220" + btmhHex},
		{metainfo.Magnet{Infohash: leaves, InfohashV2: btmh, Name: "x"}, "magnet:?xt=urn:btih:" + leavesHex + "&xt=urn:btmh:1220" + btmhHex + "&dn=x"},
		{metainfo.Magnet{Infohash: leaves, Select: []int{0, 2, 3, 5, 6, 7}}, "magnet:?xt=urn:btih:" + leavesHex + "&so=0,2-3,5-7"},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if got, err := metainfo.ParseMagnet(c.want); err != nil || !reflect.DeepEqual(got, c.m) {
			t.Errorf("%s: read back %+v, %v", c.want, got, err)
		}
	}
}
