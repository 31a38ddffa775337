//! `tidemap go …`: tools for Go's maps.

use std::process::ExitCode;

/// Arguments of `tidemap go`.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs `tidemap go`.
pub(crate) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
