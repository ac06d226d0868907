package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"fanseed/signal/reward"
)

// tags makes the names by which networks and leechers are told apart without being named. The key stays in the books, so that a server that
// starts again goes on with the same names. Who has no key learns nothing from a tag.
type tags struct{ key [32]byte }

func openTags(ctx context.Context, b Backend) (t tags, err error) {
	rand.Read(t.key[:])
	kept, err := b.Once(ctx, "tag_key", hex.EncodeToString(t.key[:]))
	if err != nil {
		return t, fmt.Errorf("read the key of tags: %w", err)
	}
	key, err := hex.DecodeString(kept)
	if err != nil || len(key) != len(t.key) {
		return t, fmt.Errorf("%w: the key of tags is not one", ErrCorrupt)
	}
	return tags{[32]byte(key)}, nil
}

// net names a network, always the same.
func (t tags) net(name string) reward.Tag { return t.tag("net\n" + name) }

// leecher names an account within an epoch.
func (t tags) leecher(epoch uint32, account [16]byte) reward.Tag {
	return t.tag("leecher\n" + string(binary.BigEndian.AppendUint32(nil, epoch)) + string(account[:]))
}

func (t tags) tag(text string) (tag reward.Tag) {
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write([]byte(text))
	copy(tag[:], mac.Sum(nil))
	return tag
}
