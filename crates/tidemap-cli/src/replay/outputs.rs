//! What is written of an observed map: trace, profile, recording.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::Args;
use super::out_file::OutFile;
use super::run_report::Observed;
use super::wire::{Observe, TraceFormat};

/// Files asked for, claimed before any time is spent.
pub(crate) struct Outputs {
    trace: Option<(OutFile, PathBuf, TraceFormat)>,
    profile: Option<(OutFile, PathBuf)>,
    recording: Option<PathBuf>,
}

impl Outputs {
    /// # Errors
    /// If one of them cannot be written.
    pub(crate) fn create(args: &Args) -> Result<Outputs> {
        let trace = args.trace.as_ref().map(|path| {
            let format = args
                .trace_format
                .unwrap_or_else(|| TraceFormat::of_path(path));
            OutFile::create(path, "trace").map(|file| (file, path.clone(), format))
        });
        let profile = args
            .profile
            .as_ref()
            .map(|path| OutFile::create(path, "profile").map(|file| (file, path.clone())));
        if let Some(file) = &args.record {
            check_writable(file)?;
        }
        Ok(Outputs {
            trace: trace.transpose()?,
            profile: profile.transpose()?,
            recording: args.record.clone(),
        })
    }

    /// What the observed pass of the map `name` is to write.
    pub(crate) fn wanted(&self, name: &str) -> Result<Observe> {
        let trace = match &self.trace {
            Some((file, _, format)) => Some((file.place()?, *format)),
            None => None,
        };
        Ok(Observe {
            name: name.to_owned(),
            trace,
            profile: match &self.profile {
                Some((file, _)) => Some(file.place()?),
                None => None,
            },
            recording: match &self.recording {
                Some(file) => Some(std::path::absolute(file)?),
                None => None,
            },
        })
    }

    /// Puts in place what the pass wrote, and says how to look at it.
    pub(crate) fn finish(self, observed: &Observed) -> Result<()> {
        if let (Some((file, path, format)), Some(traced)) = (self.trace, observed.traced) {
            file.finish()?;
            let viewer = match format {
                TraceFormat::Perfetto => "ui.perfetto.dev",
                TraceFormat::Chrome => "chrome://tracing or ui.perfetto.dev",
            };
            let without = match traced.left_out + traced.missed {
                0 => String::new(),
                left_out => format!(" ({left_out} have details left out, short steps first)"),
            };
            eprintln!(
                "traced {} events{without}; open {} in {viewer}",
                traced.events,
                path.display()
            );
        }
        if let Some((file, path)) = self.profile {
            file.finish()?;
            eprintln!(
                "profiled; see it with: go tool pprof -top {}",
                path.display()
            );
        }
        if let (Some(path), Some(recorded)) = (self.recording, observed.recording) {
            let missed = match recorded.missed {
                0 => String::new(),
                missed => format!(" ({missed} more came too fast, steps and their like first)"),
            };
            eprintln!(
                "recorded {} looks and {} events{missed}; see them with: tidemap watch {}",
                recorded.frames,
                recorded.events,
                path.display()
            );
        }
        Ok(())
    }
}

/// Known before the work: a recording that cannot be written.
fn check_writable(file: &Path) -> Result<()> {
    std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map(drop)
        .with_context(|| format!("cannot write the recording {}", file.display()))
}
