package main

import "unsafe"

const fnvOffset, fnvPrime = 14695981039346656037, 1099511628211

// digest sums up every bucket of an array along every chain; the Rust side
// documents the words (crates/tidemap-go/src/digest.rs).
func (k *kind) digest(t *maptype, base unsafe.Pointer, n, total uintptr, d uint64) uint64 {
	mix := func(x uint64) { d = (d ^ x) * fnvPrime; d ^= d >> 29 }
	size := uintptr(t.BucketSize)
	for i := uintptr(0); i < n; i++ {
		b := unsafe.Add(base, i*size)
		for b != nil {
			off := uintptr(b) - uintptr(base)
			if uintptr(b) >= uintptr(base) && off < total*size {
				mix(uint64(off / size))
			} else {
				mix(1 << 40)
			}
			mix(*(*uint64)(b))
			for j := uintptr(0); j < 8; j++ {
				word, length := k.rawkey(unsafe.Add(b, 8+j*uintptr(t.KeySize)))
				mix(word)
				mix(length)
				if top := *(*uint8)(unsafe.Add(b, j)); k.id == 6 && (top == 2 || top == 3) {
					mix(7777) // the box now belongs to the new bucket
				} else {
					mix(k.rawel(unsafe.Add(b, 8+8*uintptr(t.KeySize)+j*uintptr(t.ValSize))))
				}
			}
			b = *(*unsafe.Pointer)(unsafe.Add(b, size-8))
		}
		mix(0xabcdef)
	}
	return d
}
