package metainfo

// IsWebseed tells whether a URL may be a webseed's: HTTP alone, and of a sane length.
func IsWebseed(url string) bool { return usable(url, webseedSchemes) }

// AppendEscaped appends s as one element of a URL's path: percent-encoded, but for the unreserved characters (RFC 3986 section 2.3).
func AppendEscaped(dst []byte, s string) []byte { return appendEscaped(dst, s) }
