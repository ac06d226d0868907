package bencode

import (
	"fmt"
	"slices"
	"strconv"
)

// Dict is a dictionary to be written. Its values are what Append takes.
type Dict map[string]any

// Raw is a value that is bencoded already and is written as it is.
type Raw []byte

// Append appends the canonical bencoding of v to dst. It takes int, int64, bool (as 0 or 1), string, []byte, []any, []string, Dict
// and Raw, and panics for any other type.
func Append(dst []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		return appendInt(dst, int64(v))
	case int64:
		return appendInt(dst, v)
	case bool:
		if v {
			return appendInt(dst, 1)
		}
		return appendInt(dst, 0)
	case string:
		return appendString(dst, v)
	case []byte:
		return appendString(dst, v)
	case []any:
		return appendList(dst, v)
	case []string:
		return appendList(dst, v)
	case Dict:
		return appendDict(dst, v)
	case Raw:
		return append(dst, v...)
	}
	panic(fmt.Sprintf("bencode: cannot encode a %T", v))
}

func appendInt(dst []byte, n int64) []byte {
	dst = append(dst, 'i')
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, 'e')
}

func appendString[S string | []byte](dst []byte, s S) []byte {
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	dst = append(dst, ':')
	return append(dst, s...)
}

func appendList[T any](dst []byte, items []T) []byte {
	dst = append(dst, 'l')
	for _, item := range items {
		dst = Append(dst, item)
	}
	return append(dst, 'e')
}

func appendDict(dst []byte, d Dict) []byte {
	keys := make([]string, 0, len(d))
	for key := range d {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	dst = append(dst, 'd')
	for _, key := range keys {
		dst = appendString(dst, key)
		dst = Append(dst, d[key])
	}
	return append(dst, 'e')
}
