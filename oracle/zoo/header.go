package main

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// hmap is the header of a classic map, Go 1.21 to 1.23.
type hmap struct {
	count      int
	flags      uint8
	B          uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      *[3]unsafe.Pointer
}

// swissMap is the header of a Swiss map, Go 1.24 and later.
type swissMap struct {
	used              uint64
	seed              uintptr
	dirPtr            unsafe.Pointer
	dirLen            int
	globalDepth       uint8
	globalShift       uint8
	writing           uint8
	tombstonePossible bool
	clearSeq          uint64
}

type swissTable struct {
	used, capacity, growthLeft uint16
	localDepth                 uint8
	index                      int
	groups                     unsafe.Pointer
	lengthMask                 uint64
}

const (
	hashWriting = 4
	sameSize    = 8
)

var isSwiss = func() bool {
	version := strings.Split(strings.TrimPrefix(runtime.Version(), "go1."), ".")[0]
	minor, err := strconv.Atoi(strings.TrimRight(version, "abcdefghijklmnopqrstuvwxyz -"))
	if err != nil {
		fail("cannot read the version %q", runtime.Version())
	}
	return minor >= 24
}()

// A header is what a map says of itself.
type header struct {
	address    uintptr // inverted: a reader that takes every word for a pointer must not be misled
	kind       string // the type, as the runtime names it
	count      int
	design     string
	b          int // classic: log2 of buckets; Swiss: depth of the directory
	tables     int // Swiss; 0 for a map of one group
	slots      int // cells of the current array, overflow buckets not counted
	overflow   int // classic: overflow buckets that hang in chains of the current array
	tombstones int // Swiss
	growth     string
	nevacuate  int
	evacuated  int // old buckets that are really empty
	oldBuckets int
}

// read describes a map given as an interface value.
func read(m any) header {
	value := reflect.ValueOf(m)
	pointer := value.UnsafePointer()
	return readAt(pointer, value.Type(), value.Len())
}

func readAt(pointer unsafe.Pointer, kind reflect.Type, count int) header {
	h := header{address: ^uintptr(pointer), kind: kind.String(), count: count, growth: "none"}
	key, elem := slotSize(kind.Key()), slotSize(kind.Elem())
	if isSwiss {
		h.design = "swiss"
		swissGeometry(&h, (*swissMap)(pointer), groupBytes(kind, key, elem))
	} else {
		h.design = "classic"
		classicGeometry(&h, (*hmap)(pointer), 8+8*key+8*elem+8)
	}
	return h
}

// slotSize is what a key or elem takes inside the map: a pointer if it is boxed.
func slotSize(t reflect.Type) uintptr {
	if t.Size() > 128 {
		return 8
	}
	return t.Size()
}

func groupBytes(kind reflect.Type, key, elem uintptr) uintptr {
	align := func(t reflect.Type) uintptr {
		if t.Size() > 128 {
			return 8
		}
		return uintptr(t.Align())
	}
	up := func(n, a uintptr) uintptr { return (n + a - 1) / a * a }
	elemAt := up(key, align(kind.Elem()))
	end := elemAt + elem
	if elem == 0 {
		end++ // the compiler keeps the address of an empty last field inside
	}
	most := align(kind.Key())
	if a := align(kind.Elem()); a > most {
		most = a
	}
	return 8 + 8*up(end, most)
}

func classicGeometry(h *header, m *hmap, bucket uintptr) {
	if m.count != h.count {
		fail("%s at %#x: header says %d entries, len says %d", h.kind, ^h.address, m.count, h.count)
	}
	h.b = int(m.B)
	if m.buckets != nil {
		h.slots = 8 << m.B
		for i := uintptr(0); i < 1<<m.B; i++ {
			b := unsafe.Add(m.buckets, i*bucket)
			for next := *(*unsafe.Pointer)(unsafe.Add(b, bucket-8)); next != nil; next = *(*unsafe.Pointer)(unsafe.Add(next, bucket-8)) {
				h.overflow++
			}
		}
	}
	if m.oldbuckets == nil {
		return
	}
	h.growth = "double"
	h.oldBuckets = 1 << m.B / 2
	if m.flags&sameSize != 0 {
		h.growth = "same-size"
		h.oldBuckets = 1 << m.B
	}
	h.nevacuate = int(m.nevacuate)
	for i := 0; i < h.oldBuckets; i++ {
		if top := *(*uint8)(unsafe.Add(m.oldbuckets, uintptr(i)*bucket)); top >= 2 && top <= 4 {
			h.evacuated++
		}
	}
}

func swissGeometry(h *header, m *swissMap, group uintptr) {
	if int(m.used) != h.count {
		fail("%s at %#x: header says %d entries, len says %d", h.kind, ^h.address, m.used, h.count)
	}
	h.b = int(m.globalDepth)
	full := 0
	control := func(at unsafe.Pointer) {
		h.slots += 8
		for i := 0; i < 8; i++ {
			switch c := *(*uint8)(unsafe.Add(at, i)); {
			case c == 0xfe:
				h.tombstones++
			case c < 0x80:
				full++
			case c != 0x80:
				fail("%s at %#x: control byte %#x", h.kind, ^h.address, c)
			}
		}
	}
	if m.dirLen == 0 {
		if m.dirPtr != nil {
			control(m.dirPtr)
		}
	} else {
		var last *swissTable
		for i := 0; i < m.dirLen; i++ {
			table := *(**swissTable)(unsafe.Add(m.dirPtr, i*8))
			if table == last {
				continue
			}
			last = table
			h.tables++
			for g := uintptr(0); g <= uintptr(table.lengthMask); g++ {
				control(unsafe.Add(table.groups, g*group))
			}
		}
	}
	if full != h.count {
		fail("%s at %#x: %d full cells, %d entries", h.kind, ^h.address, full, h.count)
	}
}

// classic and swiss give the live header of a map.
func classic(m any) *hmap   { return (*hmap)(reflect.ValueOf(m).UnsafePointer()) }
func swiss(m any) *swissMap { return (*swissMap)(reflect.ValueOf(m).UnsafePointer()) }
