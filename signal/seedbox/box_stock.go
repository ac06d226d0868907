package seedbox

import "fanseed/wasm/metainfo"

// giveToStock has stock clients fetch and seed a copy beside the engine: both have views of it, and hear of each other's pieces.
func (b *Box) giveToStock(c *Copy, t *metainfo.Torrent) error {
	if b.stock == nil {
		return nil
	}
	view, err := c.View("stock clients",
		func(index int) { b.stock.Found(c.infohash, index) }, func(index int) { b.stock.Lost(c.infohash, index) })
	if err != nil {
		return err
	}
	if err := b.stock.Add(t, view); err != nil {
		_ = view.Close() // nothing was put into it
		return err
	}
	b.views[c.infohash] = view
	return nil
}

// keepFromStock takes a copy back.
func (b *Box) keepFromStock(infohash [20]byte) error {
	view := b.views[infohash]
	if view == nil {
		return nil
	}
	delete(b.views, infohash)
	b.stock.Remove(infohash)
	return view.Close()
}

// leaveStock ends all that has to do with stock clients.
func (b *Box) leaveStock() {
	if b.stock == nil {
		return
	}
	b.stock.Close()
	for _, view := range b.views {
		if err := view.Close(); err != nil {
			b.Log.Error("a copy could not be closed", "err", err)
		}
	}
}

// Port is where stock clients reach the box; 0 where they are not met.
func (b *Box) Port() int {
	if b.stock == nil {
		return 0
	}
	return b.stock.Port()
}

// StockBytes returns the payload bytes that stock clients gave and got in this run.
func (b *Box) StockBytes() (received, sent int64) {
	if b.stock == nil {
		return 0, 0
	}
	return b.stock.Total()
}
