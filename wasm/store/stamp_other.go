//go:build !linux && !js

package store

import "io/fs"

func stampOf(info fs.FileInfo) Stamp {
	return Stamp{Size: info.Size(), Modified: info.ModTime().UnixNano()}
}

// taken is how many bytes of the disk a file takes at most.
func taken(info fs.FileInfo) int64 { return info.Size() }
