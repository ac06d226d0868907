package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files of the keys: of the one that signs tickets, of the one that signs the
// public log and nothing else, of the account that pays for the server's own
// copies, and of the account of `fanseed seed`.
const (
	serverKey  = "server.key"
	logKey     = "log.key"
	seedboxKey = "seedbox.key"
	seedKey    = "seed.key"
)

// loadKey returns a key. It is made once, and kept in dir as one line of hex that
// only this user can read.
func loadKey(dir, name string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, name)
	line, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(dir, path); err != nil {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
		line, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(line)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is not a key: one line of %d hexadecimal digits", path, 2*ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// makeKey writes a new key under another name and links it into place: a crash
// leaves no key or a whole one, and of two servers that start at once both read the
// same.
func makeKey(dir, path string) error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(private.Seed()) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
