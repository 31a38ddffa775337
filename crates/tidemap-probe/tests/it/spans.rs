//! Growths as spans, with the triggering span as parent; subscribers that misbehave.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, info_span, subscriber};

use crate::played::{Played, alone};

/// A span as it was recorded.
struct Noted {
    name: String,
    parent: Option<u64>,
    fields: HashMap<String, String>,
    is_closed: bool,
}

#[derive(Default)]
struct Seen {
    spans: HashMap<u64, Noted>,
    current: Vec<u64>,
}

#[derive(Default, Clone)]
struct Recorder {
    seen: Arc<Mutex<Seen>>,
    next: Arc<AtomicU64>,
    /// Makes a map of its own for every span, and panics.
    is_mad: bool,
}

struct Fields<'a>(&'a mut HashMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_mad && attributes.metadata().target() == "tidemap" {
            Played::new(None).grow(2);
            panic!("a subscriber that panics");
        }
        let mut seen = self.seen.lock().expect("nobody panics with it");
        let mut fields = HashMap::new();
        attributes.record(&mut Fields(&mut fields));
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => seen.current.last().copied(),
            None => None,
        };
        let name = attributes.metadata().name().to_owned();
        let noted = Noted {
            name,
            parent,
            fields,
            is_closed: false,
        };
        seen.spans.insert(id, noted);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        if let Some(noted) = seen.spans.get_mut(&span.into_u64()) {
            values.record(&mut Fields(&mut noted.fields));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        seen.current.push(span.into_u64());
    }

    fn exit(&self, _: &Id) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        seen.current.pop();
    }

    fn try_close(&self, id: Id) -> bool {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        if let Some(span) = seen.spans.get_mut(&id.into_u64()) {
            span.is_closed = true;
        }
        true
    }
}

#[test]
fn a_growth_is_a_span_inside_the_one_that_triggered_it() {
    let _turn = alone();
    let recorder = Recorder::default();
    let seen = Arc::clone(&recorder.seen);
    subscriber::with_default(recorder, || {
        let mut map = Played::new(Some("spanned"));
        {
            let _request = info_span!("request").entered();
            map.grow(4);
        }
        map.grow(1);
        // One that never ends ends with its map.
        map.buckets *= 2;
        let (record, figures) = (map.record(0), map.figures(0));
        tidemap_probe::hook::begun(&mut map.handle, &record, &figures);
    });
    let seen = seen.lock().expect("nobody panics with it");
    let mut growths: Vec<_> = seen
        .spans
        .iter()
        .filter(|(_, span)| span.name == "growth")
        .collect();
    growths.sort_by_key(|(id, _)| **id);
    assert_eq!(growths.len(), 3);
    let parent = |index: usize| {
        let parent: Option<u64> = growths[index].1.parent;
        parent.map(|parent| seen.spans[&parent].name.as_str())
    };
    assert_eq!((parent(0), parent(1)), (Some("request"), None));
    for (index, complete) in [(0, "true"), (1, "true"), (2, "false")] {
        let span = growths[index].1;
        assert!(span.is_closed, "growth {index} is closed");
        assert_eq!(span.fields["complete"], complete);
        assert_eq!(span.fields["name"], "\"spanned\"");
    }
    assert_eq!(growths[0].1.fields["entries_moved"], "40");
}

#[test]
fn a_subscriber_that_panics_and_uses_maps_harms_nobody() {
    let _turn = alone();
    let recorder = Recorder {
        is_mad: true,
        ..Recorder::default()
    };
    subscriber::with_default(recorder, || {
        let mut map = Played::new(Some("harmless"));
        map.grow(3);
        let row = tidemap_probe::describe(map.handle.id()).expect("its row");
        assert_eq!(row.counters.growths.relocating, 1);
    });
}
