//! Where looks come from: a live process, a core, or a recording of either.

use std::path::{Path, PathBuf};

use anyhow::bail;
use tidemap_inspect::model::{MapRow, Snapshot};
use tidemap_inspect::recording::{Recording, RecordingError};

/// What to look at.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TargetArgs {
    /// Process id, core file or recording
    #[arg(value_name = "PID|CORE|RECORDING")]
    pub(crate) target: String,
    /// The executable, where the target does not tell
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
}

/// An opened target.
pub(crate) enum Source {
    /// A process or core.
    Target(Box<super::live::Live>),
    /// A recording, and whether something was said about its torn end.
    Recording(Box<Recording>, bool),
}

impl Source {
    /// Opens what the arguments name.
    pub(crate) fn open(args: &TargetArgs) -> anyhow::Result<Source> {
        let path = Path::new(&args.target);
        if args.target.parse::<i32>().is_err() && Recording::is_one(path) {
            return Ok(Source::Recording(Box::new(Recording::open(path)?), false));
        }
        Ok(Source::Target(Box::new(super::live::Live::open(
            &args.target,
            args.binary.as_deref(),
        )?)))
    }

    /// The next look; `None` when the process exited, a core was read, a recording is over.
    pub(crate) fn look(&mut self) -> anyhow::Result<Option<Snapshot>> {
        match self {
            Source::Target(live) => live.look(),
            Source::Recording(recording, told) => {
                let snapshot = recording.next_snapshot();
                if snapshot.is_none() && recording.torn() > 0 && !std::mem::replace(told, true) {
                    eprintln!(
                        "tidemap: {}: the last {} bytes are torn and were left out",
                        recording.path().display(),
                        recording.torn()
                    );
                }
                Ok(snapshot)
            }
        }
    }

    /// One map at the next look, and when that was; `None` when there is none.
    pub(crate) fn look_at(
        &mut self,
        address: u64,
    ) -> anyhow::Result<Option<(MapRow, Option<u64>)>> {
        if let Source::Target(live) = self {
            return live.look_at(address);
        }
        // A map may be born later in a recording, and die before its end.
        while let Some(snapshot) = self.look()? {
            let taken = snapshot.taken_unix_ms;
            if let Some(row) = snapshot.maps.into_iter().find(|row| row.address == address) {
                return Ok(Some((row, taken)));
            }
        }
        Ok(None)
    }

    /// The last look there is.
    pub(crate) fn last(self) -> anyhow::Result<Snapshot> {
        match self {
            Source::Target(mut live) => match live.look()? {
                Some(snapshot) => Ok(snapshot),
                None => bail!("the process exited before it was read; start again with a live one"),
            },
            Source::Recording(recording, _) => Ok(recording.newest()?),
        }
    }

    /// The first look and the last.
    pub(crate) fn first_and_last(mut self) -> anyhow::Result<(Snapshot, Snapshot)> {
        if matches!(self, Source::Target(_)) {
            bail!("one look has nothing to be compared with; name two targets, or a recording");
        }
        let mut first = None;
        let mut last = None;
        while let Some(snapshot) = self.look()? {
            if first.is_none() {
                first = Some(snapshot);
            } else {
                last = Some(snapshot);
            }
        }
        match (first, last, &self) {
            (Some(first), Some(last), _) => Ok((first, last)),
            (Some(_), None, _) => {
                bail!("the recording holds one look only; record longer, or name a second one")
            }
            (None, _, Source::Recording(recording, _)) => Err(RecordingError::Empty {
                path: recording.path().to_path_buf(),
                torn: recording.torn(),
            }
            .into()),
            (None, _, Source::Target(_)) => bail!("nothing was read"),
        }
    }

    /// A process that may change between looks.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Source::Target(live) if live.pid().is_some())
    }

    /// A core: one look is all there is.
    pub(crate) fn is_core(&self) -> bool {
        matches!(self, Source::Target(live) if live.pid().is_none())
    }

    /// The process is gone.
    pub(crate) fn exited(&self) -> bool {
        match self {
            Source::Target(live) => live
                .pid()
                .is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()),
            Source::Recording(..) => false,
        }
    }
}
