package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The form of the runtime's tables is that of runtime.pcHeader, runtime._func, runtime.moduledata and internal/abi of the toolchain;
// anything else is an error.

const (
	pclnMagic    = 0xfffffff1 // internal/abi.CurrentPCLnTabMagic
	pcHeaderSize = 8 + 8*8
	funcSize     = 44 // of runtime._func without what follows it

	moduleFindfunctab = 19 * 8 // where moduledata.findfunctab is
	moduleGofunc      = 40 * 8 // moduledata.gofunc
	moduleSize        = 41 * 8 // of runtime.moduledata up to there
	noData            = ^uint32(0)
)

// The kinds of tables and data that the garbage collector, growing stacks and recover() read; see internal/abi. Those of unsafe points
// serve preemption by signals, those of inlined calls and arguments serve stack traces.
var (
	neededPCData = []int{1}          // PCDATA_StackMapIndex
	neededData   = []int{0, 1, 2, 4} // FUNCDATA_ArgsPointerMaps, LocalsPointerMaps, StackObjects, OpenCodedDeferInfo
)

var errTables = errors.New("the function tables are not of the form that this toolchain should write")

// tables are the runtime's tables of functions.
type tables struct {
	names, cu, files, pcs, funcs []byte
	data                         []byte // what functions refer to: maps of the stack and the like
	count                        int
	offset                       int // of the names, from the header
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
			return t, t.findData(memory, from)
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
	return &tables{names: b[names:cu], cu: b[cu:files], files: b[files:pcs], pcs: b[pcs:funcs], funcs: b[funcs:], count: count, offset: names}
}

// findData finds what functions refer to, by the runtime.moduledata that names the header at the given address.
func (t *tables) findData(memory []byte, header int) error {
	var first []byte // fields of the module data: the header's address, and that of the names, with their length and capacity
	for _, word := range []int{header, header + t.offset, len(t.names), len(t.names)} {
		first = binary.LittleEndian.AppendUint64(first, uint64(word))
	}
	module := bytes.Index(memory, first)
	if module < 0 || len(memory) < module+moduleSize {
		return fmt.Errorf("%w: no module data", errTables)
	}
	field := func(at int) uint64 { return binary.LittleEndian.Uint64(memory[module+at:]) }
	begin, end := field(moduleGofunc), field(moduleFindfunctab) // one follows the other
	if begin > end || end > uint64(len(memory)) {
		return fmt.Errorf("%w: no data of functions", errTables)
	}
	t.data = memory[begin:end]
	return nil
}

// strip forgets names, files and lines, and every table and datum of a function that the runtime does not need.
func (t *tables) strip() error {
	pcs, data := make([]bool, len(t.pcs)), map[uint32]bool{} // whether they are needed
	for i := range t.count {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		for _, at := range []int{4, 20, 24, 32, 36} { // nameOff, pcfile, pcln, cuOffset, startLine
			binary.LittleEndian.PutUint32(f.head[at:], 0)
		}
		f.pcdata.keep(neededPCData, 0)
		for _, offset := range append(f.pcdata.all(), binary.LittleEndian.Uint32(f.head[16:])) { // pcsp
			if err := t.mark(pcs, offset); err != nil {
				return err
			}
		}
		for _, offset := range f.data.all() {
			data[offset] = data[offset]
		}
		f.data.keep(neededData, noData)
		for _, offset := range f.data.all() {
			data[offset] = true
		}
	}
	return t.forget(pcs, data)
}

// forget clears all that is not needed.
func (t *tables) forget(pcs []bool, data map[uint32]bool) error {
	for i := range t.pcs {
		if !pcs[i] {
			t.pcs[i] = 0
		}
	}
	clear(t.names)
	clear(t.cu)
	clear(t.files)
	delete(data, noData)
	ends := append(slices.Sorted(maps.Keys(data)), uint32(len(t.data)))
	for i, offset := range ends[:len(data)] {
		if offset > ends[i+1] {
			return fmt.Errorf("%w: a function's datum lies elsewhere", errTables)
		}
		if !data[offset] {
			clear(t.data[offset:ends[i+1]])
		}
	}
	return nil
}

// A function is a runtime._func with what follows it.
type function struct {
	head         []byte
	pcdata, data offsets
}

// offsets say where a function's tables or data lie, one for every kind.
type offsets []byte

func (o offsets) all() (all []uint32) {
	for at := 0; at < len(o); at += 4 {
		all = append(all, binary.LittleEndian.Uint32(o[at:]))
	}
	return all
}

// keep puts none in place of all kinds but the needed ones.
func (o offsets) keep(needed []int, none uint32) {
	for kind := range len(o) / 4 {
		if !slices.Contains(needed, kind) {
			binary.LittleEndian.PutUint32(o[4*kind:], none)
		}
	}
}

// function is the i-th function.
func (t *tables) function(i int) (function, error) {
	if len(t.funcs) < 8*i+8 {
		return function{}, errTables
	}
	offset := int(binary.LittleEndian.Uint32(t.funcs[8*i+4:]))
	if offset < 8*t.count || offset+funcSize > len(t.funcs) {
		return function{}, fmt.Errorf("%w: function %d", errTables, i)
	}
	f, rest := t.funcs[offset:offset+funcSize], t.funcs[offset+funcSize:]
	pcdata, data := 4*int(binary.LittleEndian.Uint32(f[28:])), 4*int(f[43])
	if pcdata > 4*64 || pcdata+data > len(rest) {
		return function{}, fmt.Errorf("%w: function %d has %d bytes of offsets", errTables, i, pcdata+data)
	}
	return function{f, rest[:pcdata], rest[pcdata : pcdata+data]}, nil
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
