//! Events and growths in words.

use tidemap_probe::{Event, EventKind, GrowthKind, GrowthProgress, MapId, MapRow, Snapshot};

use crate::replay::units::{bytes, duration, thousands};

/// The everyday word for a kind of growth.
pub(crate) fn growth_word(kind: GrowthKind) -> &'static str {
    match kind {
        GrowthKind::InPlace => "doubling",
        other => other.as_str(),
    }
}

/// The growth that is going on, or nothing.
pub(crate) fn growth(row: &MapRow) -> Option<&GrowthProgress> {
    row.growth.as_ref().or(row.compaction.as_ref())
}

/// What happened, in a word or two, and with which figures.
pub(crate) fn event(event: &Event) -> (String, String) {
    let size = |n: u64| bytes(n as f64);
    let time = |ns: u64| duration(ns as f64);
    match event.kind {
        EventKind::Created { entry_bytes, len } => (
            "created".into(),
            format!("{} an entry, {} entries", size(entry_bytes), thousands(len)),
        ),
        EventKind::GrowthBegin {
            kind,
            from_buckets,
            to_buckets,
            len,
            bytes_held,
            ..
        } => (
            format!("{} begins", growth_word(kind)),
            format!(
                "{} -> {} buckets at {} entries, {} held",
                thousands(from_buckets),
                thousands(to_buckets),
                thousands(len),
                size(bytes_held)
            ),
        ),
        EventKind::Step {
            ns,
            entries_moved,
            done_buckets,
            from_buckets,
            ..
        } => (
            "step".into(),
            format!(
                "{}: {} entries moved, {} of {} buckets done",
                time(ns),
                thousands(entries_moved),
                thousands(done_buckets),
                thousands(from_buckets)
            ),
        ),
        EventKind::GrowthEnd {
            kind,
            is_complete,
            steps,
            entries_moved,
            bytes_released,
            work_ns,
            step_ns_max,
            ..
        } => (
            format!(
                "{} {}",
                growth_word(kind),
                if is_complete { "ends" } else { "given up" }
            ),
            format!(
                "{} steps, {} entries moved, {} of work, longest step {}, {} given back",
                thousands(steps),
                thousands(entries_moved),
                time(work_ns),
                time(step_ns_max),
                size(bytes_released)
            ),
        ),
        EventKind::Release {
            bytes, bytes_held, ..
        } => (
            "release".into(),
            format!("{} given back, {} held", size(bytes), size(bytes_held)),
        ),
        EventKind::Overflow {
            overflow_buckets,
            longest_chain,
        } => (
            "overflow".into(),
            format!(
                "{} overflow buckets, longest chain {longest_chain}",
                thousands(overflow_buckets)
            ),
        ),
        EventKind::Refused { len } => (
            "refused".into(),
            format!(
                "memory for a growth was refused at {} entries",
                thousands(len)
            ),
        ),
        EventKind::Clear { bytes_held } => ("clear".into(), format!("{} held", size(bytes_held))),
        EventKind::Drop {
            len,
            growths,
            age_ns,
            ..
        } => (
            "dropped".into(),
            format!(
                "{} entries, {growths} growths, {} old",
                thousands(len),
                time(age_ns)
            ),
        ),
        other => (other.as_str().into(), String::new()),
    }
}

/// The name of an event's map; `fleeting` knows those that no snapshot shows.
pub(crate) fn name(
    map: MapId,
    snapshot: &Snapshot,
    fleeting: impl Fn(MapId) -> Option<String>,
) -> String {
    snapshot
        .map(map)
        .map(MapRow::label)
        .filter(|label| !label.is_empty())
        .or_else(|| fleeting(map))
        .unwrap_or_else(|| map.to_string())
}

/// A type without the paths of its parts: `HashMap<u64, String>`.
pub(crate) fn short_type(name: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            word.clear();
        } else {
            short.push_str(&word);
            word.clear();
            short.push(c);
        }
    }
    short + &word
}

/// `K -> V`, or `K` for a set.
pub(crate) fn types(row: &MapRow) -> String {
    let key = short_type(&row.key_type);
    if row.value_type.is_empty() {
        key
    } else {
        format!("{key} -> {}", short_type(&row.value_type))
    }
}

/// Texts from other processes, without what terminals obey.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_short() {
        assert_eq!(short_type("alloc::string::String"), "String");
        assert_eq!(
            short_type("(u64, core::option::Option<my_crate::a::B>)"),
            "(u64, Option<B>)"
        );
        assert_eq!(short_type("[u8; 4]"), "[u8; 4]");
        assert_eq!(short_type(""), "");
        assert_eq!(short_type("&str"), "&str");
    }

    #[test]
    fn terminals_obey_nobody() {
        assert_eq!(printable("a\x1b[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
