//! `tidemap plan`: what tidemap's own map of a given size will do.
//!
//! The engine is asked, not imitated: a map with entries of that size is filled
//! up to [`PROBED_ENTRIES`] and watched. Beyond, every further doubling comes at
//! about twice the entries of the one before, and a map of twice the entries
//! holds twice the bytes: what it has at the end is read from one that is smaller
//! by a power of two.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;

use crate::go::plan::{Load, bytes, count};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.plan/1";
/// Up to here a real map is filled and watched; of a larger one, the halves of
/// halves that fit.
const PROBED_ENTRIES: u64 = 400_000;
/// Columns of the widest bar.
const BAR_COLUMNS: u64 = 40;
/// The most entries a plan is made for.
const ENTRIES_MAX: u64 = 1 << 44;

/// Plan a tidemap map: when it grows, how large it is, what a capacity saves
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap plan --key u64 --value u64 --entries 30000000
  tidemap plan --key String --value 40 --qps 12000 --ttl 30m --unique 0.4 --json")]
pub(crate) struct Args {
    #[allow(rustdoc::invalid_html_tags, reason = "shown by --help as it is")]
    /// Key type (u64, String, &str, Box<T>, [u8; 32]) or its size in bytes
    #[arg(long)]
    key: String,
    /// Value type or its size in bytes
    #[arg(long)]
    value: String,
    #[command(flatten)]
    load: Load,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    entry_bytes: u64,
    /// The size of entry the engine was asked about.
    planned_entry_bytes: u64,
    entries: u64,
    slots_per_bucket: usize,
    bucket_bytes: usize,
    stages: Vec<Stage>,
    load: f64,
    bytes: u64,
    capacity_to_write: u64,
}

/// A power of two of buckets.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
struct Stage {
    /// The insert at which that many buckets are there.
    insert: u64,
    buckets: u64,
    bytes: u64,
    /// Seen in the probe, not continued from it.
    observed: bool,
}

/// Runs `tidemap plan`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let key = type_bytes(&args.key).context("--key")?;
    let value = type_bytes(&args.value).context("--value")?;
    let entries = args.load.entries()?;
    if entries == 0 {
        bail!("--entries is 0, so the map stays empty; give a positive number");
    }
    if entries > ENTRIES_MAX {
        bail!("--entries {entries} is more than any machine holds (2^44)");
    }
    let entry_bytes = key + value;
    let probed = probe(entry_bytes, entries).with_context(|| {
        format!("entries of {entry_bytes} bytes are not planned here; the largest is 1024")
    })?;
    let stages = stages(&probed, entries);
    let (end_buckets, end_bytes) = probed.end;
    let report = Report {
        schema: SCHEMA,
        entry_bytes,
        planned_entry_bytes: probed.entry_bytes,
        entries,
        slots_per_bucket: probed.slots_per_bucket,
        bucket_bytes: probed.bucket_bytes,
        load: entries as f64 / (end_buckets * probed.slots_per_bucket as u64) as f64,
        bytes: end_bytes,
        capacity_to_write: entries,
        stages,
    };
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        human(&report)?
    };
    crate::go::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What the engine does with maps of one entry size.
struct Probed {
    entry_bytes: u64,
    slots_per_bucket: usize,
    bucket_bytes: usize,
    /// The insert at which each power of two of buckets was there, and that power.
    sizes: Vec<(u64, u64)>,
    /// Buckets and bytes of all entries.
    end: (u64, u64),
}

/// Watches a map with entries of the next size that is at hand.
fn probe(entry_bytes: u64, entries: u64) -> Option<Probed> {
    macro_rules! sizes {
        ($($words:literal)*) => {
            $(if entry_bytes <= $words * 8 {
                return Some(probe_words::<$words>(entries));
            })*
        };
    }
    sizes!(1 2 3 4 5 6 7 8 9 10 11 12 14 16 20 24 32 48 64 96 128);
    None
}

fn probe_words<const WORDS: usize>(entries: u64) -> Probed {
    let mut halvings = 0;
    while entries >> halvings > PROBED_ENTRIES {
        halvings += 1;
    }
    let mut map = tidemap::HashMap::<[u64; WORDS], ()>::new();
    let mut sizes = Vec::new();
    let mut awaited = 1;
    for key in 1..=entries >> halvings {
        map.insert([key; WORDS], ());
        if map.stats().buckets as u64 >= awaited {
            sizes.push((key, awaited));
            awaited *= 2;
        }
    }
    let stats = map.stats();
    Probed {
        entry_bytes: WORDS as u64 * 8,
        slots_per_bucket: stats.slots_per_bucket,
        bucket_bytes: stats.bucket_bytes,
        sizes,
        end: (
            (stats.buckets as u64) << halvings,
            (stats.bytes_live as u64) << halvings,
        ),
    }
}

/// Every number of buckets that a map of this many entries has had.
fn stages(probed: &Probed, entries: u64) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut known = probed.sizes.iter().copied();
    loop {
        let (observed, (insert, buckets)) = match (known.next(), stages.last()) {
            (Some(size), _) => (true, size),
            (None, Some(last)) => (false, (last.insert * 2, last.buckets * 2)),
            (None, None) => return stages,
        };
        if insert > entries {
            return stages;
        }
        stages.push(Stage {
            insert,
            buckets,
            bytes: buckets * probed.bucket_bytes as u64,
            observed,
        });
    }
}

/// The size of a Rust type, as far as maps need it, or a plain size.
fn type_bytes(text: &str) -> anyhow::Result<u64> {
    let text = text.trim();
    if let Ok(bytes) = text.parse::<u64>() {
        return Ok(bytes);
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'))
        && let Some((elem, length)) = inner.rsplit_once(';')
    {
        let length: u64 = length
            .trim()
            .parse()
            .with_context(|| format!("`{text}` has no length"))?;
        return type_bytes(elem)?
            .checked_mul(length)
            .with_context(|| format!("`{text}` is too large"));
    }
    Ok(match text {
        "()" => 0,
        "u8" | "i8" | "bool" => 1,
        "u16" | "i16" => 2,
        "u32" | "i32" | "f32" | "char" => 4,
        "u64" | "i64" | "f64" | "usize" | "isize" => 8,
        "u128" | "i128" | "&str" => 16,
        "String" => 24,
        _ if text.starts_with("Box<") || text.starts_with("Rc<") || text.starts_with("Arc<") => 8,
        _ if text.starts_with("Vec<") => 24,
        _ => bail!("the size of `{text}` is not known here; give it in bytes, such as 40"),
    })
}

fn human(r: &Report) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "tidemap::HashMap, {} entries of {} bytes",
        count(r.entries),
        r.entry_bytes
    )?;
    if r.planned_entry_bytes != r.entry_bytes {
        writeln!(out, "  planned as {} bytes", r.planned_entry_bytes)?;
    }
    writeln!(
        out,
        "\nbucket   {} bytes, {} slots\n",
        r.bucket_bytes, r.slots_per_bucket
    )?;
    writeln!(out, "{:>17} {:>15} {:>11}", "at insert", "buckets", "bytes")?;
    for s in &r.stages {
        let columns = u128::from(s.bytes) * u128::from(BAR_COLUMNS) / u128::from(r.bytes.max(1));
        let bar = "█".repeat((columns as usize).clamp(1, 2 * BAR_COLUMNS as usize));
        let at = format!("{}{}", if s.observed { "" } else { "~" }, count(s.insert));
        writeln!(
            out,
            "{at:>17} {:>15} {:>11}  {bar}",
            count(s.buckets),
            bytes(s.bytes)
        )?;
    }
    writeln!(
        out,
        "\nat the end   about {} ({} bytes), {:.0} % of the main slots in use",
        bytes(r.bytes),
        count(r.bytes),
        r.load * 100.0
    )?;
    writeln!(
        out,
        "peak         about the same: the array grows in place, there is no second one"
    )?;
    writeln!(
        out,
        "write        HashMap::with_capacity({})",
        r.capacity_to_write
    )?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is continued beyond the probe is what a larger map does.
    #[test]
    fn the_engine_does_what_is_planned() {
        let entries = 1_300_000;
        let probed = probe(16, entries).expect("a small entry");
        let planned = stages(&probed, entries);
        assert!(planned.iter().any(|s| !s.observed) && planned.len() > 10);
        let mut map = tidemap::HashMap::<[u64; 2], ()>::new();
        let mut at = 0;
        for key in 1..=entries {
            map.insert([key, key], ());
            let buckets = map.stats().buckets as u64;
            if planned
                .get(at)
                .is_some_and(|stage| buckets >= stage.buckets)
            {
                let off = planned[at].insert as f64 / key as f64;
                assert!(
                    (0.8..1.25).contains(&off),
                    "{:?}, but at {key}",
                    planned[at]
                );
                at += 1;
            }
        }
        assert_eq!(at, planned.len());
        let off = probed.end.1 as f64 / map.stats().bytes_live as f64;
        assert!(
            (0.85..1.15).contains(&off),
            "planned {off} of the real bytes"
        );
    }

    #[test]
    fn types() {
        assert_eq!(type_bytes("[u8; 32]").unwrap(), 32);
        assert_eq!(type_bytes("Box<Order>").unwrap(), 8);
        assert!(
            type_bytes("Order")
                .unwrap_err()
                .to_string()
                .contains("in bytes")
        );
        assert!(probe(1025, 9).is_none());
    }
}
