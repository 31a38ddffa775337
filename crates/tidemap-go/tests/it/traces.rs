//! Recorded runs of real Go, replayed: zero differences.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tidemap_go::trace::TraceReader;
use tidemap_go::verify::{Outcome, Summary, verify};

fn replay(path: &Path) -> Summary {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let plain = zstd::Decoder::new(file).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let trace = TraceReader::new(&path.display().to_string(), BufReader::new(plain));
    match trace.and_then(verify) {
        Ok(Outcome::Same(summary)) => summary,
        Ok(Outcome::Differs(difference)) => panic!("{difference}"),
        Err(error) => panic!("{error}"),
    }
}

fn traces_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable directory").path())
        .filter(|path| path.to_string_lossy().ends_with(".txt.zst"))
        .collect();
    paths.sort();
    paths
}

fn replay_all(directory: &Path) -> Option<Summary> {
    let paths = traces_in(directory);
    let mut total = Summary::default();
    for path in &paths {
        total.add(&replay(path));
    }
    (!paths.is_empty()).then_some(total)
}

#[test]
fn committed_traces() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let total = replay_all(&root.join("testdata/go")).expect("the repository has traces");
    assert!(total.operations > 60_000, "{total:?}");
    assert!(
        total.doublings >= 90 && total.same_size_growths >= 10,
        "{total:?}"
    );
    assert!(
        total.clears >= 3 && total.iterator_steps > 4_000,
        "{total:?}"
    );
    assert!(
        total.digests > 30_000 && total.memory_checks > 50_000,
        "{total:?}"
    );
    assert!(
        total.max_b >= 16,
        "the sampled counter is covered: {total:?}"
    );
}

#[test]
fn shared_traces() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(total) = replay_all(&root.join("../shared/data/go-traces")) else {
        let required = std::env::var_os("TIDEMAP_REQUIRE_ALL").is_some_and(|v| v == "1");
        assert!(
            !required,
            "the long traces are missing and TIDEMAP_REQUIRE_ALL=1 wants them"
        );
        eprintln!("skipped: the long traces are not on this machine");
        return;
    };
    println!("{total:?}");
    assert!(total.doublings > 0 && total.same_size_growths > 0 && total.clears > 0);
    assert!(total.operations > 400_000, "{total:?}");
}
