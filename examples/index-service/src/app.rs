//! The service as a program: what is started together, told together, and ended together.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use anyhow::Context as _;
use tidemap_live::{ServeOptions, Server as PageServer};

use crate::index::{Index, MapKind};
use crate::metrics::Metrics;
use crate::server::Server;
use crate::service::{Listener, Service};
use crate::tracing::Trace;

/// Where the service listens unless told otherwise.
pub const PORT: u16 = 7180;
/// Where the page of the maps is.
pub const PAGE_PORT: u16 = 7117;

/// Options of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// The map that holds the entries.
    #[arg(long, value_enum, default_value = "tidemap")]
    pub map: MapKind,
    /// Port of the service on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = PORT)]
    pub port: u16,
    /// Port of the live page of the maps; 0 takes a free one.
    #[arg(long, default_value_t = PAGE_PORT)]
    pub page_port: u16,
    /// Write a trace of the map's growths: *.json for Chrome, all else for Perfetto.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Let a tidemap give memory back when its load falls below this part, such as 0.25.
    #[arg(long, value_name = "PART", value_parser = part)]
    pub shrink_below: Option<f32>,
    /// End when standard input ends, for programs that start this one.
    #[arg(long, hide = true)]
    pub until_input_ends: bool,
}

fn part(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(part) if part > 0.0 && part < 1.0 => Ok(part),
        _ => Err("a part is between 0 and 1, such as 0.25".to_owned()),
    }
}

/// A service that runs, with its page.
#[derive(Debug)]
pub struct App {
    // Dropped in this order: first nobody is let in any more.
    server: Server,
    page: PageServer,
    service: Arc<Service>,
    trace: Arc<Mutex<Option<Trace>>>,
}

impl App {
    /// Starts everything.
    ///
    /// # Errors
    /// What is in the way, with what to do: a port in use, a file that cannot be written.
    pub fn start(args: &ServeArgs) -> anyhow::Result<App> {
        let trace = match &args.trace {
            Some(path) => Some(
                Trace::start(path, args.map)
                    .with_context(|| format!("cannot write the trace {}", path.display()))?,
            ),
            None => None,
        };
        let trace = Arc::new(Mutex::new(trace));
        let told = Arc::clone(&trace);
        let listener: Listener = Box::new(move |growth| {
            if let Some(trace) = &mut *told.lock().unwrap_or_else(PoisonError::into_inner) {
                trace.growth(growth);
            }
        });
        let index = Index::new(args.map, args.shrink_below);
        let service = Service::new(index, Metrics::new()?, listener);
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let address = loopback(args.port);
        let server = Server::start(address, Arc::clone(&service)).with_context(|| {
            format!("cannot listen on {address}; choose another --port, or 0 for a free one")
        })?;
        let options = ServeOptions {
            address: loopback(args.page_port),
            ..ServeOptions::default()
        };
        let page = PageServer::start(&options).context("no live page (see --page-port)")?;
        Ok(App {
            server,
            page,
            service,
            trace,
        })
    }

    /// Where the service is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Where its page is.
    #[must_use]
    pub fn page_url(&self) -> String {
        self.page.url()
    }

    /// What is served.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Ends all of it: no new requests, those under way are answered, the trace is completed.
    ///
    /// # Errors
    /// If the trace could not be written.
    pub fn stop(self) -> anyhow::Result<()> {
        let App {
            server,
            page,
            service,
            trace,
        } = self;
        drop((server, page, service));
        // A connection that did not end in time may still hold the listener, so the trace is taken out of it.
        let trace = trace.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(trace) = trace {
            trace.finish().context("the trace is not complete")?;
        }
        Ok(())
    }
}

/// Serves until the process is told to stop (SIGINT, SIGTERM, SIGHUP).
///
/// # Errors
/// Those of [`App::start`] and [`App::stop`].
pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let (told, wait) = mpsc::channel();
    let ended = told.clone();
    // A second signal while the first is being followed changes nothing.
    ctrlc::set_handler(move || {
        let _ = told.send(());
    })
    .context("cannot listen to signals")?;
    let app = App::start(args)?;
    if args.until_input_ends {
        std::thread::spawn(move || {
            // An error is an end, too.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = ended.send(());
        });
    }
    // Whoever started this may have gone; the service does not end with them.
    let _ = writeln!(
        std::io::stdout(),
        "index: {}  ({}, process {})\nmaps:  {}",
        app.url(),
        args.map.as_str(),
        std::process::id(),
        app.page_url()
    );
    // An error means that no signal can come any more.
    let _ = wait.recv();
    let stats = app.service().stats();
    app.stop()?;
    let _ = writeln!(std::io::stdout(), "stopped with {} entries", stats.entries);
    Ok(())
}
