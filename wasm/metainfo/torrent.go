package metainfo

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fanseed/wasm/bencode"
	"fanseed/wasm/merkle"
)

// Torrent is a .torrent file (BEP 3, BEP 52).
type Torrent struct {
	Info         *Info
	InfoBytes    []byte         // the exact info dictionary
	Infohash     [HashSize]byte // names the swarm: SHA-1 of InfoBytes; in version 2 alone, the beginning of InfohashV2
	InfohashV2   merkle.Hash    // SHA-256 of InfoBytes; zero in version 1 alone
	Layers       Layers         // piece layers; what is there is right, and what Parse gives is complete. nil in version 1 alone
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
	return Describe(info, info.Bytes())
}

// Describe returns the torrent of an info and its exact dictionary, as they come from peers (BEP 9). It knows no layers yet.
func Describe(info *Info, infoBytes []byte) *Torrent {
	t := &Torrent{Info: info, InfoBytes: infoBytes}
	if info.HasV2() {
		t.Layers = Layers{}
		t.InfohashV2 = sha256.Sum256(infoBytes)
		copy(t.Infohash[:], t.InfohashV2[:])
	}
	if info.HasV1() {
		t.Infohash = sha1.Sum(infoBytes)
	}
	return t
}

// Parse reads a .torrent file. The hashes of the result are parts of one copy of it, so that each is in memory once, and nothing shares memory
// with the argument. URLs whose scheme is of no use to a tracker or
// webseed are left out.
func Parse(torrent []byte) (*Torrent, error) {
	t, err := parse(torrent)
	if err != nil {
		return nil, fmt.Errorf("read torrent: %w", err)
	}
	return t, nil
}

func parse(torrent []byte) (*Torrent, error) {
	v, err := decode(bytes.Clone(torrent))
	if err != nil {
		return nil, err
	}
	info := v.Get("info")
	if info.Kind() == bencode.None {
		return nil, errors.New("no info dictionary")
	}
	i, err := parseInfo(info)
	if err != nil {
		return nil, err
	}
	t := Describe(i, slices.Clip(info.Raw()))
	if err := t.readLayers(v.Get("piece layers")); err != nil {
		return nil, err
	}
	t.Announce = tiers(v)
	t.Webseeds = webseeds(v.Get("url-list"))
	t.Comment = text(v.Get("comment"))
	t.CreatedBy = text(v.Get("created by"))
	t.CreationDate, _ = v.Get("creation date").Int()
	return t, nil
}

// readLayers takes the piece layers of the info's files. A torrent without them is not valid (BEP 52); any others are left out.
func (t *Torrent) readLayers(v bencode.Value) error {
	if !t.Info.HasV2() {
		return nil
	}
	given := make(map[merkle.Hash][]byte)
	for key, value := range v.Entries() {
		if layer, ok := value.Bytes(); ok && len(key) == merkle.HashSize {
			given[merkle.Hash(key)] = layer
		}
	}
	for root, pieces := range t.Info.Layered() {
		if known := t.Layers[root]; known != nil && len(known) == pieces*merkle.HashSize {
			continue
		}
		if err := t.Info.CheckLayer(root, pieces, given[root]); err != nil {
			return err
		}
		t.Layers[root] = slices.Clip(given[root])
	}
	return nil
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

// Bytes returns the .torrent file. InfoBytes goes into it as it is. Where a layer is missing, it is not valid.
func (t *Torrent) Bytes() []byte {
	d := bencode.Dict{"info": bencode.Raw(t.InfoBytes)}
	if t.Info.HasV2() {
		layers := bencode.Dict{}
		for root, layer := range t.Layers {
			layers[string(root[:])] = layer
		}
		d["piece layers"] = layers
	}
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

// Announces tells whether a tracker is among the torrent's.
func (t *Torrent) Announces(tracker string) bool {
	return slices.ContainsFunc(t.Announce, func(tier []string) bool { return slices.Contains(tier, tracker) })
}

// AddTrackers adds those that the torrent does not name yet, after its own, each a tier of its own.
func (t *Torrent) AddTrackers(trackers []string) {
	for _, tracker := range trackers {
		if !t.Announces(tracker) {
			t.Announce = append(t.Announce, []string{tracker})
		}
	}
}

// Magnet returns the link to the torrent.
func (t *Torrent) Magnet() Magnet {
	m := Magnet{Infohash: t.Infohash, InfohashV2: t.InfohashV2, Name: t.Info.Name, Webseeds: t.Webseeds, Length: t.Info.Size()}
	for _, tier := range t.Announce {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m
}
