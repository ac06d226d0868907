package metainfo

const (
	leastPieceLength = 16 << 10
	mostPieceLength  = 16 << 20
	wantedPieces     = 1500 // few enough for a small .torrent, many enough to share early
)

// PieceLength returns the piece length for publishing so many bytes: the smallest power of two that gives no more than about
// 1500 pieces, between 16 KiB and 16 MiB.
func PieceLength(total int64) int64 {
	length := int64(leastPieceLength)
	for length < mostPieceLength && total > wantedPieces*length {
		length *= 2
	}
	return length
}
