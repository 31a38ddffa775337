//! `tidemap watch`: the maps of a Rust program while it works, or what was recorded of them.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tidemap_live::{ServeOptions, Server, Source};

use super::feed::{Feed, TargetArgs};
use super::plain;
use super::table::Sort;
use super::view::View;
use crate::go::views::parse_duration;

/// Watch the maps of a Rust program: live, or a recording
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  tidemap watch http://127.0.0.1:7117            the address that the program's server gave
  tidemap watch 4242                             a process with no port open; nothing is stopped
  tidemap watch maps.tmp                         a recording: space plays, left and right step
  tidemap watch maps.tmp --web                   the same in the browser
  tidemap watch 4242 --json | jq .events[]       one JSON object a look

In the view: up/down choose a map, enter its details, s next order, / filter, e all events, space hold or play, q leave.
Into a pipe events are printed as lines, without terminal control.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Time between looks
    #[arg(long, default_value = "500ms", value_parser = parse_duration)]
    interval: Duration,
    /// Order of the maps
    #[arg(long, value_enum, default_value = "bytes")]
    sort: Sort,
    /// Only maps whose name, type or file contains this
    #[arg(long, default_value = "", value_name = "TEXT")]
    filter: String,
    /// Show steps, releases and overflows among the events
    #[arg(long)]
    all: bool,
    /// Print lines, though there is a terminal
    #[arg(long)]
    plain: bool,
    /// Stop after this many looks (printed output)
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Machine-readable output, one object a look
    #[arg(long)]
    json: bool,
    /// Serve a recording as a page, on this machine only, until interrupted
    #[arg(long, conflicts_with_all = ["json", "plain", "count"])]
    web: bool,
    /// Port of that page [default: a free one]
    #[arg(long, requires = "web", default_value_t = 0, value_name = "PORT")]
    port: u16,
}

/// Runs `tidemap watch`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let feed = Feed::open(&args.target)?;
    if let Some(recording) = feed.recording().filter(|recording| recording.torn() > 0) {
        eprintln!(
            "tidemap: {}: {} frames were torn and are left out",
            recording.path().display(),
            recording.torn()
        );
    }
    if args.web {
        return web(args, feed);
    }
    if args.json || args.plain || !std::io::stdout().is_terminal() {
        let options = plain::Options {
            json: args.json,
            interval: args.interval,
            count: args.count,
            filter: args.filter.clone(),
            all: args.all,
        };
        plain::run(feed, &options)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut view = View::open(
        feed,
        args.interval,
        args.sort,
        args.filter.clone(),
        args.all,
    )?;
    // Also puts the terminal back when something panics.
    let mut terminal = ratatui::try_init()?;
    let outcome = view.work(&mut terminal);
    ratatui::try_restore()?;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

fn web(args: &Args, feed: Feed) -> anyhow::Result<ExitCode> {
    let source: Arc<dyn Source> = match feed {
        Feed::File(recording, _) => Arc::new(*recording),
        Feed::Url(_) => bail!(
            "{} is a page already: open it in the browser",
            args.target.target
        ),
        Feed::Memory(..) => {
            bail!("--web shows recordings; a program serves its own page with tidemap_live::Server")
        }
    };
    let options = ServeOptions {
        address: SocketAddr::from(([127, 0, 0, 1], args.port)),
        ..ServeOptions::default()
    };
    let server = Server::start_over(source, &options)?;
    crate::go::print(&format!("{}\n", server.url()))?;
    eprintln!("tidemap: serving {} until interrupted", args.target.target);
    loop {
        std::thread::park();
    }
}
