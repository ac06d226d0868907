package seedbox

import (
	"net/http"
	"path"
	"strings"

	"fanseed/wasm/metainfo"
)

// types are what files are sent as. Of all others nothing is said, so that no browser ever runs what somebody has published.
var types = map[string]string{
	".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp3": "audio/mpeg", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".weba": "audio/webm",
	".m4v": "video/mp4", ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".mp4": "video/mp4", ".ogv": "video/ogg", ".webm": "video/webm",
	".avif": "image/avif", ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
	".cue": text, ".log": text, ".md": text, ".nfo": text, ".srt": text, ".txt": text, ".vtt": "text/vtt; charset=utf-8",
}

const text = "text/plain; charset=utf-8"

// sandbox lets nothing of a file run that a browser shows by itself.
const sandbox = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

// setType says what a file is. One that a browser might run is to be saved.
func setType(h http.Header, name string) {
	h.Set("Content-Security-Policy", sandbox)
	mime, known := types[strings.ToLower(path.Ext(name))]
	if !known {
		mime = "application/octet-stream"
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+string(metainfo.AppendEscaped(nil, name))) // RFC 6266
	}
	h.Set("Content-Type", mime)
}
