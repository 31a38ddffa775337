// Claims prints what a real map of Go 1.23 shows for each fact that
// `tidemap go claims` derives from the model: one line "name value" each.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"
)

type mapextra struct {
	overflow, oldoverflow, next unsafe.Pointer
}

type hmap struct {
	count      int
	flags, B   uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      *mapextra
}

type rtype struct {
	Size_, PtrBytes uintptr
	rest            [32]byte
}

type maptype struct {
	rtype
	Key, Elem, Bucket *rtype
	Hasher            func(unsafe.Pointer, uintptr) uintptr
	KeySize, ValSize  uint8
	BucketSize        uint16
	Flags             uint32
}

var sink any

func header[K comparable, V any](m map[K]V) *hmap {
	sink = m
	return *(**hmap)(unsafe.Pointer(&m))
}

func bucketBytes[K comparable, V any]() uint16 {
	var m any = map[K]V(nil)
	return (*(**maptype)(unsafe.Pointer(&m))).BucketSize
}

func fill(m map[int]int, from, to int) {
	for k := from; k < to; k++ {
		m[k] = k
	}
}

// moments are the inserts at which a map with this hint grows.
func moments(n, hint int) string {
	m := make(map[int]int, hint)
	h := header(m)
	var out []string
	for i := 1; i <= n; i++ {
		before := h.buckets
		m[i] = i
		if before != nil && h.buckets != before {
			out = append(out, fmt.Sprint(i))
		}
	}
	return strings.Join(out, " ")
}

func first(n, hint int) string { return strings.Fields(moments(n, hint))[0] }

func hintB(hint int) uint8 { return header(make(map[int]int, hint)).B }

func tophash(h *hmap, cell uintptr) uint8 {
	return *(*uint8)(unsafe.Add(h.buckets, cell))
}

// evacuated counts the evacuated chains of a growing map[int]int.
func evacuated(h *hmap) int {
	if h.oldbuckets == nil {
		return 0
	}
	n := 0
	for i := uintptr(0); i < 1<<(h.B-1); i++ {
		if t := *(*uint8)(unsafe.Add(h.oldbuckets, i*144)); t >= 2 && t <= 4 {
			n++
		}
	}
	return n
}

func heapAlloc() int64 {
	for range 3 {
		runtime.GC()
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

func say(name string, value any) { fmt.Println(name, value) }

func main() {
	if !strings.HasPrefix(runtime.Version(), "go1.23") {
		fmt.Fprintf(os.Stderr, "claims: the facts are about Go 1.23 maps, this is %s\n", runtime.Version())
		os.Exit(2)
	}
	say("growth.first", first(20, 0))
	say("growth.moments.60", moments(60, 0))
	say("growth.moments.10000", moments(10000, 0))
	say("growth.first.hint.1024", first(2100, 1024))
	say("hint.b.1024", header(make(map[string]int, 1024)).B)
	say("hint.b.64", header(make(map[string]int, 64)).B)
	say("hint.b.9", hintB(9))
	negative := -5
	say("hint.b.negative", hintB(negative))
	grown := 0
	for _, n := range []int{9, 100, 1000, 5000} {
		grown += len(strings.Fields(moments(n, n)))
	}
	say("growths.with.hint", grown)

	m := map[int]int{}
	h := header(m)
	say("buckets.before.first.insert", h.buckets != nil)
	fill(m, 0, 8)
	b := h.buckets
	for range 3 {
		fill(m, 0, 8)
	}
	updates := 0
	if h.buckets != b {
		updates = 1
	}
	say("growth.by.update", updates)

	// Stop in the middle of a doubling.
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 1665)
	before, sum := evacuated(h), 0
	for k := range 100000 {
		sum += m[k]
	}
	for range 3 {
		for k := range m {
			sum += k
		}
	}
	say("moved.by.reads", evacuated(h)-before)
	say("moved.by.ranges", evacuated(h)-before)
	runtime.GC()
	say("old.array.stays.without.writes", h.oldbuckets != nil)
	for k := 1 << 20; h.oldbuckets != nil && k < 1<<20+10000; k++ {
		delete(m, k)
	}
	say("absent.deletes.finish", h.oldbuckets == nil)

	most := 0
	m = map[int]int{}
	h = header(m)
	for k := range 6000 {
		oldB, was := h.buckets, evacuated(h)
		m[k] = k
		if h.oldbuckets != nil && h.buckets == oldB {
			most = max(most, evacuated(h)-was)
		}
	}
	say("moved.by.write.most", most)

	// First in, first out at 50 entries.
	m = map[int]int{}
	h = header(m)
	same := false
	for k := range 20000 {
		m[k] = k
		same = same || h.flags&8 != 0
		if k >= 50 {
			delete(m, k-50)
		}
	}
	say("churn.same.size", same)

	// The end of a growth frees nothing by itself.
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 106497)
	during := heapAlloc()
	for k := 0; h.oldbuckets != nil; k++ {
		m[k%106497] = 1
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	say("old.array.freed.at.end", int64(s.HeapAlloc) < during-1_000_000)

	m = map[int]int{}
	h = header(m)
	fill(m, 0, 1600)
	links := h.noverflow
	for k := range 1600 {
		delete(m, k)
	}
	say("noverflow.kept.by.delete", h.noverflow == links)
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 1600)
	clear(m)
	say("noverflow.after.clear", h.noverflow)
	say("b.after.clear.1600", h.B)
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 5000)
	for k := range 5000 {
		delete(m, k)
	}
	say("b.after.deleting.all", h.B)
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 5000)
	array := h.buckets
	clear(m)
	say("array.kept.by.clear", h.buckets == array)
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 1665)
	clear(m)
	say("growing.after.clear", h.oldbuckets != nil)
	m = map[int]int{}
	h = header(m)
	fill(m, 0, 10000)
	say("b.after.10000", h.B)
	m = map[int]int{}
	h = header(m)
	for k := range 10000 {
		m[k%128] = k
	}
	say("b.of.128.keys", h.B)

	m = map[int]int{}
	h = header(m)
	fill(m, 0, 4)
	delete(m, 1)
	say("tophash.after.middle.delete", tophash(h, 1))
	delete(m, 3)
	say("tophash.after.last.delete", tophash(h, 3))
	say("key.bytes.stay", *(*int)(unsafe.Add(h.buckets, 8+8*3)) == 3)
	seed := h.hash0
	delete(m, 0)
	delete(m, 2)
	say("seed.changes.when.emptied", h.hash0 != seed)

	m = map[int]int{}
	h = header(m)
	fill(m, 0, 20)
	for range m {
	}
	say("flags.after.range", h.flags&3)
	m = map[int]int{}
	header(m)
	fill(m, 0, 8)
	rotations := true
	for range 200 {
		var order []int
		for k := range m {
			order = append(order, k)
		}
		for i := 1; i < 8; i++ {
			rotations = rotations && order[i] == (order[i-1]+1)%8
		}
	}
	say("orders.of.8.are.rotations", rotations)

	say("bucket.bytes.int.int", bucketBytes[int, int]())
	say("bucket.bytes.string.int", bucketBytes[string, int]())
	say("bucket.bytes.string.string", bucketBytes[string, string]())
	say("bucket.bytes.int64.int8", bucketBytes[int64, int8]())
	say("bucket.bytes.int.128", bucketBytes[int, [128]byte]())
	say("bucket.bytes.int.129", bucketBytes[int, [129]byte]())
	say("bucket.bytes.int.struct", bucketBytes[int, struct{}]())
	for _, b := range []uint8{4, 8} {
		h = header(make(map[int]int, 13<<b>>1))
		n := 1
		for *(*unsafe.Pointer)(unsafe.Add(h.buckets, (1<<b+n)*144-8)) != h.buckets {
			n++
		}
		say(fmt.Sprintf("spares.int.int.%d", b), n)
	}
	var after runtime.MemStats
	runtime.ReadMemStats(&s)
	sm := make(map[string]int, 64)
	sink = sm
	runtime.ReadMemStats(&after)
	say("array.bytes.string.int.64", after.TotalAlloc-s.TotalAlloc-48-24)
	m = make(map[int]int)
	sink = m
	runtime.ReadMemStats(&s)
	m[1] = 1
	runtime.ReadMemStats(&after)
	say("first.insert.array.bytes", after.TotalAlloc-s.TotalAlloc)
	if sum < 0 {
		say("sum", sum)
	}
}
