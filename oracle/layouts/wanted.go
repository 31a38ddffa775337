package main

// A wanted structure: the first of the packages that has it is taken.
type wanted struct {
	name     string
	packages []string
	key      string   // name in the file, when releases disagree
	fields   []string // nil: all
}

const (
	runtimePath = "runtime"
	abiPath     = "internal/abi"
	mapsPath    = "internal/runtime/maps"
	syncPath    = "sync"
	trieNew     = "internal/sync"
	trieOld     = "internal/concurrent"
	gcPath      = "internal/runtime/gc"
	goarchPath  = "internal/goarch"
)

var wantedStructs = []wanted{
	// Classic map.
	{name: "hmap", packages: []string{runtimePath}},
	{name: "mapextra", packages: []string{runtimePath}},
	{name: "bmap", packages: []string{runtimePath}},
	// Swiss map.
	{name: "Map", packages: []string{mapsPath}, key: "swiss.Map"},
	{name: "table", packages: []string{mapsPath}, key: "swiss.table"},
	{name: "groupsReference", packages: []string{mapsPath}, key: "swiss.groups"},
	// Type descriptors. MapType is the one that maps of this build have.
	{name: "mapType", packages: []string{abiPath}, key: "MapType"}, // 1.24, 1.25: alias of the chosen one
	{name: "MapType", packages: []string{abiPath}},
	{name: "Type", packages: []string{abiPath}},
	{name: "UncommonType", packages: []string{abiPath}},
	{name: "ArrayType", packages: []string{abiPath}},
	{name: "ChanType", packages: []string{abiPath}},
	{name: "FuncType", packages: []string{abiPath}},
	{name: "InterfaceType", packages: []string{abiPath}},
	{name: "PtrType", packages: []string{abiPath}},
	{name: "SliceType", packages: []string{abiPath}},
	{name: "StructType", packages: []string{abiPath}},
	{name: "StructField", packages: []string{abiPath}},
	{name: "Imethod", packages: []string{abiPath}},
	{name: "ITab", packages: []string{abiPath}, key: "itab"},
	{name: "itab", packages: []string{runtimePath}},
	{name: "itabTableType", packages: []string{runtimePath}, key: "itabTable"},
	{name: "eface", packages: []string{runtimePath}},
	{name: "iface", packages: []string{runtimePath}},
	// Modules and functions.
	{name: "moduledata", packages: []string{runtimePath}},
	{name: "pcHeader", packages: []string{runtimePath}},
	{name: "functab", packages: []string{runtimePath}},
	{name: "_func", packages: []string{runtimePath}, key: "func"},
	{name: "textsect", packages: []string{runtimePath}},
	{name: "findfuncbucket", packages: []string{runtimePath}},
	{name: "stackmap", packages: []string{runtimePath}},
	{name: "bitvector", packages: []string{runtimePath}},
	// Heap.
	{name: "mheap", packages: []string{runtimePath}, fields: []string{
		"pages.start", "pages.end", "pages.inUse", "sweepgen", "allspans", "arenas", "heapArenaAlloc", "arenaHints", "allArenas",
		"sweepArenas", "heapArenas", "markArenas", "curArena", "central", "pagesInUse", "pagesSwept"}},
	{name: "mspan", packages: []string{runtimePath}},
	{name: "heapArena", packages: []string{runtimePath}},
	{name: "mcache", packages: []string{runtimePath}},
	{name: "special", packages: []string{runtimePath}},
	{name: "specialfinalizer", packages: []string{runtimePath}},
	{name: "spanInlineMarkBits", packages: []string{runtimePath}},
	// Goroutines.
	{name: "g", packages: []string{runtimePath}, fields: []string{
		"stack", "stackguard0", "m", "sched", "syscallsp", "syscallpc", "syscallbp", "stktopsp", "param", "atomicstatus", "goid",
		"schedlink", "waitsince", "waitreason", "preempt", "startpc", "gopc", "waiting", "parentGoid", "ancestors", "lockedm", "stackLock"}},
	{name: "m", packages: []string{runtimePath}, fields: []string{
		"g0", "gsignal", "curg", "procid", "p", "id", "mallocing", "alllink", "tls", "mcache"}},
	{name: "p", packages: []string{runtimePath}, fields: []string{"id", "status", "m", "mcache", "link"}},
	{name: "gobuf", packages: []string{runtimePath}},
	{name: "stack", packages: []string{runtimePath}},
	{name: "sudog", packages: []string{runtimePath}},
	{name: "hchan", packages: []string{runtimePath}},
	{name: "slice", packages: []string{runtimePath}},
	{name: "stringStruct", packages: []string{runtimePath}, key: "string"},
	{name: "funcval", packages: []string{runtimePath}},
	// Maps that are no maps: sync.Map and the trie it became.
	{name: "Map", packages: []string{syncPath}, key: "sync.Map"},
	{name: "readOnly", packages: []string{syncPath}, key: "sync.readOnly"},
	{name: "entry", packages: []string{syncPath}, key: "sync.entry"},
	{name: "HashTrieMap", packages: []string{trieNew, trieOld}, key: "HashTrieMap"},
	{name: "node", packages: []string{trieNew, trieOld}, key: "HashTrieMap.node"},
	{name: "indirect", packages: []string{trieNew, trieOld}, key: "HashTrieMap.indirect"},
	{name: "entry", packages: []string{trieNew, trieOld}, key: "HashTrieMap.entry"},
}

// Without these a file is of no use, whatever the release.
var requiredStructs = []string{"MapType", "Type", "UncommonType", "StructType", "StructField", "itab", "moduledata", "pcHeader",
	"functab", "func", "mheap", "mspan", "heapArena", "mcache", "g", "m", "gobuf", "stack", "hchan", "sync.Map"}

var wantedConstants = map[string][]string{
	runtimePath: {
		"_PageSize", "_PageShift", "pageSize", "heapArenaBytes", "logHeapArenaBytes", "pagesPerArena", "arenaBaseOffset", "arenaL1Bits",
		"arenaL2Bits", "arenaL1Shift", "arenaBits", "heapAddrBits", "_NumSizeClasses", "numSpanClasses", "_MaxSmallSize", "maxSmallSize",
		"mallocHeaderSize", "minSizeForMallocHeader", "heapBitsInSpan", "maxTinySize", "_TinySize", "tinySizeClass", "mSpanDead",
		"mSpanInUse", "mSpanManual", "tflagRegularMemory",
		"_Gidle", "_Grunnable", "_Grunning", "_Gsyscall", "_Gwaiting", "_Gdead", "_Gdeadextra", "_Gcopystack", "_Gpreempted", "_Gleaked", "_Gscan",
		"emptyRest", "emptyOne", "evacuatedX", "evacuatedY", "evacuatedEmpty", "minTopHash", "iterator", "oldIterator", "hashWriting",
		"sameSizeGrow", "loadFactorNum", "loadFactorDen", "bucketCnt", "dataOffset", "maxKeySize", "maxElemSize",
		"minfunc", "pcbucketsize", "funcID_goexit", "heapBitsWordBytes", "userArenaChunkBytes",
		"_KindSpecialFinalizer", "_FUNCDATA_LocalsPointerMaps", "wordsPerBitmapWord", "maxObjsPerSpan", "mapMaxKeyBytes", "mapMaxElemBytes",
	},
	abiPath: {
		"Bool", "Int", "Uintptr", "Array", "Chan", "Func", "Interface", "Map", "Pointer", "Slice", "String", "Struct", "UnsafePointer",
		"KindDirectIface", "KindGCProg", "KindMask", "TFlagUncommon", "TFlagExtraStar", "TFlagNamed", "TFlagRegularMemory",
		"TFlagUnrolledBitmap", "TFlagGCMaskOnDemand", "TFlagDirectIface",
		"MapBucketCountBits", "MapBucketCount", "MapMaxKeyBytes", "MapMaxElemBytes", "OldMapBucketCountBits", "OldMapBucketCount",
		"OldMapMaxKeyBytes", "OldMapMaxElemBytes", "SwissMapGroupSlotsBits", "SwissMapGroupSlots", "SwissMapMaxKeyBytes",
		"SwissMapMaxElemBytes", "SwissMapNeedKeyUpdate", "SwissMapHashMightPanic", "SwissMapIndirectKey", "SwissMapIndirectElem",
		"MapGroupSlotsBits", "MapGroupSlots", "MapNeedKeyUpdate", "MapHashMightPanic", "MapIndirectKey", "MapIndirectElem", "MapIndirectKeyBit",
		"FUNCDATA_ArgsPointerMaps", "FUNCDATA_LocalsPointerMaps", "FUNCDATA_StackObjects", "FUNCDATA_InlTree", "PCDATA_StackMapIndex",
		"MINFUNC", "FuncTabBucketSize", "FuncID_goexit", "MaxPtrmaskBytes", "CurrentPCLnTabMagic", "Go118PCLnTabMagic", "Go120PCLnTabMagic",
	},
	mapsPath: {"ctrlEmpty", "ctrlDeleted", "maxTableCapacity", "maxAvgGroupLoad", "ctrlGroupsSize", "groupSlotsOffset"},
	gcPath: {"NumSizeClasses", "PageShift", "PageSize", "MaxSmallSize", "MinSizeForMallocHeader", "MallocHeaderSize", "MaxSizeClassNPages",
		"MaxObjsPerSpan", "TinySize"},
	goarchPath: {"PtrSize", "PCQuantum"},
}

var wantedTables = []struct{ path, name, key string }{
	{runtimePath, "class_to_size", "class_to_size"},
	{gcPath, "SizeClassToSize", "class_to_size"},
	{runtimePath, "class_to_allocnpages", "class_to_pages"},
	{gcPath, "SizeClassToNPages", "class_to_pages"},
}
