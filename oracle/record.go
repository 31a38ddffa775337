package main

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"
)

// recorder runs operations on one map and writes a line about each.
type recorder struct {
	k      *kind
	t      *maptype
	h      *hmap
	w      *bufio.Writer
	hashes []uint64
	iters  map[int]*hiter
	nit    int
	sample *rand.Rand

	// Bytes and objects allocated by map calls so far, with -mem.
	mem            bool
	mallocs, bytes uint64
}

// timed runs one map call and counts what it allocates.
func (s *recorder) timed(call func()) {
	if !s.mem {
		call()
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	s.mallocs += after.Mallocs - before.Mallocs
	s.bytes += after.TotalAlloc - before.TotalAlloc
}

// state writes the line of an operation.
func (s *recorder) state(op string) {
	h := s.h
	fmt.Fprint(s.w, op, " H", len(s.hashes))
	for _, c := range s.hashes {
		fmt.Fprint(s.w, " ", c)
	}
	s.hashes = s.hashes[:0]
	next := int64(-1)
	overflow, oldOverflow := -1, -1
	if h.extra != nil {
		if h.extra.next != nil {
			next = int64((uintptr(h.extra.next) - uintptr(h.buckets)) / uintptr(s.t.BucketSize))
		}
		if h.extra.overflow != nil {
			overflow = len(*h.extra.overflow)
		}
		if h.extra.oldoverflow != nil {
			oldOverflow = len(*h.extra.oldoverflow)
		}
	}
	growing := 0
	if h.oldbuckets != nil {
		growing = 1
	}
	fmt.Fprint(s.w, " S ", h.count, " ", h.flags, " ", h.B, " ", h.noverflow, " ", h.hash0, " ",
		h.nevacuate, " ", growing, " ", next, " ", overflow, " ", oldOverflow)
	if h.buckets != nil && (h.B <= 4 || s.sample.Intn(1<<(h.B-4)) == 0) {
		d := uint64(fnvOffset)
		n := uintptr(1) << h.B
		d = s.k.digest(s.t, h.buckets, n, totalBuckets(s.t, h.B), d)
		if h.oldbuckets != nil {
			oldN, oldB := n, h.B
			if h.flags&8 == 0 {
				oldN >>= 1
				oldB--
			}
			d = s.k.digest(s.t, h.oldbuckets, oldN, totalBuckets(s.t, oldB), d)
		}
		fmt.Fprint(s.w, " D ", d)
	}
	if s.mem {
		fmt.Fprint(s.w, " M ", s.mallocs, " ", s.bytes)
	}
	fmt.Fprintln(s.w)
}

func (s *recorder) assign(id, v uint64) {
	p := s.k.mkkey(id)
	var e unsafe.Pointer
	s.timed(func() {
		switch s.k.fast {
		case 0:
			e = mapassign(s.t, s.h, p)
		case 1:
			e = mapassign_fast64(s.t, s.h, *(*uint64)(p))
		case 2:
			e = mapassign_fast32(s.t, s.h, *(*uint32)(p))
		case 3:
			e = mapassign_faststr(s.t, s.h, *(*string)(p))
		}
	})
	s.k.setel(e, v)
	s.state(fmt.Sprint("A ", id, " ", v))
}

func (s *recorder) del(id uint64) {
	p := s.k.mkkey(id)
	s.timed(func() {
		switch s.k.fast {
		case 0:
			mapdelete(s.t, s.h, p)
		case 1:
			mapdelete_fast64(s.t, s.h, *(*uint64)(p))
		case 2:
			mapdelete_fast32(s.t, s.h, *(*uint32)(p))
		case 3:
			mapdelete_faststr(s.t, s.h, *(*string)(p))
		}
	})
	s.state(fmt.Sprint("X ", id))
}

func (s *recorder) look(id uint64) {
	p := s.k.mkkey(id)
	var e unsafe.Pointer
	var ok bool
	s.timed(func() {
		switch s.k.fast {
		case 0:
			e, ok = mapaccess2(s.t, s.h, p)
		case 1:
			e, ok = mapaccess2_fast64(s.t, s.h, *(*uint64)(p))
		case 2:
			e, ok = mapaccess2_fast32(s.t, s.h, *(*uint32)(p))
		case 3:
			e, ok = mapaccess2_faststr(s.t, s.h, *(*string)(p))
		}
	})
	if !ok {
		s.state(fmt.Sprint("L ", id, " 0 0"))
		return
	}
	v := uint64(0)
	if s.k.id == 6 {
		v = (*(*big)(e))[0]
	} else {
		v = s.k.rawel(e)
	}
	s.state(fmt.Sprint("L ", id, " 1 ", v))
}

func (s *recorder) clear() {
	if s.t.Bucket.PtrBytes == 0 {
		// A running iterator of a pointer-free map can be left with freed
		// overflow buckets after clear (a defect of Go 1.23.9): drop them.
		clear(s.iters)
	}
	s.timed(func() { mapclear(s.t, s.h) })
	s.state("C")
}

func (s *recorder) entry(it *hiter) string {
	if it.key == nil {
		return "0 0 0"
	}
	var id, v uint64
	if s.k.id == 5 {
		id = (*(*big)(it.key))[0]
	} else {
		id, _ = s.k.rawkey(it.key)
	}
	if s.k.id == 6 {
		v = (*(*big)(it.elem))[0]
	} else {
		v = s.k.rawel(it.elem)
	}
	return fmt.Sprint("1 ", id, " ", v)
}

func (s *recorder) iterStart() {
	it := new(hiter)
	s.nit++
	s.timed(func() { mapiterinit(s.t, s.h, it) })
	if it.h == nil {
		s.state(fmt.Sprint("E ", s.nit))
		return
	}
	s.state(fmt.Sprint("I ", s.nit, " ", it.startBucket, " ", it.offset, " ", s.entry(it)))
	if it.key != nil {
		s.iters[s.nit] = it
	}
}

// iterNext advances one of the running iterators.
func (s *recorder) iterNext() {
	for id, it := range s.iters {
		s.timed(func() { mapiternext(it) })
		s.state(fmt.Sprint("J ", id, " ", s.entry(it)))
		if it.key == nil {
			delete(s.iters, id)
		}
		return
	}
}

// weaken makes a hash worse on purpose.
func weaken(mode int, x uintptr) uintptr {
	switch mode {
	case 1: // few low bits, few high bits, values below the tophash minimum
		return (x & 7) | (x >> 20 & 7 << 56) | (x >> 33 & 7 << 56)
	case 2: // everything in one bucket
		return x &^ 0xffff
	case 3: // 14 bits
		return x & 0x3fff
	}
	return x
}

func record(args []string) {
	flags := flag.NewFlagSet("record", flag.ExitOnError)
	kd := flags.Int("kind", 0, "map type, 0 to 9")
	ops := flags.Int("ops", 100000, "operations")
	univ := flags.Int("univ", 2000, "distinct keys")
	hint := flags.Int("hint", 0, "hint of make")
	steady := flags.Int("steady", 0, "steady churn with fresh keys at this many live ones")
	weak := flags.Int("weak", 0, "hash quality: 0 real, 1 few values, 2 one bucket, 3 14 bits")
	seed := flags.Int64("seed", 1, "seed of the workload")
	mem := flags.Bool("mem", false, "also record objects and bytes allocated")
	flags.Parse(args)
	if *kd < 0 || *kd >= len(kinds) || *univ < 1 || *ops < 0 || *weak < 0 || *weak > 3 {
		fail("kind is 0 to %d, univ at least 1, ops at least 0, weak 0 to 3", len(kinds)-1)
	}
	r := rand.New(rand.NewSource(*seed))
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer w.Flush()
	k := &kinds[*kd]
	t0 := (*maptype)((*eface)(unsafe.Pointer(&k.sample)).t)
	t := new(maptype)
	*t = *t0
	s := &recorder{k: k, t: t, w: w, iters: map[int]*hiter{}, mem: *mem,
		hashes: make([]uint64, 0, 1<<20), sample: rand.New(rand.NewSource(*seed + 1))}
	if *mem {
		debug.SetGCPercent(-1)
	}
	original := t0.Hasher
	t.Hasher = func(p unsafe.Pointer, seed uintptr) uintptr {
		x := weaken(*weak, original(p, seed))
		s.hashes = append(s.hashes, uint64(x))
		return x
	}
	fmt.Fprintln(w, "T", k.id, k.fast, t.BucketSize, t.Flags, b2i(t.Bucket.PtrBytes == 0),
		b2i(t.Key.PtrBytes != 0), b2i(t.Elem.PtrBytes != 0))
	s.timed(func() { s.h = makemap(t, *hint, nil) })
	s.state(fmt.Sprint("N ", *hint))
	if *steady > 0 {
		s.churn(r, *ops, *steady)
	} else {
		s.phases(r, *ops, universe(r, k.id, *univ))
	}
	runtime.KeepAlive(s)
}

// universe makes the keys of a run.
func universe(r *rand.Rand, kind, n int) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = freshKey(r, kind)
		if kind == 4 {
			switch r.Intn(50) {
			case 0:
				keys[i] = math.Float64bits(math.NaN())
			case 1:
				keys[i] = 0
			case 2:
				keys[i] = 1 << 63
			}
		}
	}
	return keys
}

func freshKey(r *rand.Rand, kind int) uint64 {
	switch kind {
	case 2:
		return uint64(r.Uint32())
	case 4:
		return math.Float64bits(float64(r.Int63n(1 << 50)))
	}
	return r.Uint64() >> 8
}

// churn keeps the number of entries steady and the keys fresh, which drives
// same-size growths.
func (s *recorder) churn(r *rand.Rand, ops, steady int) {
	var live []uint64
	for n := 0; n < ops; n++ {
		for len(live) >= steady {
			q := r.Intn(len(live))
			s.del(live[q])
			live[q] = live[len(live)-1]
			live = live[:len(live)-1]
		}
		id := freshKey(r, s.k.id)
		s.assign(id, r.Uint64()>>40)
		live = append(live, id)
		if r.Intn(40) == 0 && len(s.iters) < 2 {
			s.iterStart()
		}
		if r.Intn(3) == 0 {
			s.iterNext()
		}
	}
}

// phases mixes growing, shrinking, churning, iterating and clearing.
func (s *recorder) phases(r *rand.Rand, ops int, keys []uint64) {
	n := 0
	for n < ops {
		phase := r.Intn(8)
		length := r.Intn(len(keys)*2) + 10
		limit := len(keys)
		if r.Intn(3) == 0 {
			limit = r.Intn(len(keys)) + 1
		}
		key := func() uint64 { return keys[r.Intn(limit)] }
		value := func() uint64 { return r.Uint64() >> 40 }
		for q := 0; q < length && n < ops; q++ {
			n++
			x := r.Intn(100)
			switch phase {
			case 0, 1: // grow
				if x < 80 {
					s.assign(key(), value())
				} else if x < 90 {
					s.look(key())
				} else {
					s.del(key())
				}
			case 2: // shrink
				if x < 80 {
					s.del(key())
				} else if x < 90 {
					s.look(key())
				} else {
					s.assign(key(), value())
				}
			case 3, 4, 5: // churn
				if x < 45 {
					s.assign(key(), value())
				} else if x < 90 {
					s.del(key())
				} else {
					s.look(key())
				}
			case 6: // iterate while the map changes
				if len(s.iters) < 3 && x < 10 {
					s.iterStart()
				} else if len(s.iters) > 0 && x < 60 {
					s.iterNext()
				} else if x < 85 {
					s.assign(key(), value())
				} else {
					s.del(key())
				}
			case 7: // clear and refill
				if q == 0 && r.Intn(2) == 0 {
					s.clear()
				}
				if x < 70 {
					s.assign(key(), value())
				} else {
					s.look(key())
				}
			}
			if n%5000 == 0 {
				runtime.GC()
			}
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
