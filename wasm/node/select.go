package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Select has only these files of a work fetched, by number, or all where files is
// nil. What is here of the others stays, and is given to peers. A file that
// somebody reads is fetched whatever was selected. Errors: ErrNoWork, and
// ErrMissing for a file that does not exist or is not known yet.
func (n *Node) Select(ctx context.Context, infohash [20]byte, files []int) error {
	known := true
	err := n.with(ctx, infohash, func(w *work, now time.Time) {
		if known = w.files != nil && w.files.choose(files); known {
			w.selected(now)
		}
	})
	if err == nil && !known {
		err = ErrMissing
	}
	return err
}

// want has a file fetched that was left out.
func (w *work) want(now time.Time, file int) {
	if w.files.take(file) {
		w.selected(now)
	}
}

// widen adds what another link to the work names: everything, if it names no
// files.
func (w *work) widen(now time.Time, m metainfo.Magnet) {
	switch {
	case len(w.magnet.Select) == 0 && w.files == nil || w.files != nil && w.files.chosen == nil:
		return // it is all there is
	case w.files == nil && len(m.Select) == 0:
		w.magnet.Select = nil
	case w.files == nil:
		w.magnet.Select = append(m.Select, w.magnet.Select...)
	case len(m.Select) == 0:
		w.files.choose(nil)
		w.selected(now)
	default:
		before := w.files.chosen.numbers()
		w.files.chooseByLink(m.Select)
		w.files.choose(append(before, w.files.chosen.numbers()...))
		w.selected(now)
	}
}

// selected brings the work in line with what is selected now.
func (w *work) selected(now time.Time) {
	w.changed = true
	if w.store == nil {
		return // use will see to it
	}
	if w.complete() {
		w.seeking.next = now // those who have the rest were parted from
	}
	w.recount()
	w.swarm.Select(now, w.files.pieces())
	w.drain(now)
	w.progress(now)
	w.adjust(now)
	w.flush(now)
}

// whole says that every piece is here, selected or not.
func (w *work) whole() bool {
	return w.store != nil && w.missing == 0 && w.store.Have().Count() == w.torrent.Info.NumPieces()
}

// choice is which files are to be fetched; nil for all.
type choice []bool

func (c choice) has(file int) bool { return c == nil || c[file] }

// numbers returns the chosen files; nil for all.
func (c choice) numbers() (files []int) {
	if c == nil {
		return nil
	}
	files = []int{}
	for i, chosen := range c {
		if chosen {
			files = append(files, i)
		}
	}
	return files
}

// choose says which files are to be fetched, all where numbers is nil; false when
// one does not exist.
func (f *files) choose(numbers []int) bool {
	if numbers == nil {
		f.chosen = nil
		return true
	}
	chosen := make(choice, len(f.list))
	for _, i := range numbers {
		if i < 0 || i >= len(chosen) {
			return false
		}
		chosen[i] = true
	}
	f.chosen = chosen
	return true
}

// take chooses one more file; false when it is chosen already.
func (f *files) take(file int) bool {
	if f.chosen.has(file) {
		return false
	}
	chosen := append(choice{}, f.chosen...) // snapshots share the old one
	chosen[file] = true
	f.chosen = chosen
	return true
}

// pieces are those that hold something of a chosen file; nil for all.
func (f *files) pieces() wire.Bitfield {
	if f.chosen == nil {
		return nil
	}
	pieces := wire.NewBitfield(f.info.NumPieces())
	for i, file := range f.list {
		if !f.chosen[i] || file.Length == 0 {
			continue
		}
		for index := f.offsets[i] / f.info.PieceLength; index*f.info.PieceLength < f.offsets[i]+file.Length; index++ {
			pieces.Set(int(index))
		}
	}
	return pieces
}

// holds says whether a piece holds something of a chosen file.
func (f *files) holds(index int) bool {
	if f.chosen == nil {
		return true
	}
	begin := int64(index) * f.info.PieceLength
	end := begin + f.info.PieceSize(index)
	for i := f.first(begin); i < len(f.list) && f.offsets[i] < end; i++ {
		if f.chosen[i] && f.list[i].Length > 0 {
			return true
		}
	}
	return false
}

// missing counts the chosen pieces that are not here.
func (f *files) missing(have wire.Bitfield) (n int) {
	chosen := f.pieces()
	for i := range f.info.NumPieces() {
		if !have.Has(i) && (chosen == nil || chosen.Has(i)) {
			n++
		}
	}
	return n
}

// chooseByLink chooses what a magnet link names, by the numbers of all files in
// the torrent, filler included (https://www.bittorrent.org/beps/bep_0053.html).
// Numbers that do not exist are ignored; a link that names no file that exists
// chooses all.
func (f *files) chooseByLink(numbers []int) {
	named := make(map[int]bool, len(numbers))
	for _, n := range numbers {
		named[n] = true
	}
	var content []int
	at := 0
	for i, file := range f.info.Files {
		if file.Padding {
			continue
		}
		if named[i] {
			content = append(content, at)
		}
		at++
	}
	if len(content) > 0 {
		f.choose(content)
	}
}
