//! Where looks come from: an endpoint, a process or core, a recording.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tidemap_inspect::inspect::Source as Place;
use tidemap_inspect::registry::Registry;
use tidemap_live::{Recording, changes};
use tidemap_probe::{Event, Snapshot};

use super::feed_url::Endpoint;

/// What to look at.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TargetArgs {
    /// Process id, core file, recording, or address of a live page (http://127.0.0.1:7117)
    #[arg(value_name = "PID|CORE|FILE|URL")]
    pub(crate) target: String,
    /// The executable of a core, where the core does not tell
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
}

/// A look, and what happened before it.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) snapshot: Snapshot,
    /// Oldest first. What a process itself does not tell is concluded from the look before.
    pub(crate) events: Vec<Event>,
    /// Events that were lost, since watching began.
    pub(crate) missed: u64,
}

/// An opened target.
pub(crate) enum Feed {
    /// A program's own endpoint.
    Url(Box<Endpoint>),
    /// A process or core, and the look before.
    Memory(Box<Registry>, Option<Box<Snapshot>>),
    /// A recording, and the number of the next look.
    File(Box<Recording>, usize),
}

impl Feed {
    /// Opens what the arguments name.
    pub(crate) fn open(args: &TargetArgs) -> anyhow::Result<Feed> {
        let target = &args.target;
        if target.contains("://") {
            return Ok(Feed::Url(Box::new(Endpoint::open(target)?)));
        }
        let path = Path::new(target);
        if target.parse::<i32>().is_err() {
            if Recording::is_one(path) {
                return Ok(Feed::File(Box::new(Recording::open(path)?), 0));
            }
            if !path.exists() {
                bail!(
                    "{target}: no such file; give a process id, a core, a recording or a URL as in http://127.0.0.1:7117"
                );
            }
        }
        let registry = Registry::open(&Place::parse(target), args.binary.as_deref())
            .with_context(|| format!("cannot read maps of {target}"))?;
        Ok(Feed::Memory(Box::new(registry), None))
    }

    /// The next look; `None` when there is none any more.
    pub(crate) fn look(&mut self) -> anyhow::Result<Option<Look>> {
        match self {
            Feed::Url(endpoint) => endpoint.look(),
            Feed::Memory(registry, before) => {
                let snapshot = match registry.read() {
                    Ok(snapshot) => snapshot,
                    Err(tidemap_inspect::Error::Exited { .. }) if before.is_some() => {
                        return Ok(None);
                    }
                    Err(error) => return Err(error.into()),
                };
                let is_over = !registry.is_live() && before.is_some();
                let last = before.replace(Box::new(snapshot.clone()));
                if is_over {
                    return Ok(None);
                }
                Ok(Some(Look {
                    events: last.map_or_else(Vec::new, |last| changes::between(&last, &snapshot)),
                    snapshot,
                    missed: 0,
                }))
            }
            Feed::File(recording, next) => {
                if *next >= recording.frames() {
                    return Ok(None);
                }
                let index = *next;
                *next += 1;
                look_at(recording, index).map(Some)
            }
        }
    }

    /// The newest look there is.
    pub(crate) fn last(&mut self) -> anyhow::Result<Look> {
        if let Feed::File(recording, next) = self {
            *next = recording.frames() - 1;
        }
        match self.look()? {
            Some(look) => Ok(look),
            None => bail!("the program is gone; start again with a live one"),
        }
    }

    /// The name of the program, where known.
    pub(crate) fn program(&self) -> String {
        match self {
            Feed::Url(endpoint) => endpoint.program().to_owned(),
            Feed::Memory(registry, _) => registry.program(),
            Feed::File(recording, _) => tidemap_live::Source::info(&**recording).program,
        }
    }

    /// Time passes there by itself.
    pub(crate) fn is_live(&self) -> bool {
        match self {
            Feed::Url(endpoint) => endpoint.is_live(),
            Feed::Memory(registry, _) => registry.is_live(),
            Feed::File(..) => false,
        }
    }

    /// The recording, if it is one.
    pub(crate) fn recording(&self) -> Option<&Recording> {
        match self {
            Feed::File(recording, _) => Some(recording),
            _ => None,
        }
    }
}

/// One look of a recording.
pub(crate) fn look_at(recording: &Recording, index: usize) -> anyhow::Result<Look> {
    let step = recording.step(index)?;
    Ok(Look {
        snapshot: step.snapshot,
        events: step.events,
        missed: step.missed,
    })
}
