//! A span for every growth, from the trigger to the release of what it left.
//!
//! P1. On a map's thread only the context of the active span is noted, in a queue of
//!     [`PARENTS_MAX`]; nobody waits for the queue's lock. Whoever finds it taken or full goes on, and the growth's
//!     span has no parent.
//! P2. A thread of its own reads events and makes spans with the times that events tell. What a span
//!     processor or a sampler does, it does there.
//! P3. A growth that is open takes a place among [`OPEN_MAX`]; one beyond pushes out the oldest.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span, SpanContext, SpanKind, TraceContextExt, Tracer, get_active_span};
use opentelemetry::{Context, KeyValue};
use tidemap_probe::{
    EVENTS_MAX, Event, EventKind, GrowthKind, MapId, ROWS_MAX, Subscription, Trigger,
};

const PARENTS_MAX: usize = 1024;
/// Two growths for each row, and as many whose end was lost.
const OPEN_MAX: usize = 4 * (ROWS_MAX + 1);
const PATIENCE: Duration = Duration::from_millis(50);

static RUNS: AtomicBool = AtomicBool::new(false);
static PARENTS: Mutex<VecDeque<(Trigger, SpanContext)>> = Mutex::new(VecDeque::new());

/// Makes spans while it exists. Dropping it ends open spans as incomplete.
#[derive(Debug)]
#[must_use = "growths become spans while it exists"]
pub struct GrowthSpans {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

/// Why no spans are made.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Somebody does already.
    Runs,
    /// There is no thread to be had.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Runs => f.write_str(
                "growths are already made into spans; stop the other `GrowthSpans` first",
            ),
            StartError::Thread(error) => {
                write!(f, "cannot start the thread that makes spans: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Runs => None,
            StartError::Thread(error) => Some(error),
        }
    }
}

impl GrowthSpans {
    /// Growths that begin from now on become spans `tidemap.growth` of that tracer.
    ///
    /// A growth whose trigger runs inside a span gets that span as its parent; the sampler decides as for any
    /// child. Attributes: the map's name, number and types, the kind, buckets before and after,
    /// entries, steps, entries moved, bytes released, time spent and the longest step in nanoseconds, and
    /// whether it was completed.
    ///
    /// # Errors
    /// When a process does it twice, or there is no thread to be had.
    ///
    /// # Example
    /// ```
    /// use opentelemetry::trace::TracerProvider;
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    /// use tidemap_export::otel::GrowthSpans;
    ///
    /// let exporter = InMemorySpanExporter::default(); // yours goes elsewhere
    /// let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    /// let spans = GrowthSpans::start(provider.tracer("tidemap")).unwrap();
    /// let mut map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("spanned").build();
    /// (0..10_000).for_each(|i| drop(map.insert(i, i)));
    /// assert_eq!(spans.stop(), 0); // none was lost
    /// assert!(exporter.get_finished_spans().unwrap().iter().any(|s| s.name == "tidemap.growth"));
    /// ```
    pub fn start<T>(tracer: T) -> Result<GrowthSpans, StartError>
    where
        T: Tracer + Send + 'static,
    {
        if RUNS.swap(true, Ordering::AcqRel) {
            return Err(StartError::Runs);
        }
        static LISTENS: Once = Once::new();
        LISTENS.call_once(|| {
            // Where four others listen, spans have no parents.
            let _ = tidemap_probe::on_trigger(note_parent);
        });
        let mut parents = PARENTS.lock().unwrap_or_else(|e| e.into_inner());
        parents.clear();
        parents.reserve(PARENTS_MAX);
        drop(parents);
        let events = tidemap_probe::subscribe();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("tidemap-spans".into())
            .spawn(move || make_spans(&tracer, events, &told));
        match thread {
            Ok(thread) => Ok(GrowthSpans {
                stop,
                thread: Some(thread),
            }),
            Err(error) => {
                RUNS.store(false, Ordering::Release);
                Err(StartError::Thread(error))
            }
        }
    }

    /// Ends it: growths that were over by now have their spans. Gives the number of events that were lost.
    pub fn stop(mut self) -> u64 {
        self.end()
    }

    fn end(&mut self) -> u64 {
        let Some(thread) = self.thread.take() else {
            return 0;
        };
        // Release: pairs with the Acquire in the thread.
        self.stop.store(true, Ordering::Release);
        // A tracer that panics has spoilt its own spans.
        let missed = thread.join().unwrap_or(0);
        RUNS.store(false, Ordering::Release);
        missed
    }
}

impl Drop for GrowthSpans {
    fn drop(&mut self) {
        self.end();
    }
}

/// P1; runs in the operation that triggers a growth.
fn note_parent(trigger: &Trigger) {
    // Relaxed: one noted too many is cleared at the next start.
    if !RUNS.load(Ordering::Relaxed) {
        return;
    }
    let parent = get_active_span(|span| span.span_context().clone());
    if !parent.is_valid() {
        return;
    }
    if let Ok(mut parents) = PARENTS.try_lock()
        && parents.len() < PARENTS_MAX
    {
        parents.push_back((*trigger, parent));
    }
}

/// The span that was active at a trigger. What lies before it in the queue is out of date.
fn parent_of(trigger: &Trigger) -> Option<SpanContext> {
    let mut parents = PARENTS.lock().unwrap_or_else(|e| e.into_inner());
    let place = parents.iter().position(|(noted, _)| noted == trigger)?;
    let found = parents.remove(place).map(|(_, parent)| parent);
    // Threads may note in another order than events have, by a few.
    while parents.len() > PARENTS_MAX / 2
        && parents
            .front()
            .is_some_and(|(noted, _)| noted.time_ns < trigger.time_ns)
    {
        parents.pop_front();
    }
    found
}

/// A growth that goes on.
struct Open {
    begun: Event,
    parent: Option<SpanContext>,
}

/// P2.
fn make_spans<T: Tracer>(tracer: &T, mut events: Subscription, stop: &AtomicBool) -> u64 {
    let mut open: BTreeMap<(MapId, bool), Open> = BTreeMap::new();
    let epoch = tidemap_probe::snapshot().epoch_unix_ns;
    let mut latest_ns = 0;
    loop {
        let is_last = stop.load(Ordering::Acquire);
        let patience = if is_last { Duration::ZERO } else { PATIENCE };
        for _ in 0..EVENTS_MAX {
            let Some(event) = events.next_timeout(patience) else {
                break;
            };
            latest_ns = event.time_ns.max(latest_ns);
            match event.kind {
                EventKind::GrowthBegin { kind, .. } if event.map != MapId::OTHER => {
                    let trigger = Trigger {
                        map: event.map,
                        kind,
                        time_ns: event.time_ns,
                    };
                    let parent = parent_of(&trigger);
                    // P3: numbers of maps rise.
                    while open.len() >= OPEN_MAX {
                        open.pop_first();
                    }
                    open.insert(
                        key(event.map, kind),
                        Open {
                            begun: event,
                            parent,
                        },
                    );
                }
                EventKind::GrowthEnd { kind, .. } => {
                    if let Some(growth) = open.remove(&key(event.map, kind)) {
                        make_span(tracer, &growth, event.time_ns, Some(&event.kind), epoch);
                    }
                }
                _ => {}
            }
            if !is_last && stop.load(Ordering::Relaxed) {
                break;
            }
        }
        if is_last {
            for growth in open.values() {
                make_span(tracer, growth, latest_ns, None, epoch);
            }
            return events.missed();
        }
    }
}

fn key(map: MapId, kind: GrowthKind) -> (MapId, bool) {
    (map, kind == GrowthKind::SameSize)
}

fn whole(name: &'static str, n: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(n).unwrap_or(i64::MAX))
}

fn make_span<T: Tracer>(
    tracer: &T,
    growth: &Open,
    end_ns: u64,
    end: Option<&EventKind>,
    epoch: u64,
) {
    let begun = &growth.begun;
    let EventKind::GrowthBegin {
        kind,
        from_buckets,
        to_buckets,
        len,
        ..
    } = begun.kind
    else {
        return;
    };
    let mut attributes = vec![
        KeyValue::new("tidemap.map.id", begun.map.to_string()),
        KeyValue::new("tidemap.growth.kind", kind.as_str()),
        whole("tidemap.growth.from_buckets", from_buckets),
        whole("tidemap.growth.to_buckets", to_buckets),
        whole("tidemap.growth.entries_at_start", len),
    ];
    if let Some(map) = tidemap_probe::describe(begun.map) {
        attributes.push(KeyValue::new("tidemap.map", map.label()));
        attributes.push(KeyValue::new("tidemap.map.key_type", map.key_type));
        attributes.push(KeyValue::new("tidemap.map.value_type", map.value_type));
    }
    let mut complete = false;
    if let Some(EventKind::GrowthEnd {
        is_complete,
        steps,
        entries_moved,
        bytes_released,
        work_ns,
        step_ns_max,
        len,
        ..
    }) = end
    {
        complete = *is_complete;
        attributes.extend([
            whole("tidemap.growth.steps", *steps),
            whole("tidemap.growth.entries_moved", *entries_moved),
            whole("tidemap.growth.bytes_released", *bytes_released),
            whole("tidemap.growth.work_ns", *work_ns),
            whole("tidemap.growth.step_max_ns", *step_ns_max),
            whole("tidemap.growth.entries_at_end", *len),
        ]);
    }
    attributes.push(KeyValue::new("tidemap.growth.complete", complete));
    let at = |ns: u64| SystemTime::UNIX_EPOCH + Duration::from_nanos(epoch.saturating_add(ns));
    let context = match &growth.parent {
        Some(parent) => Context::new().with_remote_span_context(parent.clone()),
        None => Context::new(),
    };
    let mut span = tracer
        .span_builder("tidemap.growth")
        .with_kind(SpanKind::Internal)
        .with_start_time(at(begun.time_ns))
        .with_attributes(attributes)
        .start_with_context(tracer, &context);
    span.end_with_timestamp(at(end_ns));
}
