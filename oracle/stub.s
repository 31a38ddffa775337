// An assembly file, even an empty one, lets the package declare functions
// without a body: those of runtime.go, which the linker binds to the runtime.
