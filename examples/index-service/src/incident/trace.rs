//! Growths, read back from a trace in Chrome's form.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// A growth that a trace shows from its trigger to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// What it is called, such as `in-place 1024→2048`.
    pub name: String,
    /// When it began, in microseconds of the trace.
    pub begun_us: f64,
    /// From the trigger to the end.
    pub wall_us: f64,
    /// Operations that paid a share.
    pub steps: u64,
    /// The longest of them.
    pub longest_ns: u64,
    /// Time spent in all of them.
    pub work_ns: u64,
    /// Entries when it ended.
    pub entries: u64,
}

/// All complete growths of the trace, in their order.
///
/// # Errors
/// If the file cannot be read, or is no such trace.
pub fn growths_of(path: &Path) -> anyhow::Result<Vec<Growth>> {
    let told = || format!("the trace {}", path.display());
    let mut lines = BufReader::new(File::open(path).with_context(told)?).lines();
    let mut open: HashMap<u64, Vec<(String, f64)>> = HashMap::new();
    let mut growths = Vec::new();
    // Each event has a line, so that a trace of any size is read in little memory.
    while let Some(line) = lines.next().transpose().with_context(told)? {
        let line = line.trim_end_matches(',');
        if !line.starts_with("{\"ph\":\"B\"") && !line.starts_with("{\"ph\":\"E\"") {
            continue;
        }
        let event: Value = serde_json::from_str(line.trim_end_matches("]}")).with_context(told)?;
        let track = event["tid"].as_u64().unwrap_or_default();
        let time = event["ts"].as_f64().unwrap_or_default();
        let slices = open.entry(track).or_default();
        if event["ph"] == "B" {
            let name = event["name"].as_str().unwrap_or_default();
            slices.push((name.to_owned(), time));
            continue;
        }
        let args = &event["args"];
        let (Some((name, begun_us)), true) = (slices.pop(), args["complete"] == true) else {
            continue;
        };
        let number = |name: &str| args[name].as_u64().unwrap_or_default();
        growths.push(Growth {
            name,
            begun_us,
            wall_us: time - begun_us,
            steps: number("steps"),
            longest_ns: number("longest step ns"),
            work_ns: number("work ns"),
            entries: number("entries at end"),
        });
    }
    Ok(growths)
}
