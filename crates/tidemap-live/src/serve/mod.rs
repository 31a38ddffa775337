//! The endpoint: a page, JSON, events and metrics over HTTP on the loopback address.
//!
//! | path | answer |
//! |---|---|
//! | `/` | the page; it loads `/page.css` and `/page.js` and nothing from elsewhere |
//! | `/info.json` | what is watched ([`Info`](crate::Info)), and what the endpoint has refused so far |
//! | `/maps.json` | maps in pages ([`Page`](crate::pages::Page)): `limit`, `after`, `since`, and `at` for recordings |
//! | `/timeline.json` | the past as points ([`Point`](crate::Point)); of one `map` in recordings |
//! | `/events` | server-sent events from now on, in batches |
//! | `/events.json` | events of a recording: `from`, `to` |
//! | `/metrics` | what [`ServeOptions::metrics`] makes of a snapshot: text for Prometheus |
//!
//! S1. Nobody but this machine is answered, unless [`ServeOptions::exposed`] says otherwise.
//! S2. A request whose `Host` is a name other than `localhost` is refused, so that a page of another site cannot
//!     read maps by pointing a name of its own at this machine. Addresses are no danger: a browser sends them only for
//!     pages that came from there.
//! S3. Connections, bytes of a request, time for it and time for its answer are bounded. One that comes when all
//!     are taken gets 503; a stream whose reader is too slow is closed. Both are counted.
//! S4. Only GET and HEAD exist: nothing can be changed from outside.
//!
//! Each connection has a thread for its one request: there are few, and a thread cannot starve the others.
//! Tried and left: `tiny_http`, whose threads are not bounded and whose reads have no time limit.

mod answer;
mod host;
mod request;
mod stream;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tidemap_probe::Snapshot;

use crate::source::{Source, ThisProcess};

/// Connections at the same time at most.
pub const CONNECTIONS_MAX: usize = 32;
/// Streams of events among them at most.
pub const STREAMS_MAX: usize = 8;
/// How long a request may take to arrive, and an answer to be taken.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks at the source for the timeline.
const TICK: Duration = Duration::from_secs(1);
/// How long the listener sleeps when nobody comes.
const NAP: Duration = Duration::from_millis(20);

/// What a thread of a server does.
type Work = Box<dyn FnOnce(&Arc<Shared>) + Send>;

/// Makes text of a snapshot, for `/metrics`.
pub type Metrics = fn(&Snapshot) -> String;

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address and port; port 0 takes a free one. The default is 127.0.0.1, port 0.
    pub address: SocketAddr,
    /// Answer other machines too. Whoever reaches the port then sees names, types and sizes of all maps, so put
    /// something in front of it that asks who they are.
    pub exposed: bool,
    /// Names other than `localhost` by which the endpoint may be called.
    pub host_names: Vec<String>,
    /// What `/metrics` answers; without it there is no such path. The default is Prometheus text.
    pub metrics: Option<Metrics>,
}

impl Default for ServeOptions {
    fn default() -> ServeOptions {
        ServeOptions {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            exposed: false,
            host_names: Vec::new(),
            metrics: Some(tidemap_export::prometheus::encode),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is not of this machine alone.
    #[error(
        "{0} can be reached by other machines, which would see names and sizes of all maps; use 127.0.0.1, or set `exposed` if that is wanted"
    )]
    NotLoopback(SocketAddr),
    /// The system refused the address or the thread.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for a free one")]
    System {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What the endpoint has done; part of `/info.json`.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    connections: AtomicUsize,
    streams: AtomicUsize,
    requests: AtomicU64,
    refused: AtomicU64,
    streams_too_slow: AtomicU64,
}

/// What all threads of a server share.
pub(crate) struct Shared {
    source: Arc<dyn Source>,
    options: ServeOptions,
    tally: Tally,
    stop: AtomicBool,
}

/// An endpoint; dropping it ends it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Serves the maps of this process. Costs two threads that sleep, and one snapshot a second.
    ///
    /// # Errors
    /// [`ServeError`].
    ///
    /// # Example
    /// ```
    /// let server = tidemap_live::Server::start(&tidemap_live::ServeOptions::default())?;
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), tidemap_live::ServeError>(())
    /// ```
    pub fn start(options: &ServeOptions) -> Result<Server, ServeError> {
        Server::start_over(Arc::new(ThisProcess::new()), options)
    }

    /// Serves something else: a recording.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start_over(
        source: Arc<dyn Source>,
        options: &ServeOptions,
    ) -> Result<Server, ServeError> {
        let address = options.address;
        if !address.ip().is_loopback() && !options.exposed {
            return Err(ServeError::NotLoopback(address));
        }
        let failed = |source| ServeError::System { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            source,
            options: options.clone(),
            tally: Tally::default(),
            stop: AtomicBool::new(false),
        });
        let mut threads = Vec::new();
        let start = |name: &str, work: Work| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || work(&shared))
        };
        threads.push(
            start(
                "tidemap-live",
                Box::new(move |shared| listen(&listener, shared)),
            )
            .map_err(failed)?,
        );
        let server = Server {
            address,
            shared: Arc::clone(&shared),
            threads: Mutex::new(threads),
        };
        // From here on an error ends the listener by dropping the server.
        let ticker = start("tidemap-live-tick", Box::new(|shared| tick(shared))).map_err(failed)?;
        server.lock_threads().push(ticker);
        Ok(server)
    }

    /// The address, with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to type into a browser, or after `tidemap watch`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends listening at once; answers that are under way end by themselves, streams within a second.
impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.lock_threads().drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Shared {
    pub(crate) fn stops(&self) -> bool {
        // Relaxed: seen a moment later is early enough.
        self.stop.load(Ordering::Relaxed)
    }
}

fn tick(shared: &Shared) {
    while !shared.stops() {
        shared.source.tick();
        let until = Instant::now() + TICK;
        while !shared.stops() && Instant::now() < until {
            std::thread::sleep(NAP);
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.stops() {
        match listener.accept() {
            Ok((stream, _)) => admit(stream, shared),
            // Nobody there, or out of file descriptors: both pass.
            Err(_) => std::thread::sleep(NAP),
        }
    }
}

/// Gives a connection its thread (S3).
fn admit(stream: TcpStream, shared: &Arc<Shared>) {
    let prepared = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_nodelay(true));
    if prepared.is_err() {
        return;
    }
    let Some(seat) = Seat::take(shared, |tally| &tally.connections, CONNECTIONS_MAX) else {
        shared.tally.refused.fetch_add(1, Ordering::Relaxed);
        // Must not wait: this is the listener's thread. A fresh connection has room for a line.
        let _ = stream.set_write_timeout(Some(Duration::from_millis(10)));
        let _ = answer::refuse_crowd(&stream);
        return;
    };
    let theirs = Arc::clone(shared);
    // Without a thread the connection is closed, which the other side sees.
    let _ = std::thread::Builder::new()
        .name("tidemap-live-conn".to_owned())
        .spawn(move || {
            let _seat = seat;
            // Whoever asked has gone: nobody is left to be told.
            let _ = answer::serve(stream, &theirs);
        });
}

/// One of a bounded number of places; dropping it gives it back.
pub(crate) struct Seat {
    shared: Arc<Shared>,
    which: fn(&Tally) -> &AtomicUsize,
}

impl Seat {
    pub(crate) fn take(
        shared: &Arc<Shared>,
        which: fn(&Tally) -> &AtomicUsize,
        seats_max: usize,
    ) -> Option<Seat> {
        // Relaxed: only the number counts.
        which(&shared.tally)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < seats_max).then_some(taken + 1)
            })
            .ok()?;
        Some(Seat {
            shared: Arc::clone(shared),
            which,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        (self.which)(&self.shared.tally).fetch_sub(1, Ordering::Relaxed);
    }
}
