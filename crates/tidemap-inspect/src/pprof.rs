//! Maps as a profile that `go tool pprof` opens: bytes, wasted, old, entries, maps.
//!
//! One sample per path and type. The stack is the path: the root variable at
//! the bottom, each field above it, the map's type on top; so flame graphs show
//! who owns the bytes and `-diff_base` compares two looks.

use std::collections::BTreeMap;
use std::io::Write;

use crate::diff::type_text;
use crate::model::{RootKind, Snapshot};

/// Frames of a stack at most; deeper paths keep their ends.
const FRAMES_MAX: usize = 64;
/// Sample types: name, unit. The first is what pprof shows unless told otherwise.
const SAMPLE_TYPES: [(&str, &str); 5] = [
    ("bytes", "bytes"),
    ("wasted", "bytes"),
    ("old", "bytes"),
    ("entries", "count"),
    ("maps", "count"),
];

/// Writes the profile, compressed as pprof wants it.
///
/// # Errors
/// What `out` says.
pub fn write(snapshot: &Snapshot, out: impl Write) -> std::io::Result<()> {
    let mut out = flate2::write::GzEncoder::new(out, flate2::Compression::default());
    out.write_all(&encode(snapshot))?;
    out.finish()?.flush()
}

/// Texts of a profile; index 0 is the empty one.
struct Strings {
    index: BTreeMap<String, u64>,
    all: Vec<String>,
}

impl Strings {
    fn new() -> Self {
        let mut strings = Strings {
            index: BTreeMap::new(),
            all: Vec::new(),
        };
        strings.add("");
        strings
    }

    fn add(&mut self, text: &str) -> u64 {
        if let Some(&known) = self.index.get(text) {
            return known;
        }
        let index = self.all.len() as u64;
        self.index.insert(text.to_owned(), index);
        self.all.push(text.to_owned());
        index
    }
}

fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let mut strings = Strings::new();
    let mut profile = Vec::new();
    for (name, unit) in SAMPLE_TYPES {
        let mut value_type = Vec::new();
        varint_field(&mut value_type, 1, strings.add(name));
        varint_field(&mut value_type, 2, strings.add(unit));
        bytes_field(&mut profile, 1, &value_type);
    }
    let mut groups: BTreeMap<(Vec<String>, String), [u64; SAMPLE_TYPES.len()]> = BTreeMap::new();
    for row in &snapshot.maps {
        let mut stack = frames(row.reached.root, &row.reached.path);
        let type_name = type_text(row);
        stack.push(type_name.clone());
        let sums = groups.entry((stack, type_name)).or_default();
        let values = [row.bytes, row.rebuild_frees, row.old_bytes, row.count, 1];
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = sum.saturating_add(value);
        }
    }
    let mut functions = Strings::new();
    for ((stack, type_name), values) in &groups {
        let mut sample = Vec::new();
        let locations: Vec<u64> = stack
            .iter()
            .rev()
            .map(|frame| functions.add(frame))
            .collect();
        packed_field(&mut sample, 1, &locations);
        packed_field(&mut sample, 2, values);
        let mut label = Vec::new();
        varint_field(&mut label, 1, strings.add("type"));
        varint_field(&mut label, 2, strings.add(type_name));
        bytes_field(&mut sample, 3, &label);
        bytes_field(&mut profile, 2, &sample);
    }
    // A mapping that says: names are there, do not look for symbols.
    let mut mapping = Vec::new();
    varint_field(&mut mapping, 1, 1);
    varint_field(&mut mapping, 5, strings.add(&snapshot.target.binary));
    for has in 7..=9 {
        varint_field(&mut mapping, has, 1);
    }
    bytes_field(&mut profile, 3, &mapping);
    for (id, name) in functions.all.iter().enumerate().skip(1) {
        let id = id as u64;
        let mut line = Vec::new();
        varint_field(&mut line, 1, id);
        let mut location = Vec::new();
        varint_field(&mut location, 1, id);
        varint_field(&mut location, 2, 1);
        bytes_field(&mut location, 4, &line);
        bytes_field(&mut profile, 4, &location);
        let mut function = Vec::new();
        varint_field(&mut function, 1, id);
        varint_field(&mut function, 2, strings.add(name));
        varint_field(&mut function, 3, strings.add(name));
        bytes_field(&mut profile, 5, &function);
    }
    let comment = strings.add(&format!(
        "maps of {} ({})",
        snapshot.target.binary, snapshot.target.go_version
    ));
    let default_type = strings.add(SAMPLE_TYPES[0].0);
    for text in &strings.all {
        bytes_field(&mut profile, 6, text.as_bytes());
    }
    if let Some(ms) = snapshot.taken_unix_ms {
        varint_field(&mut profile, 9, ms.saturating_mul(1_000_000));
    }
    varint_field(&mut profile, 13, comment);
    varint_field(&mut profile, 14, default_type);
    profile
}

/// The frames of a path, root first: `main.server.users["x"].tags` has
/// `main.server`, `users[…]`, `tags`.
fn frames(root: RootKind, path: &str) -> Vec<String> {
    if path.is_empty() {
        return vec![match root {
            RootKind::Global => "(global)".into(),
            RootKind::Goroutine => "(goroutine stacks)".into(),
            RootKind::Runtime => "(runtime)".into(),
            RootKind::Unknown => "(unknown)".into(),
        }];
    }
    // A package path may hold dots before its last slash; `goroutine 7 main.f` is one frame.
    let bare = path.find('[').unwrap_or(path.len());
    let package = path[..bare].rfind(['/', ' ']).map_or(0, |at| at + 1);
    let mut dots = path[package..].char_indices().filter(|&(_, c)| c == '.');
    let variable = dots.next().map_or(package, |(at, _)| package + at + 1);
    let mut found = Vec::new();
    let mut frame = path[..variable].to_owned();
    let mut depth = 0_u32;
    for c in path[variable..].chars() {
        match c {
            '[' => {
                if depth == 0 {
                    frame.push_str("[…]");
                }
                depth += 1;
            }
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                found.push(std::mem::take(&mut frame));
            }
            c if depth == 0 => frame.push(c),
            _ => {}
        }
    }
    found.push(frame);
    found.retain(|frame| !frame.is_empty());
    // Goroutine numbers differ between runs.
    if let Some(rest) = found
        .first()
        .and_then(|first| first.strip_prefix("goroutine "))
    {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        found[0] = format!("goroutine{rest}");
    }
    if found.len() > FRAMES_MAX {
        let rest = found.split_off(found.len() - FRAMES_MAX / 2);
        found.truncate(FRAMES_MAX / 2 - 1);
        found.push("…".into());
        found.extend(rest);
    }
    found
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint_field(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn packed_field(out: &mut Vec<u8>, field: u64, values: &[u64]) {
    let mut packed = Vec::new();
    values.iter().for_each(|&value| varint(&mut packed, value));
    bytes_field(out, field, &packed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_stacks() {
        let of = |path| frames(RootKind::Global, path).join(" > ");
        assert_eq!(of("main.g"), "main.g");
        assert_eq!(
            of("main.server.users[\"a.b\"].tags"),
            "main.server > users[…] > tags"
        );
        assert_eq!(
            of("example.com/x.v2/store.cache[3][4].m"),
            "example.com/x.v2/store.cache[…][…] > m"
        );
        assert_eq!(of("goroutine 17 main.worker"), "goroutine main.worker");
        assert_eq!(of(""), "(global)");
        assert_eq!(of("data+0x120"), "data+0x120");
    }

    #[test]
    fn a_profile_has_every_field_it_promises() {
        let snapshot = crate::recording::tests::sample(20, 1);
        let bytes = encode(&snapshot);
        // Walk the top level: field numbers and their counts.
        let mut counts = BTreeMap::new();
        let mut at = 0;
        let read = |at: &mut usize| {
            let mut value = 0_u64;
            for shift in (0..).step_by(7) {
                let byte = bytes[*at];
                *at += 1;
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
            }
            value
        };
        while at < bytes.len() {
            let tag = read(&mut at);
            let value = read(&mut at);
            *counts.entry(tag >> 3).or_insert(0) += 1;
            if tag & 7 == 2 {
                at += value as usize;
            }
        }
        assert_eq!(at, bytes.len());
        assert_eq!(counts[&1], SAMPLE_TYPES.len());
        assert_eq!(counts[&2], snapshot.maps.len());
        assert_eq!(counts[&4], counts[&5]);
    }
}
