package seedbox_test

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// BenchmarkThousandWorks tells what a shelf of 1,000 works of 100 MB takes in memory: at rest after a restart, and while a party has all of
// them open. Their data files have one piece each and holes.
func BenchmarkThousandWorks(b *testing.B) {
	folder := b.TempDir()
	shelf := openShelf(b, folder)
	const length = 100 << 20
	model := newAlbum(b, v1, "large.bin", metainfo.PieceLength(length), metainfo.File{Path: []string{"large.bin"}, Length: length})
	var infohashes [][20]byte
	for i := range 1000 {
		info := *model.Info
		info.Pieces = append([]byte(nil), info.Pieces...)
		binary.BigEndian.PutUint64(info.Pieces[metainfo.HashSize:], uint64(i)) // a work of its own
		a := album{metainfo.New(&info), model.content}
		p := view(b, openCopy(b, shelf, a), "test")
		p.put(a, 0)
		p.Close()
		infohashes = append(infohashes, a.Infohash)
	}
	model = album{}
	if err := shelf.Close(); err != nil {
		b.Fatal(err)
	}
	var rest, open float64
	var opening time.Duration
	for b.Loop() {
		before, begin := heap(), time.Now()
		shelf, err := seedbox.OpenShelf(folder, nil)
		if err != nil {
			b.Fatal(err)
		}
		opening = time.Since(begin)
		rest = heap() - before
		var views []store.Store
		for _, infohash := range infohashes {
			s, err := shelf.Find(infohash).View("test", nil, nil)
			if err != nil {
				b.Fatal(err)
			}
			views = append(views, s)
		}
		open = heap() - before
		runtime.KeepAlive(views)
		shelf.Close()
	}
	b.ReportMetric(rest/1e6, "MB-at-rest")
	b.ReportMetric(open/1e6, "MB-open")
	b.ReportMetric(float64(opening.Milliseconds()), "ms-to-open")
}

// heap is how many bytes are in use.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
