//! `tidemap go step`: look inside a Go map while it works.
//!
//! - [`script`]: the little language of operations.
//! - [`machine`]: the map, its history, going back.
//! - [`picture`]: a state as lines of text with tones.
//! - [`terminal`]: the interactive view.

mod machine;
mod picture;
mod script;
mod terminal;

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tidemap_go::event::Event;

use machine::Machine;
use script::Script;

/// The most trace operations that are kept for stepping.
const TRACE_OPERATIONS_MAX: usize = 500_000;
/// Chains of each array that `--print` shows.
const PRINTED_CHAINS: usize = 32;

/// Look inside a Go map while it works, step by step
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go step                                type operations yourself (press :)
  tidemap go step --script testdata/go/doubling.step
  tidemap go step --trace testdata/go/u64-fast-churn.txt.zst
  tidemap go step --script testdata/go/doubling.step --print

A script has one operation a line: map string int hint 9 | put 7 | put 1..100 |
put k hash=0x3f00000000000001 | get 7 | delete 7 | clear | range | iter a | next a |
gc | gc start | gc stacks | gc map | gc finish | gc sweep")]
pub(crate) struct Args {
    /// Operations from a script
    #[arg(long, value_name = "FILE", conflicts_with = "trace")]
    script: Option<PathBuf>,
    /// Operations from a recorded run of real Go
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
    /// Print instead of opening the view: every operation with what it changed
    #[arg(long)]
    print: bool,
    /// With --print: the whole picture after every operation, not only after
    /// growths, clears and at the end
    #[arg(long, requires = "print")]
    pictures: bool,
}

/// Runs `tidemap go step`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut machine = if let Some(path) = &args.script {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
        Machine::from_script(Script::parse(&name, &text)?)?
    } else if let Some(path) = &args.trace {
        let reader = super::input::open_trace(path)?;
        let kind = reader.kind();
        let mut records = Vec::new();
        for record in reader {
            records.push(record?);
            if records.len() > TRACE_OPERATIONS_MAX {
                bail!(
                    "{path}: more than {TRACE_OPERATIONS_MAX} operations; step through a shorter recording"
                );
            }
        }
        Machine::from_trace(path, kind, records)?
    } else {
        Machine::from_script(Script::parse("typed", "")?)?
    };
    if args.print {
        super::print(&printed(&mut machine, args.pictures)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !std::io::stdout().is_terminal() {
        bail!("the view needs a terminal; use --script FILE --print for plain text");
    }
    terminal::run(machine)?;
    Ok(ExitCode::SUCCESS)
}

/// The whole run as text.
fn printed(machine: &mut Machine, pictures: bool) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(out, "{}", machine.title())?;
    while machine.next()? {
        writeln!(
            out,
            "\n{:>4}  {}",
            machine.position(),
            machine.last_operation()
        )?;
        for note in machine.notes() {
            writeln!(out, "      {note}")?;
        }
        let turning = |e: &Event| {
            matches!(
                e,
                Event::GrowthStarted { .. } | Event::OldBucketsDropped | Event::Cleared
            )
        };
        let at_end = machine.position() == machine.operations();
        if pictures || at_end || machine.events().iter().any(turning) {
            out.push('\n');
            for line in picture::lines(&machine.view(0, PRINTED_CHAINS)) {
                writeln!(out, "      {}", line.text().trim_end())?;
            }
        }
    }
    Ok(out)
}
