//! Damaged memory: bytes of a real process turned over at random. Nothing
//! panics, nothing hangs, and the numbers stay bounded.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tidemap_inspect::model::TargetKind;
use tidemap_inspect::target::process::Process;
use tidemap_inspect::target::{Fault, Mapping, Pause, Target};

use super::*;

/// One look at damaged memory may take this long: a hang, not slowness, is the enemy.
const PATIENCE: Duration = Duration::from_secs(120);

/// Memory with errors: which, is a function of seed and address alone.
struct Damaged {
    inner: Process,
    seed: u64,
    /// One word in so many is damaged.
    one_in: u64,
    /// Reads of a word that are no longer possible: one page in so many.
    holes: u64,
    words: AtomicU64,
}

fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

impl Target for Damaged {
    fn kind(&self) -> TargetKind {
        self.inner.kind()
    }

    fn pid(&self) -> Option<i32> {
        self.inner.pid()
    }

    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        if self.holes > 0 && mix(self.seed ^ address >> 12).is_multiple_of(self.holes) {
            return Err(Fault::NoMemory(address));
        }
        self.inner.read(address, buffer)?;
        for (index, byte) in buffer.iter_mut().enumerate() {
            let at = address.wrapping_add(index as u64);
            let word = mix(self.seed ^ at >> 3);
            if word.is_multiple_of(self.one_in) && at % 8 == word >> 32 & 7 {
                *byte ^= (word >> 40) as u8 | 1;
                self.words.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn mappings(&self) -> tidemap_inspect::Result<Vec<Mapping>> {
        self.inner.mappings()
    }

    fn executable(&self) -> Option<PathBuf> {
        self.inner.executable()
    }

    fn pause(&self) -> tidemap_inspect::Result<Box<dyn Pause + '_>> {
        self.inner.pause()
    }

    fn stitch(&mut self, binary: &Path, load_bias: u64) -> tidemap_inspect::Result<()> {
        self.inner.stitch(binary, load_bias)
    }
}

#[test]
fn damaged_memory_neither_panics_nor_hangs() {
    let rounds: u64 = std::env::var("TIDEMAP_DAMAGE_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(12);
    let (mut listed, mut refused, mut damaged) = (0, 0, 0);
    for build in ["1.23-default", "1.27-stripped"] {
        let Some(zoo) = Zoo::start(build, "tiny") else {
            return;
        };
        for round in 0..rounds {
            let begin = Instant::now();
            let target = Damaged {
                inner: Process::open(zoo.pid()).expect("the zoo opens"),
                seed: round * 2 + 1,
                one_in: [40_000, 4_000, 400, 40][round as usize % 4],
                holes: [0, 97, 0, 31, 7][round as usize % 5],
                words: AtomicU64::new(0),
            };
            let source = Source::Process(zoo.pid());
            match Inspector::with_target(Box::new(target), &source, None, 0) {
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
                Ok(inspector) => match inspector.snapshot(Options::default(), &mut |_| {}) {
                    Err(_) => refused += 1,
                    Ok(look) => {
                        listed += 1;
                        damaged += round;
                        for row in &look.maps {
                            assert!(row.bytes < 1 << 40, "{row:?}");
                            assert!(
                                row.count <= row.slots.saturating_mul(16).max(8)
                                    || row.classic.is_some(),
                                "{row:?}"
                            );
                            serde_json::to_string(row).expect("JSON");
                        }
                    }
                },
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "round {round} took {:?}",
                begin.elapsed()
            );
        }
    }
    println!("{listed} lists, {refused} refusals ({damaged})");
    assert!(listed + refused > 0);
}
