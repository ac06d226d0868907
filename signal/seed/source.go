package seed

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// source is what is to be seeded.
type source struct {
	torrent *metainfo.Torrent // nil until a magnet's metadata came
	magnet  *metainfo.Magnet  // of a link
	files   *store.Files      // the person's own, of a torrent that was made here
}

func (s *source) infohash() [20]byte {
	if s.torrent == nil {
		return s.magnet.Infohash
	}
	return s.torrent.Infohash
}

// find makes out what a person named.
func (r *run) find(ctx context.Context) (*source, error) {
	first := r.Sources[0]
	switch {
	case strings.HasPrefix(strings.ToLower(first), "magnet:"):
		return r.findMagnet(ctx, first)
	case strings.HasSuffix(strings.ToLower(first), ".torrent") && len(r.Sources) == 1:
		b, err := os.ReadFile(first)
		if err != nil {
			return nil, err
		}
		t, err := metainfo.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", first, err)
		}
		return &source{torrent: t}, nil
	}
	return r.make(ctx)
}

// findMagnet asks the server for the torrent of a link; otherwise it will come from its peers.
func (r *run) findMagnet(ctx context.Context, link string) (*source, error) {
	m, err := metainfo.ParseMagnet(link)
	if err != nil {
		return nil, err
	}
	t, err := r.server.torrent(ctx, m.Infohash)
	if err != nil {
		r.Log.Debug("the server has no torrent for the link", "err", err)
		return &source{magnet: &m}, nil
	}
	t.AddTrackers(m.Trackers)
	return &source{torrent: t, magnet: &m}, nil
}

// make makes a torrent of the person's files.
func (r *run) make(ctx context.Context) (*source, error) {
	all, name, err := choose(r.Sources)
	if err != nil {
		return nil, err
	}
	if r.Name != "" {
		name = metainfo.SafeName(r.Name)
	}
	info, files, err := plan(all, name, r.Options)
	if err != nil {
		return nil, err
	}
	sources, err := look(info, files)
	if err != nil {
		return nil, err
	}
	h := newHashing(info, files, r.Format)
	if err := r.show.hashing(ctx, h); err != nil {
		return nil, err
	}
	t, err := h.torrent()
	if err != nil {
		return nil, err
	}
	r.describe(ctx, t)
	own, err := store.NewFiles(t.Info, sources)
	return &source{torrent: t, files: own}, err
}

// look takes down what the files were before they were hashed.
func look(info *metainfo.Info, files []string) ([]store.Source, error) {
	sources := make([]store.Source, len(files))
	for n, file := range files {
		if info.Files[n].Padding {
			continue
		}
		var err error
		if sources[n], err = store.Look(file); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// describe puts into a torrent what is no part of its infohash: the server's tracker first, then those for stock clients.
func (r *run) describe(ctx context.Context, t *metainfo.Torrent) {
	t.Comment, t.CreationDate = r.Comment, time.Now().Unix()
	t.Announce = [][]string{{r.server.announce()}}
	t.AddTrackers(r.Trackers)
	t.Webseeds = slices.Clone(r.Webseeds)
	if !r.NoPublish && !r.NoCopy && r.server.copies(ctx) {
		t.Webseeds = append(t.Webseeds, r.server.origin+seedbox.WebseedPath+hex.EncodeToString(t.Infohash[:])+"/")
	}
}

// metadata waits until the peers of a link have told what it leads to.
func (r *run) metadata(ctx context.Context, s *source) error {
	if _, err := r.engine.AddMagnet(ctx, s.magnet.String()); err != nil {
		return err
	}
	for {
		b, err := r.engine.Torrent(ctx, s.magnet.Infohash)
		if err == nil {
			s.torrent, err = metainfo.Parse(b)
			return err
		}
		if !errors.Is(err, errMissing) {
			return err
		}
		if err := r.show.waiting(ctx); err != nil {
			return err
		}
	}
}
