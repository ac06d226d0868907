package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of what a torrent may describe.
const (
	MaxLength      = 1<<53 - 1 // bytes in all; what JavaScript can count exactly
	MaxPieceLength = 64 << 20  // bytes of a piece, which is assembled in memory
	maxDepth       = 32        // folders inside one another
	maxName        = 1024      // bytes of one part of a path
)

// Validate tells what is inconsistent or unsafe about i; nil if nothing is. Whatever ParseInfo returns is valid.
func (i *Info) Validate() error {
	if err := checkPart(i.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if err := i.checkSizes(); err != nil {
		return err
	}
	if i.Single {
		return i.checkSingle()
	}
	return checkPaths(i.Files)
}

func (i *Info) checkSizes() error {
	if len(i.Files) == 0 {
		return errors.New("no files")
	}
	var total int64
	for n, f := range i.Files {
		if total = addLength(total, f.Length); total < 0 {
			return fmt.Errorf("file %d: length %d does not fit", n, f.Length)
		}
	}
	switch {
	case total != i.Length:
		return fmt.Errorf("files have %d bytes, not %d", total, i.Length)
	case total == 0:
		return errors.New("no bytes in any file")
	case i.PieceLength <= 0 || i.PieceLength > MaxPieceLength:
		return fmt.Errorf("piece length %d is not within 1 and %d", i.PieceLength, MaxPieceLength)
	}
	if want := (total-1)/i.PieceLength + 1; int64(len(i.Pieces)) != want*HashSize {
		return fmt.Errorf("%d bytes of hashes for %d pieces", len(i.Pieces), want)
	}
	return nil
}

func (i *Info) checkSingle() error {
	if len(i.Files) != 1 || !slices.Equal(i.Files[0].Path, []string{i.Name}) {
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

// checkPart refuses names that mean another place on some system.
func checkPart(part string) error {
	if err := validText(part); err != nil {
		return err
	}
	if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "/\\\x00") {
		return fmt.Errorf("unsafe name %q", part)
	}
	if len(part) > maxName {
		return fmt.Errorf("name of %d bytes", len(part))
	}
	return nil
}
