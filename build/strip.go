package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Stripping takes out of a Go program's WebAssembly what only stack traces read: names of functions, which file and line every
// instruction came from, which calls were inlined, where arguments lie. It is a fifth of the download. What only preemption by signals
// reads goes too: no browser has them. A panic still has its message, and the browser's own trace has the numbers of the functions, to
// which a build without -s -w has the names (runtime.funcline1 and funcname know tables that are not there). recover() does not look
// through inlined calls any more and need not: the compiler inlines no function that calls it.
//
// This file reads and writes the module; tables.go knows the tables.

const (
	sectionData = 11
	longestGap  = 1024 // zero bytes that are written; a longer run ends a segment, as memory is zero to begin with. Few segments compress best
)

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
