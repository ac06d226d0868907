package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Stripping takes out of a Go program's WebAssembly what only stack traces read: names of functions, and which file and line every
// instruction came from. It is a sixth of the download. A panic still has its message, and the browser's own trace has the numbers of the
// functions, to which a build without -s -w has the names (runtime.funcline1 and funcname know tables that are not there).
//
// The tables' form is that of runtime.pcHeader, runtime._func and internal/abi of the toolchain; anything else is an error.

const (
	sectionData  = 11
	pclnMagic    = 0xfffffff1 // internal/abi.CurrentPCLnTabMagic
	pcHeaderSize = 8 + 8*8
	funcSize     = 44   // bytes of runtime._func without what follows it
	longestGap   = 1024 // zero bytes that are written; a longer run ends a segment, as memory is zero to begin with. Few segments compress best
)

var errTables = errors.New("the function tables are not of the form that this toolchain should write")

// stripLines returns the module without names of functions, files and lines.
func stripLines(module []byte) ([]byte, error) {
	const header = 8
	out := bytes.Clone(module[:min(header, len(module))])
	for rest := module[len(out):]; len(rest) > 0; {
		id := rest[0]
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || uint64(len(rest)-1-n) < size {
			return nil, errors.New("a section is cut short")
		}
		content := rest[1+n : 1+n+int(size)]
		rest = rest[1+n+int(size):]
		if id == sectionData {
			stripped, err := stripData(content)
			if err != nil {
				return nil, err
			}
			content = stripped
		}
		out = append(binary.AppendUvarint(append(out, id), uint64(len(content))), content...)
	}
	return out, nil
}

func stripData(section []byte) ([]byte, error) {
	memory, err := readSegments(section)
	if err != nil {
		return nil, err
	}
	tables, err := findTables(memory)
	if err != nil {
		return nil, err
	}
	if err := tables.strip(); err != nil {
		return nil, err
	}
	return writeSegments(memory), nil
}

// readSegments lays the active data segments out as the memory that they make.
func readSegments(section []byte) ([]byte, error) {
	r := bytes.NewReader(section)
	count, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	var memory []byte
	for range count {
		if mode, _ := r.ReadByte(); mode != 0 {
			return nil, errors.New("a data segment is not active")
		}
		if op, _ := r.ReadByte(); op != 0x41 { // i32.const
			return nil, errors.New("a data segment has no constant offset")
		}
		offset, err := readSigned(r)
		if err != nil {
			return nil, err
		}
		if end, _ := r.ReadByte(); end != 0x0b {
			return nil, errors.New("a data segment's offset does not end")
		}
		size, err := binary.ReadUvarint(r)
		if err != nil || offset < 0 || size > uint64(r.Len()) {
			return nil, errors.New("a data segment is cut short")
		}
		end := int(offset) + int(size)
		if end > len(memory) {
			memory = append(memory, make([]byte, end-len(memory))...)
		}
		if _, err := r.Read(memory[offset:end]); err != nil && size > 0 {
			return nil, err
		}
	}
	return memory, nil
}

// readSigned reads a signed LEB128 number of 32 bits.
func readSigned(r *bytes.Reader) (int64, error) {
	var value int64
	for shift := uint(0); shift < 35; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		value |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if b&0x40 != 0 {
				value |= -1 << (shift + 7)
			}
			return value, nil
		}
	}
	return 0, errors.New("a number is too long")
}

func appendSigned(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// writeSegments writes the memory as segments that leave long runs of zero out.
func writeSegments(memory []byte) []byte {
	var segments []byte
	count := uint64(0)
	gap := make([]byte, longestGap)
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end := len(bytes.TrimRight(memory, "\x00"))
		if n := bytes.Index(memory[at:], gap); n >= 0 {
			end = min(end, at+n)
		}
		segments = append(appendSigned(append(segments, 0, 0x41), int64(at)), 0x0b)
		segments = append(binary.AppendUvarint(segments, uint64(end-at)), memory[at:end]...)
		count++
		at = end
	}
	return append(binary.AppendUvarint(nil, count), segments...)
}

// tables are the runtime's tables of functions.
type tables struct {
	names, cu, files, pcs, funcs []byte
	count                        int
}

// findTables finds the tables by their header.
func findTables(memory []byte) (*tables, error) {
	magic := binary.LittleEndian.AppendUint32(nil, pclnMagic)
	magic = append(magic, 0, 0, 1, 8) // padding, instruction size, pointer size
	for from := 0; ; {
		n := bytes.Index(memory[from:], magic)
		if n < 0 {
			return nil, fmt.Errorf("%w: no header", errTables)
		}
		from += n
		if t := readTables(memory[from:]); t != nil {
			return t, nil
		}
		from++
	}
}

// readTables reads the tables that begin with a header; nil when it is none.
func readTables(b []byte) *tables {
	if len(b) < pcHeaderSize {
		return nil
	}
	field := func(i int) int { return int(binary.LittleEndian.Uint64(b[8+8*i:])) }
	count, names, cu, files, pcs, funcs := field(0), field(3), field(4), field(5), field(6), field(7)
	if count <= 0 || names < pcHeaderSize || cu < names || files < cu || pcs < files || funcs < pcs || funcs+8*count > len(b) {
		return nil
	}
	return &tables{names: b[names:cu], cu: b[cu:files], files: b[files:pcs], pcs: b[pcs:funcs], funcs: b[funcs:], count: count}
}

// strip forgets names, files and lines, and every table of instructions that nothing else refers to.
func (t *tables) strip() error {
	used := make([]bool, len(t.pcs))
	for i := range t.count {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(f[20:], 0)                // pcfile
		binary.LittleEndian.PutUint32(f[24:], 0)                // pcln
		offsets := []uint32{binary.LittleEndian.Uint32(f[16:])} // pcsp
		for n := range binary.LittleEndian.Uint32(f[28:]) {     // pcdata
			offsets = append(offsets, binary.LittleEndian.Uint32(f[funcSize+4*n:]))
		}
		for _, offset := range offsets {
			if err := t.mark(used, offset); err != nil {
				return err
			}
		}
	}
	for i := range t.pcs {
		if !used[i] {
			t.pcs[i] = 0
		}
	}
	clear(t.names)
	clear(t.cu)
	clear(t.files)
	return nil
}

// function is the i-th runtime._func with what follows it.
func (t *tables) function(i int) ([]byte, error) {
	if len(t.funcs) < 8*i+8 {
		return nil, errTables
	}
	offset := int(binary.LittleEndian.Uint32(t.funcs[8*i+4:]))
	if offset < 8*t.count || offset+funcSize > len(t.funcs) {
		return nil, fmt.Errorf("%w: function %d", errTables, i)
	}
	f := t.funcs[offset:]
	if n := binary.LittleEndian.Uint32(f[28:]); n > 64 || funcSize+4*int(n) > len(f) {
		return nil, fmt.Errorf("%w: function %d has %d tables", errTables, i, n)
	}
	return f, nil
}

// mark marks a table of instructions as used: pairs of numbers, up to a first number of zero. The first pair may begin with zero.
func (t *tables) mark(used []bool, offset uint32) error {
	if offset == 0 {
		return nil // no such table
	}
	for at := int(offset); ; {
		_, n := binary.Uvarint(t.pcs[min(at, len(t.pcs)):])
		if n <= 0 {
			return fmt.Errorf("%w: a table of instructions is cut short", errTables)
		}
		if last := t.pcs[at] == 0 && at > int(offset); last {
			used[at] = true
			return nil
		}
		_, m := binary.Uvarint(t.pcs[at+n:])
		if m <= 0 {
			return fmt.Errorf("%w: a table of instructions is cut short", errTables)
		}
		for i := range n + m {
			used[at+i] = true
		}
		at += n + m
	}
}
