//! Server-sent events: batches at a steady pace, bounded in number, for readers who keep up.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tidemap_probe::{Event, EventKind, MapId, Subscription, describe};

use super::Shared;
use super::answer::{Batch, EVENTS_SCHEMA};
use crate::thin::thin;

/// Time between two messages.
const PACE: Duration = Duration::from_millis(100);
/// A sign of life when nothing happens; it is how a reader that vanished is noticed.
const SIGN_EVERY: Duration = Duration::from_secs(2);
/// How long a reader may take for a message before it is dropped.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events of a message at most; of those beyond, steps, releases and overflows are left
/// out first.
const BATCH_EVENTS_MAX: usize = 256;
/// Events taken from the ring for a message at most.
const TAKE_MAX: usize = tidemap_probe::EVENTS_MAX;

/// Sends events until the reader leaves, is too slow, or the server ends.
pub(crate) fn run(
    to: &TcpStream,
    shared: &Shared,
    mut subscription: Subscription,
) -> io::Result<()> {
    to.set_write_timeout(Some(PATIENCE))?;
    // Tells the reader that it is through, and how long to wait before it comes back.
    write(to, shared, "retry: 2000\n\n")?;
    let mut skipped = 0;
    let mut told = (0, 0);
    let mut last = Instant::now();
    while !shared.stops() {
        let mut events = subscription.take(TAKE_MAX);
        skipped += thin(&mut events, BATCH_EVENTS_MAX);
        let lost = (subscription.missed(), skipped);
        if !events.is_empty() || lost != told {
            told = lost;
            let batch = Batch {
                schema: EVENTS_SCHEMA,
                missed: lost.0,
                skipped,
                names: names(&events),
                events,
            };
            let text = serde_json::to_string(&batch)?;
            write(to, shared, &format!("data: {text}\n\n"))?;
            last = Instant::now();
        } else if last.elapsed() >= SIGN_EVERY {
            write(to, shared, ": nothing new\n\n")?;
            last = Instant::now();
        }
        std::thread::sleep(PACE);
    }
    Ok(())
}

fn write(mut to: &TcpStream, shared: &Shared, text: &str) -> io::Result<()> {
    let sent = to.write_all(text.as_bytes());
    if let Err(error) = &sent
        && matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
    {
        shared
            .tally
            .streams_too_slow
            .fetch_add(1, Ordering::Relaxed);
    }
    sent
}

/// Names of maps that a reader cannot know from a snapshot: those that have come since, or have gone already.
fn names(events: &[Event]) -> Vec<(MapId, String)> {
    let fleeting = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Created { .. } | EventKind::Drop { .. }
        )
    };
    let mut ids: Vec<MapId> = events
        .iter()
        .filter(fleeting)
        .map(|event| event.map)
        .collect();
    ids.sort();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| Some((id, describe(id)?.label())))
        .collect()
}
