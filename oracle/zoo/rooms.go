package main

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

type server struct {
	name     string
	sessions map[string]*session
	limits   struct{ perUser map[uint32]int }
	users    []user
	next     *server
	plug     plugin
	payload  any
}

type session struct {
	id     uint64
	values map[string]any
}

type plugin interface{ lookup(string) int }
type table struct{ cells map[string]int }

func (t *table) lookup(key string) int { return t.cells[key] }

type named map[string]int

func (n named) lookup(key string) int { return n[key] }

type set[K comparable] struct{ members map[K]struct{} }
type pair[A, B any] struct {
	first  A
	second B
}
type node struct {
	index map[int]pair[string, int]
	next  *node
}

var (
	rServer   *server
	rNested   map[string]map[string]map[int]string
	rSlice    []map[int]int
	rMixed    []any
	rChannel  chan map[string]int
	rAny      any
	rPlugin   plugin
	rClosure  func(string) int
	rClosure2 func() int
	rSync     sync.Map
	rValue    atomic.Value
	rAtomic   atomic.Pointer[map[string]float32]
	rContext  context.Context
	rStrings  set[string]
	rPoints   set[point]
	rList     *node
	rUnsafe   unsafe.Pointer
	rSwarm    []map[string]int32
	rSmall    []map[uint16]uint16
	rInMap    map[string]any
	rStructs  map[string]user
	rOnce     = sync.OnceValue(func() map[string]bool { return map[string]bool{"once": true} })
)

// buildRooms puts maps where programs keep them.
func buildRooms(t *truth, scale int) {
	rServer = &server{name: "first", sessions: map[string]*session{}}
	for i := 0; i < 20; i++ {
		s := &session{id: uint64(i), values: map[string]any{"n": i, "inner": map[int]int{i: i}}}
		rServer.sessions[word(i)] = s
		t.add("session "+word(i), "nested", "main.rServer", s.values)
		t.add("inner of session "+word(i), "nested", "", s.values["inner"])
	}
	t.add("sessions", "field", "main.rServer", rServer.sessions)
	rServer.limits.perUser = map[uint32]int{1: 2, 3: 4}
	t.add("limits", "field", "main.rServer", rServer.limits.perUser)
	for i := 0; i < 10; i++ {
		u := user{word(i), map[string]bool{word(i): true}, map[point]float64{{1, 2}: 3, {int32(i), 9}: 4}}
		rServer.users = append(rServer.users, u)
		t.add("tags of "+u.Name, "slice", "main.rServer", u.Tags)
		t.add("score of "+u.Name, "slice", "main.rServer", u.Score)
	}
	rServer.next = &server{plug: &table{map[string]int{"deep": 1, "er": 2}}, payload: map[string][]string{"a": {"b"}}}
	t.add("plugin of next server", "interface", "main.rServer", rServer.next.plug.(*table).cells)
	t.add("payload of next server", "interface", "main.rServer", rServer.next.payload)

	rNested = map[string]map[string]map[int]string{}
	for i := 0; i < 5; i++ {
		middle := map[string]map[int]string{}
		for j := 0; j < 4; j++ {
			middle[word(j)] = map[int]string{i: word(i), j + 100: word(j)}
			t.add("nested "+word(i)+" "+word(j), "nested", "main.rNested", middle[word(j)])
		}
		rNested[word(i)] = middle
		t.add("nested "+word(i), "nested", "main.rNested", middle)
	}
	t.add("nested", "global", "main.rNested", rNested)

	for i := 0; i < 30; i++ {
		m := map[int]int{}
		for j := 0; j < i*3; j++ {
			m[j] = i
		}
		rSlice = append(rSlice, m)
		t.add("slice "+word(i), "slice", "main.rSlice", m)
	}
	rMixed = []any{map[string]uint8{"a": 1}, 7, map[[2]int]string{{1, 2}: "x"}, &pair[int, map[string]int]{1, map[string]int{"p": 1}}}
	t.add("mixed 0", "interface", "main.rMixed", rMixed[0])
	t.add("mixed 2", "interface", "main.rMixed", rMixed[2])
	t.add("mixed 3", "interface", "main.rMixed", rMixed[3].(*pair[int, map[string]int]).second)

	rChannel = make(chan map[string]int, 8)
	for i := 0; i < 5; i++ {
		m := map[string]int{word(i): i, "c": 1}
		rChannel <- m
		t.add("channel "+word(i), "channel", "main.rChannel", m)
	}

	rAny = map[int8]string{1: "one", 2: "two"}
	t.add("any", "interface", "main.rAny", rAny)
	rPlugin = named{"x": 1}
	t.add("named in an interface", "interface", "main.rPlugin", rPlugin)
	buildClosures(t)

	for i := 0; i < 300; i++ {
		rSync.Store(word(i), i)
	}
	for i := 0; i < 2000; i++ {
		rSync.Load(word(i % 300)) // moves what is dirty to the read side
	}
	rSync.Store("another", 1) // and a dirty map again
	addSyncMap(t, &rSync)

	stored := map[string]uint64{"stored": 1}
	rValue.Store(stored)
	t.add("atomic.Value", "interface", "main.rValue", stored)
	pointed := map[string]float32{"p": 1, "q": 2}
	rAtomic.Store(&pointed)
	t.add("atomic.Pointer", "field", "main.rAtomic", pointed)
	inContext := map[string]point{"here": {1, 2}}
	rContext = context.WithValue(context.Background(), point{}, inContext)
	t.add("context", "interface", "main.rContext", inContext)

	rStrings.members, rPoints.members = map[string]struct{}{"a": {}, "b": {}}, map[point]struct{}{{1, 2}: {}}
	t.add("generic strings", "field", "main.rStrings", rStrings.members)
	t.add("generic points", "field", "main.rPoints", rPoints.members)
	for i := 0; i < 12; i++ {
		rList = &node{map[int]pair[string, int]{i: {word(i), i}}, rList}
		t.add("list "+word(i), "field", "main.rList", rList.index)
	}
	hidden := map[uint64]string{1: "unsafe", 2: "pointer"}
	rUnsafe = reflect.ValueOf(hidden).UnsafePointer()
	t.add("unsafe.Pointer", "unknown", "", hidden)

	type local struct{ a, b string }
	locals := map[local]int{{"a", "b"}: 1}
	rInMap = map[string]any{"locals": locals, "number": 1, "list": []map[string]string{{"k": "v"}, {"k": "w"}}}
	t.add("map of any", "global", "main.rInMap", rInMap)
	t.add("local type", "nested", "main.rInMap", locals)
	for i, m := range rInMap["list"].([]map[string]string) {
		t.add("list in any "+word(i), "nested", "main.rInMap", m)
	}
	rStructs = map[string]user{}
	for i := 0; i < 15; i++ {
		u := user{word(i), map[string]bool{word(i): false}, nil}
		rStructs[word(i)] = u
		t.add("tags in a map "+word(i), "nested", "main.rStructs", u.Tags)
	}
	t.add("structs", "global", "main.rStructs", rStructs)
	t.add("once", "closure", "", rOnce())

	for i := 0; i < scale/2; i++ {
		m, s := map[string]int32{}, map[uint16]uint16{}
		for j := 0; j < i%40; j++ {
			m[word(j)] = int32(i)
			if j < 8 {
				s[uint16(j)] = uint16(i)
			}
		}
		rSwarm, rSmall = append(rSwarm, m), append(rSmall, s)
		t.add("swarm "+word(i), "slice", "main.rSwarm", m)
		t.add("small "+word(i), "slice", "main.rSmall", s)
	}
}

//go:noinline
func buildClosures(t *truth) {
	seen := map[string]int{"closure": 1}
	rClosure = func(key string) int { seen[key]++; return seen[key] }
	t.add("closure", "closure", "", seen)
	var later map[int64]int64
	rClosure2 = func() int { return len(later) }
	later = map[int64]int64{1: 2, 3: 4} // captured by reference
	t.add("closure by reference", "closure", "", later)
}

// addSyncMap names the two maps inside a sync.Map of Go 1.21 to 1.23; later
// releases keep a trie there and no map.
func addSyncMap(t *truth, m *sync.Map) {
	if isSwiss {
		return
	}
	inside := (*struct {
		lock   [8]byte
		read   *struct{ m unsafe.Pointer }
		dirty  unsafe.Pointer
		misses int
	})(unsafe.Pointer(m))
	kind := reflect.TypeOf(m).Elem()
	dirty, _ := kind.FieldByName("dirty")
	for _, side := range []struct {
		name string
		at   unsafe.Pointer
	}{{"read", inside.read.m}, {"dirty", inside.dirty}} {
		if side.at == nil {
			fail("the sync.Map has no %s side", side.name)
		}
		h := readAt(side.at, dirty.Type, (*hmap)(side.at).count)
		t.animals = append(t.animals, animal{header: h, name: "sync.Map " + side.name, reach: "sync.Map",
			path: "main.rSync", listed: "yes", low: h.count, high: h.count})
	}
}
