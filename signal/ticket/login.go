package ticket

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Account returns the account id of an Ed25519 public key. It is shown as hex.
func Account(publicKey [32]byte) [16]byte {
	sum := sha256.Sum256(append([]byte("fanseed id v1\n"), publicKey[:]...))
	return [16]byte(sum[:16])
}

// LoginMessage returns the bytes that a client signs to log in: the server's
// nonce, bound to the origin ("https://host:port") at which it was dialled.
func LoginMessage(origin string, nonce [32]byte) []byte {
	m := []byte("fanseed login v1\n")
	m = append(m, origin...)
	return append(m, nonce[:]...)
}

// RequestMessage returns the bytes that a client signs to send an HTTP request
// under its own name. path is the request target with its query, time is Unix
// milliseconds and bodySHA256 the hash of the body, also of an empty one.
func RequestMessage(origin, method, path string, time uint64, bodySHA256 [32]byte) []byte {
	m := []byte("fanseed request v1\n")
	m = append(append(m, origin...), '\n')
	m = append(append(m, method...), '\n')
	m = append(append(m, path...), '\n')
	m = append(strconv.AppendUint(m, time, 10), '\n')
	return hex.AppendEncode(m, bodySHA256[:])
}

// smallOrder lists the encodings of the points whose order divides 8, the sign
// bit cleared, with the two that are not canonical.
var smallOrder = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// SmallOrder reports whether publicKey is one of the points for which a single
// signature can be made to fit many messages (RFC 8032, section 8.9 refers to
// the cofactor). Such a key names nobody and is refused everywhere.
func SmallOrder(publicKey [32]byte) bool {
	publicKey[31] &= 0x7f
	key := hex.EncodeToString(publicKey[:])
	for _, point := range smallOrder {
		if key == point {
			return true
		}
	}
	return false
}
