//! `tidemap go …`: tools for Go's maps.
//!
//! - [`verify`]: replay recorded runs of real Go against the model.
//! - [`plan`]: growth moments, bytes, the hint to write.
//! - [`claims`]: what is said about Go maps, decided by running the model.
//! - [`step`]: look inside a map while it works.
//! - [`list`]: every map of a running Go process or core dump.
//! - [`show`]: one of them, with all that is known.
//! - [`views`]: the maps of running processes, cores and recordings.

use std::process::ExitCode;

mod claims;
mod input;
mod list;
pub(crate) mod plan;
mod show;
mod step;
mod table;
mod verify;
pub(crate) mod views;

/// Arguments of `tidemap go`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Verify(verify::Args),
    Plan(plan::Args),
    Claims(claims::Args),
    Step(step::Args),
    List(list::Args),
    Show(show::Args),
    Top(views::top::Args),
    Watch(views::watch::Args),
    Record(views::record::Args),
    Diff(views::diff::Args),
    Hot(views::hot::Args),
    Growth(views::growth::Args),
}

/// Exit code for "no": a difference or a disagreement was found.
pub(crate) const EXIT_DIFFERENCE: u8 = 1;

/// Runs `tidemap go`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Verify(args) => verify::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Claims(args) => claims::run(args),
        Command::Step(args) => step::run(args),
        Command::List(args) => list::run(args),
        Command::Show(args) => show::run(args),
        Command::Top(args) => views::top::run(args),
        Command::Watch(args) => views::watch::run(args),
        Command::Record(args) => views::record::run(args),
        Command::Diff(args) => views::diff::run(args),
        Command::Hot(args) => views::hot::run(args),
        Command::Growth(args) => views::growth::run(args),
    }
}

/// Prints to stdout; a reader that has gone away is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
