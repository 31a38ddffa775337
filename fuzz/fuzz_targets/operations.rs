//! Random operations, compared with std's map.
#![no_main]

#[path = "../../crates/tidemap/tests/fuzz/interpreter.rs"]
mod interpreter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    interpreter::run(data, interpreter::Fault::None);
});
