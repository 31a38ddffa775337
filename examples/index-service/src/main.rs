//! The command of the example: serve, load, incident.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use index_service::{app, incident, load};

const EXAMPLES: &str = "\
Examples:
  index-service serve                             the service, its live page on port 7117
  index-service serve --map hashbrown             the same on the other map
  index-service load --ingest 100000 --seconds 20 requests at a fixed rate, while the index grows
  index-service incident                          the incident: both maps under the same load
";

/// An HTTP service with an index in memory, its load, and an incident.
#[derive(Parser)]
#[command(name = "index-service", version, about, before_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests until told to stop (SIGINT).
    Serve(app::ServeArgs),
    /// Send requests at a fixed rate and tell how long answers took.
    Load(load::LoadArgs),
    /// Play the incident on both maps; write its figures, plot and traces.
    Incident(incident::IncidentArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => app::serve(&args).map(|()| ExitCode::SUCCESS),
        Command::Load(args) => load::command(&args),
        Command::Incident(args) => incident::command(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("index-service: {error:#}");
            ExitCode::from(2)
        }
    }
}
