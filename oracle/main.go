// Oracle drives the classic map of a Go 1.23 runtime and writes down what it
// does: the answer book of the Rust model.
//
//	oracle record -kind 1 -ops 40000 -seed 7     a trace for `tidemap go verify`
//	oracle measure                               growth moments and bytes of many map types
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

func main() {
	if !strings.HasPrefix(runtime.Version(), "go1.23") {
		fail("this program reads the memory of Go 1.23 maps, but was built with %s; build it with Go 1.23", runtime.Version())
	}
	if len(os.Args) < 2 {
		fail("say what to do: record or measure")
	}
	switch os.Args[1] {
	case "record":
		record(os.Args[2:])
	case "measure":
		measure(os.Args[2:])
	default:
		fail("unknown command %q; use record or measure", os.Args[1])
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "oracle: "+format+"\n", args...)
	os.Exit(2)
}
