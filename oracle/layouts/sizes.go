package main

import "go/types"

// compilerSizes follows the compiler in what go/types of Go 1.21 does not:
// a structure ends at a multiple of its alignment.
type compilerSizes struct{ types.Sizes }

func (s compilerSizes) Sizeof(t types.Type) int64 {
	switch t := t.Underlying().(type) {
	case *types.Array:
		return t.Len() * s.Sizeof(t.Elem())
	case *types.Struct:
		if t.NumFields() == 0 {
			return 0
		}
		offsets := s.Offsetsof(fieldsOf(t))
		last := t.NumFields() - 1
		size := s.Sizeof(t.Field(last).Type())
		end := offsets[last] + size
		if size == 0 && end > 0 {
			end++ // the address of an empty last field stays inside
		}
		return alignUp(end, s.Alignof(t))
	}
	return s.Sizes.Sizeof(t)
}

func (s compilerSizes) Offsetsof(fields []*types.Var) []int64 {
	offsets := make([]int64, len(fields))
	at := int64(0)
	for i, f := range fields {
		at = alignUp(at, s.Alignof(f.Type()))
		offsets[i] = at
		at += s.Sizeof(f.Type())
	}
	return offsets
}

func fieldsOf(s *types.Struct) []*types.Var {
	fields := make([]*types.Var, s.NumFields())
	for i := range fields {
		fields[i] = s.Field(i)
	}
	return fields
}

func alignUp(n, align int64) int64 { return (n + align - 1) / align * align }
