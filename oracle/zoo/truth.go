package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
)

// An animal is one line of the truth file.
type animal struct {
	header
	name   string // what the truth calls it
	reach  string // global, field, nested, slice, channel, interface, closure, sync.Map, goroutine, stack, garbage, …
	path   string // a part of the path that a listing with debug information prints; empty: none asked
	listed string // yes; may: a stack header, garbage
	low    int    // hammered maps: the count lies between low and high
	high   int
}

// A truth collects maps while the zoo is built and holds none of them alive.
type truth struct {
	animals []animal
	decoys  []uintptr
	pending []func()
}

func newTruth() *truth { return &truth{} }

// add notes a map as it is now; nothing may change it afterwards.
func (t *truth) add(name, reach, path string, m any) {
	t.note(animal{name: name, reach: reach, path: path, listed: "yes"}, m)
}

func (t *truth) note(a animal, m any) {
	if reflect.ValueOf(m).IsNil() {
		return
	}
	a.header = read(m)
	a.low, a.high = a.count, a.count
	t.animals = append(t.animals, a)
}

// write makes the file in one move, so that a reader never sees half of it.
func (t *truth) write(path, mode string) {
	file, err := os.Create(path + ".part")
	if err != nil {
		fail("%v", err)
	}
	out := bufio.NewWriter(file)
	version, _, _ := strings.Cut(runtime.Version(), " ")
	fmt.Fprintf(out, "{\n\"schema\": 1, \"go\": %q, \"mode\": %q, \"pid\": %d,\n\"maps\": [\n", version, mode, os.Getpid())
	for i, a := range t.animals {
		comma := ","
		if i+1 == len(t.animals) {
			comma = ""
		}
		fmt.Fprintf(out, "{\"name\": %q, \"type\": %q, \"address\": \"%#x\", \"count\": %d, \"low\": %d, \"high\": %d, \"design\": %q, \"b\": %d, \"tables\": %d, "+
			"\"slots\": %d, \"overflow\": %d, \"tombstones\": %d, \"growth\": %q, \"old_buckets\": %d, \"nevacuate\": %d, \"evacuated\": %d, "+
			"\"reach\": %q, \"path\": %q, \"listed\": %q}%s\n",
			a.name, a.kind, ^a.address, a.count, a.low, a.high, a.design, a.b, a.tables,
			a.slots, a.overflow, a.tombstones, a.growth, a.oldBuckets, a.nevacuate, a.evacuated,
			a.reach, a.path, a.listed, comma)
	}
	fmt.Fprintf(out, "],\n\"decoys\": [")
	for i, address := range t.decoys {
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, "\"%#x\"", address)
	}
	fmt.Fprint(out, "]\n}\n")
	if err := out.Flush(); err != nil {
		fail("%v", err)
	}
	if err := file.Close(); err != nil {
		fail("%v", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		fail("%v", err)
	}
}
