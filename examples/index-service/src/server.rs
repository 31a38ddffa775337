//! Connections: a bounded number, a thread for each, and an end that waits for none of them for long.
//!
//! A thread for each connection keeps requests apart from one another without a runtime; there are at most
//! [`CONNECTIONS_MAX`], and whoever comes then gets 503 at once.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::message::{Answer, End, PATIENCE, Reader};
use crate::service::{Service, body_bytes_max};

/// Connections at the same time at most.
pub const CONNECTIONS_MAX: usize = 128;
/// How long the end waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(5);
/// How long the listener rests when the system has no connection to give.
const NAP: Duration = Duration::from_millis(20);

/// What the threads share.
struct Shared {
    service: Arc<Service>,
    stop: AtomicBool,
    open: Mutex<Open>,
    closed: Condvar,
}

/// Connections that are open, to be closed at the end.
#[derive(Default)]
struct Open {
    numbers: u64,
    streams: BTreeMap<u64, TcpStream>,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stops(&self) -> bool {
        // Relaxed: seen a request later is early enough; the listener is woken by a connection.
        self.stop.load(Ordering::Relaxed)
    }
}

/// A listener and its connections; dropping it ends them.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Answers requests at `address` from now on; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken or refused, or the thread is.
    pub fn start(address: SocketAddr, service: Arc<Service>) -> io::Result<Server> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            service,
            stop: AtomicBool::new(false),
            open: Mutex::default(),
            closed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let listener = thread::Builder::new()
            .name("listener".to_owned())
            .spawn(move || listen(&listener, &theirs))?;
        Ok(Server {
            address,
            shared,
            listener: Some(listener),
        })
    }

    /// The address, with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the listener. Without it (no descriptors left) the thread is left to the process's end.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok();
        if let Some(listener) = self.listener.take().filter(|_| woken) {
            // A thread that panicked has said so.
            let _ = listener.join();
        }
        let mut open = self.shared.open();
        for stream in open.streams.values() {
            // Who waits for a request sees the end; who is answering still can.
            let _ = stream.shutdown(Shutdown::Read);
        }
        let until = Instant::now() + GRACE;
        while !open.streams.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.closed.wait_timeout(open, left);
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let next = listener.accept();
        if shared.stops() {
            return;
        }
        match next {
            Ok((stream, _)) => admit(stream, shared),
            // Out of descriptors, or the other side left at once: both pass.
            Err(_) => thread::sleep(NAP),
        }
    }
}

fn admit(mut stream: TcpStream, shared: &Arc<Shared>) {
    let prepared = stream
        .set_write_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_nodelay(true))
        .and_then(|()| stream.try_clone());
    let Ok(handle) = prepared else { return };
    let metrics = shared.service.metrics();
    let seat = {
        let mut open = shared.open();
        if open.streams.len() >= CONNECTIONS_MAX {
            drop(open);
            metrics.refused.inc();
            // Must not wait: this is the listener's thread. A fresh connection has room for a line.
            let _ = stream.set_write_timeout(Some(Duration::from_millis(10)));
            let text = format!("{CONNECTIONS_MAX} connections are open; come back later");
            let _ = Answer::error(503, &text).send(&mut stream, false, false);
            return;
        }
        open.numbers += 1;
        let number = open.numbers;
        open.streams.insert(number, handle);
        metrics.connections.set(open.streams.len() as i64);
        Seat {
            shared: Arc::clone(shared),
            number,
        }
    };
    // Without a thread the connection is closed, which the other side sees.
    let _ = thread::Builder::new()
        .name("connection".to_owned())
        .spawn(move || converse(stream, &seat.shared));
}

/// A place among the open connections.
struct Seat {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.shared.open();
        open.streams.remove(&self.number);
        let metrics = self.shared.service.metrics();
        metrics.connections.set(open.streams.len() as i64);
        drop(open);
        self.shared.closed.notify_all();
    }
}

/// Answers one request after the other until somebody has had enough.
fn converse(mut stream: TcpStream, shared: &Shared) {
    let mut reader = Reader::new(body_bytes_max);
    while !shared.stops() {
        let request = match reader.next(&mut stream) {
            Ok(request) => request,
            Err(End::Closed) => return,
            Err(End::Bad(answer)) => {
                shared.service.note_bad(&answer);
                let _ = answer.send(&mut stream, false, false);
                drain(&mut stream);
                return;
            }
        };
        let begun = Instant::now();
        let answered = shared.service.answer(&request);
        let stays = request.stays && !shared.stops();
        let sent = answered
            .answer
            .send(&mut stream, stays, request.method == "HEAD");
        shared.service.note(&request, &answered, begun.elapsed());
        if sent.is_err() || !stays {
            return;
        }
    }
}

/// Takes some of what is still on its way: closing at once would make the system take the
/// answer back.
fn drain(stream: &mut TcpStream) {
    const BYTES_MAX: usize = 1 << 20;
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let until = Instant::now() + Duration::from_secs(1);
    let (mut taken, mut part) = (0, [0; 16 << 10]);
    while taken < BYTES_MAX && Instant::now() < until {
        match io::Read::read(stream, &mut part) {
            Ok(0) | Err(_) => return,
            Ok(n) => taken += n,
        }
    }
}
