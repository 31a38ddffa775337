//! `tidemap replay`: a real workload against several maps.

use std::process::ExitCode;

/// Arguments of `tidemap replay`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {}

/// Runs `tidemap replay`.
pub(crate) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
