package vectors

import (
	"bytes"
	"crypto/sha256"
	"os"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"fanseed/signal/proof"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// proofFile is proof.json. All bytes are hex.
type proofFile struct {
	About  []string      `json:"about"`
	Asked  []askedVector `json:"asked"`
	Proofs []leafVector  `json:"proofs"`
}

type (
	askedVector struct {
		Nonce     string `json:"nonce"`
		PublicKey string `json:"public_key"`
		Infohash  string `json:"infohash"`
		Parts     int    `json:"parts"`
		Asked     []int  `json:"asked"`
	}
	leafVector struct {
		PieceLength int64  `json:"piece_length"`
		Files       []int  `json:"files"`
		Part        int    `json:"part"`
		File        int    `json:"file"`
		Begin       int    `json:"begin"`
		Length      int    `json:"length"`
		Path        string `json:"path"`
		Node        string `json:"node"`
	}
)

func buildProofs() proofFile {
	return proofFile{
		About: []string{
			"Storage proofs of Fanseed, version 1. Bytes are hex; integers are big-endian.",
			"asked[i] = first 8 bytes of HMAC-SHA-256(nonce, public key 32 | infohash 20 as announced | i u32) modulo parts",
			"parts of version 2 and of hybrids: leaves of 16 KiB of all files, in the order of the files; a file's last leaf has what is left, padding has none",
			"parts of version 1 alone: the pieces, which come in blocks of 32 KiB and are checked by their SHA-1",
			"path: from the leaf's sibling up to below the node of its piece, which stands in the piece layers, or is the pieces root where the file has one piece (BEP 52)",
			"proofs: byte n of every file is n modulo 251; files are their lengths; begin is the leaf's first byte within the file",
		},
		Asked:  askedVectors(),
		Proofs: leafVectors(),
	}
}

func askedVectors() (list []askedVector) {
	for _, c := range []struct {
		nonce, key   string
		infohash     byte
		count, parts int
	}{
		{"first", "seeder", 1, 32, 1 << 20}, {"second", "seeder", 1, 8, 1000}, {"first", "leecher", 1, 8, 1 << 20},
		{"first", "seeder", 2, 8, 1 << 20}, {"first", "seeder", 1, 3, 3}, {"first", "seeder", 1, 4, 1},
	} {
		ch := proof.Challenge{Nonce: sha256.Sum256([]byte(c.nonce)), PublicKey: public(c.key), Infohash: [20]byte{c.infohash}, Count: c.count}
		list = append(list, askedVector{hexOf(ch.Nonce[:]), hexOf(ch.PublicKey[:]), hexOf(ch.Infohash[:]), c.parts, ch.Asked(c.parts)})
	}
	return list
}

// counting is a torrent of version 2 whose files count.
func counting(pieceLength int64, files []int) (*metainfo.Torrent, [][]byte) {
	info := &metainfo.Info{Name: "counting", PieceLength: pieceLength}
	var list []metainfo.File
	var data [][]byte
	for n, length := range files {
		list = append(list, metainfo.File{Path: []string{string(rune('a' + n))}, Length: int64(length)})
		b := make([]byte, length)
		for i := range b {
			b[i] = byte(i % 251)
		}
		data = append(data, b)
	}
	info.Files, _ = metainfo.Arrange(list, pieceLength)
	info.Length = metainfo.Lay(info.Files)
	info.MetaVersion = 2
	var roots []byte
	for i := range info.NumPieces() {
		root := info.PieceRoot(i, pieceLeaves(info, data, i))
		roots = append(roots, root[:]...)
	}
	layers := info.SetRoots(roots)
	t := metainfo.New(info)
	t.Layers = layers
	return t, data
}

// pieceLeaves hashes the leaves of a piece.
func pieceLeaves(info *metainfo.Info, data [][]byte, piece int) []byte {
	p := info.Place(piece)
	begin := int64(p.Index) * info.PieceLength
	return merkle.AppendLeaves(nil, data[content(info, p.File)][begin:begin+p.Length])
}

// content is the number of a file without padding.
func content(info *metainfo.Info, file int) (n int) {
	for _, f := range info.Files[:file] {
		if !f.Padding {
			n++
		}
	}
	return n
}

func leafVectors() (list []leafVector) {
	files := []int{150_000, 10, 65_536, 40_000}
	t, data := counting(64<<10, files)
	parts := proof.NewParts(t.Info)
	for n := range parts.Len() {
		p := parts.Part(n)
		place := t.Info.Place(p.Piece)
		node, _ := t.Layers.Hash(place)
		path := proof.Path(t.Info, p.Piece, p.Begin, pieceLeaves(t.Info, data, p.Piece))
		list = append(list, leafVector{
			t.Info.PieceLength, files, n, content(t.Info, place.File), place.Index*int(t.Info.PieceLength) + p.Begin, p.Length, hexOf(path), hexOf(node[:]),
		})
	}
	return list
}

func TestProofVectors(t *testing.T) {
	built, err := json.Marshal(buildProofs(), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err != nil {
		t.Fatal(err)
	}
	built = append(built, '\n')
	if *rewrite {
		if err := os.WriteFile("proof.json", built, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile("proof.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built, published) {
		t.Error("proof.json is not what the code makes; its formats are published and must not change")
	}
}
