//! Events tell the story of a map in order.

use tidemap::HashMap;
use tidemap_probe::{EventKind, GrowthKind, subscribe};

#[test]
fn a_map_tells_its_life() {
    let mut events = subscribe();
    let mut map: HashMap<u64, u64> = HashMap::builder().name("life").build();
    let id = map.probe_id().expect("a row");
    for key in 0..30_000 {
        map.insert(key, key);
    }
    let stats = map.stats();
    map.clear();
    drop(map);
    let mut told: Vec<EventKind> = Vec::new();
    while let Some(event) = events.poll() {
        if event.map == id {
            told.push(event.kind);
        }
    }
    assert_eq!(events.missed(), 0);
    assert!(matches!(
        told[0],
        EventKind::Created {
            entry_bytes: 16,
            ..
        }
    ));
    let [.., clear, last] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(matches!(clear, EventKind::Clear { .. }), "{clear:?}");
    assert!(
        matches!(last, EventKind::Drop { growths, .. } if *growths > 5),
        "{last:?}"
    );
    // Begin and end alternate, steps lie between, sums agree with the map's own.
    let mut open: Option<GrowthKind> = None;
    let mut ended = [0u64; 2];
    let (mut steps, mut steps_told) = (0, 0);
    for event in &told {
        match *event {
            EventKind::GrowthBegin { kind, .. } if kind != GrowthKind::SameSize => {
                assert_eq!(open, None, "{kind:?} begins while another runs");
                (open, steps) = (Some(kind), 0);
            }
            EventKind::Step { kind, .. } if kind != GrowthKind::SameSize => {
                assert_eq!(open, Some(kind));
                steps += 1;
                steps_told += 1;
            }
            EventKind::GrowthEnd {
                kind, is_complete, ..
            } if kind != GrowthKind::SameSize => {
                assert_eq!(open.take(), Some(kind));
                assert!(is_complete && steps > 0);
                match kind {
                    GrowthKind::InPlace => ended[0] += 1,
                    GrowthKind::Relocating => ended[1] += 1,
                    kind => panic!("{kind:?}"),
                }
            }
            _ => {}
        }
    }
    let open_at_clear = u64::from(stats.growth.is_some());
    assert_eq!(
        ended.iter().sum::<u64>(),
        stats.growths_in_place + stats.growths_relocating + open_at_clear
    );
    assert!(steps_told > 50, "{steps_told} steps");
}
