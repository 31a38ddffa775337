//! Maps as a profile that `go tool pprof` opens: bytes, wasted, old, entries, maps.
//!
//! One sample per path and type. The stack is the path: the root variable at
//! the bottom, each field above it, the map's type on top; so flame graphs show
//! who owns the bytes and `-diff_base` compares two looks.

use std::collections::BTreeMap;
use std::io::Write;

use tidemap_formats::pprof::{Frame, Profile};

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
    profile(snapshot).write(out)
}

fn profile(snapshot: &Snapshot) -> Profile {
    let mut profile = Profile::new(&snapshot.target.binary, &SAMPLE_TYPES);
    let mut groups: BTreeMap<(Vec<Frame>, String), [u64; SAMPLE_TYPES.len()]> = BTreeMap::new();
    for row in &snapshot.maps {
        let mut stack: Vec<Frame> = frames(row.reached.root, &row.reached.path)
            .into_iter()
            .map(Frame::named)
            .collect();
        let type_name = type_text(row);
        stack.push(Frame::named(type_name.clone()));
        let sums = groups.entry((stack, type_name)).or_default();
        let values = [row.bytes, row.rebuild_frees, row.old_bytes, row.count, 1];
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = sum.saturating_add(value);
        }
    }
    for ((stack, type_name), values) in &groups {
        profile.sample(stack, values, &[("type", type_name)]);
    }
    profile.comment(&format!(
        "maps of {} ({})",
        snapshot.target.binary, snapshot.target.go_version
    ));
    if let Some(ms) = snapshot.taken_unix_ms {
        profile.taken_at(ms.saturating_mul(1_000_000));
    }
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
    fn every_map_is_in_the_profile() {
        let snapshot = crate::recording::tests::sample(20, 1);
        let mut file = Vec::new();
        write(&snapshot, &mut file).expect("memory");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut bytes)
            .expect("gzip");
        let text = String::from_utf8_lossy(&bytes);
        for row in &snapshot.maps {
            assert!(text.contains(&type_text(row)), "{}", type_text(row));
        }
        assert!(text.contains(&snapshot.target.go_version));
    }
}
