package main

import (
	"sync"
	"unsafe"
)

func add(p unsafe.Pointer, n int) unsafe.Pointer { return unsafe.Add(p, n) }

var (
	pen  sync.Mutex
	gate = make(chan struct{})
	done = make(chan int)
)

// buildGoroutines parks goroutines that hold maps nobody else knows.
func buildGoroutines(t *truth) {
	parked := make(chan struct{})
	for i := 0; i < 8; i++ {
		go holdEscaping(t, i, parked)
		<-parked
		go holdOnStack(t, i, parked)
		<-parked
	}
}

// holdEscaping has a map on the heap and the only pointer to it on its stack.
//
//go:noinline
func holdEscaping(t *truth, i int, parked chan struct{}) {
	m := escape(i)
	pen.Lock()
	t.add("goroutine "+word(i), "goroutine", "", m)
	pen.Unlock()
	parked <- struct{}{}
	<-gate
	done <- len(m) + m["stack"]
}

//go:noinline
func escape(i int) map[string]int {
	m := map[string]int{"stack": i}
	for j := 0; j < i*10; j++ {
		m[word(j)] = j
	}
	return m
}

// holdOnStack has the header itself in its frame.
//
//go:noinline
func holdOnStack(t *truth, i int, parked chan struct{}) {
	deep(8) // the stack grows now, and not once the header's address is noted
	m := make(map[int]int)
	for j := 0; j < i; j++ {
		m[j] = j
	}
	// The header's address, inverted, without letting the map escape.
	address := ^uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&m)))
	pen.Lock()
	t.stack("stack "+word(i), address, len(m))
	pen.Unlock()
	parked <- struct{}{}
	<-gate
	done <- len(m) + m[3]
}

//go:noinline
func deep(n int) byte {
	var frame [2048]byte
	if n > 0 {
		frame[n] = deep(n - 1)
	}
	return frame[n]
}

// stack notes a map whose header lies in a frame: a listing may show it.
func (t *truth) stack(name string, address uintptr, count int) {
	design := "classic"
	if isSwiss {
		design = "swiss"
	}
	t.animals = append(t.animals, animal{
		header: header{address: address, kind: "map[int]int", count: count, design: design, growth: "none", slots: -1},
		name:   name, reach: "stack", listed: "may", low: count, high: count,
	})
}

// buildGarbage leaves maps that nothing holds and no collection has seen.
//
//go:noinline
func buildGarbage(t *truth) {
	for i := 0; i < 50; i++ {
		m := escape(i)
		t.note(animal{name: "garbage " + word(i), reach: "garbage", listed: "may"}, m)
	}
}

// touch uses what has to stay alive to the end.
func touch() int {
	close(gate)
	sum := 0
	for i := 0; i < 16; i++ {
		sum += <-done
	}
	return sum + rClosure("x") + rClosure2() + rPlugin.lookup("x") + gFuncs.call("next", 1) + len(decoys)
}
