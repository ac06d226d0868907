package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fanseed/wasm/merkle"
)

// Bounds of what a torrent may describe.
const (
	MaxLength      = 1<<53 - 1 // bytes in all; what JavaScript can count exactly
	MaxPieceLength = 64 << 20  // bytes of a piece, which is assembled in memory
	MaxPieces      = 1 << 20
	MaxFiles       = 200_000 // with padding
	maxDepth       = 32      // folders inside one another
	maxName        = 1024    // bytes of one part of a path
)

// Validate tells what is inconsistent or unsafe about i; nil if nothing is. Whatever ParseInfo returns is valid.
func (i *Info) Validate() error {
	if err := checkPart(i.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if err := i.checkSizes(); err != nil {
		return err
	}
	if i.MetaVersion != 0 {
		if err := i.checkV2(); err != nil {
			return err
		}
	}
	if i.Single {
		return i.checkSingle()
	}
	return checkPaths(i.Files)
}

var errFit = errors.New("the lengths of the files do not fit")

func (i *Info) checkSizes() error {
	if len(i.Files) == 0 {
		return errors.New("no files")
	}
	if len(i.Files) > MaxFiles {
		return fmt.Errorf("%d files, at most %d are allowed", len(i.Files), MaxFiles)
	}
	var total int64
	for n, f := range i.Files {
		if f.Offset != total {
			return fmt.Errorf("file %d: offset %d is not %d", n, f.Offset, total)
		}
		if total = addLength(total, f.Length); total < 0 {
			return fmt.Errorf("file %d: length %d does not fit", n, f.Length)
		}
	}
	switch {
	case total != i.Length:
		return fmt.Errorf("files have %d bytes, not %d", total, i.Length)
	case i.Size() == 0:
		return errors.New("no bytes in any file")
	case i.PieceLength <= 0 || i.PieceLength > MaxPieceLength:
		return fmt.Errorf("piece length %d is not within 1 and %d", i.PieceLength, MaxPieceLength)
	}
	return i.checkPieces((total-1)/i.PieceLength + 1)
}

func (i *Info) checkPieces(want int64) error {
	if want > MaxPieces {
		return fmt.Errorf("%d pieces, at most %d are allowed", want, MaxPieces)
	}
	if (i.HasV1() || !i.HasV2()) && int64(len(i.Pieces)) != want*HashSize {
		return fmt.Errorf("%d bytes of hashes for %d pieces", len(i.Pieces), want)
	}
	return nil
}

// checkV2 holds the files against BEP 52: in the order of the tree, each that has bytes with a root and at the beginning of a piece, and
// no piece of padding alone.
func (i *Info) checkV2() error {
	if i.MetaVersion != metaVersion {
		return fmt.Errorf("meta version %d", i.MetaVersion)
	}
	if err := CheckPieceLength(i.PieceLength); err != nil {
		return err
	}
	var last []string
	end := int64(0) // of the pieces of the files so far
	for n, f := range i.Files {
		if (f.Root != merkle.Hash{}) != (f.Length > 0 && !f.Padding) {
			return fmt.Errorf("file %d: a root and no bytes, or bytes and no root", n)
		}
		if f.Padding {
			continue
		}
		if last != nil && slices.Compare(last, f.Path) >= 0 {
			return fmt.Errorf("file %d: not in the order of the file tree", n)
		}
		last = f.Path
		if f.Length > 0 {
			if f.Offset != end {
				return fmt.Errorf("file %d: it begins at byte %d and not with a piece", n, f.Offset)
			}
			end += int64(f.pieces(i.PieceLength)) * i.PieceLength
		}
	}
	return i.checkEnd(end)
}

// checkEnd refuses padding behind the last piece of the last file, and any behind that file in version 2 alone.
func (i *Info) checkEnd(end int64) error {
	if i.Length > end {
		return errors.New("pieces of padding alone")
	}
	if i.HasV1() {
		return nil
	}
	if i.Files[len(i.Files)-1].Padding {
		return errors.New("padding at the end")
	}
	if i.Single != i.isSingle() {
		return errors.New("a single file is one whose path is the name")
	}
	return nil
}

// CheckPieceLength tells what is wrong with a piece length by the rule of BEP 52; nil if nothing is.
func CheckPieceLength(n int64) error {
	if n < merkle.LeafSize || n > MaxPieceLength || n&(n-1) != 0 {
		return fmt.Errorf("piece length %d is no power of two from 16 KiB up", n)
	}
	return nil
}

func (i *Info) checkSingle() error {
	if !i.isSingle() || i.Files[0].Padding {
		return errors.New("the path of a single file must be the name")
	}
	return nil
}

// checkPaths also refuses a file whose path is that of another or of another's folder. Padding may repeat its paths: it is never
// saved.
func checkPaths(files []File) error {
	var paths [][]string
	for n, f := range files {
		if err := checkPath(f.Path); err != nil {
			return fmt.Errorf("file %d: %w", n, err)
		}
		if !f.Padding {
			paths = append(paths, f.Path)
		}
	}
	// In sorted order, whatever begins with a path stands right behind it.
	slices.SortFunc(paths, slices.Compare)
	for n := 1; n < len(paths); n++ {
		if above := paths[n-1]; len(above) <= len(paths[n]) && slices.Equal(above, paths[n][:len(above)]) {
			return fmt.Errorf("path %q twice, or both a file and a folder", strings.Join(above, "/"))
		}
	}
	return nil
}

func checkPath(path []string) error {
	if len(path) == 0 || len(path) > maxDepth {
		return fmt.Errorf("path with %d parts", len(path))
	}
	for _, part := range path {
		if err := checkPart(part); err != nil {
			return fmt.Errorf("path: %w", err)
		}
	}
	return nil
}

// checkPart refuses names that mean another place on some system. All else is kept as it is, such as names that a system reserves:
// nothing here makes a file of a name.
func checkPart(part string) error {
	if err := validText(part); err != nil {
		return err
	}
	if part == "" || part == "." || part == ".." || strings.ContainsAny(part, unsafe) {
		return fmt.Errorf("unsafe name %q", part)
	}
	if len(part) > maxName {
		return fmt.Errorf("name of %d bytes", len(part))
	}
	return nil
}
