package main

import (
	"math/bits"
	"unsafe"
)

// Objects with the size and the pointers of a map header that are no maps.
var decoys []any

type classicDecoy hmap
type swissDecoy swissMap

// random is a small generator: the zoo is the same on every run.
type random uint64

func (r *random) next() uint64 {
	*r = *r*6364136223846793005 + 1442695040888963407
	return bits.RotateLeft64(uint64(*r), int(uint64(*r)>>59))
}

func (r *random) below(n uint64) uint64 { return r.next() >> 11 % n }

// block gives memory of a bucket array's size, noise or nothing in it.
func (r *random) block(bytes int, noise bool) unsafe.Pointer {
	memory := make([]uint64, bytes/8)
	for i := range memory {
		if noise {
			memory[i] = r.next()
		}
	}
	return unsafe.Pointer(&memory[0])
}

func buildDecoys(t *truth, count int) {
	r := random(20)
	for i := 0; i < count; i++ {
		c := &classicDecoy{count: int(r.below(9)), B: uint8(r.below(4)), hash0: uint32(r.next())}
		switch i % 8 {
		case 0: // a counter and a flag: no seed, nothing allocated
			*c = classicDecoy{count: int(r.below(3))}
		case 1: // buckets of noise
			c.buckets = r.block(208<<c.B, true)
		case 2: // buckets of nothing, yet a count
			c.count, c.buckets = 1+int(r.below(8)), r.block(144<<c.B, false)
		case 3: // an array that is too short
			c.B, c.buckets = 6, r.block(48, true)
		case 4: // flags that no map has
			c.flags, c.buckets = 0x50, r.block(144<<c.B, false)
		case 5: // growing without an old array to speak of
			c.flags, c.buckets, c.oldbuckets = sameSize, r.block(144<<c.B, false), r.block(16, true)
			c.nevacuate, c.count = 1<<40, 5
		case 6: // the middle of an object
			c.count, c.buckets = 3, unsafe.Add(r.block(4096, true), 1000)
		case 7: // cells behind the end of a chain
			c.B, c.count = 0, 2
			c.buckets = r.block(144, false)
			*(*[8]uint8)(c.buckets) = [8]uint8{0, 77, 0, 99, 0, 0, 0, 0}
		}
		s := &swissDecoy{used: r.below(9), seed: uintptr(r.next()), globalShift: 64}
		switch i % 7 {
		case 0: // no seed
			*s = swissDecoy{used: r.below(2) + 1, globalShift: 64}
		case 1: // a group of noise
			s.used, s.dirPtr = 1+r.below(8), r.block(136, true)
		case 2: // control bytes that say nothing is there, yet a count
			s.used, s.dirPtr = 4, r.block(136, false)
			*(*uint64)(s.dirPtr) = 0x8080808080808080
		case 3: // a directory of noise
			s.dirLen, s.globalDepth, s.globalShift, s.dirPtr = 4, 2, 62, r.block(32, true)
		case 4: // a depth that does not fit
			s.dirLen, s.globalDepth, s.globalShift, s.dirPtr = 8, 2, 60, r.block(64, false)
		case 5: // a directory whose tables are nothing
			s.dirLen, s.globalShift, s.globalDepth, s.used = 2, 63, 1, 8
			s.dirPtr = r.block(16, false)
		case 6: // the middle of an object
			s.used, s.dirPtr = 8, unsafe.Add(r.block(512, true), 72)
		}
		decoys = append(decoys, c, s)
		t.decoys = append(t.decoys, uintptr(unsafe.Pointer(c)), uintptr(unsafe.Pointer(s)))
	}
}
