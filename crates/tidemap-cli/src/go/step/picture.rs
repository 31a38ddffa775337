//! Pictures: a map's state as lines of text whose parts have tones.
//!
//! Letters carry the meaning, colours only repeat it: `#` live, `.` emptyRest,
//! `o` emptyOne, `x` and `y` moved to the lower or upper half, `-` was empty.

use std::fmt::Display;

use tidemap_go::bucket::CELLS;
use tidemap_go::bucket_array::BucketArray;
use tidemap_go::growth::max_entries;
use tidemap_go::header::Header;
use tidemap_go::reclaim::{Block, BlockState, Memory, Phase};
use tidemap_go::tophash::{EMPTY_ONE, EMPTY_REST, MIN_TOP_HASH, letter};
use tidemap_go::{Hmap, header};

/// Characters of a key that are shown.
const KEY_CHARS: usize = 5;

/// How a part of a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Dim,
    Head,
    Live,
    Hole,
    Moved,
    Alert,
}

/// A line made of parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(pub(crate) Vec<(Tone, String)>);

impl Line {
    fn new(tone: Tone, text: impl Into<String>) -> Line {
        Line(vec![(tone, text.into())])
    }

    fn push(&mut self, tone: Tone, text: impl Into<String>) {
        self.0.push((tone, text.into()));
    }

    /// The line without tones.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// One bucket.
struct BucketView {
    label: String,
    cells: Vec<(u8, String)>,
    at_mark: bool,
}

/// One array.
struct ArrayView {
    title: String,
    buckets: Vec<BucketView>,
    hidden: usize,
}

/// A state, ready to be drawn.
#[derive(Default)]
pub(crate) struct View {
    header: Header,
    growing: bool,
    arrays: Vec<ArrayView>,
    spares: Option<(usize, usize)>,
    memory: Memory,
    waiting: Vec<Block>,
    marking: bool,
    /// Chains of the larger array.
    pub(crate) chains: usize,
}

impl View {
    /// Takes what is shown of a map.
    pub(crate) fn of<K: Clone + Display, V: Clone>(
        map: &Hmap<K, V>,
        memory: Memory,
        waiting: Vec<Block>,
        from: usize,
        chains: usize,
    ) -> View {
        let mut arrays = Vec::new();
        if let Some(old) = map.old_buckets() {
            arrays.push(array_view(
                "old",
                old,
                Some(map.header().nevacuate),
                from & (old.main() - 1),
                chains,
            ));
        }
        if let Some(new) = map.buckets() {
            arrays.push(array_view("new", new, None, from, chains));
        }
        let spares = map.buckets().filter(|a| a.total() > a.main()).map(|array| {
            let next = map.extra().and_then(|extra| extra.next_overflow);
            (
                next.map_or(0, |next| array.total() - next),
                array.total() - array.main(),
            )
        });
        View {
            header: map.header(),
            growing: map.is_growing(),
            arrays,
            spares,
            memory,
            waiting,
            marking: map.heap().phase() == Phase::Mark,
            chains: map.bucket_count(),
        }
    }
}

fn array_view<K: Display, V>(
    name: &str,
    array: &BucketArray<K, V>,
    mark: Option<usize>,
    from: usize,
    chains: usize,
) -> ArrayView {
    let mut buckets = Vec::new();
    let to = (from + chains).min(array.main());
    for main in from..to {
        for index in array.chain(main) {
            let bucket = array.bucket(index);
            let label = if index < array.main() {
                format!("[{index}]")
            } else if index < array.total() {
                format!("+spare {index}")
            } else {
                format!("+extra {index}")
            };
            let cells = (0..CELLS)
                .map(|cell| {
                    let key = bucket.keys[cell]
                        .key()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    (bucket.tophash[cell], key.chars().take(KEY_CHARS).collect())
                })
                .collect();
            buckets.push(BucketView {
                label,
                cells,
                at_mark: mark == Some(index),
            });
        }
    }
    ArrayView {
        title: format!(
            "{name} array {}: {} buckets",
            array.id().number(),
            array.main()
        ),
        buckets,
        hidden: array.main() - to + from,
    }
}

/// Flag bits by name.
fn flags_text(flags: u8) -> String {
    let names = [
        (header::FLAG_ITERATOR, "iterator"),
        (header::FLAG_OLD_ITERATOR, "oldIterator"),
        (header::FLAG_WRITING, "writing"),
        (header::FLAG_SAME_SIZE, "sameSizeGrow"),
    ];
    let set: Vec<&str> = names
        .iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|n| n.1)
        .collect();
    if set.is_empty() {
        "none".into()
    } else {
        set.join("+")
    }
}

/// The header, as lines.
pub(crate) fn header_lines(view: &View) -> Vec<Line> {
    let h = &view.header;
    let mut first = Line::new(
        Tone::Head,
        format!("count {} of {}", h.count, max_entries(h.b)),
    );
    first.push(
        Tone::Plain,
        format!(
            "   B {}   noverflow {} of {}   hash0 {:08x}   flags {}",
            h.b,
            h.noverflow,
            1u32 << h.b.min(15),
            h.hash0,
            flags_text(h.flags)
        ),
    );
    let mut second = Line::default();
    if view.growing {
        let kind = if h.flags & header::FLAG_SAME_SIZE != 0 {
            "same-size growth"
        } else {
            "doubling"
        };
        second.push(Tone::Alert, format!("GROWING ({kind})"));
        second.push(Tone::Plain, format!("   nevacuate {}", h.nevacuate));
    } else {
        second.push(
            Tone::Dim,
            format!("not growing   nevacuate {}", h.nevacuate),
        );
    }
    if let Some((left, all)) = view.spares {
        second.push(Tone::Plain, format!("   spares {left} of {all} left"));
    }
    let m = &view.memory;
    let mut third = Line::new(
        Tone::Plain,
        format!(
            "bytes: live {}   peak {}   allocated {} in {} objects",
            m.live_bytes, m.peak_bytes, m.allocated_bytes, m.mallocs
        ),
    );
    if m.garbage_bytes > 0 {
        third.push(Tone::Alert, format!("   garbage {}", m.garbage_bytes));
    }
    if view.marking {
        third.push(Tone::Alert, "   MARKING");
    }
    let mut lines = vec![first, second, third];
    for block in &view.waiting {
        let state = match block.state {
            BlockState::Condemned => "condemned, waits for the sweeper",
            _ if block.marked => "unreachable, marked: survives this cycle",
            _ => "unreachable, waits for a mark phase",
        };
        lines.push(Line::new(
            Tone::Moved,
            format!(
                "   {} ({} object(s), {} bytes): {state}",
                block.kind, block.objects, block.bytes
            ),
        ));
    }
    lines
}

/// The arrays, as lines.
pub(crate) fn array_lines(view: &View) -> Vec<Line> {
    let mut lines = Vec::new();
    if view.arrays.is_empty() {
        lines.push(Line::new(
            Tone::Dim,
            "no bucket yet: the first insert allocates it",
        ));
    }
    for array in &view.arrays {
        lines.push(Line::new(Tone::Head, array.title.clone()));
        for bucket in &array.buckets {
            let mark = if bucket.at_mark { ">" } else { " " };
            let mut line = Line::new(Tone::Alert, mark);
            line.push(Tone::Dim, format!("{:>11} ", bucket.label));
            for (top, key) in &bucket.cells {
                let tone = match *top {
                    EMPTY_REST => Tone::Dim,
                    EMPTY_ONE => Tone::Hole,
                    MIN_TOP_HASH.. => Tone::Live,
                    _ => Tone::Moved,
                };
                let text = match *top {
                    EMPTY_REST => ".".to_owned(),
                    EMPTY_ONE => "o".to_owned(),
                    MIN_TOP_HASH.. => format!("#{top:02x} {key}"),
                    _ => letter(*top).to_string(),
                };
                line.push(tone, format!("{text:<10}"));
            }
            lines.push(line);
        }
        if array.hidden > 0 {
            lines.push(Line::new(
                Tone::Dim,
                format!("             ... {} more buckets", array.hidden),
            ));
        }
    }
    lines
}

/// Everything, as lines.
pub(crate) fn lines(view: &View) -> Vec<Line> {
    let mut lines = header_lines(view);
    lines.extend(array_lines(view));
    lines
}
