//! Whether tidemap has everything that std's hash maps have on stable Rust.
//!
//! `std-1.95.txt` lists it, `surface.rs` is made from the list and compiled twice, against std
//! and against tidemap: a method or impl that is missing, or asks for more than std's, does
//! not compile. The rest is behaviour: the same code runs on both.

#![allow(
    clippy::duplicate_mod,
    reason = "one file, compiled against two libraries"
)]

mod auto;
mod list;
mod of_std;
mod of_tidemap;
mod random;
mod render;

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

fn update() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

fn committed() -> Vec<list::Item> {
    let text = std::fs::read_to_string(folder().join("std-1.95.txt")).expect("the list is there");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(list::Item::parse).collect()
}

#[test]
fn the_list_is_std_s_own() {
    let Some(pages) = list::documentation() else {
        let (major, minor) = list::RELEASE;
        let why = format!("no toolchain with the documentation of Rust {major}.{minor}");
        assert!(std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    };
    let derived = list::derive(&pages);
    assert!(derived.len() > 300, "only {} lines", derived.len());
    if update() {
        let mut text = String::from(
            "# Stable methods and trait impls of std::collections::{hash_map, hash_set}, Rust 1.95.\n\
             # Derived by list.rs from the documentation shipped with that toolchain:\n\
             # UPDATE_GOLDEN=1 cargo test -p tidemap --test parity\n\
             # type | since | impl block | signature\n",
        );
        for item in &derived {
            text += &item.line();
            text.push('\n');
        }
        std::fs::write(folder().join("std-1.95.txt"), text).expect("a writable list");
    }
    let committed = committed();
    for item in &derived {
        assert!(committed.contains(item), "not on the list: {}", item.line());
    }
    for item in &committed {
        assert!(derived.contains(item), "not in std: {}", item.line());
    }
}

#[test]
fn the_surface_is_made_from_the_list() {
    let made = render::render(&committed());
    let file = folder().join("surface.rs");
    if update() {
        std::fs::write(&file, &made).expect("a writable file");
    }
    let there = std::fs::read_to_string(&file).expect("the surface is there");
    assert!(
        made == there,
        "surface.rs is stale; UPDATE_GOLDEN=1 remakes it"
    );
}
