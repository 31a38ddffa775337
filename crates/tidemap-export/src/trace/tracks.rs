//! The tracks of a map: numbers, descriptions, and the order of times on each (T1, T2 of
//! [`tidemap_formats::trace`]).

use std::io;

use tidemap_formats::trace::{Args, Flow, Sink, Track, TrackKind, Unit};
use tidemap_probe::{GrowthKind, MapRow};

/// The process, and a line for what the trace says about itself.
pub(super) const PROCESS: u64 = 1;
pub(super) const NOTES: u64 = 2;
const FIRST_OF_MAPS: u64 = 8;
/// Characters of a name at most.
const NAME_CHARS_MAX: usize = 160;

/// A line of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Group,
    Growths,
    SameSize,
    Steps,
    Held,
    Old,
    Entries,
    Progress,
    Overflow,
    /// Growths begun of maps without a row.
    Begun,
}

const LINES: [(Line, &str, TrackKind); 10] = [
    (Line::Group, "", TrackKind::Group),
    (Line::Growths, "growths", TrackKind::Slices),
    (Line::SameSize, "same-size growths", TrackKind::Slices),
    (Line::Steps, "operations that paid", TrackKind::Slices),
    (Line::Held, "bytes held", TrackKind::Counter(Unit::Bytes)),
    (
        Line::Old,
        "bytes of the old array",
        TrackKind::Counter(Unit::Bytes),
    ),
    (Line::Entries, "entries", TrackKind::Counter(Unit::Count)),
    (
        Line::Progress,
        "growth progress",
        TrackKind::Counter(Unit::Percent),
    ),
    (
        Line::Overflow,
        "overflow buckets",
        TrackKind::Counter(Unit::Count),
    ),
    (
        Line::Begun,
        "growths begun",
        TrackKind::Counter(Unit::Count),
    ),
];

impl Line {
    pub(super) fn of(kind: GrowthKind) -> Line {
        if kind == GrowthKind::SameSize {
            Line::SameSize
        } else {
            Line::Growths
        }
    }
}

/// The tracks of one map, described when they are first needed.
#[derive(Debug)]
pub(super) struct Tracks {
    base: u64,
    name: String,
    described: [bool; LINES.len()],
    /// The latest time on each.
    latest: [u64; LINES.len()],
    /// The latest sample of each counter that was not written, with its time.
    waiting: [Option<(u64, u64)>; LINES.len()],
}

impl Tracks {
    pub(super) fn new(number: u64, name: String) -> Tracks {
        Tracks {
            base: FIRST_OF_MAPS + number * LINES.len() as u64,
            name,
            described: [false; LINES.len()],
            latest: [0; LINES.len()],
            waiting: [None; LINES.len()],
        }
    }

    /// Whether anything happened on them.
    pub(super) fn is_shown(&self) -> bool {
        self.described[Line::Group as usize]
    }

    /// Whether a line was described.
    pub(super) fn has(&self, line: Line) -> bool {
        self.described[line as usize]
    }

    /// The track's number and a time that does not fall; describes it if nobody did.
    fn at<S: Sink>(&mut self, sink: &mut S, line: Line, time_ns: u64) -> io::Result<(u64, u64)> {
        self.describe(sink, line)?;
        let latest = &mut self.latest[line as usize];
        *latest = time_ns.max(*latest);
        Ok((self.base + line as u64, *latest))
    }

    fn describe<S: Sink>(&mut self, sink: &mut S, line: Line) -> io::Result<()> {
        if self.described[line as usize] {
            return Ok(());
        }
        let (_, name, kind) = LINES[line as usize];
        if line == Line::Group {
            sink.track(&Track {
                id: self.base,
                parent: Some(PROCESS),
                name: &self.name,
                kind,
                rank: u32::try_from(self.base).unwrap_or(u32::MAX),
            })?;
        } else {
            self.describe(sink, Line::Group)?;
            sink.track(&Track {
                id: self.base + line as u64,
                parent: Some(self.base),
                name,
                kind,
                rank: line as u32,
            })?;
        }
        self.described[line as usize] = true;
        Ok(())
    }

    pub(super) fn begin<S: Sink>(
        &mut self,
        sink: &mut S,
        line: Line,
        time_ns: u64,
        name: &str,
        flow: Flow,
        args: &Args<'_>,
    ) -> io::Result<()> {
        let (track, time_ns) = self.at(sink, line, time_ns)?;
        sink.begin(track, time_ns, name, flow, args)
    }

    pub(super) fn end<S: Sink>(
        &mut self,
        sink: &mut S,
        line: Line,
        time_ns: u64,
        args: &Args<'_>,
    ) -> io::Result<()> {
        let (track, time_ns) = self.at(sink, line, time_ns)?;
        sink.end(track, time_ns, args)
    }

    pub(super) fn instant<S: Sink>(
        &mut self,
        sink: &mut S,
        line: Line,
        time_ns: u64,
        name: &str,
        args: &Args<'_>,
    ) -> io::Result<()> {
        let (track, time_ns) = self.at(sink, line, time_ns)?;
        sink.instant(track, time_ns, name, args)
    }

    /// Writes a sample of a counter, unless the last one is not older than `gap_ns`: then it waits, until a
    /// later one takes its place or all are [settled](Self::settle). Whether it was written.
    pub(super) fn counter<S: Sink>(
        &mut self,
        sink: &mut S,
        line: Line,
        time_ns: u64,
        value: u64,
        gap_ns: u64,
    ) -> io::Result<bool> {
        let place = line as usize;
        if self.described[place] && time_ns < self.latest[place].saturating_add(gap_ns) {
            self.waiting[place] = Some((time_ns, value));
            return Ok(false);
        }
        self.waiting[place] = None;
        let (track, time_ns) = self.at(sink, line, time_ns)?;
        sink.counter(track, time_ns, value)?;
        Ok(true)
    }

    /// Writes the samples that wait.
    pub(super) fn settle<S: Sink>(&mut self, sink: &mut S) -> io::Result<()> {
        for (line, ..) in LINES {
            if let Some((time_ns, value)) = self.waiting[line as usize].take() {
                let (track, time_ns) = self.at(sink, line, time_ns)?;
                sink.counter(track, time_ns, value)?;
            }
        }
        Ok(())
    }
}

/// What a map's group is called.
pub(super) fn name_of(map: &MapRow) -> String {
    let types = match (&*map.key_type, &*map.value_type) {
        ("", _) => String::new(),
        (key, "") => format!(" <{key}>"),
        (key, value) => format!(" <{key}, {value}>"),
    };
    format!("{} {}{types}", map.label(), map.id)
        .chars()
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_their_places() {
        for (place, (line, _, _)) in LINES.iter().enumerate() {
            assert_eq!(*line as usize, place);
        }
        const { assert!(NOTES < FIRST_OF_MAPS) };
    }
}
