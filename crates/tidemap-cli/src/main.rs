//! The `tidemap` command: front door of every tool in the workspace.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod go;
mod maps;
mod plan;
mod replay;

const EXAMPLES: &str = "\
Examples:
  tidemap                                  replay the built-in trace on tidemap and hashbrown
  tidemap replay trace.txt --html p.html   replay a file of yours, write a page with plots
  tidemap replay --help                    formats, maps, options
  tidemap list 4242                        the maps of a running Rust program
  tidemap watch http://127.0.0.1:7117      the same, while it works
";

/// Hash maps that grow without stopping, and tools that show what any map is doing.
#[derive(Parser)]
#[command(name = "tidemap", version, about, before_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Replay a workload against several maps and compare answers, latency and memory.
    Replay(replay::Args),
    /// One run in a process of its own; started by `replay`.
    #[command(hide = true)]
    ReplayChild,
    /// Go's maps: list those of a running process or core, plan, model, claims.
    Go(go::Args),
    Plan(plan::Args),
    List(maps::list::Args),
    Watch(maps::watch::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        None => replay::run(&replay::Args::default()),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::ReplayChild) => replay::run_child(),
        Some(Command::Go(args)) => go::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::List(args)) => maps::list::run(&args),
        Some(Command::Watch(args)) => maps::watch::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tidemap: {error:#}");
            ExitCode::from(2)
        }
    }
}
