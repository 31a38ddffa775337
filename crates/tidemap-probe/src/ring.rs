//! The ring of events: written without waiting, read by whoever keeps up.
//!
//! E1. A writer takes the next number and the slot of that number, unless somebody still writes there, a
//!     whole round behind; then it takes the next but one. After a few tries the event is lost.
//! E2. A slot's state is `2n + 1` while event `n` is written and `2n + 2` when it is there. It only rises.
//! E3. A reader that finds a later number in the slot it wants has been overtaken: it goes on with the oldest
//!     event there is, and says how many it missed. Numbers without an event count as missed when
//!     [`PATIENCE`] later ones exist.
//! E4. Nobody writes while nobody subscribes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

use crate::event::{Event, EventKind, MapId, WORDS};
use crate::switch;

/// Events that the ring holds.
pub const EVENTS_MAX: usize = 16_384;

const PATIENCE: u64 = 64;
const TRIES: usize = 4;
/// How long [`Subscription::next_timeout`] sleeps between two looks.
const NAP: Duration = Duration::from_millis(1);

#[repr(C)]
struct Slot {
    state: AtomicU64,
    words: [AtomicU64; WORDS],
}

static RING: [Slot; EVENTS_MAX] = [const {
    Slot {
        state: AtomicU64::new(0),
        words: [const { AtomicU64::new(0) }; WORDS],
    }
}; EVENTS_MAX];

/// The number of the next event.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// How many subscribe; a lock, because the switch follows the count.
static SUBSCRIBERS: Mutex<usize> = Mutex::new(0);

/// Writes an event, if anybody subscribes.
#[inline]
pub(crate) fn publish(time_ns: u64, map: MapId, kind: impl FnOnce() -> EventKind) {
    if switch::listens(switch::EVENTS) {
        write(time_ns, map, kind());
    }
}

#[cold]
fn write(time_ns: u64, map: MapId, kind: EventKind) {
    let words = Event {
        sequence: 0,
        time_ns,
        map,
        kind,
    }
    .to_words();
    for _ in 0..TRIES {
        // Relaxed: a number is all that is taken; the slot says who may write.
        let sequence = NEXT.fetch_add(1, Ordering::Relaxed);
        let slot = &RING[sequence as usize % EVENTS_MAX];
        let state = slot.state.load(Ordering::Relaxed);
        let writing = 2 * sequence + 1;
        // E2, and nobody is at it.
        if state & 1 == 1 || state > writing {
            continue;
        }
        // Acquire: the stores below stay behind it.
        if slot
            .state
            .compare_exchange(state, writing, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            continue;
        }
        // Pairs with the fence in `look`: who sees a word of this event sees `writing`.
        fence(Ordering::Release);
        for (to, word) in slot.words.iter().zip(words) {
            to.store(word, Ordering::Relaxed);
        }
        // Release: publishes the words; pairs with the Acquire load in `look`.
        slot.state.store(writing + 1, Ordering::Release);
        return;
    }
}

enum Look {
    There(Event),
    NotYet,
    Overtaken,
}

fn look(sequence: u64) -> Look {
    let slot = &RING[sequence as usize % EVENTS_MAX];
    let wanted = 2 * sequence + 2;
    // Acquire: pairs with the Release store in `write`.
    let state = slot.state.load(Ordering::Acquire);
    if state > wanted {
        return Look::Overtaken;
    }
    if state < wanted {
        return Look::NotYet;
    }
    let words: [u64; WORDS] = std::array::from_fn(|i| slot.words[i].load(Ordering::Relaxed));
    // Pairs with the fence in `write`.
    fence(Ordering::Acquire);
    if slot.state.load(Ordering::Relaxed) != wanted {
        return Look::Overtaken;
    }
    match Event::from_words(sequence, &words) {
        Some(event) => Look::There(event),
        None => Look::Overtaken,
    }
}

/// Events from the moment of subscribing on, of all observed maps.
///
/// The ring holds [`EVENTS_MAX`] events and waits for nobody: who reads too slowly loses the oldest,
/// and [`missed`](Subscription::missed) counts them. Any number may subscribe; each reads everything. While
/// nobody does, maps write no events.
///
/// # Example
/// ```
/// let mut events = tidemap_probe::subscribe();
/// while let Some(event) = events.poll() {
///     println!("{} {} {}", event.time_ns, event.map, event.kind.as_str());
/// }
/// assert_eq!(events.missed(), 0);
/// ```
#[derive(Debug)]
pub struct Subscription {
    next: u64,
    missed: u64,
}

/// Begins to listen. See [`Subscription`].
#[must_use = "events are read from the subscription"]
pub fn subscribe() -> Subscription {
    let mut subscribers = SUBSCRIBERS.lock().unwrap_or_else(|e| e.into_inner());
    *subscribers += 1;
    switch::listen(switch::EVENTS);
    Subscription {
        next: NEXT.load(Ordering::Relaxed),
        missed: 0,
    }
}

impl Subscription {
    /// The next event, if there is one. Never waits.
    pub fn poll(&mut self) -> Option<Event> {
        loop {
            match look(self.next) {
                Look::There(event) => {
                    self.next += 1;
                    return Some(event);
                }
                Look::NotYet => {
                    // Relaxed: a number that is seen late is seen at the next call.
                    let end = NEXT.load(Ordering::Relaxed);
                    if end.saturating_sub(self.next) <= PATIENCE {
                        return None;
                    }
                    self.skip_to(self.next + 1);
                }
                Look::Overtaken => {
                    let end = NEXT.load(Ordering::Relaxed);
                    let oldest = end.saturating_sub(EVENTS_MAX as u64);
                    self.skip_to(oldest.max(self.next + 1));
                }
            }
        }
    }

    /// The next event, waiting for one at most this long: it looks again every millisecond.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Event> {
        let start = Instant::now();
        loop {
            if let Some(event) = self.poll() {
                return Some(event);
            }
            let left = timeout.checked_sub(start.elapsed())?;
            if left.is_zero() {
                return None;
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// Up to `max` events at once, for those who write in batches.
    pub fn take(&mut self, max: usize) -> Vec<Event> {
        std::iter::from_fn(|| self.poll()).take(max).collect()
    }

    /// Events that were overwritten before they were read, or lost by writers in each other's way.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    fn skip_to(&mut self, next: u64) {
        self.missed += next - self.next;
        self.next = next;
    }
}

/// Ends listening; without listeners nothing is written.
impl Drop for Subscription {
    fn drop(&mut self) {
        let mut subscribers = SUBSCRIBERS.lock().unwrap_or_else(|e| e.into_inner());
        *subscribers -= 1;
        if *subscribers == 0 {
            switch::unlisten(switch::EVENTS);
        }
    }
}
