//! Plots as SVG: panels of lines over logarithmic axes, one legend for all.
//!
//! Written by hand and small: what the curves here need is few things done well. A line is told
//! from the others by colour, dashes *and* the shape of its marks, so that it also is for eyes and
//! printers that know no colour. The background is white, whatever the page around it is.

use std::fmt::Write as _;

const PANEL_WIDTH: f64 = 560.0;
const PANEL_HEIGHT: f64 = 340.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 52.0;
const MARGIN: f64 = 18.0;
const LEGEND_ENTRY_WIDTH: f64 = 196.0;

/// A page of panels.
#[derive(Debug, Clone)]
pub struct Page {
    /// What it shows.
    pub title: String,
    /// Lines below the title: machine, build, method.
    pub notes: Vec<String>,
    /// Panels in a row.
    pub columns: usize,
    /// The panels.
    pub panels: Vec<Panel>,
}

/// One pair of axes.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What is shown.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Line>,
}

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// How figures are written.
    pub numbers: Numbers,
    /// Whether equal distances are equal factors. Else the axis begins at 0.
    pub logarithmic: bool,
}

/// How figures on an axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// 10, 1 k, 1 M.
    Counts,
    /// Nanoseconds as ns, µs, ms, s.
    Times,
    /// `1 in 1 k`, of shares.
    OneIn,
}

/// A line of a panel.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the legend; equal names look alike in all panels.
    pub name: String,
    /// Its points, from left to right. Those that an axis cannot show are left out.
    pub points: Vec<(f64, f64)>,
}

struct Style {
    colour: &'static str,
    dashes: &'static str,
    mark: Mark,
}

#[derive(Clone, Copy)]
enum Mark {
    Disc,
    Square,
    Triangle,
    Diamond,
    Ring,
    Cross,
}

/// Colours that the colour-blind can tell apart (Okabe and Ito), darkened for thin lines.
const STYLES: [Style; 8] = [
    Style {
        colour: "#0060a8",
        dashes: "",
        mark: Mark::Disc,
    },
    Style {
        colour: "#c4500b",
        dashes: "",
        mark: Mark::Square,
    },
    Style {
        colour: "#007a5a",
        dashes: "7 3",
        mark: Mark::Triangle,
    },
    Style {
        colour: "#a13d7b",
        dashes: "2 3",
        mark: Mark::Diamond,
    },
    Style {
        colour: "#4a4a4a",
        dashes: "",
        mark: Mark::Ring,
    },
    Style {
        colour: "#b8860b",
        dashes: "9 3 2 3",
        mark: Mark::Cross,
    },
    Style {
        colour: "#3fa0d6",
        dashes: "5 3",
        mark: Mark::Square,
    },
    Style {
        colour: "#8c2d04",
        dashes: "1 3",
        mark: Mark::Ring,
    },
];

impl Page {
    /// The page as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        let rows = self.panels.len().div_ceil(columns);
        let width = MARGIN * 2.0 + columns as f64 * PANEL_WIDTH;
        let names = self.names();
        let per_row = ((width - 2.0 * MARGIN) / LEGEND_ENTRY_WIDTH)
            .floor()
            .max(1.0) as usize;
        let legend_top = MARGIN + 26.0 + 17.0 * self.notes.len() as f64 + 12.0;
        let panels_top = legend_top + 22.0 * names.len().div_ceil(per_row) as f64 + 8.0;
        let height = panels_top + rows as f64 * PANEL_HEIGHT + MARGIN;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" \
             font-size=\"13\" fill=\"#222\">\n<title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
             <text x=\"{MARGIN}\" y=\"{y}\" font-size=\"18\" font-weight=\"600\">{title}</text>\n",
            title = escaped(&self.title),
            y = MARGIN + 16.0,
        );
        for (i, note) in self.notes.iter().enumerate() {
            let y = MARGIN + 38.0 + 17.0 * i as f64;
            let _ = writeln!(
                out,
                "<text x=\"{MARGIN}\" y=\"{y}\" fill=\"#555\" font-size=\"12\">{}</text>",
                escaped(note)
            );
        }
        for (i, name) in names.iter().enumerate() {
            let x = MARGIN + LEGEND_ENTRY_WIDTH * (i % per_row) as f64;
            let y = legend_top + 22.0 * (i / per_row) as f64 + 8.0;
            let style = &STYLES[i % STYLES.len()];
            draw_line(&mut out, style, &[(x, y), (x + 34.0, y)]);
            draw_mark(&mut out, style, (x + 17.0, y));
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\">{}</text>",
                x + 42.0,
                y + 4.5,
                escaped(name)
            );
        }
        for (i, panel) in self.panels.iter().enumerate() {
            let x = MARGIN + PANEL_WIDTH * (i % columns) as f64;
            let y = panels_top + PANEL_HEIGHT * (i / columns) as f64;
            let _ = writeln!(out, "<g transform=\"translate({x} {y})\">");
            panel.draw(&mut out, &names);
            out.push_str("</g>\n");
        }
        out.push_str("</svg>\n");
        out
    }

    /// Names of lines, each once, in the order of the panels.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
            }
        }
        names
    }
}

/// The part of an axis that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Range {
    /// Around all of `values`; `None` without one that can be shown.
    fn of(values: impl Iterator<Item = f64>, logarithmic: bool) -> Option<Range> {
        let shown = values.filter(|v| v.is_finite() && (!logarithmic || *v > 0.0));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        if low > high {
            return None;
        }
        Some(if logarithmic {
            Range {
                low: low / 1.15,
                high: high * 1.15,
                logarithmic,
            }
        } else {
            Range {
                low: 0.0,
                high: (high * 1.08).max(f64::MIN_POSITIVE),
                logarithmic,
            }
        })
    }

    fn shows(self, value: f64) -> bool {
        value.is_finite() && (self.low..=self.high).contains(&value)
    }

    /// Where `value` is, from 0 to 1.
    fn place(self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Values worth a line across the panel, and whether each has a label.
    fn ticks(self) -> Vec<(f64, bool)> {
        if !self.logarithmic {
            let step = nice_step(self.high / 5.0);
            let count = (self.high / step).floor() as usize;
            return (0..=count).map(|i| (i as f64 * step, true)).collect();
        }
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let decades = (self.high / self.low).log10();
        let mut ticks = Vec::new();
        for exponent in first..=last {
            for digit in 1..10 {
                let value = f64::from(digit) * 10_f64.powi(exponent);
                if !self.shows(value) {
                    continue;
                }
                let labelled = match digit {
                    1 => true,
                    2 | 5 => decades < 2.6,
                    3 => decades < 0.8,
                    _ => decades < 0.5,
                };
                if labelled || decades < 5.0 {
                    ticks.push((value, labelled));
                }
            }
        }
        ticks
    }
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power)
}

impl Panel {
    fn draw(&self, out: &mut String, names: &[&str]) {
        let (width, height) = (PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM);
        let _ = writeln!(
            out,
            "<text x=\"{LEFT}\" y=\"{}\" font-size=\"14\" font-weight=\"600\">{}</text>",
            TOP - 12.0,
            escaped(&self.title)
        );
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let ranges = (
            Range::of(points().map(|p| p.0), self.x.logarithmic),
            Range::of(points().map(|p| p.1), self.y.logarithmic),
        );
        let (Some(x), Some(y)) = ranges else {
            let _ = writeln!(
                out,
                "<text x=\"{LEFT}\" y=\"{}\" fill=\"#555\">no figures</text>",
                TOP + 20.0
            );
            return;
        };
        let at = |p: (f64, f64)| {
            (
                LEFT + x.place(p.0) * width,
                TOP + (1.0 - y.place(p.1)) * height,
            )
        };
        for (value, labelled) in x.ticks() {
            let left = at((value, y.low)).0;
            rule(out, (left, TOP), (left, TOP + height), labelled);
            if labelled {
                let text = self.x.numbers.text(value);
                label(out, (left, TOP + height + 18.0), "middle", &text);
            }
        }
        for (value, labelled) in y.ticks() {
            let top = at((x.low, value)).1;
            rule(out, (LEFT, top), (LEFT + width, top), labelled);
            if labelled {
                let text = self.y.numbers.text(value);
                label(out, (LEFT - 8.0, top + 4.0), "end", &text);
            }
        }
        let _ = writeln!(
            out,
            "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#888\"/>"
        );
        label(
            out,
            (LEFT + width / 2.0, PANEL_HEIGHT - 14.0),
            "middle",
            &self.x.label,
        );
        let _ = writeln!(
            out,
            "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\" font-size=\"12\">{}</text>",
            TOP + height / 2.0,
            escaped(&self.y.label)
        );
        // The first line is drawn last: it is what a page is about.
        for line in self.lines.iter().rev() {
            let style = names
                .iter()
                .position(|name| *name == line.name)
                .map_or(&STYLES[0], |i| &STYLES[i % STYLES.len()]);
            let shown: Vec<(f64, f64)> = line
                .points
                .iter()
                .filter(|p| x.shows(p.0) && y.shows(p.1))
                .map(|p| at(*p))
                .collect();
            draw_line(out, style, &shown);
            if shown.len() <= 60 {
                for point in &shown {
                    draw_mark(out, style, *point);
                }
            }
        }
    }
}

fn rule(out: &mut String, from: (f64, f64), to: (f64, f64), strong: bool) {
    let colour = if strong { "#d9d9d9" } else { "#f0f0f0" };
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn label(out: &mut String, at: (f64, f64), anchor: &str, text: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" font-size=\"12\">{}</text>",
        at.0,
        at.1,
        escaped(text)
    );
}

fn draw_line(out: &mut String, style: &Style, points: &[(f64, f64)]) {
    if points.is_empty() {
        return;
    }
    let mut path = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    let dashes = match style.dashes {
        "" => String::new(),
        dashes => format!(" stroke-dasharray=\"{dashes}\""),
    };
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\"{dashes}/>",
        style.colour
    );
}

fn draw_mark(out: &mut String, style: &Style, (x, y): (f64, f64)) {
    let colour = style.colour;
    let shape = |path: String, filled: bool| {
        let fill = if filled { colour } else { "#fff" };
        format!("<path d=\"{path}\" fill=\"{fill}\" stroke=\"{colour}\"/>\n")
    };
    out.push_str(&match style.mark {
        Mark::Disc => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>\n"),
        Mark::Ring => format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.8\" fill=\"#fff\" stroke=\"{colour}\"/>\n"
        ),
        Mark::Square => shape(format!("M{:.1} {:.1}h5v5h-5z", x - 2.5, y - 2.5), true),
        Mark::Triangle => shape(format!("M{x:.1} {:.1}l3.2 5.6h-6.4z", y - 3.4), true),
        Mark::Diamond => shape(
            format!("M{x:.1} {:.1}l3.4 3.4l-3.4 3.4l-3.4-3.4z", y - 3.4),
            false,
        ),
        Mark::Cross => shape(
            format!("M{:.1} {:.1}l5 5m0-5l-5 5", x - 2.5, y - 2.5),
            false,
        ),
    });
}

impl Numbers {
    fn text(self, value: f64) -> String {
        match self {
            Numbers::Counts => scaled(value, &[(1e9, " G"), (1e6, " M"), (1e3, " k")], ""),
            Numbers::Times => scaled(value, &[(1e9, " s"), (1e6, " ms"), (1e3, " µs")], " ns"),
            Numbers::OneIn => format!("1 in {}", Numbers::Counts.text(value)),
        }
    }
}

fn scaled(value: f64, units: &[(f64, &str)], otherwise: &str) -> String {
    let (value, unit) = units
        .iter()
        .find(|(size, _)| value >= size * 0.999_999)
        .map_or((value, otherwise), |(size, unit)| (value / size, unit));
    // Ticks are round figures; the sums that lead to them are not quite.
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(points: Vec<(f64, f64)>) -> Page {
        let axis = |label: &str, numbers| Axis {
            label: label.to_owned(),
            numbers,
            logarithmic: true,
        };
        Page {
            title: "a < b".to_owned(),
            notes: vec!["note".to_owned()],
            columns: 2,
            panels: vec![Panel {
                title: "hit".to_owned(),
                x: axis("entries", Numbers::Counts),
                y: axis("ns per operation", Numbers::Times),
                lines: vec![Line {
                    name: "tidemap".to_owned(),
                    points,
                }],
            }],
        }
    }

    #[test]
    fn a_page_has_axes_legend_and_only_points_that_can_be_shown() {
        let svg = page(vec![(100.0, 5.0), (1e4, f64::NAN), (1e6, 0.0), (1e6, 70.0)]).svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("a &lt; b") && svg.contains(">tidemap<"));
        assert!(svg.contains(">1 k<") && svg.contains(">10 ns<"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        // A mark in the legend and one for each of the two points.
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(page(vec![]).svg().contains("no figures"));
    }

    #[test]
    fn ticks_cover_the_range_and_linear_axes_begin_at_zero() {
        let range = Range::of([90.0, 2e5].into_iter(), true).unwrap();
        let labelled: Vec<f64> = range.ticks().iter().filter(|t| t.1).map(|t| t.0).collect();
        assert_eq!(labelled, [100.0, 1e3, 1e4, 1e5]);
        let range = Range::of([3.0, 47.0].into_iter(), false).unwrap();
        assert_eq!(range.low, 0.0);
        assert_eq!(range.ticks().len(), 3, "0, 20, 40");
        assert_eq!(Range::of([f64::NAN, 0.0].into_iter(), true), None);
    }

    #[test]
    fn numbers_are_written_with_units() {
        assert_eq!(Numbers::Counts.text(1e8), "100 M");
        assert_eq!(Numbers::Counts.text(250.0), "250");
        assert_eq!(Numbers::Times.text(2e3), "2 µs");
        assert_eq!(Numbers::Times.text(0.5), "0.5 ns");
        assert_eq!(Numbers::OneIn.text(1e3), "1 in 1 k");
    }
}
