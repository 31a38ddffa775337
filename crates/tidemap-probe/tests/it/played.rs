//! A map that is only its hooks.

use std::sync::{Mutex, MutexGuard};

use tidemap_probe::GrowthKind;
use tidemap_probe::hook::{self, About, Figures, Handle, Record, Work};

/// Tests that fill the registry or count everybody's events take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|e| e.into_inner())
}

pub(crate) const ABOUT: About = About {
    key_type: "u64",
    value_type: "alloc::string::String",
    entry_bytes: 32,
    site: None,
};

pub(crate) struct Played {
    pub(crate) handle: Handle,
    pub(crate) buckets: u64,
}

impl Played {
    pub(crate) fn new(name: Option<&str>) -> Played {
        Played {
            handle: hook::attach(name, ABOUT, 0),
            buckets: 1,
        }
    }

    pub(crate) fn figures(&self, bytes_old: u64) -> Figures {
        Figures {
            len: self.buckets * 6,
            len_max: self.buckets * 12,
            capacity: self.buckets * 12,
            buckets: self.buckets,
            slots_per_bucket: 15,
            bucket_bytes: 512,
            bytes_live: self.buckets * 512,
            bytes_old,
            ..Figures::default()
        }
    }

    pub(crate) fn record(&self, steps: u64) -> Record {
        Record {
            kind: GrowthKind::Relocating,
            from_buckets: self.buckets / 2,
            to_buckets: self.buckets,
            done_buckets: 0,
            len: self.buckets * 6,
            steps,
            entries_moved: 10 * steps,
            bytes_moved: 320 * steps,
            bytes_released: 0,
        }
    }

    /// A growth of so many steps, ten entries moved in each.
    pub(crate) fn grow(&mut self, steps: u64) {
        self.buckets *= 2;
        let old = self.buckets / 2 * 512;
        let (record, figures) = (self.record(0), self.figures(old));
        hook::begun(&mut self.handle, &record, &figures);
        for step in 1..=steps {
            let record = self.record(step);
            let started = hook::now_ns();
            let mut work = Work {
                entries_moved: 10,
                bytes_moved: 320,
                ..Work::default()
            };
            let is_last = step == steps;
            if is_last {
                hook::ended(&mut self.handle, &record);
                work.bytes_released = old;
            }
            let figures = self.figures(if is_last { 0 } else { old });
            let growth = (!is_last).then_some(&record);
            hook::step(&mut self.handle, started, &figures, &work, [growth, None]);
        }
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        hook::detach(self.handle);
    }
}
