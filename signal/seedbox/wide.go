package seedbox

import (
	stock "github.com/anacrolix/torrent/metainfo"

	"fanseed/wasm/metainfo"
)

// widened is the file tree of a torrent in which every file lasts to the end of its padding. So the client takes the padding for a part
// of the pieces. Otherwise it would end the connection with whoever asks for it: peers that know version 1 alone do with hybrids, and
// libtorrent 2.0 with version 2, behind the last file too.
func widened(info *metainfo.Info) stock.FileTree {
	var root stock.FileTree
	for _, f := range info.Content() {
		leaf := stock.FileTreeFile{}
		if f.Length > 0 {
			leaf = stock.FileTreeFile{Length: wideEnd(info, f.Offset+f.Length) - f.Offset, PiecesRoot: string(f.Root[:])}
		}
		root = grown(root, f.Path, leaf)
	}
	return root
}

// wideEnd is the end, with padding, of the piece that has the byte before end.
func wideEnd(info *metainfo.Info, end int64) int64 {
	end = (end + info.PieceLength - 1) / info.PieceLength * info.PieceLength
	if info.HasV1() {
		return min(end, info.Length) // there all is said about the padding
	}
	return end
}

func grown(tree stock.FileTree, path []string, leaf stock.FileTreeFile) stock.FileTree {
	if len(path) == 0 {
		return stock.FileTree{File: leaf}
	}
	if tree.Dir == nil {
		tree.Dir = map[string]stock.FileTree{}
	}
	tree.Dir[path[0]] = grown(tree.Dir[path[0]], path[1:], leaf)
	return tree
}
