//! Records: a report as CSV with the machine in its head, kept in the repository.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::report::Report;

/// The version of the columns; `bench/README.md` documents them.
const SCHEMA: &str = "tidemap-bench/record/2";
const COLUMNS: &str = "case,keys,metric,unit,entries,map,median,min,max,samples,\
                       ratio_median,ratio_min,ratio_max,target_now,target_later,verdict,\
                       wall_median,limit_ns,times_limit";

/// The report as CSV; lines of the head begin with `#`.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut out = format!("# schema: {SCHEMA}\n");
    for (name, value) in report.machine.lines() {
        let _ = writeln!(out, "# {name}: {value}");
    }
    let mode = if report.quick { "quick" } else { "full" };
    let _ = writeln!(out, "# mode: {mode}, {:.0} s", report.seconds);
    let _ = writeln!(out, "# baseline: {}", report.baseline);
    for keys in &report.keys {
        let _ = writeln!(out, "# keys {}: {}", keys.kind.as_str(), keys.origin);
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "# warning: {warning}");
    }
    for difference in &report.differences {
        let _ = writeln!(
            out,
            "# DIFFERENT ANSWER: {} at {}: {} answered {}, expected {}",
            difference.case,
            difference.size,
            difference.map,
            difference.answered,
            difference.expected
        );
    }
    let _ = writeln!(out, "{COLUMNS}");
    for cell in &report.cells {
        let _ = write!(
            out,
            "{},{},{},{},{},{}",
            cell.case,
            cell.keys.as_str(),
            cell.metric,
            cell.unit.as_str(),
            cell.size.0,
            cell.map
        );
        match &cell.summary {
            Some(s) => {
                let _ = write!(out, ",{},{},{},{}", s.median, s.min, s.max, s.samples);
            }
            None => out.push_str(",n/a,n/a,n/a,0"),
        }
        match &cell.ratio {
            Some(r) => {
                let _ = write!(out, ",{:.5},{:.5},{:.5}", r.median, r.min, r.max);
            }
            None => out.push_str(",,,"),
        }
        match cell.target {
            Some(aim) => {
                let _ = write!(out, ",{},{}", aim.now, aim.later);
            }
            None => out.push_str(",,"),
        }
        let verdict = cell.verdict.map_or("", |verdict| verdict.as_str());
        let _ = write!(out, ",{verdict}");
        let wall = cell.wall_summary.map(|wall| wall.median);
        for figure in [wall, cell.limit_ns, cell.times_limit()] {
            match figure {
                Some(figure) => {
                    let _ = write!(out, ",{figure:.4}");
                }
                None => out.push(','),
            }
        }
        out.push('\n');
    }
    for limit in &report.limits {
        let (keys, size) = (limit.keys.as_str(), limit.size.0);
        let memory = &limit.memory;
        for (pages, figures) in [("4k", Some(&memory.small)), ("2m", memory.huge.as_ref())] {
            let Some(figures) = figures else { continue };
            for (metric, unit, value) in [
                ("dependent-access", "ns", figures.dependent_ns),
                ("independent-access", "ns", figures.independent_ns),
                ("read", "bytes/ns", figures.read_bytes_per_ns),
                ("copy", "bytes/ns", figures.copy_bytes_per_ns),
                ("first-touch", "ns/page", figures.touch_ns),
            ] {
                let _ = writeln!(
                    out,
                    "machine,{keys},{metric}-{pages},{unit},{size},machine,{value},{value},{value},1,,,,,,,,,"
                );
            }
        }
    }
    out
}

/// Writes `text` to `path`: first to a temporary file beside it, so that a
/// failure leaves no partial file.
///
/// # Errors
/// If a file cannot be written.
pub fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = path
        .file_name()
        .with_context(|| format!("{} is not the name of a file", path.display()))?;
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        anyhow::Error::new(error).context(format!("cannot write {}", path.display()))
    })
}

/// Writes the report to `<folder>/<machine>/<date>.csv`, or with a number after
/// the date if that is taken, and returns the path.
///
/// # Errors
/// If the folder or the file cannot be written.
pub fn write(report: &Report, folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.join(report.machine.slug());
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let date = report.machine.date();
    let path = (1..)
        .map(|number| match number {
            1 => folder.join(format!("{date}.csv")),
            _ => folder.join(format!("{date}-{number}.csv")),
        })
        .find(|path| !path.exists())
        .expect("numbers do not run out");
    write_whole(&path, &csv(report))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("tidemap-bench-rec-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("taken")).unwrap();
        let error = write_whole(&folder.join("taken"), "x")
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot write"), "{error}");
        assert!(write_whole(&folder.join("none").join("file"), "x").is_err());
        write_whole(&folder.join("file"), "text").unwrap();
        assert_eq!(
            std::fs::read_to_string(folder.join("file")).unwrap(),
            "text"
        );
        assert_eq!(
            std::fs::read_dir(&folder).unwrap().count(),
            2,
            "no .part file"
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn rows_have_as_many_fields_as_the_head() {
        assert_eq!(COLUMNS.split(',').count(), 19);
        assert!(!COLUMNS.contains(' '));
    }
}
