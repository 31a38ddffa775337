//! Snapshots and events as JSON and back.

use tidemap_probe::{Event, Snapshot, snapshot, subscribe};

use crate::played::{Played, alone};

#[test]
fn what_is_written_is_read() {
    let _turn = alone();
    let mut events = subscribe();
    let mut map = Played::new(Some("as-json"));
    map.grow(3);
    let before = snapshot();
    let text = serde_json::to_string(&before).expect("JSON");
    let after: Snapshot = serde_json::from_str(&text).expect("a snapshot");
    assert_eq!(after, before);
    assert!(text.contains("\"schema\":\"tidemap-probe/snapshot/1\""));
    let told = events.take(99);
    assert!(told.len() > 5);
    for event in told {
        let text = serde_json::to_string(&event).expect("JSON");
        let name = format!("\"event\":\"{}\"", event.kind.as_str());
        assert!(text.contains(&name), "{text}");
        assert_eq!(
            serde_json::from_str::<Event>(&text).expect("an event"),
            event
        );
    }
}
