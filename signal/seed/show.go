package seed

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"rsc.io/qr"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
)

// show tells a person what happens: with one line that changes on a terminal, in plain lines elsewhere.
type show struct {
	out      io.Writer
	terminal *os.File // nil where out is none
	last     string   // the last plain line
}

// How often a terminal and a log hear of what goes on.
const (
	terminalPace = 200 * time.Millisecond
	logPace      = 10 * time.Second
)

func newShow(out io.Writer) *show {
	s := &show{out: out}
	if file, ok := out.(*os.File); ok && columns(file) > 0 {
		s.terminal = file
	}
	return s
}

func (s *show) pace() time.Duration {
	if s.terminal != nil {
		return terminalPace
	}
	return logPace
}

// line shows what goes on. In a log the same line does not come twice in a row.
func (s *show) line(text string) {
	switch {
	case s.terminal != nil:
		fmt.Fprintf(s.out, "\r%s\x1b[K", fit(text, columns(s.terminal)-1))
	case text != s.last:
		fmt.Fprintln(s.out, text)
	}
	s.last = text
}

// settle ends the line that changes.
func (s *show) settle() {
	if s.terminal != nil && s.last != "" {
		fmt.Fprintln(s.out)
	}
	s.last = ""
}

// fit cuts a text to a width.
func fit(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:max(0, width)])
	}
	return text
}

// hashing runs h and shows how far it is.
func (s *show) hashing(ctx context.Context, h *hashing) error {
	done := make(chan error, 1)
	go func() { done <- h.run(ctx) }()
	began, ticks := time.Now(), time.NewTicker(s.pace())
	defer ticks.Stop()
	defer s.settle()
	for {
		select {
		case err := <-done:
			if err == nil {
				s.line(s.hashed(h, time.Since(began)))
			}
			return err
		case <-ticks.C:
			s.line(s.hashed(h, time.Since(began)))
		}
	}
}

func (s *show) hashed(h *hashing, spent time.Duration) string {
	hashed := h.hashed.Load()
	return fmt.Sprintf("hashing  %s  %s/s", s.bar(hashed, h.info.Size()), size(int64(float64(hashed)/max(spent.Seconds(), 0.001))))
}

// bar is a share as a picture, where there is one to look at it.
func (s *show) bar(part, of int64) string {
	share := 1.0
	if of > 0 {
		share = float64(part) / float64(of)
	}
	text := fmt.Sprintf("%3.0f %%", 100*share)
	if s.terminal == nil {
		return text
	}
	width := max(0, min(40, columns(s.terminal)-40))
	full := int(share * float64(width))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "] " + text
}

// work tells how others get the work.
func (s *show) work(t *metainfo.Torrent, link string) {
	magnet := t.Magnet().String()
	fmt.Fprintf(s.out, "work     %s\nmagnet   %s\n", describeWork(t), magnet)
	code := magnet
	if link != "" {
		fmt.Fprintf(s.out, "link     %s\n", link)
		code = link
	}
	if s.terminal != nil {
		s.picture(code)
	}
}

// picture prints a QR code, where it fits: two rows of it in one of the terminal.
func (s *show) picture(text string) {
	code, err := qr.Encode(text, qr.L)
	if err != nil || code.Size+2*quiet > columns(s.terminal) {
		return // too long for one: the text stands above it
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("\x1b[30;47m")
		for x := -quiet; x < code.Size+quiet; x++ {
			b.WriteString(halves[code.Black(x, y)][code.Black(x, y+1)])
		}
		b.WriteString("\x1b[0m\n")
	}
	fmt.Fprint(s.out, b.String())
}

// quiet is the white around a QR code, in modules; less than the standard's four, which cameras do not need.
const quiet = 2

// halves are the upper and the lower half of a character, black or not.
var halves = map[bool]map[bool]string{true: {true: "█", false: "▀"}, false: {true: "▄", false: " "}}

// waiting says that a link's metadata has not come yet.
func (s *show) waiting(ctx context.Context) error {
	s.line("waiting  for a browser that has the work")
	return s.rest(ctx)
}

// rest waits for the next time that something is shown.
func (s *show) rest(ctx context.Context) error {
	select {
	case <-time.After(min(s.pace(), time.Second)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seeding shows what goes on until ctx ends, or the work fails.
func (s *show) seeding(ctx context.Context, now func() status) error {
	defer s.settle()
	ticks := time.NewTicker(s.pace())
	defer ticks.Stop()
	if err := s.rest(ctx); err != nil { // stores open meanwhile
		return nil
	}
	for {
		current := now()
		if current.State == node.Failed {
			return current.Err
		}
		s.line(s.seeded(current))
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *show) seeded(c status) string {
	moved := fmt.Sprintf("%d browsers and %d stock clients  up %s  down %s",
		len(c.Peers), c.stock.Peers, size(c.Uploaded+c.stock.Uploaded), size(c.Downloaded+c.stock.Downloaded))
	if c.State == node.Seeding {
		return "seeding  " + moved
	}
	if c.State == "" {
		return "starting"
	}
	return string(c.State) + "  " + s.bar(c.Length-c.Missing, c.Length) + "  " + moved
}

// printable takes out of a name that strangers have given what a terminal would obey.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

// size is a number of bytes for people.
func size(bytes int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value, unit := float64(bytes), 0
	for value >= 1000 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
