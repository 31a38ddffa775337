// Swiss measures Go's Swiss map (Go 1.24 and later): how many tables, slots,
// directory entries and bytes ordinary maps of many types and sizes have.
//
//	go run . > ../../testdata/go/swiss-1.27.txt
//
// Lines, separated by tabs:
//
//	grow  <key> <elem> <insert> <slots>         a single table grew at this insert
//	split <key> <elem> <insert> <tables>        the first table split at this insert
//	map   <key> <elem> <hint> <entries> <slots> <tables> <directory> <live bytes>
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"unsafe"
)

type mapHeader struct {
	used, seed               uint64
	dir                      unsafe.Pointer
	dirLen                   int
	globalDepth, globalShift uint8
	writing                  uint8
	tombstonePossible        bool
	clearSeq                 uint64
}

type table struct {
	used, capacity, growthLeft uint16
	localDepth                 uint8
	index                      int
	groups                     unsafe.Pointer
	lengthMask                 uint64
}

var sink any

func header[K comparable, V any](m map[K]V) *mapHeader { return *(**mapHeader)(unsafe.Pointer(&m)) }

// shape counts slots and distinct tables.
func shape(h *mapHeader) (slots, tables int) {
	if h.dirLen == 0 {
		if h.dir == nil {
			return 0, 0
		}
		return 8, 0
	}
	var last *table
	for _, t := range unsafe.Slice((**table)(h.dir), h.dirLen) {
		if t != last {
			slots += int(t.capacity)
			tables++
			last = t
		}
	}
	return
}

func run[K comparable, V any](kname, vname string, key func(int) K, value V) {
	const most = 1_000_000
	keys := make([]K, most)
	for i := range keys {
		keys[i] = key(i)
	}
	m := map[K]V{}
	sink = m
	h := header(m)
	slots, tables := shape(h)
	for i, k := range keys[:1000] {
		m[k] = value
		s, t := shape(h)
		if t > 1 && tables == 1 {
			fmt.Printf("split\t%s\t%s\t%d\t%d\n", kname, vname, i+1, t)
			break
		}
		if s != slots && t <= 1 && slots > 0 {
			fmt.Printf("grow\t%s\t%s\t%d\t%d\n", kname, vname, i+1, s)
		}
		slots, tables = s, t
	}
	for _, n := range []int{5, 8, 9, 100, 800, 5000, 100_000, most} {
		for _, hint := range []int{0, n} {
			var before, after runtime.MemStats
			m, h, sink = nil, nil, nil
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&before)
			m = make(map[K]V, hint)
			sink = m
			for _, k := range keys[:n] {
				m[k] = value
			}
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&after)
			h = header(m)
			slots, tables := shape(h)
			fmt.Printf("map\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", kname, vname, hint, n, slots, tables, h.dirLen,
				int64(after.HeapAlloc)-int64(before.HeapAlloc))
		}
	}
	runtime.KeepAlive(keys)
}

func main() {
	debug.SetGCPercent(-1)
	fmt.Printf("# %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	num := func(i int) int { return i }
	str := func(i int) string { return "key-" + strconv.Itoa(i) }
	run("int", "int", num, 0)
	run("string", "int", str, 0)
	run("string", "string", str, "")
	run("int", "struct{}", num, struct{}{})
	run("int64", "int8", func(i int) int64 { return int64(i) }, int8(0))
	run("int32", "int32", func(i int) int32 { return int32(i) }, int32(0))
	run("string", "*Order", str, new(int))
	run("[16]byte", "int64", func(i int) (k [16]byte) { k[0], k[1], k[2] = byte(i), byte(i>>8), byte(i>>16); return }, int64(0))
	run("int", "[40]byte", num, [40]byte{})
	run("int", "[129]byte", num, [129]byte{})
}
