package main

import "sync"

const (
	writers       = 4
	mapsPerWriter = 16
	hammeredCount = 500
)

// Each writer has maps of its own; one map is shared under a lock.
var (
	hammered [writers][mapsPerWriter]map[uint64]uint64
	churned  [writers]map[string]int
	grown    map[uint64]uint64 // filled from nothing, again and again
	shared   = map[string]uint64{}
	lock     sync.Mutex
)

// buildHammered fills the maps that the writers will change.
func buildHammered(t *truth) {
	note := func(name, path string, m any) {
		t.add(name, "hammered", path, m)
		last := &t.animals[len(t.animals)-1]
		last.low, last.high, last.growth = last.count-1, last.count+1, "any"
	}
	for w := range hammered {
		for i := range hammered[w] {
			m := map[uint64]uint64{}
			for k := uint64(0); k < hammeredCount; k++ {
				m[k] = k
			}
			hammered[w][i] = m
			note("hammered "+word(w)+" "+word(i), "main.hammered", m)
		}
		churned[w] = map[string]int{}
		for k := 0; k < hammeredCount; k++ {
			churned[w][word(k)] = k
		}
		note("churned "+word(w), "main.churned", churned[w])
	}
	for k := 0; k < hammeredCount; k++ {
		shared[word(k)] = uint64(k)
	}
	note("shared", "main.shared", shared)
}

// hammer starts the writers: every step takes one key out and puts one in, so
// that counts stay within one of the truth while everything else moves.
func hammer() {
	for w := 0; w < writers; w++ {
		w := w
		go func() {
			for step := uint64(0); ; step++ {
				for _, m := range hammered[w] {
					delete(m, step)
					m[step+hammeredCount] = step
				}
				delete(churned[w], word(int(step)))
				churned[w][word(int(step)+hammeredCount)] = int(step)
				if w == 0 {
					if step%3000 == 0 {
						grown = map[uint64]uint64{}
					}
					grown[step] = step
				}
				lock.Lock()
				shared[word(int(step%hammeredCount))] += step
				lock.Unlock()
			}
		}()
	}
}
