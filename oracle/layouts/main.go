// Layouts writes down where the runtime of the Go toolchain that built it keeps
// its data: offsets and sizes of structures, constants, tables. The inspector
// reads these files and never guesses.
//
//	layouts > go1.23.json
//
// The numbers come from type-checking the runtime's sources with the compiler's
// own sizes, then every structure that this program's debug information also
// describes is compared with it: two ways, one answer.
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// A field is a place inside a structure.
type field struct {
	name         string
	offset, size int64
}

type structure struct {
	size   int64
	fields []field
}

func main() {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		fail("no layouts for %s; build for amd64 or arm64", runtime.GOARCH)
	}
	loader := newLoader()
	structs := map[string]structure{}
	for _, want := range wantedStructs {
		for _, path := range want.packages {
			if found, ok := loader.structure(path, want.name); ok {
				key := want.name
				if want.key != "" {
					key = want.key
				}
				structs[key] = found.only(want.fields)
				break
			}
		}
	}
	for _, key := range requiredStructs {
		if _, ok := structs[key]; !ok {
			fail("%s has no structure %s; add its new name to wanted.go", runtime.Version(), key)
		}
	}
	constants := map[string]int64{}
	for path, names := range wantedConstants {
		for _, name := range names {
			if value, ok := loader.constant(path, name); ok {
				constants[name] = value
			}
		}
	}
	tables := map[string][]int64{}
	for _, want := range wantedTables {
		if table, ok := loader.table(want.path, want.name); ok {
			tables[want.key] = table
		}
	}
	for _, key := range []string{"class_to_size", "class_to_pages"} {
		if tables[key] == nil {
			fail("%s has no table %s; add its new name to wanted.go", runtime.Version(), key)
		}
	}
	compared := compareWithDebugInfo(loader)
	fmt.Fprintf(os.Stderr, "layouts: %s: %d structures, %d of the runtime's compared with debug information\n",
		runtime.Version(), len(structs), compared)
	write(structs, constants, tables)
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "layouts: "+format+"\n", args...)
	os.Exit(1)
}

// only keeps the named fields, or all when none is named. A name keeps what is inside too.
func (s structure) only(names []string) structure {
	if names == nil {
		return s
	}
	kept := structure{size: s.size}
	for _, f := range s.fields {
		for _, name := range names {
			if f.name == name || strings.HasPrefix(f.name, name+".") {
				kept.fields = append(kept.fields, f)
				break
			}
		}
	}
	return kept
}

// A loader type-checks packages of the standard library from their sources.
type loader struct {
	context  build.Context
	files    *token.FileSet
	packages map[string]*types.Package
	syntax   map[string][]*ast.File
	infos    map[string]*types.Info
	sizes    types.Sizes
}

func newLoader() *loader {
	context := build.Default
	context.GOROOT = goroot()
	context.GOOS, context.GOARCH = runtime.GOOS, runtime.GOARCH
	context.CgoEnabled = false
	return &loader{
		context:  context,
		files:    token.NewFileSet(),
		packages: map[string]*types.Package{"unsafe": types.Unsafe},
		syntax:   map[string][]*ast.File{},
		infos:    map[string]*types.Info{},
		sizes:    compilerSizes{types.SizesFor("gc", runtime.GOARCH)},
	}
}

func goroot() string {
	if root := os.Getenv("GOROOT"); root != "" {
		return root
	}
	return runtime.GOROOT()
}

// Import implements types.Importer; bodies of functions are of no interest.
func (l *loader) Import(path string) (*types.Package, error) {
	if known, ok := l.packages[path]; ok {
		return known, nil
	}
	dir := filepath.Join(l.context.GOROOT, "src", filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join(l.context.GOROOT, "src", "vendor", filepath.FromSlash(path))
	}
	found, err := l.context.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, name := range found.GoFiles {
		file, err := parser.ParseFile(l.files, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: l, Sizes: l.sizes, IgnoreFuncBodies: true, FakeImportC: true}
	checked, err := config.Check(path, l.files, parsed, info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.packages[path], l.syntax[path], l.infos[path] = checked, parsed, info
	return checked, nil
}

func (l *loader) lookup(path, name string) types.Object {
	if _, err := os.Stat(filepath.Join(l.context.GOROOT, "src", filepath.FromSlash(path))); err != nil {
		return nil // this release has no such package
	}
	checked, err := l.Import(path)
	if err != nil {
		fail("%v", err)
	}
	return checked.Scope().Lookup(name)
}

func (l *loader) structure(path, name string) (structure, bool) {
	object := l.lookup(path, name)
	if object == nil {
		return structure{}, false
	}
	kind := object.Type()
	if named, ok := kind.(*types.Named); ok && named.TypeParams().Len() > 0 {
		// Every parameter becomes a word: no field that we name depends on it.
		arguments := make([]types.Type, named.TypeParams().Len())
		for i := range arguments {
			arguments[i] = types.Typ[types.Uintptr]
		}
		instance, err := types.Instantiate(nil, named, arguments, false)
		if err != nil {
			fail("%s.%s: %v", path, name, err)
		}
		kind = instance
	}
	plain, ok := kind.Underlying().(*types.Struct)
	if !ok {
		return structure{}, false
	}
	out := structure{size: l.sizes.Sizeof(plain)}
	l.flatten(plain, "", 0, &out)
	return out, true
}

// flatten lists the fields of nested structures too, with dotted names.
func (l *loader) flatten(s *types.Struct, prefix string, base int64, out *structure) {
	fields := fieldsOf(s)
	offsets := l.sizes.Offsetsof(fields)
	for i, f := range fields {
		if f.Name() == "_" {
			continue
		}
		name := prefix + f.Name()
		offset := base + offsets[i]
		out.fields = append(out.fields, field{name, offset, l.sizes.Sizeof(f.Type())})
		if inner, ok := f.Type().Underlying().(*types.Struct); ok {
			l.flatten(inner, name+".", offset, out)
		}
	}
}

func (l *loader) constant(path, name string) (int64, bool) {
	object, ok := l.lookup(path, name).(*types.Const)
	if !ok {
		return 0, false
	}
	value, ok := constant.Int64Val(constant.ToInt(object.Val()))
	if !ok {
		unsigned, exact := constant.Uint64Val(constant.ToInt(object.Val()))
		if !exact {
			fail("%s.%s does not fit 64 bits", path, name)
		}
		value = int64(unsigned)
	}
	return value, true
}

// table reads the numbers in the initialiser of an array variable.
func (l *loader) table(path, name string) ([]int64, bool) {
	if l.lookup(path, name) == nil {
		return nil, false
	}
	var numbers []int64
	for _, file := range l.syntax[path] {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || spec.Names[0].Name != name || len(spec.Values) != 1 {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.CompositeLit); ok {
				for _, element := range literal.Elts {
					value := l.infos[path].Types[element].Value
					number, exact := constant.Int64Val(constant.ToInt(value))
					if value == nil || !exact {
						fail("%s.%s: an element is not a plain number", path, name)
					}
					numbers = append(numbers, number)
				}
			}
			return false
		})
	}
	return numbers, numbers != nil
}

// used keeps types in the debug information of this program.
var used = []any{&sync.Map{}, map[string]int{}, make(chan int)}

// compareWithDebugInfo reads this program's own debug information and stops at
// the first structure that is not where the type checker says.
func compareWithDebugInfo(l *loader) int {
	runtime.KeepAlive(used)
	file, err := elf.Open("/proc/self/exe")
	if err != nil {
		fail("%v", err)
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		fail("%v; build without -s -w", err)
	}
	compared := 0
	reader := data.Reader()
	for {
		entry, err := reader.Next()
		if err != nil {
			fail("%v", err)
		}
		if entry == nil {
			break
		}
		if entry.Tag != dwarf.TagStructType {
			continue
		}
		full, _ := entry.Val(dwarf.AttrName).(string)
		for _, want := range wantedStructs {
			for _, path := range want.packages {
				if full != path+"."+want.name {
					continue
				}
				kind, err := data.Type(entry.Offset)
				if err != nil {
					fail("%v", err)
				}
				expected, ok := l.structure(path, want.name)
				if !ok {
					continue
				}
				compareOne(full, expected, kind.(*dwarf.StructType))
				compared++
			}
		}
	}
	if compared < 10 {
		fail("debug information describes only %d of the structures", compared)
	}
	return compared
}

func compareOne(name string, expected structure, found *dwarf.StructType) {
	if found.ByteSize != expected.size {
		fail("%s: size %d by the type checker, %d by debug information", name, expected.size, found.ByteSize)
	}
	offsets := map[string]field{}
	for _, f := range expected.fields {
		offsets[f.name] = f
	}
	for _, f := range found.Field {
		known, ok := offsets[f.Name]
		if f.Name == "_" || f.Name == "" {
			continue
		}
		if !ok || known.offset != f.ByteOffset || (f.Type.Size() >= 0 && known.size != f.Type.Size()) {
			fail("%s.%s: at %d (%d bytes) by the type checker, at %d (%d bytes) by debug information",
				name, f.Name, known.offset, known.size, f.ByteOffset, f.Type.Size())
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// write prints JSON with one field per line, so that two releases compare well with diff.
func write(structs map[string]structure, constants map[string]int64, tables map[string][]int64) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	version := strings.TrimPrefix(runtime.Version(), "go")
	version, _, _ = strings.Cut(version, " ")
	parts := strings.SplitN(version, ".", 3)
	fmt.Fprintf(out, "{\n  \"schema\": 1,\n  \"go\": \"%s.%s\",\n  \"toolchain\": \"go%s\",\n  \"arch\": \"%s\",\n",
		parts[0], parts[1], version, runtime.GOARCH)
	fmt.Fprintf(out, "  \"experiments\": [%s],\n", experiments())
	fmt.Fprintf(out, "  \"constants\": {\n")
	keys := sortedKeys(constants)
	for i, key := range keys {
		fmt.Fprintf(out, "    %q: %d%s\n", key, uint64(constants[key]), comma(i, len(keys)))
	}
	fmt.Fprintf(out, "  },\n  \"tables\": {\n")
	keys = sortedKeys(tables)
	for i, key := range keys {
		fmt.Fprintf(out, "    %q: %s%s\n", key, strings.Join(strings.Fields(fmt.Sprint(tables[key])), ", "), comma(i, len(keys)))
	}
	fmt.Fprintf(out, "  },\n  \"structs\": {\n")
	keys = sortedKeys(structs)
	for i, key := range keys {
		s := structs[key]
		fmt.Fprintf(out, "    %q: { \"size\": %d, \"fields\": {\n", key, s.size)
		for j, f := range s.fields {
			fmt.Fprintf(out, "      %q: [%d, %d]%s\n", f.name, f.offset, f.size, comma(j, len(s.fields)))
		}
		fmt.Fprintf(out, "    } }%s\n", comma(i, len(keys)))
	}
	fmt.Fprintf(out, "  }\n}\n")
}

func comma(index, count int) string {
	if index+1 < count {
		return ","
	}
	return ""
}

// experiments lists the build experiments that are on, as build tags say.
func experiments() string {
	var on []string
	for _, tag := range build.Default.ToolTags {
		if name, ok := strings.CutPrefix(tag, "goexperiment."); ok {
			on = append(on, fmt.Sprintf("%q", name))
		}
	}
	sort.Strings(on)
	return strings.Join(on, ", ")
}
