//! The static probes are in the program, each once.

use std::collections::BTreeMap;
use std::process::Command;

use object::{Object, ObjectSection};

use crate::played::{Played, alone};

/// Name and arguments of every probe of provider `tidemap`.
fn probes() -> BTreeMap<String, Vec<String>> {
    let program = std::env::current_exe().expect("this program");
    let bytes = std::fs::read(program).expect("the program");
    let file = object::File::parse(&*bytes).expect("an ELF file");
    let section = file
        .section_by_name(".note.stapsdt")
        .expect("a section of probes");
    let notes = section.data().expect("its bytes");
    let half = |at: usize| {
        let bytes = notes[at..at + 4].try_into().expect("four bytes");
        u32::from_ne_bytes(bytes) as usize
    };
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let mut at = 0;
    while at + 12 <= notes.len() {
        let content_at = at + 12 + half(at).next_multiple_of(4);
        let content_end = content_at + half(at + 4);
        // Three addresses, then provider, name and arguments.
        let texts = &notes[content_at + 24..content_end];
        let mut texts = texts.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let mut next = || texts.next().unwrap_or_default().into_owned();
        let (provider, name, arguments) = (next(), next(), next());
        if provider == "tidemap" {
            found.entry(name).or_default().push(arguments);
        }
        at = content_end.next_multiple_of(4);
    }
    found
}

/// What `docs/probe.md` says to type.
#[test]
fn readelf_lists_every_probe() {
    let program = std::env::current_exe().expect("this program");
    let Ok(output) = Command::new("readelf").arg("-n").arg(program).output() else {
        assert!(
            std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(),
            "cannot skip: no readelf"
        );
        eprintln!("skipped: no readelf");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let listed: Vec<&str> = text
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "Provider: tidemap")
        .filter_map(|line| line.strip_prefix("Name: "))
        .collect();
    for name in [
        "created",
        "grow_begin",
        "step",
        "grow_end",
        "release",
        "overflow",
        "clear",
        "drop",
    ] {
        assert!(listed.contains(&name), "no {name} in {text}");
    }
    assert!(text.contains("Arguments: "), "{text}");
}

#[test]
fn every_probe_is_there_once_with_its_arguments() {
    let _turn = alone();
    // Linked because it is used.
    Played::new(Some("probed")).grow(2);
    let probes = probes();
    for (name, arguments) in [
        ("created", 3),
        ("grow_begin", 5),
        ("step", 5),
        ("grow_end", 6),
        ("release", 2),
        ("overflow", 3),
        ("clear", 2),
        ("drop", 2),
    ] {
        let sites = probes
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {probes:?}"));
        assert_eq!(sites.len(), 1, "{name}: {sites:?}");
        assert_eq!(sites[0].split(' ').count(), arguments, "{name}: {sites:?}");
    }
    assert_eq!(probes.len(), 8);
}
