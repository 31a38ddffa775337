// Zoo is a process full of maps that knows the truth about them.
//
//	zoo park TRUTH      build the maps, write the truth file, stand still until stdin closes
//	zoo crash TRUTH     the same, then die with a core where the system writes one
//	zoo hammer TRUTH    besides, four writers change maps without pause
//	zoo tiny TRUTH      a small one
//	zoo tinycrash TRUTH the same with a core, which fits a repository
//
// The truth file names every map: type, count, geometry, growth state,
// address, where it hangs, and whether a listing has to show it. The program
// runs with Go 1.21 to 1.27 and looks at its own headers through unsafe.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fail("say what to do and where the truth goes: zoo park|crash|hammer|tiny|tinycrash TRUTH")
	}
	mode, file := os.Args[1], os.Args[2]
	scale := 1000
	switch mode {
	case "park", "crash":
	case "hammer":
		scale = 100
	case "tiny", "tinycrash":
		scale = 4
	default:
		fail("unknown mode %q; use park, crash, hammer, tiny or tinycrash", mode)
	}
	t := newTruth()
	buildGlobals(t, scale)
	buildRooms(t, scale)
	buildGrowing(t, scale)
	buildDecoys(t, scale*2)
	if mode == "hammer" {
		buildHammered(t)
	} else {
		t.add("shared", "global", "main.shared", shared)
	}
	// From here nothing is collected: garbage stays where the truth file says.
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	buildGoroutines(t) // a collection would shrink stacks and move the headers on them
	if scale > 4 {
		buildGarbage(t)
	}
	t.write(file, mode)
	if mode == "hammer" {
		hammer()
		debug.SetGCPercent(100)
	}
	fmt.Println("ready", os.Getpid())
	if mode == "crash" || mode == "tinycrash" {
		syscall.Kill(os.Getpid(), syscall.SIGABRT)
		time.Sleep(time.Minute)
	}
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(t)
	touch()
}

// A failed self-check ends the program: a truth file never lies.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "zoo: "+format+"\n", args...)
	os.Exit(2)
}
