package main

// Maps that stand still in the middle of something.
var (
	pDoubling     map[int]int           // just started
	pDoublingHalf map[string]int        // about half way
	pDoublingPtr  map[string]*point     // old buckets are wiped as they empty
	pDoublingBox  map[boxedKey]string   // boxed keys
	pDoublingBig  map[uint64]uint64     // large
	pSameSize     map[int]string        // same size, just started
	pSameHalf     map[uint32]uint32     // same size, half way, no pointers
	pHoles        map[string]int        // many deleted cells, no growth
	pUneven       map[uint64]int        // Swiss: tables of different depth, a directory shared in part
	pTombstones   map[string]string     // Swiss: deleted cells in full groups
	pUpdated      map[int32]interface{} // growth moved on by updates alone
)

func buildGrowing(t *truth, scale int) {
	size := func(most int) int { // the largest power of two of buckets within the scale
		n := 64
		for n*2 <= most && n*2 <= scale*64 {
			n *= 2
		}
		return n
	}
	pDoubling = map[int]int{}
	startDoubling(pDoubling, size(512), 0, func(i int) int { return i * 7 }, 1)
	pDoublingHalf = map[string]int{}
	startDoubling(pDoublingHalf, size(1024), size(1024)/4, word, 1)
	pDoublingPtr = map[string]*point{}
	startDoubling(pDoublingPtr, size(256), size(256)/3, word, &point{1, 2})
	pDoublingBox = map[boxedKey]string{}
	startDoubling(pDoublingBox, size(64), 10, func(i int) boxedKey { return boxedKey{uint64(i)} }, "x")
	pDoublingBig = map[uint64]uint64{}
	startDoubling(pDoublingBig, size(8192), 1501, func(i int) uint64 { return uint64(i) << 20 }, 3)
	pUpdated = map[int32]interface{}{}
	startDoubling(pUpdated, size(128), 0, func(i int) int32 { return int32(i) }, any("u"))
	for i := int32(0); i < 20; i++ {
		pUpdated[i] = i
	}
	pSameSize = map[int]string{}
	startSameSize(pSameSize, 64, 0, func(i int) int { return i }, "s")
	pSameHalf = map[uint32]uint32{}
	startSameSize(pSameHalf, 64, 20, func(i int) uint32 { return uint32(i) * 31 }, 5)
	pHoles, pTombstones = map[string]int{}, map[string]string{}
	for i := 0; i < 100*size(64); i++ {
		pHoles[word(i)], pTombstones[word(i)] = i, "t"
		if i%16 > 2 {
			delete(pHoles, word(i))
		}
		if i >= 700 {
			delete(pTombstones, word(i-700))
		}
	}
	pUneven = map[uint64]int{}
	for i := uint64(0); i < 1<<20; i++ {
		pUneven[i] = int(i)
		if i >= 3000 && (!isSwiss || unevenDepths(swiss(pUneven))) {
			break
		}
	}
	if isSwiss && !unevenDepths(swiss(pUneven)) {
		fail("no Swiss map in the middle of its splits")
	}
	for _, g := range []struct {
		name, growth string
		m            any
	}{
		{"pDoubling", "double", pDoubling}, {"pDoublingHalf", "double", pDoublingHalf}, {"pDoublingPtr", "double", pDoublingPtr},
		{"pDoublingBox", "double", pDoublingBox}, {"pDoublingBig", "double", pDoublingBig}, {"pUpdated", "double", pUpdated},
		{"pSameSize", "same-size", pSameSize}, {"pSameHalf", "same-size", pSameHalf}, {"pHoles", "", pHoles},
		{"pTombstones", "", pTombstones}, {"pUneven", "", pUneven},
	} {
		t.add(g.name, "global", "main."+g.name, g.m)
		if growth := t.animals[len(t.animals)-1].growth; !isSwiss && g.growth != "" && growth != g.growth {
			fail("%s: growth is %s, not %s", g.name, growth, g.growth)
		}
	}
	if last := t.animals[len(t.animals)-2]; isSwiss && last.tombstones == 0 {
		fail("%s has no tombstones", last.name)
	}
}

// startDoubling fills a map until the doubling of so many buckets has begun and
// does more writes. When that is differs: Go 1.21 doubles at a load of 6, later
// releases at 6.5.
func startDoubling[K comparable, V any](m map[K]V, buckets, more int, key func(int) K, value V) {
	i := 0
	begun := func() bool {
		if isSwiss {
			return i > buckets*13/2
		}
		return classic(m).oldbuckets != nil && 1<<classic(m).B == 2*buckets
	}
	for ; !begun(); i++ {
		m[key(i)] = value
	}
	if most := buckets/2 - 10; more > most {
		more = most // a write empties up to two old buckets: leave some
	}
	for end := i + more; i < end; i++ {
		m[key(i)] = value
	}
}

// startSameSize fills and empties a map until its overflow buckets are too
// many, which starts a growth to the same size, and does more writes.
func startSameSize[K comparable, V any](m map[K]V, buckets, more int, key func(int) K, value V) {
	full := buckets*13/2 - 8
	if isSwiss {
		for i := 0; i < full; i++ {
			m[key(i)] = value
		}
		return
	}
	begun := func() bool { return classic(m).oldbuckets != nil && classic(m).flags&sameSize != 0 }
	first, next := 0, 0
	for !begun() {
		if next > buckets*100000 {
			fail("no same-size growth after %d inserts", next)
		}
		if len(m) >= full {
			for ; first < next; first++ { // one by one: a loop over the map would be a clear
				delete(m, key(first))
			}
		}
		m[key(next)] = value
		next++
	}
	for ; more > 0 && begun() && int(classic(m).nevacuate) < buckets-4; more-- {
		m[key(next)] = value
		next++
	}
}

func unevenDepths(m *swissMap) bool {
	least, most := ^uint8(0), uint8(0)
	for i := 0; i < m.dirLen; i++ {
		depth := (*(**swissTable)(add(m.dirPtr, i*8))).localDepth
		if depth < least {
			least = depth
		}
		if depth > most {
			most = depth
		}
	}
	return most > least
}
