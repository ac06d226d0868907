package log

import (
	"encoding/binary"
	"fmt"
)

// A bundle is up to 256 records, each after its length in two bytes, big-endian (C2SP tlog-tiles, "Log entries").

// MaxBundle is the most bytes of a bundle of this log's records.
const MaxBundle = Width * (2 + MaxRecord)

// appendEntry appends one record to a bundle.
func appendEntry(bundle, record []byte) []byte {
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(record))), record...)
}

// ParseBundle returns the n records of a bundle, which lie in it. An error is ErrBundle: there are more, one is empty or too long, or the
// bundle ends early, between two records if the error is ErrFew too.
func ParseBundle(bundle []byte, n int) ([][]byte, error) {
	records, rest, err := cutBundle(bundle, n)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d bytes follow its %d records", ErrBundle, len(rest), n)
	}
	if err != nil {
		return nil, err
	}
	return records, nil
}

// cutBundle returns the first n records of a bundle, and what follows them.
func cutBundle(bundle []byte, n int) (records [][]byte, rest []byte, err error) {
	for len(records) < n {
		if len(bundle) == 0 {
			return nil, nil, fmt.Errorf("%w: %w: %d, not %d", ErrBundle, ErrFew, len(records), n)
		}
		if len(bundle) < 2 {
			return nil, nil, fmt.Errorf("%w: it ends after its record %d", ErrBundle, len(records))
		}
		size := int(binary.BigEndian.Uint16(bundle))
		if bundle = bundle[2:]; size == 0 || size > MaxRecord || size > len(bundle) {
			return nil, nil, fmt.Errorf("%w: its record %d has %d bytes", ErrBundle, len(records), size)
		}
		records, bundle = append(records, bundle[:size:size]), bundle[size:]
	}
	return records, bundle, nil
}
