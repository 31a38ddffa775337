//! Watching without a terminal: lines, or JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tidemap_probe::{Event, EventKind, MapId, Snapshot};

use super::feed::{Feed, Look};
use super::{say, table};
use crate::go::views::clock;

/// The version of a line of JSON.
const SCHEMA: &str = "tidemap.watch/1";

/// What to print.
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) interval: Duration,
    pub(crate) count: Option<u64>,
    pub(crate) filter: String,
    /// Steps, releases and overflows, too.
    pub(crate) all: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    snapshot: &'a Snapshot,
    events: &'a [Event],
    missed: u64,
}

/// Prints look after look until there is none, `count` is reached, or nobody reads.
pub(crate) fn run(mut feed: Feed, options: &Options) -> anyhow::Result<()> {
    let mut looks = 0;
    let mut last = String::new();
    // Names of maps that have gone: their last event comes after them.
    let mut names: BTreeMap<MapId, String> = BTreeMap::new();
    while let Some(look) = feed.look()? {
        looks += 1;
        let text = if options.json {
            let line = Line {
                schema: SCHEMA,
                snapshot: &look.snapshot,
                events: &look.events,
                missed: look.missed,
            };
            serde_json::to_string(&line)? + "\n"
        } else {
            lines(&feed, &look, options, &mut names, &mut last)
        };
        if !print(&text)? || options.count.is_some_and(|count| looks >= count) {
            return Ok(());
        }
        if feed.is_live() {
            std::thread::sleep(options.interval);
        }
    }
    if feed.is_live() {
        eprintln!("tidemap: the program is gone");
    }
    Ok(())
}

fn lines(
    feed: &Feed,
    look: &Look,
    options: &Options,
    names: &mut BTreeMap<MapId, String>,
    last: &mut String,
) -> String {
    let snapshot = &look.snapshot;
    for row in &snapshot.maps {
        names.insert(row.id, row.label());
    }
    let endpoint = match feed {
        Feed::Url(endpoint) => Some(endpoint.names()),
        _ => None,
    };
    let fleeting = |id: MapId| {
        let told = endpoint.as_ref().and_then(|names| {
            let names = names
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            names.get(&id).cloned()
        });
        told.or_else(|| names.get(&id).cloned())
    };
    let when = |time_ns: u64| {
        clock(Some(
            snapshot.epoch_unix_ns.saturating_add(time_ns) / 1_000_000,
        ))
    };
    let mut text = String::new();
    for event in &look.events {
        if !options.all && tidemap_live::is_frequent(&event.kind) {
            continue;
        }
        let name = say::name(event.map, snapshot, fleeting);
        if !name.to_lowercase().contains(&options.filter.to_lowercase()) {
            continue;
        }
        let (what, figures) = say::event(event);
        text += &format!(
            "{}  {}  {what}: {figures}\n",
            when(event.time_ns),
            say::printable(&name)
        );
    }
    let head = table::headline(snapshot);
    if head != *last {
        text += &format!("{}  {head}\n", when(snapshot.time_ns));
        *last = head;
    }
    for event in &look.events {
        if matches!(event.kind, EventKind::Drop { .. }) {
            names.remove(&event.map);
        }
    }
    while names.len() > 4 * tidemap_probe::ROWS_MAX {
        names.pop_first();
    }
    text
}

/// `false` when nobody reads any more.
fn print(text: &str) -> anyhow::Result<bool> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}
