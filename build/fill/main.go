// Command fill makes works and puts them into the data folder of a Fanseed server that is not running, as if they had been published there
// and the server had copied them. The measurements start servers on what it leaves:
//
//	fill -data FOLDER [-works 1000] [-size 104857600] [-zeros]
//
// Works are of version 1, which every client takes. In FOLDER/torrents are their .torrent files, work-0.torrent and so on, and in
// FOLDER/files the only file of each, one more name of that on the shelf.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/seedbox"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

func main() {
	data := flag.String("data", "", "`folder` of the server")
	works := flag.Int("works", 1, "how many works")
	size := flag.Int64("size", 100<<20, "`bytes` of each")
	zeros := flag.Bool("zeros", false, "they are all zeros, in files that are holes and take no room on the disk; otherwise noise")
	flag.Parse()
	if err := fill(context.Background(), *data, *works, *size, *zeros); err != nil {
		fmt.Fprintln(os.Stderr, "fill:", err)
		os.Exit(1)
	}
}

func fill(ctx context.Context, data string, works int, size int64, zeros bool) error {
	for _, folder := range []string{"copies", "torrents", "files"} {
		if err := os.MkdirAll(filepath.Join(data, folder), 0o755); err != nil {
			return err
		}
	}
	db, err := sqlite.Open(ctx, filepath.Join(data, "ledger.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	publish, err := publisher(ctx, db, works)
	if err != nil {
		return err
	}
	shelf, err := seedbox.OpenShelf(filepath.Join(data, "copies"), slog.Default())
	if err != nil {
		return err
	}
	defer shelf.Close()
	pieces := piecesOf(size, zeros)
	for n := range works {
		t := work(fmt.Sprintf("work-%d", n), size, pieces)
		if err := put(ctx, data, shelf, t, zeros); err != nil {
			return err
		}
		if err := publish(t); err != nil {
			return err
		}
	}
	return nil
}

// publisher opens an account, in whose name works are published.
func publisher(ctx context.Context, db *sqlite.DB, works int) (publish func(*metainfo.Torrent) error, err error) {
	books, err := ledger.New(ctx, db, ledger.Config{Epochs: ledger.Epochs(24 * time.Hour)}) // as a server begins them
	if err != nil {
		return nil, err
	}
	key := [32]byte(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey))
	if err := books.Register(ctx, key, time.Now()); err != nil {
		return nil, err
	}
	return func(t *metainfo.Torrent) error {
		return db.Publish(ctx, ledger.Work{
			Infohash: t.Infohash, Name: t.Info.Name, Length: uint64(t.Info.Length), PieceLength: uint64(t.Info.PieceLength), Files: 1,
			Publisher: ticket.Account(key), Published: uint64(time.Now().UnixMilli()),
		}, t.Bytes(), works)
	}, nil
}

// content gives every piece of a work in turn; all works have the same.
func content(size int64, zeros bool, piece func([]byte) error) error {
	random := rand.NewChaCha8([32]byte{})
	b := make([]byte, metainfo.PieceLength(size))
	for ; size > 0; size -= int64(len(b)) {
		b = b[:min(int64(len(b)), size)]
		if !zeros {
			_, _ = random.Read(b)
		}
		if err := piece(b); err != nil {
			return err
		}
	}
	return nil
}

func piecesOf(size int64, zeros bool) (hashes []byte) {
	_ = content(size, zeros, func(piece []byte) error {
		sum := sha1.Sum(piece)
		hashes = append(hashes, sum[:]...)
		return nil
	})
	return hashes
}

func work(name string, size int64, pieces []byte) *metainfo.Torrent {
	info := &metainfo.Info{Name: name, PieceLength: metainfo.PieceLength(size), Single: true, Files: []metainfo.File{{Path: []string{name}, Length: size}}, Pieces: pieces}
	info.Length = metainfo.Lay(info.Files)
	return metainfo.New(info)
}

// put lays a work's file on the shelf. The copy finds it there without a journal, so that all of it is doubtful until it is told otherwise.
func put(ctx context.Context, data string, shelf *seedbox.Shelf, t *metainfo.Torrent, zeros bool) error {
	folder := filepath.Join(data, "copies", hex.EncodeToString(t.Infohash[:]))
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	file := filepath.Join(folder, "0")
	if err := write(file, t.Info.Length, zeros); err != nil {
		return err
	}
	if err := os.Link(file, filepath.Join(data, "files", t.Info.Name)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "torrents", t.Info.Name+".torrent"), t.Bytes(), 0o644); err != nil {
		return err
	}
	c, err := shelf.Open(ctx, t.Infohash, t.Info, t)
	if err != nil {
		return err
	}
	view, err := c.View("fill", nil, nil)
	if err != nil {
		return err
	}
	defer view.Close()
	for i := range t.Info.NumPieces() {
		if err := view.Settle(ctx, i, true); err != nil {
			return err
		}
	}
	return nil
}

func write(name string, size int64, zeros bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if zeros {
		return f.Truncate(size)
	}
	return content(size, false, func(piece []byte) error {
		_, err := f.Write(piece)
		return err
	})
}
