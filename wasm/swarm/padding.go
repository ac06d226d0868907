package swarm

// measurePadding finds the bytes at the end of each piece that are padding (https://www.bittorrent.org/beps/bep_0047.html). They are zeros
// in the caller's buffer from the start: nobody is asked for them, and nobody is credited. A piece of padding alone, which BEP 47 has no
// use for, is fetched like any other.
func (s *Swarm) measurePadding() {
	if !s.info.HasV1() {
		return // pieces end with their files
	}
	size := s.info.PieceLength
	for _, f := range s.info.Files {
		if !f.Padding || f.Length == 0 {
			continue
		}
		end := f.Offset + f.Length
		for i := int(f.Offset / size); i < s.pieces() && min(int64(i+1)*size, s.info.Length) <= end; i++ {
			s.pad(i, min(size, int64(i+1)*size-f.Offset))
		}
	}
}

// pad notes that the last bytes of a piece are padding.
func (s *Swarm) pad(i int, bytes int64) {
	missing := s.info.PieceLength - s.info.PieceSize(i) // of the torrent's last piece
	if bytes -= missing; bytes >= s.info.PieceSize(i) {
		return
	}
	if s.padding == nil {
		s.padding = make([]uint32, s.pieces())
	}
	s.padding[i] = uint32(bytes)
}

// dataSize returns the bytes of a piece without the padding at its end.
func (s *Swarm) dataSize(i int) uint32 {
	size := uint32(s.info.PieceSize(i))
	if s.padding != nil {
		size -= s.padding[i]
	}
	return size
}
