//! The drawing: what fits is shown, the table always first.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};
use tidemap_live::{Point, is_frequent};
use tidemap_probe::MapRow;

use super::charts::{self, Ink};
use super::{View, table};
use crate::go::views::clock;
use crate::maps::say;
use crate::replay::units::{bytes, duration, thousands};

/// Lines of the charts, where there is room.
const CHARTS: u16 = 7;
/// Lines of the details of a map.
const DETAIL: u16 = 9;

impl View {
    /// Draws everything that fits; any size will do.
    pub(crate) fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        let ink = Ink {
            colours: self.colours,
        };
        let has_charts = area.height >= 24 && area.width >= 50;
        let has_detail = self.detail && area.height >= 14;
        let has_events = area.height >= 18;
        let [head, charts, body, detail, events, foot] = Layout::vertical([
            Constraint::Length(if area.height >= 4 { 2 } else { 1 }),
            Constraint::Length(if has_charts { CHARTS + 1 } else { 0 }),
            Constraint::Min(1),
            Constraint::Length(if has_detail { DETAIL } else { 0 }),
            Constraint::Length(if has_events {
                (area.height / 4).clamp(4, 12)
            } else {
                0
            }),
            Constraint::Length(u16::from(area.height >= 3)),
        ])
        .areas(area);
        self.head(frame, head, ink);
        if has_charts {
            self.charts(frame, charts, ink);
        }
        self.table(frame, body, ink);
        if has_detail {
            self.detail(frame, detail, ink);
        }
        if has_events {
            self.events(frame, events, ink);
        }
        self.foot(frame, foot);
    }

    fn head(&self, frame: &mut Frame, area: Rect, ink: Ink) {
        let snapshot = self.snapshot();
        let when = clock(Some(
            snapshot.epoch_unix_ns.saturating_add(snapshot.time_ns) / 1_000_000,
        ));
        let (word, colour) = match (self.frames(), self.ended, self.held) {
            (_, true, _) => ("gone", Color::Red),
            (Some(_), _, true) => ("recording, held", Color::Yellow),
            (Some(_), _, false) => ("recording, plays", Color::Green),
            (None, _, true) => ("held", Color::Yellow),
            (None, _, false) if self.feed.is_live() => ("live", Color::Green),
            _ => ("core", Color::Yellow),
        };
        let first = Line::from(vec![
            Span::styled(format!("● {word}  "), ink.of(colour)),
            Span::styled(
                self.program.clone(),
                Style::new().add_modifier(Modifier::BOLD),
            ),
            Span::raw(format!("  process {}  {when}", snapshot.pid)),
        ]);
        frame.render_widget(
            Paragraph::new(vec![first, Line::from(table::headline(snapshot))]),
            area,
        );
    }

    /// The points that charts show, and whose they are.
    fn points(&self) -> (Vec<Point>, String) {
        match &self.chosen {
            Some((id, past)) => (past.points().copied().collect(), self.name(*id)),
            None => (self.all.points().copied().collect(), "all maps".to_owned()),
        }
    }

    fn charts(&self, frame: &mut Frame, area: Rect, ink: Ink) {
        let (points, whose) = self.points();
        let is_wide = area.width >= 90;
        let [left, right] = Layout::horizontal([
            Constraint::Percentage(if is_wide { 50 } else { 100 }),
            Constraint::Percentage(if is_wide { 50 } else { 0 }),
        ])
        .spacing(u16::from(is_wide))
        .areas(area);
        let title = |frame: &mut Frame, area: Rect, text: String| {
            let line = Line::styled(text, Style::new().add_modifier(Modifier::BOLD));
            frame.render_widget(Paragraph::new(line), Rect { height: 1, ..area });
        };
        let seconds = match (points.first(), points.last()) {
            (Some(first), Some(last)) => duration((last.time_ns - first.time_ns) as f64),
            _ => "-".into(),
        };
        title(frame, left, format!("Memory, {whose}, last {seconds}"));
        let body = |area: Rect| Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let mut memory = body(left);
        // The lowest two lines: growths over the same time.
        let growths = Rect {
            y: memory.y + memory.height - 2,
            height: 2,
            ..memory
        };
        memory.height -= 2;
        charts::memory(frame.buffer_mut(), memory, &points, ink);
        charts::growths(frame.buffer_mut(), growths, &points, ink);
        if is_wide {
            title(frame, right, "Step time (darker: fewer)".to_owned());
            charts::heat(frame.buffer_mut(), body(right), &points, ink);
        }
    }

    fn table(&mut self, frame: &mut Frame, area: Rect, ink: Ink) {
        let height = usize::from(area.height.saturating_sub(1)).max(1);
        self.page = height;
        let rows = table::pick(&self.look.snapshot, self.sort, &self.filter);
        let chosen = self.place(&rows);
        let count = rows.len();
        if let Some(place) = chosen {
            // The map chosen stays in sight, wherever the order takes it.
            self.scroll = self.scroll.clamp(place.saturating_sub(height - 1), place);
        }
        self.scroll = self.scroll.min(count.saturating_sub(height));
        let columns = visible(area.width);
        let shown: Vec<Row> = rows
            .iter()
            .enumerate()
            .skip(self.scroll)
            .take(height)
            .map(|(place, row)| {
                let mut style = match say::growth(row) {
                    Some(growth) => ink.kind(growth.kind),
                    None if row.gauges.len == 0 => ink.faint(),
                    None => Style::new(),
                };
                if chosen == Some(place) {
                    style = style.add_modifier(Modifier::REVERSED);
                }
                let cells = table::cells(row);
                Row::new(
                    columns
                        .iter()
                        .map(|(column, width)| cell(*column, *width, &cells[*column])),
                )
                .style(style)
            })
            .collect();
        let titles = Row::new(
            columns
                .iter()
                .map(|(column, width)| cell(*column, *width, table::TITLES[*column])),
        )
        .style(Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED));
        let widths = columns.iter().map(|(_, width)| match width {
            0 => Constraint::Fill(1),
            width => Constraint::Length(*width),
        });
        frame.render_widget(
            Table::new(shown, widths).header(titles).column_spacing(1),
            area,
        );
    }

    fn detail(&self, frame: &mut Frame, area: Rect, ink: Ink) {
        let row = self
            .chosen
            .as_ref()
            .and_then(|(id, _)| self.snapshot().map(*id));
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let Some(row) = row else {
            let text = Line::styled("This map is gone. Esc goes back.", bold);
            frame.render_widget(Paragraph::new(text), area);
            return;
        };
        let mut lines = vec![Line::from(vec![
            Span::styled(say::printable(&row.label()), bold),
            Span::raw(format!("  {}", say::printable(&say::types(row)))),
            Span::raw(row.site.as_ref().map_or(String::new(), |site| {
                format!("  made at {}", say::printable(&site.to_string()))
            })),
        ])];
        lines.extend(facts(row).into_iter().map(Line::from));
        let used = (lines.len() as u16).min(area.height);
        frame.render_widget(Paragraph::new(lines), area);
        let strip = Rect {
            y: area.y + used,
            height: (area.height - used).saturating_sub(1).min(3),
            ..area
        };
        charts::buckets(frame.buffer_mut(), strip, row, ink);
        let below = Rect {
            y: strip.y + strip.height,
            height: u16::from(area.height > used + strip.height),
            ..area
        };
        let text = format!(
            "buckets 0 to {} by index; height: load to be expected (full: {} entries)",
            thousands(row.gauges.buckets),
            row.gauges.slots_per_bucket
        );
        frame.render_widget(Paragraph::new(Line::styled(text, ink.faint())), below);
    }

    fn events(&self, frame: &mut Frame, area: Rect, ink: Ink) {
        let mut title = String::from("Events");
        if self.look.missed > 0 {
            title += &format!("  ({} left out or missed)", thousands(self.look.missed));
        }
        let mut lines = vec![Line::styled(
            title,
            Style::new().add_modifier(Modifier::BOLD),
        )];
        let chosen = self
            .chosen
            .as_ref()
            .filter(|_| self.detail)
            .map(|(id, _)| *id);
        let epoch = self.snapshot().epoch_unix_ns;
        let wanted = self
            .events
            .iter()
            .rev()
            .filter(|event| self.all_events || !is_frequent(&event.kind))
            .filter(|event| chosen.is_none_or(|id| event.map == id))
            .take(usize::from(area.height));
        for event in wanted {
            let (what, figures) = say::event(event);
            let style = event
                .kind
                .growth_kind()
                .map_or(Style::new(), |kind| ink.kind(kind));
            lines.push(Line::from(vec![
                Span::styled(
                    clock(Some(epoch.saturating_add(event.time_ns) / 1_000_000)),
                    ink.faint(),
                ),
                Span::raw(format!("  {}  ", self.name(event.map))),
                Span::styled(what, style),
                Span::raw(format!("  {figures}")),
            ]));
        }
        if lines.len() == 1 {
            lines.push(Line::styled("nothing has happened yet", ink.faint()));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn foot(&self, frame: &mut Frame, area: Rect) {
        let text = if self.typing {
            format!("/{}_   enter keeps it, esc shows all", self.filter)
        } else {
            let mut text = match self.filter.as_str() {
                "" => String::new(),
                filter => format!("filter \"{filter}\"  "),
            };
            if let Some(frames) = self.frames() {
                text += &format!(
                    "look {} of {frames}  space play  left/right [ ] step  ",
                    self.at + 1
                );
            } else if self.feed.is_live() {
                text += if self.held {
                    "space go on  "
                } else {
                    "space hold  "
                };
            }
            text += &format!(
                "up/down choose  enter detail  s by {}  / filter",
                self.sort.name()
            );
            text + if self.all_events {
                "  e fewer events  q leave"
            } else {
                "  e all events  q leave"
            }
        };
        frame.render_widget(
            Paragraph::new(Line::styled(text, Style::new().add_modifier(Modifier::DIM))),
            area,
        );
    }
}

/// Figures of a map in lines.
fn facts(row: &MapRow) -> Vec<String> {
    let (gauges, counters) = (&row.gauges, &row.counters);
    let size = |n: u64| bytes(n as f64);
    let state = match (say::growth(row), &row.last_growth) {
        (Some(growth), _) => format!(
            "{} from {} to {} buckets: {:.1} %, {} steps, {} of work",
            say::growth_word(growth.kind),
            thousands(growth.from_buckets),
            thousands(growth.to_buckets),
            growth.done_share() * 100.0,
            thousands(growth.steps),
            duration(growth.work_ns as f64)
        ),
        (None, Some(done)) => format!(
            "at rest; last {} {} {}, {} of it work",
            say::growth_word(done.growth.kind),
            if done.is_complete {
                "took"
            } else {
                "was given up after"
            },
            duration(done.wall_ns() as f64),
            duration(done.growth.work_ns as f64)
        ),
        (None, None) => "at rest; has never grown in steps".to_owned(),
    };
    vec![
        format!(
            "{} entries of {}, load {:.3}, {} held, peak {}, {} an entry",
            thousands(gauges.len),
            thousands(gauges.capacity),
            gauges.load(),
            size(gauges.bytes_held()),
            size(gauges.bytes_peak),
            size(row.entry_bytes)
        ),
        format!(
            "{} growths, {} steps ({}), longest {}, {} given back, {} overflow buckets",
            thousands(counters.growths.sum()),
            thousands(counters.steps),
            charts::quantiles(&counters.step_ns),
            duration(gauges.step_ns_max as f64),
            size(counters.bytes_released),
            thousands(gauges.overflow_buckets)
        ),
        state,
    ]
}

/// Columns that fit, with their widths; 0 takes what is left.
fn visible(width: u16) -> Vec<(usize, u16)> {
    match width {
        0..40 => vec![(0, 0), (4, 9)],
        40..60 => vec![(0, 0), (4, 9), (8, 14)],
        60..72 => vec![(0, 0), (2, 11), (4, 9), (8, 16)],
        72..110 => vec![(0, 0), (2, 12), (3, 5), (4, 9), (6, 8), (7, 9), (8, 18)],
        _ => vec![
            (0, 0),
            (1, 0),
            (2, 13),
            (3, 5),
            (4, 9),
            (5, 9),
            (6, 8),
            (7, 9),
            (8, 24),
        ],
    }
}

fn cell<'a>(column: usize, width: u16, text: &str) -> Cell<'a> {
    if table::IS_LEFT[column] || width == 0 {
        Cell::from(text.to_owned())
    } else {
        let width = usize::from(width);
        Cell::from(format!("{text:>width$}"))
    }
}
