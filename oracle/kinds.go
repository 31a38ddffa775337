package main

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// A kind is a map type that traces can have. Keys and elems are made from
// 64-bit numbers and read back as such.
type kind struct {
	id     int
	sample any
	fast   int // 0 generic, 1 fast64, 2 fast32, 3 faststr
	mkkey  func(id uint64) unsafe.Pointer
	rawkey func(p unsafe.Pointer) (word, length uint64)
	rawel  func(p unsafe.Pointer) uint64
	setel  func(p unsafe.Pointer, v uint64)
}

type big [17]uint64

// mkstr makes the string of a number: the number, then zeros.
func mkstr(id uint64) string {
	b := make([]byte, 8+int(id%41))
	binary.LittleEndian.PutUint64(b, id)
	return string(b)
}

func rawu64(p unsafe.Pointer) (uint64, uint64) { return *(*uint64)(p), 0 }
func rawu32(p unsafe.Pointer) (uint64, uint64) { return uint64(*(*uint32)(p)), 0 }
func rawstr(p unsafe.Pointer) (uint64, uint64) {
	s := (*[2]uintptr)(p)
	if s[0] == 0 {
		return 0, uint64(s[1])
	}
	return *(*uint64)(*(*unsafe.Pointer)(p)), uint64(s[1])
}
func rawany(p unsafe.Pointer) (uint64, uint64) {
	e := (*eface)(p)
	if e.t == nil {
		return 0, 0
	}
	return *(*uint64)(e.p), 1
}
func rawbox(p unsafe.Pointer) (uint64, uint64) {
	q := *(*unsafe.Pointer)(p)
	if q == nil {
		return math.MaxUint64, 0
	}
	return *(*uint64)(q), 0
}

func wordKey(id uint64) unsafe.Pointer       { return unsafe.Pointer(&id) }
func stringKey(id uint64) unsafe.Pointer     { s := mkstr(id); return unsafe.Pointer(&s) }
func wordElem(p unsafe.Pointer) uint64       { return *(*uint64)(p) }
func setWordElem(p unsafe.Pointer, v uint64) { *(*uint64)(p) = v }
func stringElem(p unsafe.Pointer) uint64     { a, b := rawstr(p); return a*1000 + b }
func setStringElem(p unsafe.Pointer, v uint64) {
	*(*string)(p) = mkstr(v)
}

var kinds = []kind{
	{0, map[uint64]uint64{}, 0, wordKey, rawu64, wordElem, setWordElem},
	{1, map[uint64]uint64{}, 1, wordKey, rawu64, wordElem, setWordElem},
	{2, map[uint32]uint32{}, 2,
		func(id uint64) unsafe.Pointer { x := uint32(id); return unsafe.Pointer(&x) }, rawu32,
		func(p unsafe.Pointer) uint64 { return uint64(*(*uint32)(p)) },
		func(p unsafe.Pointer, v uint64) { *(*uint32)(p) = uint32(v) }},
	{3, map[string]string{}, 3, stringKey, rawstr, stringElem, setStringElem},
	{4, map[float64]uint64{}, 0,
		func(id uint64) unsafe.Pointer { f := math.Float64frombits(id); return unsafe.Pointer(&f) },
		rawu64, wordElem, setWordElem},
	{5, map[big]uint64{}, 0,
		func(id uint64) unsafe.Pointer { return unsafe.Pointer(&big{id}) },
		rawbox, wordElem, setWordElem},
	{6, map[uint64]big{}, 0, wordKey, rawu64,
		func(p unsafe.Pointer) uint64 { a, _ := rawbox(p); return a },
		func(p unsafe.Pointer, v uint64) { (*(*big)(p))[0] = v }},
	{7, map[any]uint64{}, 0,
		func(id uint64) unsafe.Pointer { var a any = id; return unsafe.Pointer(&a) },
		rawany, wordElem, setWordElem},
	{8, map[uint64]string{}, 1, wordKey, rawu64, stringElem, setStringElem},
	{9, map[string]string{}, 0, stringKey, rawstr, stringElem, setStringElem},
}
