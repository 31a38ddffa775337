//! Profiles, read back with a protobuf decoder.

use std::io::Read;

use prost::Message;
use tidemap_export::profile::{SAMPLE_TYPES, write};
use tidemap_probe::{Snapshot, snapshot};

use super::pprof::{Profile, Sample};
use super::support::{alone, grown, row, snapshot_of};

fn decoded(snapshot: &Snapshot) -> Profile {
    let mut file = Vec::new();
    write(snapshot, &mut file).expect("memory");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&file[..])
        .read_to_end(&mut bytes)
        .expect("gzip");
    Profile::decode(&bytes[..]).expect("a profile")
}

impl Profile {
    fn text(&self, index: i64) -> &str {
        &self.string_table[index as usize]
    }

    /// Names of the frames, outermost first, with file and line.
    fn stack(&self, sample: &Sample) -> Vec<(String, String, i64)> {
        let frames = sample.location_id.iter().rev().map(|id| {
            let location = self
                .location
                .iter()
                .find(|l| l.id == *id)
                .expect("a location");
            assert_eq!(location.mapping_id, self.mapping[0].id);
            let line = &location.line[0];
            let function = self.function.iter().find(|f| f.id == line.function_id);
            let function = function.expect("a function");
            let (name, file) = (self.text(function.name), self.text(function.filename));
            (name.to_owned(), file.to_owned(), line.line)
        });
        frames.collect()
    }

    fn label(&self, sample: &Sample, key: &str) -> Option<&str> {
        let label = sample.label.iter().find(|l| self.text(l.key) == key)?;
        Some(self.text(label.str))
    }
}

#[test]
fn a_map_is_a_sample_with_its_figures_at_its_place() {
    let _alone = alone();
    let map = grown("profiled", 50_000);
    let read = snapshot();
    let mine = read.map(map.probe_id().expect("a row")).expect("the row");
    let profile = decoded(&read);
    let types: Vec<(&str, &str)> = profile
        .sample_type
        .iter()
        .map(|t| (profile.text(t.r#type), profile.text(t.unit)))
        .collect();
    assert_eq!(types, SAMPLE_TYPES);
    assert_eq!(profile.text(profile.default_sample_type), SAMPLE_TYPES[0].0);
    assert!(profile.mapping[0].has_functions);
    assert_eq!(profile.duration_nanos as u64, read.time_ns);
    assert_eq!(profile.time_nanos as u64, read.epoch_unix_ns + read.time_ns);
    assert_eq!(profile.comment.len(), 1);
    let sample = profile
        .sample
        .iter()
        .find(|sample| profile.label(sample, "map") == Some("profiled"))
        .expect("a sample");
    let growth_ns = mine.counters.growth_ns;
    let wasted = mine.gauges.bytes_held() - mine.gauges.len * mine.entry_bytes;
    let wanted = [
        mine.gauges.bytes_live,
        wasted,
        mine.gauges.bytes_old,
        mine.counters.growths.sum(),
        growth_ns,
        mine.counters.entries_moved,
    ];
    assert_eq!(sample.value, wanted.map(|n| n as i64));
    assert!(growth_ns > 0 && mine.counters.growths.sum() > 5);
    let stack = profile.stack(sample);
    let site = mine.site.as_ref().expect("a site");
    assert_eq!(stack[0].0, site.to_string());
    assert_eq!(
        (&*stack[0].1, stack[0].2),
        (&*site.file, i64::from(site.line))
    );
    assert!(site.file.ends_with("support.rs"));
    assert_eq!(stack[1].0, "profiled: HashMap<u64, alloc::string::String>");
    assert_eq!(
        profile.label(sample, "type"),
        Some("HashMap<u64, alloc::string::String>")
    );
}

#[test]
fn maps_of_one_place_and_name_are_one_sample_and_large_numbers_stay_positive() {
    let _alone = alone();
    drop(grown("gone", 20_000));
    let rows = vec![
        row(1, "twin", 1000),
        row(2, "twin", 500),
        row(3, "huge", u64::MAX),
    ];
    let mut read = snapshot_of(rows);
    read.dropped = snapshot().dropped;
    let profile = decoded(&read);
    let of = |name: &str| {
        let mut found = profile
            .sample
            .iter()
            .filter(|sample| profile.label(sample, "map") == Some(name));
        let sample = found.next().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(found.count(), 0, "{name} twice");
        sample.value.clone()
    };
    assert_eq!(of("twin")[0], 1500);
    assert_eq!(of("huge")[0], i64::MAX);
    assert!(of("(dropped maps)")[3] > 0);
}
