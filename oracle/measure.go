package main

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"unsafe"
)

type order struct{ id, total int64 }

// measure builds ordinary maps with ordinary code and prints what they show:
//
//	make   <key> <elem> <hint> <entries> <B> <array slot bytes> <spares>
//	growth <key> <elem> <hint> <insert>  <B> <array slot bytes> <spares> <allocated bytes> <objects>
//	end    <key> <elem> <hint> <entries> <B> <overflow buckets> <growing> <live bytes after GC>
//
// separated by tabs. Slot bytes are read from the allocator's span, allocated
// bytes from MemStats around the insert that started the growth.
func measure(args []string) {
	flags := flag.NewFlagSet("measure", flag.ExitOnError)
	n := flags.Int("entries", 7000, "entries per map")
	flags.Parse(args)
	debug.SetGCPercent(-1)
	str := func(i int) string { return "key-" + strconv.Itoa(i) }
	num := func(i int) int { return i }
	for _, hint := range []int{0, 100, 1000} {
		run("int", "int", *n, hint, num, 0)
		run("string", "int", *n, hint, str, 0)
		run("string", "string", *n, hint, str, "")
	}
	run("int", "struct{}", *n, 0, num, struct{}{})
	run("string", "struct{}", *n, 0, str, struct{}{})
	run("uint8", "uint8", 256, 0, func(i int) uint8 { return uint8(i) }, uint8(0))
	run("uint16", "bool", *n, 0, func(i int) uint16 { return uint16(i) }, false)
	run("int32", "int32", *n, 0, func(i int) int32 { return int32(i) }, int32(0))
	run("int64", "int8", *n, 0, func(i int) int64 { return int64(i) }, int8(0))
	run("float64", "int", *n, 0, func(i int) float64 { return float64(i) }, 0)
	run("complex128", "int", *n, 0, func(i int) complex128 { return complex(float64(i), 1) }, 0)
	run("any", "int", *n, 0, func(i int) any { return i }, 0)
	run("any", "any", *n, 0, func(i int) any { return i }, any(nil))
	run("*Order", "int", *n, 0, func(i int) *order { return &order{id: int64(i)} }, 0)
	run("int", "*Order", *n, 0, num, &order{})
	run("string", "*Order", *n, 0, str, &order{})
	run("string", "[]byte", *n, 0, str, []byte(nil))
	run("[16]byte", "int64", *n, 0, func(i int) (k [16]byte) { k[0], k[1] = byte(i), byte(i>>8); return }, int64(0))
	run("[20]byte", "string", *n, 0, func(i int) (k [20]byte) { k[0], k[1] = byte(i), byte(i>>8); return }, "")
	run("struct{a int64; b string}", "int", *n, 0, func(i int) struct {
		a int64
		b string
	} {
		return struct {
			a int64
			b string
		}{int64(i), "x"}
	}, 0)
	run("struct{a int32; b int64}", "bool", *n, 0, func(i int) struct {
		a int32
		b int64
	} {
		return struct {
			a int32
			b int64
		}{int32(i), 7}
	}, false)
	run("[128]byte", "int", *n, 0, func(i int) (k [128]byte) { k[0], k[1] = byte(i), byte(i>>8); return }, 0)
	run("[129]byte", "int", *n, 0, func(i int) (k [129]byte) { k[0], k[1] = byte(i), byte(i>>8); return }, 0)
	run("int", "[128]byte", *n, 0, num, [128]byte{})
	run("int", "[129]byte", *n, 0, num, [129]byte{})
	run("string", "[200]byte", *n, 0, str, [200]byte{})
	run("int", "[4]string", *n, 0, num, [4]string{})
	run("[3]int16", "[5]uint8", *n, 0, func(i int) [3]int16 { return [3]int16{int16(i), 1, 2} }, [5]uint8{})
}

// growth is what one growing insert showed.
type growth struct {
	insert         int
	b              uint8
	slot           uintptr
	spares         int
	bytes, objects uint64
}

// settle collects all garbage, that of pools included, which outlives a cycle.
func settle() {
	for range 4 {
		runtime.GC()
	}
}

// sink makes maps escape to the heap.
var sink any

func header[K comparable, V any](m map[K]V) *hmap { return *(**hmap)(unsafe.Pointer(&m)) }

// slot is the size of the allocator's slot an object lies in.
func slot(p unsafe.Pointer) uintptr {
	if p == nil {
		return 0
	}
	return spanOf(uintptr(p)).elemsize
}

// spares counts the spare buckets of a fresh array by looking for the end mark.
// If the growing insert used the last spare itself the mark is gone; then it is
// the number the runtime's own rounding gives.
func spares(t *maptype, h *hmap) int {
	all := int(totalBuckets(t, h.B)) - 1<<h.B
	if h.buckets == nil || h.B < 4 {
		return 0
	}
	base := uintptr(h.buckets) + uintptr(t.BucketSize)<<h.B
	for n := 1; n <= all; n++ {
		word := unsafe.Pointer(base + uintptr(n)*uintptr(t.BucketSize) - 8)
		if *(*uintptr)(word) == uintptr(h.buckets) {
			return n
		}
	}
	return all
}

func run[K comparable, V any](kname, vname string, n, hint int, key func(int) K, value V) {
	keys := make([]K, n)
	for i := range keys {
		keys[i] = key(i)
	}
	var sample any = map[K]V(nil)
	t := (*maptype)((*eface)(unsafe.Pointer(&sample)).t)

	rows := make([]string, 0, 64)
	measured := make([]growth, 0, 64)
	// First pass: at which inserts does it grow, and to what.
	grows := map[int]bool{}
	m := make(map[K]V, hint)
	sink = m // a map that stays on the stack would bring its own first bucket
	h := header(m)
	rows = append(rows, fmt.Sprintf("make\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", kname, vname, hint, n, h.B, slot(h.buckets), spares(t, h)))
	for i, k := range keys {
		array := h.buckets
		m[k] = value
		if array != nil && h.buckets != array {
			grows[i] = true
		}
	}
	// Second pass: what those inserts allocate, exactly.
	var start, before, after, live runtime.MemStats
	m, h, sink = nil, nil, nil
	settle()
	runtime.ReadMemStats(&start)
	m = make(map[K]V, hint)
	sink = m
	h = header(m)
	for i, k := range keys {
		if !grows[i] {
			m[k] = value
			continue
		}
		array := h.buckets
		runtime.ReadMemStats(&before)
		m[k] = value
		runtime.ReadMemStats(&after)
		if h.buckets == array {
			fail("%s/%s: insert %d grew in one run and not in the other", kname, vname, i+1)
		}
		measured = append(measured, growth{i + 1, h.B, slot(h.buckets), spares(t, h),
			after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs})
	}
	settle()
	runtime.ReadMemStats(&live)
	for _, g := range measured {
		rows = append(rows, fmt.Sprintf("growth\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", kname, vname, hint,
			g.insert, g.b, g.slot, g.spares, g.bytes, g.objects))
	}
	for _, row := range rows {
		fmt.Print(row)
	}
	fmt.Printf("end\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", kname, vname, hint, n, h.B, h.noverflow,
		b2i(h.oldbuckets != nil), int64(live.HeapAlloc)-int64(start.HeapAlloc))
	runtime.KeepAlive(m)
	runtime.KeepAlive(keys)
	runtime.KeepAlive(grows)
}
