//go:build !js

package store

import (
	"os"
	"strings"
	"sync"
)

// maxOpen is how many data files are open at a time, of all stores together; more only while more are used at once.
const maxOpen = 128

// pool are the data files that are open. The one that was not used for longest is closed first.
type pool struct {
	root *os.Root

	mu    sync.Mutex
	open  map[string]*pooled
	clock uint64
}

type pooled struct {
	*os.File
	users   int
	last    uint64 // by the clock
	dropped bool   // is to be closed by its last user
}

func newPool(root *os.Root) *pool { return &pool{root: root, open: map[string]*pooled{}} }

// use calls f with an open file, which others may be using too.
func (p *pool) use(path string, create bool, f func(*os.File) error) error {
	file, err := p.take(path, create)
	if err != nil {
		return err
	}
	defer p.give(file)
	return f(file.File)
}

func (p *pool) take(path string, create bool) (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	file := p.open[path]
	if file == nil {
		flags := os.O_RDWR
		if create {
			flags |= os.O_CREATE
		}
		opened, err := p.root.OpenFile(path, flags, 0o600)
		if err != nil {
			return nil, err
		}
		p.makeRoom()
		file = &pooled{File: opened}
		p.open[path] = file
	}
	p.clock++
	file.users, file.last = file.users+1, p.clock
	return file, nil
}

func (p *pool) give(file *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	file.users--
	if file.dropped && file.users == 0 {
		_ = file.Close()
	}
}

// makeRoom closes the file that was not used for longest, where there are too many.
func (p *pool) makeRoom() {
	if len(p.open) < maxOpen {
		return
	}
	oldest := ""
	for path, file := range p.open {
		if file.users == 0 && (oldest == "" || file.last < p.open[oldest].last) {
			oldest = path
		}
	}
	if oldest != "" {
		p.forget(oldest)
	}
}

// drop closes every file whose path begins with a prefix, so that it is opened anew.
func (p *pool) drop(prefix string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for path := range p.open {
		if strings.HasPrefix(path, prefix) {
			p.forget(path)
		}
	}
}

func (p *pool) forget(path string) {
	file := p.open[path]
	delete(p.open, path)
	file.dropped = true
	if file.users == 0 {
		_ = file.Close()
	}
}
