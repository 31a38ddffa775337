package main

import "math"

type point struct{ X, Y int32 }
type boxedKey [25]uint64
type boxedElem struct{ words [40]uint64 }
type weight float64
type registry map[string]func(int) int
type user struct {
	Name  string
	Tags  map[string]bool
	Score map[point]float64
}

func (r registry) call(name string, n int) int { return r[name](n) }

// One global per kind of key, elem and state.
var (
	gNil       map[string]int
	gEmpty     = map[string]int{}
	gMade      map[uint64]uint64
	gOne       map[string]string
	gEight     map[int]int
	gNine      map[int]int
	gPresized  map[string]int
	gPresized9 map[int32]int32
	gEmptied   map[string]*user
	gCleared   map[int64]string
	gSparse    map[int]*int
	gBoxedKey  map[boxedKey]int
	gBoxedElem map[int]boxedElem
	gBoxedBoth map[boxedKey]boxedElem
	gSet       map[string]struct{}
	gBytes     map[uint8]uint8
	gBools     map[bool][]byte
	gFloats    map[float64]weight
	gAny       map[any]any
	gPoints    map[point]*user
	gArrays    map[[3]string][2]int16
	gPointers  map[*user]int
	gChans     map[string]chan int
	gFuncs     registry
	gMany      map[uint64]uint64
	gStrings   map[string]string
	gArray     [4]map[int]string
	gPointer   *map[string]int64
	gRunes     map[rune]complex128
	gErrors    map[error]string
)

func buildGlobals(t *truth, scale int) {
	gMade = make(map[uint64]uint64)
	gOne = map[string]string{"a": "b"}
	gEight, gNine = map[int]int{}, map[int]int{}
	for i := 0; i < 9; i++ {
		if i < 8 {
			gEight[i] = i
		}
		gNine[i] = i
	}
	gPresized = make(map[string]int, scale*10)
	gPresized9 = make(map[int32]int32, scale*4)
	for i := int32(0); i < 9; i++ {
		gPresized9[i] = i
	}
	gEmptied, gCleared, gSparse = map[string]*user{}, map[int64]string{}, map[int]*int{}
	for i := 0; i < scale*2; i++ {
		gEmptied[word(i)] = &user{Name: word(i)}
		gCleared[int64(i)] = word(i)
		n := i
		gSparse[i] = &n
	}
	for i := 0; i < scale*2; i++ {
		delete(gEmptied, word(i))
		if i%50 != 0 {
			delete(gSparse, i)
		}
	}
	for key := range gCleared {
		delete(gCleared, key)
	}
	gBoxedKey, gBoxedElem, gBoxedBoth = map[boxedKey]int{}, map[int]boxedElem{}, map[boxedKey]boxedElem{}
	for i := 0; i < 40; i++ {
		key, elem := boxedKey{uint64(i), 7}, boxedElem{}
		elem.words[3] = uint64(i)
		gBoxedKey[key], gBoxedElem[i], gBoxedBoth[key] = i, elem, elem
	}
	gSet, gBytes, gBools, gFloats = map[string]struct{}{}, map[uint8]uint8{}, map[bool][]byte{}, map[float64]weight{}
	gAny, gPoints, gArrays, gPointers = map[any]any{}, map[point]*user{}, map[[3]string][2]int16{}, map[*user]int{}
	gChans, gStrings, gRunes, gErrors = map[string]chan int{}, map[string]string{}, map[rune]complex128{}, map[error]string{}
	for i := 0; i < 200; i++ {
		gSet[word(i)] = struct{}{}
		gBytes[uint8(i)] = uint8(i)
		gFloats[float64(i)/3] = weight(i)
		gArrays[[3]string{word(i), "x", word(i)}] = [2]int16{int16(i), 1}
		gStrings[word(i)] = word(i + 1)
		gRunes[rune(i)] = complex(float64(i), 1)
		if i < 30 {
			gFloats[math.NaN()] = 1
			u := &user{Name: word(i)}
			gPointers[u], gPoints[point{int32(i), 2}] = i, u
			gChans[word(i)] = make(chan int)
			gErrors[&oops{i}] = word(i)
		}
	}
	gBools[true] = []byte("yes")
	gAny[1], gAny["two"], gAny[3.5], gAny[point{1, 2}], gAny[[2]int{1, 2}] = "one", 2, &user{}, nil, []int{1}
	gFuncs = registry{"double": func(n int) int { return 2 * n }, "next": func(n int) int { return n + 1 }}
	gMany = map[uint64]uint64{}
	for i := 0; i < scale*100; i++ {
		gMany[uint64(i)*0x9e3779b97f4a7c15] = uint64(i)
	}
	for i := range gArray {
		if i != 2 {
			gArray[i] = map[int]string{i: word(i)}
			t.add("array "+word(i), "global", "main.gArray", gArray[i])
		}
	}
	pointed := map[string]int64{"x": 1, "y": 2}
	gPointer = &pointed
	t.add("pointer to map", "global", "main.gPointer", *gPointer)
	for _, g := range []struct {
		name string
		m    any
	}{
		{"gNil", gNil}, {"gEmpty", gEmpty}, {"gMade", gMade}, {"gOne", gOne}, {"gEight", gEight}, {"gNine", gNine},
		{"gPresized", gPresized}, {"gPresized9", gPresized9}, {"gEmptied", gEmptied}, {"gCleared", gCleared}, {"gSparse", gSparse},
		{"gBoxedKey", gBoxedKey}, {"gBoxedElem", gBoxedElem}, {"gBoxedBoth", gBoxedBoth}, {"gSet", gSet}, {"gBytes", gBytes},
		{"gBools", gBools}, {"gFloats", gFloats}, {"gAny", gAny}, {"gPoints", gPoints}, {"gArrays", gArrays},
		{"gPointers", gPointers}, {"gChans", gChans}, {"gFuncs", gFuncs}, {"gMany", gMany}, {"gStrings", gStrings},
		{"gRunes", gRunes}, {"gErrors", gErrors},
	} {
		t.add(g.name, "global", "main."+g.name, g.m)
	}
}

type oops struct{ code int }

func (o *oops) Error() string { return word(o.code) }

// word makes a text of a number.
func word(i int) string {
	const letters = "etaoinshrdlu"
	text := []byte("w")
	for ; i > 0; i /= len(letters) {
		text = append(text, letters[i%len(letters)])
	}
	return string(text)
}
