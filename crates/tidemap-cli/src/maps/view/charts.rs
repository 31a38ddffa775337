//! Pictures made of characters: memory, growths, step times, buckets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use tidemap_live::Point;
use tidemap_probe::{GrowthKind, Histogram, MapRow};

use crate::replay::units::{bytes, duration};

/// Columns that labels of an axis take.
const LABELS: u16 = 10;

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) colours: bool,
}

impl Ink {
    pub(super) fn of(self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub(super) fn faint(self) -> Style {
        self.of(Color::DarkGray)
    }

    pub(super) fn kind(self, kind: GrowthKind) -> Style {
        self.of(match kind {
            GrowthKind::InPlace => Color::Blue,
            GrowthKind::Relocating => Color::Yellow,
            GrowthKind::SameSize => Color::Magenta,
            GrowthKind::Shrink => Color::Green,
            _ => Color::Red,
        })
    }
}

/// The part of an area right of the labels; `None` if that is too small to draw in.
fn plot(area: Rect) -> Option<Rect> {
    (area.width > LABELS + 4 && area.height >= 2).then(|| Rect {
        x: area.x + LABELS,
        width: area.width - LABELS,
        ..area
    })
}

fn label(buffer: &mut Buffer, area: Rect, line: u16, text: &str, ink: Ink) {
    let width = usize::from(LABELS - 1);
    let text = format!("{text:>width$}");
    buffer.set_stringn(area.x, area.y + line, text, width, ink.faint());
}

/// Which columns a point belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The one it ends in.
    End,
    /// All that its span touches.
    Span,
}

/// The points of each column: column 0 is the oldest. Columns are of equal time, and end now.
fn columns(points: &[Point], width: usize, over: Over) -> Vec<Vec<&Point>> {
    let mut columns = vec![Vec::new(); width];
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return columns;
    };
    // At least half a second a column, so that a short past is not stretched over all of them.
    let span = (last.time_ns - first.time_ns)
        .max(width as u64 * 500_000_000)
        .max(1);
    let column = |time_ns: u64| {
        let back = u128::from(last.time_ns - time_ns.clamp(first.time_ns, last.time_ns));
        width - 1 - (back * width as u128 / (u128::from(span) + 1)) as usize
    };
    for point in points {
        let end = column(point.time_ns);
        let start = match over {
            Over::End => end,
            // The column before belongs to the point before.
            Over::Span => (column(point.time_ns.saturating_sub(point.span_ns)) + 1).min(end),
        };
        for column in &mut columns[start..=end] {
            column.push(point);
        }
    }
    columns
}

const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Memory held over time, an old array's part in another colour on top.
pub(super) fn memory(buffer: &mut Buffer, area: Rect, points: &[Point], ink: Ink) {
    let Some(inner) = plot(area) else { return };
    let held = |point: &Point| point.bytes_live.saturating_add(point.bytes_old);
    let top = points.iter().map(held).max().unwrap_or(0).max(1);
    label(buffer, area, 0, &bytes(top as f64), ink);
    label(buffer, area, area.height - 1, "0 B", ink);
    let mut last = None;
    for (x, column) in (inner.x..).zip(columns(points, usize::from(inner.width), Over::End)) {
        // What was written last holds until it is written again.
        last = column.into_iter().max_by_key(|point| held(point)).or(last);
        let Some(point) = last else { continue };
        let eighths = |n: u64| {
            (u128::from(n) * u128::from(inner.height) * 8).div_ceil(u128::from(top)) as usize
        };
        let (live, all) = (eighths(point.bytes_live), eighths(held(point)));
        for line in 0..usize::from(inner.height) {
            let y = inner.y + inner.height - 1 - line as u16;
            let fill = all.saturating_sub(line * 8).min(8);
            let is_old = live <= line * 8;
            let colour = if is_old { Color::Yellow } else { Color::Blue };
            buffer.set_string(x, y, LEVELS[fill], ink.of(colour));
        }
    }
}

/// Finished growths over time, a character a column: how many, in the colour of the commonest kind.
pub(super) fn growths(buffer: &mut Buffer, area: Rect, points: &[Point], ink: Ink) {
    let Some(inner) = plot(area) else { return };
    let columns = columns(points, usize::from(inner.width), Over::End);
    let sum = |column: &[&Point]| {
        column
            .iter()
            .fold(0u64, |sum, p| sum.saturating_add(p.growths.sum()))
    };
    let top = columns.iter().map(|column| sum(column)).max().unwrap_or(0);
    label(buffer, area, 0, &format!("{top} max"), ink);
    if top == 0 {
        return;
    }
    for (x, column) in (inner.x..).zip(columns) {
        let of = |kind| {
            column
                .iter()
                .fold(0u64, |sum, p| sum.saturating_add(p.growths.of(kind)))
        };
        let Some(most) = GrowthKind::ALL.into_iter().max_by_key(|kind| of(*kind)) else {
            continue;
        };
        let eighths = (u128::from(sum(&column)) * u128::from(inner.height) * 8)
            .div_ceil(u128::from(top)) as usize;
        for line in 0..usize::from(inner.height) {
            let fill = eighths.saturating_sub(line * 8).min(8);
            buffer.set_string(
                x,
                inner.y + inner.height - 1 - line as u16,
                LEVELS[fill],
                ink.kind(most),
            );
        }
    }
}

/// Shades from few to many.
const SHADES: [(&str, Color); 4] = [
    ("░", Color::DarkGray),
    ("▒", Color::Blue),
    ("▓", Color::Cyan),
    ("█", Color::White),
];

/// Step times over time: a line a power of two (or several), darker where few.
pub(super) fn heat(buffer: &mut Buffer, area: Rect, points: &[Point], ink: Ink) {
    let Some(inner) = plot(area) else { return };
    let used = |cell: &usize| points.iter().any(|point| point.steps.cells[*cell] > 0);
    let all = 0..tidemap_probe::CELLS;
    let (Some(low), Some(high)) = (all.clone().find(used), all.rev().find(used)) else {
        buffer.set_stringn(
            inner.x,
            inner.y,
            "no steps in this time",
            usize::from(inner.width),
            ink.faint(),
        );
        return;
    };
    let lines = usize::from(inner.height);
    // A line takes several powers of two, if they do not fit otherwise.
    let per_line = (high - low + 1).div_ceil(lines);
    let sums: Vec<Vec<u64>> = columns(points, usize::from(inner.width), Over::Span)
        .into_iter()
        .map(|column| {
            (0..lines)
                .map(|line| {
                    let cells = low + line * per_line
                        ..(low + (line + 1) * per_line).min(tidemap_probe::CELLS);
                    let of = |p: &&Point| {
                        p.steps.cells[cells.clone()]
                            .iter()
                            .fold(0u64, |a, b| a.saturating_add(*b))
                    };
                    column.iter().map(of).fold(0u64, u64::saturating_add)
                })
                .collect()
        })
        .collect();
    let most = sums.iter().flatten().copied().max().unwrap_or(1).max(1);
    for line in 0..lines {
        let from = low + line * per_line;
        if from > high {
            break;
        }
        if line % 2 == 0 || lines < 4 {
            let text = duration(1u64.checked_shl(from as u32).unwrap_or(u64::MAX) as f64);
            label(buffer, area, (lines - 1 - line) as u16, &text, ink);
        }
        for (x, column) in (inner.x..).zip(&sums) {
            if column[line] == 0 {
                continue;
            }
            let share =
                ((column[line] as f64 + 1.0).ln() / (most as f64 + 1.0).ln() * 3.999) as usize;
            let (shade, colour) = SHADES[share.min(3)];
            buffer.set_string(
                x,
                inner.y + (lines - 1 - line) as u16,
                shade,
                ink.of(colour),
            );
        }
    }
}

/// A part of an array of buckets: its end as a share, the load to be expected there, whether a growth has been there.
struct Part {
    end: f64,
    load: f64,
    is_done: bool,
}

/// Buckets by index, their load to be expected as height, and what a growth has dealt with in its colour.
pub(super) fn buckets(buffer: &mut Buffer, area: Rect, row: &MapRow, ink: Ink) {
    let gauges = &row.gauges;
    if area.width < 4 || area.height == 0 || gauges.buckets == 0 {
        return;
    }
    let mean = |buckets: u64| {
        let slots = buckets as f64 * gauges.slots_per_bucket.max(1) as f64;
        if slots > 0.0 {
            gauges.len as f64 / slots
        } else {
            0.0
        }
    };
    let part = |end: f64, load: f64, is_done: bool| Part { end, load, is_done };
    let mut kind = None;
    let parts = match (&row.growth, &row.compaction) {
        (Some(growth), _) => {
            kind = Some(growth.kind);
            let done = growth.done_share();
            let (from, to) = (growth.from_buckets.max(1), growth.to_buckets.max(1));
            match growth.kind {
                GrowthKind::InPlace => {
                    let share = (from as f64 / to as f64).clamp(1.0 / 64.0, 1.0);
                    let whole = mean(from);
                    let mut parts = vec![
                        part(done * share, whole * share, true),
                        part(share, whole, false),
                    ];
                    let mut start = share;
                    while start < 0.999 {
                        parts.push(part(start + done * share, whole * share, true));
                        parts.push(part(start + share, 0.0, false));
                        start += share;
                    }
                    parts
                }
                GrowthKind::Shrink => {
                    let share = (to as f64 / from as f64).clamp(0.0, 1.0);
                    let sparse = mean(from);
                    vec![
                        part(share * (1.0 - done), sparse, false),
                        part(share, sparse / share.max(1e-9), true),
                        part(1.0 - (1.0 - share) * done, sparse, false),
                        part(1.0, 0.0, true),
                    ]
                }
                GrowthKind::Relocating => {
                    vec![part(done, mean(to), true), part(1.0, mean(from), false)]
                }
                _ => vec![
                    part(done, mean(gauges.buckets), true),
                    part(1.0, mean(gauges.buckets), false),
                ],
            }
        }
        (None, Some(compaction)) => {
            kind = Some(compaction.kind);
            let load = mean(gauges.buckets);
            vec![
                part(compaction.done_share(), load, true),
                part(1.0, load, false),
            ]
        }
        (None, None) => vec![part(1.0, mean(gauges.buckets), false)],
    };
    for column in 0..area.width {
        let middle = (f64::from(column) + 0.5) / f64::from(area.width);
        let Some(part) = parts.iter().find(|part| middle < part.end) else {
            continue;
        };
        let eighths = (part.load.clamp(0.0, 1.0) * f64::from(area.height) * 8.0).round() as usize;
        let style = match kind {
            Some(kind) if part.is_done => ink.kind(kind),
            _ => ink.of(Color::Gray),
        };
        for line in 0..usize::from(area.height) {
            let fill = eighths.saturating_sub(line * 8).min(8);
            let text = if fill == 0 && line == 0 {
                "·"
            } else {
                LEVELS[fill]
            };
            buffer.set_string(
                area.x + column,
                area.y + area.height - 1 - line as u16,
                text,
                style,
            );
        }
    }
}

/// Half and nearly all of the steps, in words.
pub(super) fn quantiles(steps: &Histogram) -> String {
    let bound = |share| {
        steps
            .quantile_max_ns(share)
            .map_or_else(|| "-".into(), |ns| duration(ns as f64))
    };
    format!("p50 <= {}, p99 <= {}", bound(0.5), bound(0.99))
}
