//! Types of variables from machine code.
//!
//! Before a call of the runtime's map functions the compiler loads the map
//! type into the first argument register and the map into the second. When the
//! map comes from a variable, that variable has that type. This is all that a
//! stripped program says about its global maps.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use crate::memory::Memory;
use crate::module::Module;
use crate::types::{Shape, TypeRef, Types};

/// Bytes of code that are held at a time.
const CODE_BYTES: u64 = 1 << 20;
/// Functions of the runtime that take a map type and a map.
const PREFIXES: [&str; 3] = ["runtime.map", "internal/runtime/maps.", "reflect.map"];

/// Map types with the address of the variable that holds the map.
pub fn typed_globals(
    memory: Memory<'_>,
    module: &Module,
    types: &Types<'_>,
) -> Vec<(TypeRef, u64)> {
    let mut callees = std::collections::HashSet::new();
    for index in 0..module.function_count() {
        if let Some(name) = module.function_name(memory, index)
            && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && let Some((start, _)) = module.function_range(index)
        {
            callees.insert(start);
        }
    }
    let mut found = Vec::new();
    let mut at = module.text;
    while at < module.etext {
        // Start at a function, so that decoding is in step.
        let start = module
            .function_at(at)
            .and_then(|index| module.function_range(index))
            .map_or(at, |(start, _)| start);
        let bytes = CODE_BYTES.min(module.etext - start);
        if let Ok(code) = memory.bytes(start, bytes) {
            scan(&code, start, &callees, types, &mut found);
        }
        at = (start + bytes).max(at + 1);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn scan(
    code: &[u8],
    start: u64,
    callees: &std::collections::HashSet<u64>,
    types: &Types<'_>,
    found: &mut Vec<(TypeRef, u64)>,
) {
    let mut decoder = Decoder::with_ip(64, code, start, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let (mut kind, mut variable) = (0, 0);
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        match instruction.mnemonic() {
            Mnemonic::Lea if instruction.is_ip_rel_memory_operand() => {
                let address = instruction.ip_rel_memory_address();
                match instruction.op0_register() {
                    Register::RAX => kind = address,
                    Register::RBX => variable = 0,
                    _ => {}
                }
            }
            Mnemonic::Mov if instruction.op0_kind() == OpKind::Register => {
                match instruction.op0_register() {
                    Register::RBX => {
                        variable = if instruction.is_ip_rel_memory_operand() {
                            instruction.ip_rel_memory_address()
                        } else {
                            0
                        };
                    }
                    Register::RAX => kind = 0,
                    _ => {}
                }
            }
            Mnemonic::Call => {
                if kind != 0
                    && variable != 0
                    && callees.contains(&instruction.near_branch_target())
                    && types.holds(kind)
                    && types
                        .get(kind)
                        .is_some_and(|t| matches!(t.shape, Shape::Map(..)))
                {
                    found.push((kind, variable));
                }
                (kind, variable) = (0, 0);
            }
            _ => {
                if instruction.op0_kind() == OpKind::Register {
                    match instruction.op0_register() {
                        Register::RAX | Register::EAX => kind = 0,
                        Register::RBX | Register::EBX => variable = 0,
                        _ => {}
                    }
                }
            }
        }
    }
}
