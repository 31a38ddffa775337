//! The small core that comes with the repository: the inspector is held to the
//! truth on a machine without Go.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::case::{list, zoos};
use crate::truth::{Score, Truth};

/// Level of the committed files: written once, read often.
const LEVEL: i32 = 19;
/// Bytes of a hole in a core.
const BLOCK: usize = 4096;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/go-list")
}

/// Unpacks a file; what is zero stays a hole.
fn unpack(name: &str, to: &Path) {
    let packed = File::open(folder().join(name)).expect("a committed file");
    let mut content = zstd::Decoder::new(packed).expect("zstd");
    let mut file = File::create(to).expect("a file");
    let mut length = 0;
    loop {
        let mut block = Vec::with_capacity(BLOCK);
        content
            .by_ref()
            .take(BLOCK as u64)
            .read_to_end(&mut block)
            .expect("whole");
        if block.is_empty() {
            break;
        }
        length += block.len() as u64;
        if block.iter().any(|&byte| byte != 0) {
            file.write_all(&block).expect("written");
        } else {
            file.seek(SeekFrom::Current(block.len() as i64))
                .expect("moved");
        }
    }
    file.set_len(length).expect("as long as it was");
}

fn pack(from: &Path, name: &str) {
    std::fs::create_dir_all(folder()).expect("a folder");
    let packed = File::create(folder().join(name)).expect("a file");
    let content = File::open(from).expect("a file");
    zstd::stream::copy_encode(content, packed, LEVEL).expect("packed");
}

#[test]
fn the_committed_core_is_read_right() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str| place.path().join(name);
    if std::env::var_os("TIDEMAP_ZOO_SAMPLE").is_some() {
        let zoos = zoos().expect("TIDEMAP_ZOO");
        let zoo = zoos
            .iter()
            .find(|zoo| zoo.name() == "zoo-1.23-stripped")
            .expect("a zoo");
        let core = zoo
            .crash("tinycrash", place.path(), &at("truth.json"))
            .expect("a system that writes cores into the working directory");
        pack(&core, "tiny-core.zst");
        pack(zoo.path(), "tiny-zoo.zst");
        pack(&at("truth.json"), "tiny-truth.json.zst");
        std::fs::remove_file(core).expect("removed");
    }
    for (name, file) in [
        ("tiny-core.zst", "core"),
        ("tiny-zoo.zst", "zoo"),
        ("tiny-truth.json.zst", "truth.json"),
    ] {
        unpack(name, &at(file));
    }
    let text = |name: &str| at(name).to_str().expect("utf-8").to_owned();
    let snapshot = list(&[&text("core"), "--binary", &text("zoo")]);
    let score = Score::of(&Truth::read(&at("truth.json")), &snapshot);
    println!("{}\n{}", Score::TITLE, score.line("committed core"));
    assert!(score.holds(), "{:#?}", score.faults);
    assert!(score.heap > 200, "{} maps", score.heap);
}
