//! Figures of the curves: what, at which length, of which map, with their samples.
//!
//! The commands beside the table (`scale`, `tail`, `memory`, `judges`) all keep their results in
//! this one form, as CSV with the machine in its head.

use std::fmt::Write as _;

use serde::Serialize;

use crate::machine::Machine;
use crate::stats::Summary;

/// Name and version of the CSV; `bench/README.md` documents its columns.
const SCHEMA: &str = "tidemap-bench/figures/1";

/// One figure of one map at one length, once for each repetition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Its unit.
    pub unit: &'static str,
    /// The entries, or another position along a curve.
    pub at: f64,
    /// The map, program or control.
    pub map: String,
    /// One for each repetition.
    pub samples: Vec<f64>,
}

/// Figures in the order of their first appearance.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// The figures.
    pub all: Vec<Figure>,
}

impl Figures {
    /// Adds a sample to the figure of that name, place and map.
    pub fn add(&mut self, what: &str, unit: &'static str, at: f64, map: &str, sample: f64) {
        let known = self
            .all
            .iter_mut()
            .find(|f| f.at == at && f.map == map && f.what == what);
        match known {
            Some(figure) => figure.samples.push(sample),
            None => self.all.push(Figure {
                what: what.to_owned(),
                unit,
                at,
                map: map.to_owned(),
                samples: vec![sample],
            }),
        }
    }

    /// As [`add`](Self::add), of a figure that this system may not have.
    pub fn add_if(
        &mut self,
        what: &str,
        unit: &'static str,
        at: f64,
        map: &str,
        sample: Option<f64>,
    ) {
        if let Some(sample) = sample {
            self.add(what, unit, at, map, sample);
        }
    }

    /// The samples of a figure; none if it is not there.
    #[must_use]
    pub fn samples(&self, what: &str, at: f64, map: &str) -> &[f64] {
        self.all
            .iter()
            .find(|f| f.at == at && f.map == map && f.what == what)
            .map_or(&[], |figure| &figure.samples)
    }

    /// Medians of `what` for `map`, by place.
    #[must_use]
    pub fn curve(&self, what: &str, map: &str) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = self
            .all
            .iter()
            .filter(|figure| figure.what == what && figure.map == map)
            .filter_map(|figure| Some((figure.at, Summary::of(&figure.samples)?.median)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// The names of all maps, each once.
    #[must_use]
    pub fn maps(&self) -> Vec<String> {
        let mut maps: Vec<String> = Vec::new();
        for figure in &self.all {
            if !maps.contains(&figure.map) {
                maps.push(figure.map.clone());
            }
        }
        maps
    }

    /// The medians of `what` for people: a row for each place, a column for each map.
    #[must_use]
    pub fn table(&self, what: &str, title: &str) -> String {
        let maps: Vec<String> = self
            .maps()
            .into_iter()
            .filter(|map| self.all.iter().any(|f| f.what == what && f.map == *map))
            .collect();
        let mut places: Vec<f64> = self
            .all
            .iter()
            .filter(|figure| figure.what == what)
            .map(|figure| figure.at)
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let mut out = format!("{what} ({title})\n{:>12}", "at");
        for map in &maps {
            let _ = write!(out, "  {map:>18}");
        }
        out.push('\n');
        for at in places {
            let _ = write!(out, "{at:>12}");
            for map in &maps {
                let text = Summary::of(self.samples(what, at, map))
                    .map_or("n/a".to_owned(), |summary| number(summary.median));
                let _ = write!(out, "  {text:>18}");
            }
            out.push('\n');
        }
        out.push('\n');
        out
    }

    /// All of it as CSV; lines of the head begin with `#`.
    #[must_use]
    pub fn csv(&self, machine: &Machine, notes: &[String]) -> String {
        let mut out = format!("# schema: {SCHEMA}\n");
        for (name, value) in machine.lines() {
            let _ = writeln!(out, "# {name}: {value}");
        }
        for note in notes {
            let _ = writeln!(out, "# {note}");
        }
        out.push_str("what,unit,at,map,median,min,max,samples\n");
        for figure in &self.all {
            let Figure {
                what,
                unit,
                at,
                map,
                ..
            } = figure;
            let _ = match Summary::of(&figure.samples) {
                Some(s) => writeln!(
                    out,
                    "{what},{unit},{at},{map},{:.4},{:.4},{:.4},{}",
                    s.median, s.min, s.max, s.samples
                ),
                None => writeln!(out, "{what},{unit},{at},{map},n/a,n/a,n/a,0"),
            };
        }
        out
    }
}

/// Four digits, and no digits that say nothing.
fn number(value: f64) -> String {
    match value {
        v if v >= 1000.0 || v == v.trunc() => format!("{v:.0}"),
        v if v >= 100.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_gather_and_curves_are_medians_in_order() {
        let mut figures = Figures::default();
        for (at, sample) in [(20.0, 5.0), (10.0, 1.0), (10.0, 3.0), (10.0, 2.0)] {
            figures.add("hit", "ns/op", at, "std", sample);
        }
        figures.add_if("hit", "ns/op", 10.0, "griddle", None);
        assert_eq!(figures.curve("hit", "std"), [(10.0, 2.0), (20.0, 5.0)]);
        assert_eq!(figures.samples("hit", 10.0, "std"), [1.0, 3.0, 2.0]);
        assert_eq!(figures.maps(), ["std"]);
        let table = figures.table("hit", "ns");
        assert_eq!(table.lines().count(), 5, "{table}");
        assert!(table.lines().nth(2).unwrap().ends_with(" 2"), "{table}");
        let csv = figures.csv(&Machine::detect(), &["note: n".to_owned()]);
        let rows: Vec<&str> = csv.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(rows[0].split(',').count(), 8);
        assert_eq!(rows[1], "hit,ns/op,20,std,5.0000,5.0000,5.0000,1");
        assert_eq!(rows[2], "hit,ns/op,10,std,2.0000,1.0000,3.0000,3");
        assert!(csv.contains("# note: n\n"));
    }
}
