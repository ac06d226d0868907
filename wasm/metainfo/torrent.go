package metainfo

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"

	"fanseed/wasm/bencode"
)

// Torrent is a .torrent file (BEP 3).
type Torrent struct {
	Info         *Info
	InfoBytes    []byte         // the exact info dictionary
	Infohash     [HashSize]byte // SHA-1 of InfoBytes
	Announce     [][]string     // tracker URLs, tier by tier (BEP 12)
	Webseeds     []string       // HTTP URLs (BEP 19)
	Comment      string
	CreatedBy    string
	CreationDate int64 // seconds since 1970; 0 when unknown
}

// New returns the torrent of a valid info, with nothing but the info in it. It panics when info is not valid.
func New(info *Info) *Torrent {
	if err := info.Validate(); err != nil {
		panic("metainfo: " + err.Error())
	}
	b := info.Bytes()
	return &Torrent{Info: info, InfoBytes: b, Infohash: sha1.Sum(b)}
}

// Parse reads a .torrent file. Nothing of the result shares memory with the argument. URLs whose scheme is of no use to a tracker or
// webseed are left out.
func Parse(torrent []byte) (*Torrent, error) {
	t, err := parse(torrent)
	if err != nil {
		return nil, fmt.Errorf("read torrent: %w", err)
	}
	return t, nil
}

func parse(torrent []byte) (*Torrent, error) {
	v, err := decode(torrent)
	if err != nil {
		return nil, err
	}
	info := v.Get("info")
	if info.Kind() == bencode.None {
		return nil, errors.New("no info dictionary")
	}
	t := new(Torrent)
	if t.Info, err = parseInfo(info); err != nil {
		return nil, err
	}
	t.InfoBytes = append([]byte(nil), info.Raw()...)
	t.Infohash = sha1.Sum(t.InfoBytes)
	t.Announce = tiers(v)
	t.Webseeds = webseeds(v.Get("url-list"))
	t.Comment = text(v.Get("comment"))
	t.CreatedBy = text(v.Get("created by"))
	t.CreationDate, _ = v.Get("creation date").Int()
	return t, nil
}

// text reads a string that is for people alone.
func text(v bencode.Value) string {
	s, _ := v.Text()
	return strings.ToValidUTF8(s, "\uFFFD")
}

// tiers reads announce-list, or announce when there is none (BEP 12).
func tiers(v bencode.Value) [][]string {
	var all [][]string
	for tier := range v.Get("announce-list").Items() {
		var urls []string
		for item := range tier.Items() {
			urls = appendURL(urls, item, trackerSchemes)
		}
		if len(urls) > 0 {
			all = append(all, urls)
		}
	}
	if len(all) > 0 {
		return all
	}
	if urls := appendURL(nil, v.Get("announce"), trackerSchemes); len(urls) > 0 {
		return [][]string{urls}
	}
	return nil
}

// webseeds reads url-list, which is a list or a single string (BEP 19).
func webseeds(v bencode.Value) []string {
	urls := appendURL(nil, v, webseedSchemes)
	for item := range v.Items() {
		urls = appendURL(urls, item, webseedSchemes)
	}
	return urls
}

func appendURL(urls []string, v bencode.Value, schemes []string) []string {
	if s, ok := v.Text(); ok && usable(s, schemes) {
		return append(urls, s)
	}
	return urls
}

// Bytes returns the .torrent file. InfoBytes goes into it as it is.
func (t *Torrent) Bytes() []byte {
	d := bencode.Dict{"info": bencode.Raw(t.InfoBytes)}
	putTiers(d, t.Announce)
	if len(t.Webseeds) > 0 {
		d["url-list"] = t.Webseeds
	}
	if t.Comment != "" {
		d["comment"] = t.Comment
	}
	if t.CreatedBy != "" {
		d["created by"] = t.CreatedBy
	}
	if t.CreationDate != 0 {
		d["creation date"] = t.CreationDate
	}
	return bencode.Append(nil, d)
}

func putTiers(d bencode.Dict, tiers [][]string) {
	var list []any
	for _, tier := range tiers {
		list = append(list, tier)
	}
	if len(tiers) > 0 && len(tiers[0]) > 0 {
		d["announce"] = tiers[0][0]
	}
	if len(tiers) > 1 || len(tiers) == 1 && len(tiers[0]) > 1 {
		d["announce-list"] = list
	}
}

// Magnet returns the link to the torrent.
func (t *Torrent) Magnet() Magnet {
	m := Magnet{Infohash: t.Infohash, Name: t.Info.Name, Webseeds: t.Webseeds, Length: t.Info.Length}
	for _, tier := range t.Announce {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m
}
