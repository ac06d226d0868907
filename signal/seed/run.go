package seed

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// run is one seeding from its beginning to its end.
type run struct {
	Options
	server server
	show   *show
	source *source
	engine *engine
	stock  *seedbox.Stock
	shelf  *seedbox.Shelf // nil where the person's own files are seeded
	stored store.Store    // of the stock client
}

// shelfFolder is where in the data folder fetched works lie.
const shelfFolder = "works"

var errMissing = node.ErrMissing

// Run makes or takes a torrent, publishes it, and seeds it until ctx ends. That is no error.
func Run(ctx context.Context, o Options) error {
	origin, err := originOf(o.Server)
	if err != nil {
		return err
	}
	r := &run{Options: o, server: server{origin: origin, key: o.Key}, show: newShow(o.Out)}
	defer r.close()
	err = r.run(ctx)
	if err != nil && ctx.Err() != nil {
		return nil
	}
	return err
}

func (r *run) run(ctx context.Context) (err error) {
	if r.source, err = r.find(ctx); err != nil {
		return err
	}
	if t := r.source.torrent; t != nil {
		if err := r.allowed(t); err != nil {
			return err
		}
	}
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.publish(ctx); err != nil {
		return err
	}
	if err := r.seed(ctx); err != nil {
		return err
	}
	return r.show.seeding(ctx, r.status)
}

// start opens the parties. Where only a link is known, browsers tell what it leads to.
func (r *run) start(ctx context.Context) (err error) {
	if r.source.files == nil {
		if r.shelf, err = seedbox.OpenShelf(filepath.Join(r.Data, shelfFolder), r.Log); err != nil {
			return err
		}
	}
	ice, err := r.server.iceServers(ctx)
	if err != nil {
		r.Log.Warn("only browsers that reach this machine directly are met", "err", err)
	}
	owed, err := openReceipts(r.Data, r.server.origin, r.Log)
	if err != nil {
		return err
	}
	r.engine = newEngine(r.server.origin, r.Key, ice, owed, r.open)
	if err := r.engine.Share(ctx, true); err != nil {
		return err
	}
	if r.source.torrent == nil {
		if err := r.metadata(ctx, r.source); err != nil {
			return err
		}
	}
	dht := !r.NoDHT && !r.source.torrent.Info.Private
	r.stock, err = seedbox.NewStock(seedbox.StockConfig{Listen: r.Listen, DHT: dht, PEX: dht, UTP: !r.NoUTP, PrivateNets: true, Log: r.Log})
	return err
}

// allowed tells whether the server may know of the work: peers of a private torrent come from its own trackers alone (BEP 27).
func (r *run) allowed(t *metainfo.Torrent) error {
	if t.Info.Private && !t.Announces(r.server.announce()) {
		return fmt.Errorf("the torrent is private, and %s is none of its trackers", r.server.origin)
	}
	return nil
}

// publish registers the torrent with the server, and tells how others get it.
func (r *run) publish(ctx context.Context) error {
	t := r.source.torrent
	if !r.NoPublish {
		if err := r.server.register(ctx, t.Bytes(), !r.NoCopy); err != nil {
			return err
		}
	}
	link := ""
	if !r.NoPublish {
		link = r.server.page(t.Infohash)
	}
	r.show.work(t, link)
	return nil
}

// open is where the engine has its pieces.
func (r *run) open(infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	if r.source.files != nil {
		return r.source.files, nil
	}
	c, err := r.shelf.Open(context.Background(), infohash, info, r.source.torrent)
	if err != nil {
		return nil, err
	}
	note := func(index int) { r.engine.news.Note(infohash, index) }
	return c.View("browsers", note, note)
}

// seed gives the work to both parties.
func (r *run) seed(ctx context.Context) error {
	t := r.source.torrent
	if _, err := r.engine.AddTorrent(ctx, t.Bytes()); err != nil {
		return err
	}
	if r.source.files != nil {
		return r.stock.Add(t, r.source.files)
	}
	c, err := r.shelf.Open(ctx, t.Infohash, t.Info, t)
	if err != nil {
		return err
	}
	if err := c.Describe(t); err != nil {
		return err
	}
	r.stored, err = c.View("stock clients",
		func(index int) { r.stock.Found(t.Infohash, index) }, func(index int) { r.stock.Lost(t.Infohash, index) })
	if err != nil {
		return err
	}
	return r.stock.Add(t, r.stored)
}

// status is what is shown while it seeds.
type status struct {
	node.Snapshot
	stock seedbox.StockStats
}

func (r *run) status() status {
	infohash := r.source.infohash()
	return status{r.engine.snapshot(infohash), r.stock.Stats(infohash)}
}

// close ends the parties in order: receipts first, as browsers sign them while they leave.
func (r *run) close() {
	if r.engine != nil {
		r.engine.close()
	}
	if r.stock != nil {
		r.stock.Close()
	}
	var err error
	if r.stored != nil {
		err = r.stored.Close()
	}
	if r.shelf != nil {
		err = errors.Join(err, r.shelf.Close())
	}
	if err != nil {
		r.Log.Warn("what was fetched could not be closed", "err", err)
	}
}

// describeWork is a line for people.
func describeWork(t *metainfo.Torrent) string {
	files := 0
	for range t.Info.Content() {
		files++
	}
	plural := "s"
	if files == 1 {
		plural = ""
	}
	return fmt.Sprintf("%s, %s in %d file%s, %s", printable(t.Info.Name), size(t.Info.Size()), files, plural, versions(t.Info))
}

func versions(info *metainfo.Info) string {
	switch {
	case info.HasV1() && info.HasV2():
		return "BitTorrent v1 and v2"
	case info.HasV2():
		return "BitTorrent v2"
	}
	return "BitTorrent v1"
}
