// Scale measures Go's map as `tidemap-bench scale` measures Rust's: the same keys, values, order
// of look-ups and passes (crates/tidemap-bench/src/scale.rs defines them), one line of JSON.
//
//	scale -size 100000
//
// Processor time is that of the whole process, so that the collector's threads are in it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	keySeed          = 0x7469_6465_6D61_7031
	orderSeed        = 0x7363_616C_6531
	golden           = 0x9E37_79B9_7F4A_7C15
	absentFrom       = 1 << 40
	keysPerRotation  = 32 * 1024
	mapsMax          = 32
	memoryEntriesMin = 1 << 20
	opsMax           = 4_000_000
	passesNsMin      = 8e6
	sizeMax          = 1 << 32
)

type answer struct{ found, sum uint64 }

// Operations in the order of the arrays below.
const (
	growInsert = iota
	hit
	dependentHit
	miss
	operations
)

type result struct {
	Size          int                 `json:"size"`
	Maps          int                 `json:"maps"`
	CPUNs         [operations]float64 `json:"cpu_ns"`
	WallNs        [operations]float64 `json:"wall_ns"`
	ResidentBytes *float64            `json:"resident_bytes"`
	OwnBytes      *float64            `json:"own_bytes"`
	Sum           uint64              `json:"sum"`
	Wrong         uint64              `json:"wrong"`
}

func key(index uint64) uint64 { return splitmix(keySeed, index) }

func splitmix(seed, index uint64) uint64 {
	z := seed + (index+1)*golden
	z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9
	z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB
	return z ^ (z >> 31)
}

// order is the order of look-ups; next says for each key which one comes after it.
func orders(size int) (order, next []uint32) {
	order, next = make([]uint32, size), make([]uint32, size)
	for i := range order {
		order[i] = uint32(i)
	}
	state := uint64(orderSeed)
	for i := size - 1; i >= 1; i-- {
		random := splitmix(state, 0)
		state += golden
		j, _ := bits.Mul64(random, uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
	for i, at := range order {
		next[at] = order[(i+1)%size]
	}
	return order, next
}

type passes struct {
	cpu, wall []float64
	totalNs   float64
}

func cpuNs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail("getrusage: %v", err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func (p *passes) run(ops int, work func()) {
	cpu, wall := cpuNs(), time.Now()
	work()
	elapsed := float64(time.Since(wall).Nanoseconds())
	used := float64(cpuNs() - cpu)
	p.totalNs += max(elapsed, 1)
	p.cpu = append(p.cpu, used/float64(ops))
	p.wall = append(p.wall, elapsed/float64(ops))
}

func (p *passes) enough() bool { return p.totalNs >= passesNsMin }

func median(all []float64) float64 {
	sorted := append([]float64(nil), all...)
	sort.Float64s(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

//go:noinline
func fill(m map[uint64]uint64, first uint64, next []uint32) {
	for i, value := range next {
		m[key(first+uint64(i))] = uint64(value)
	}
}

//go:noinline
func hits(m map[uint64]uint64, first uint64, order []uint32) (a answer) {
	for _, i := range order {
		if value, ok := m[key(first+uint64(i))]; ok {
			a.found++
			a.sum += value
		}
	}
	return a
}

//go:noinline
func follow(m map[uint64]uint64, first uint64, start uint32, count int) (a answer) {
	at := uint64(start)
	for i := 0; i < count; i++ {
		value, ok := m[key(first+at)]
		if !ok {
			break
		}
		a.found++
		a.sum += value
		at = value
	}
	return a
}

//go:noinline
func misses(m map[uint64]uint64, first uint64, count int) (a answer) {
	for i := 0; i < count; i++ {
		if _, ok := m[key(first+uint64(i))]; ok {
			a.found++
		}
	}
	return a
}

// residentBytes is what the system counts, or false where it does not tell.
func residentBytes() (float64, bool) {
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, "Rss:"); found {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib * 1024, err == nil
		}
	}
	return 0, false
}

func liveBytes() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

func measure(size int) result {
	turns := min(max(keysPerRotation/size, 1), mapsMax)
	many := max(turns, (memoryEntriesMin+size-1)/size)
	order, next := orders(size)
	out := result{Size: size, Maps: turns}
	maps := make([]map[uint64]uint64, many)
	build := func(count int) func() {
		return func() {
			for j := 0; j < count; j++ {
				m := make(map[uint64]uint64)
				fill(m, uint64(j*size), next)
				maps[j] = m
			}
		}
	}

	liveBefore := liveBytes()
	debug.FreeOSMemory()
	residentBefore, known := residentBytes()
	var inserts passes
	inserts.run(many*size, build(many))
	perEntry := func(bytes float64) *float64 { bytes = max(bytes, 0) / float64(many*size); return &bytes }
	if now, ok := residentBytes(); ok && known {
		out.ResidentBytes = perEntry(now - residentBefore)
	}
	out.OwnBytes = perEntry(liveBytes() - liveBefore)
	for _, m := range maps {
		if len(m) != size {
			out.Wrong++
		}
	}
	clear(maps[turns:])
	maps = maps[:turns]
	runtime.GC()
	for !inserts.enough() {
		inserts.run(turns*size, build(turns))
	}

	part := min(size, opsMax)
	want := answer{found: uint64(part * turns)}
	for i := 0; i < part; i++ {
		want.sum += uint64(next[order[i]]) * uint64(turns)
	}
	out.Sum = want.sum
	lookUp := func(operation int, want answer, one func(m map[uint64]uint64, first uint64) answer) {
		var p passes
		for !p.enough() {
			var all answer
			p.run(part*turns, func() {
				for j, m := range maps {
					a := one(m, uint64(j*size))
					all.found += a.found
					all.sum += a.sum
				}
			})
			if all != want {
				out.Wrong++
			}
		}
		out.CPUNs[operation], out.WallNs[operation] = median(p.cpu), median(p.wall)
	}
	out.CPUNs[growInsert], out.WallNs[growInsert] = median(inserts.cpu), median(inserts.wall)
	lookUp(hit, want, func(m map[uint64]uint64, first uint64) answer { return hits(m, first, order[:part]) })
	lookUp(dependentHit, want, func(m map[uint64]uint64, first uint64) answer { return follow(m, first, order[0], part) })
	lookUp(miss, answer{}, func(m map[uint64]uint64, first uint64) answer { return misses(m, absentFrom+first, part) })
	return out
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "scale: "+format+"\n", values...)
	os.Exit(2)
}

func main() {
	size := flag.Int("size", 0, "entries of a map, 1 to 2^32-1")
	flag.Parse()
	if *size < 1 || *size >= sizeMax || flag.NArg() > 0 {
		fail("pass -size N, with N from 1 to 2^32-1")
	}
	if err := json.NewEncoder(os.Stdout).Encode(measure(*size)); err != nil {
		fail("%v", err)
	}
}
