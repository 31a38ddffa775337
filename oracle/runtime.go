package main

import "unsafe"

// The layouts below are those of Go 1.23, linux/amd64.

type mapextra struct {
	overflow, oldoverflow *[]unsafe.Pointer
	next                  unsafe.Pointer
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
	Size_, PtrBytes              uintptr
	Hash                         uint32
	TFlag, Align_, FAlign, Kind_ uint8
	Equal                        func(unsafe.Pointer, unsafe.Pointer) bool
	GCData                       *byte
	Str, Ptr                     int32
}

type maptype struct {
	rtype
	Key, Elem, Bucket *rtype
	Hasher            func(unsafe.Pointer, uintptr) uintptr
	KeySize, ValSize  uint8
	BucketSize        uint16
	Flags             uint32
}

type eface struct {
	t, p unsafe.Pointer
}

type hiter struct {
	key, elem             unsafe.Pointer
	t                     unsafe.Pointer
	h                     *hmap
	buckets, bptr         unsafe.Pointer
	overflow, oldoverflow *[]unsafe.Pointer
	startBucket           uintptr
	offset                uint8
	wrapped               bool
	B, i                  uint8
	bucket, checkBucket   uintptr
}

// The head of the allocator's span, up to the size of its slots.
type mspan struct {
	next, prev, list                unsafe.Pointer
	startAddr, npages               uintptr
	manualFreeList                  uintptr
	freeindex, nelems, scanIndex    uint16
	allocCache                      uint64
	allocBits, markBits, pinnerBits unsafe.Pointer
	sweepgen, divMul                uint32
	allocCount                      uint16
	spanclass, state, needzero      uint8
	isUserArenaChunk                bool
	allocCountBeforeCache           uint16
	elemsize                        uintptr
}

//go:linkname spanOf runtime.spanOf
func spanOf(p uintptr) *mspan

//go:linkname roundupsize runtime.roundupsize
func roundupsize(size uintptr, noscan bool) uintptr

//go:linkname makemap runtime.makemap
func makemap(t *maptype, hint int, h *hmap) *hmap

//go:linkname mapassign runtime.mapassign
func mapassign(t *maptype, h *hmap, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapaccess2 runtime.mapaccess2
func mapaccess2(t *maptype, h *hmap, key unsafe.Pointer) (unsafe.Pointer, bool)

//go:linkname mapdelete runtime.mapdelete
func mapdelete(t *maptype, h *hmap, key unsafe.Pointer)

//go:linkname mapclear runtime.mapclear
func mapclear(t *maptype, h *hmap)

//go:linkname mapiterinit runtime.mapiterinit
func mapiterinit(t *maptype, h *hmap, it *hiter)

//go:linkname mapiternext runtime.mapiternext
func mapiternext(it *hiter)

//go:linkname mapassign_fast64 runtime.mapassign_fast64
func mapassign_fast64(t *maptype, h *hmap, key uint64) unsafe.Pointer

//go:linkname mapaccess2_fast64 runtime.mapaccess2_fast64
func mapaccess2_fast64(t *maptype, h *hmap, key uint64) (unsafe.Pointer, bool)

//go:linkname mapdelete_fast64 runtime.mapdelete_fast64
func mapdelete_fast64(t *maptype, h *hmap, key uint64)

//go:linkname mapassign_fast32 runtime.mapassign_fast32
func mapassign_fast32(t *maptype, h *hmap, key uint32) unsafe.Pointer

//go:linkname mapaccess2_fast32 runtime.mapaccess2_fast32
func mapaccess2_fast32(t *maptype, h *hmap, key uint32) (unsafe.Pointer, bool)

//go:linkname mapdelete_fast32 runtime.mapdelete_fast32
func mapdelete_fast32(t *maptype, h *hmap, key uint32)

//go:linkname mapassign_faststr runtime.mapassign_faststr
func mapassign_faststr(t *maptype, h *hmap, key string) unsafe.Pointer

//go:linkname mapaccess2_faststr runtime.mapaccess2_faststr
func mapaccess2_faststr(t *maptype, h *hmap, key string) (unsafe.Pointer, bool)

//go:linkname mapdelete_faststr runtime.mapdelete_faststr
func mapdelete_faststr(t *maptype, h *hmap, key string)

// totalBuckets is the number of buckets in an array: main ones and spares.
func totalBuckets(t *maptype, B uint8) uintptr {
	n := uintptr(1) << B
	if B >= 4 {
		n += uintptr(1) << (B - 4)
		size := n * uintptr(t.BucketSize)
		if up := roundupsize(size, t.Bucket.PtrBytes == 0); up != size {
			n = up / uintptr(t.BucketSize)
		}
	}
	return n
}
