//! The run itself: threads that take the next request, one that loads in bulk, and the caller, who is told.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::LoadArgs;
use super::keys::{Ask, ask, key_of, value_of};
use super::report::{Bulk, Generator, Report, Row};
use crate::client::{Client, Reply};
use crate::latency::{Latencies, Summary, Windows};
use crate::service::{BULK_BYTES_MAX, Stats};

/// How often the caller is told.
const TELL: Duration = Duration::from_millis(50);
/// How long a thread sleeps at a time.
const NAP: Duration = Duration::from_millis(200);
/// Requests without an answer, one after the other, after which the service counts as gone.
const LOST_MAX: u64 = 20;

/// What the caller is told while a run goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The service answers.
    Started(&'a Stats),
    /// All requests of a span of time are answered.
    Window(&'a Row),
    /// Requests done, and entries loaded in bulk.
    Done(u64, u64),
}

/// What the threads share. All numbers are counts that nothing else depends on: Relaxed will do.
struct Shared<'a> {
    args: &'a LoadArgs,
    stop: &'a AtomicBool,
    start: Instant,
    next: AtomicU64,
    windows: Windows,
    /// Requests of each window that are done.
    done: Vec<AtomicU64>,
    done_all: AtomicU64,
    late: Mutex<Latencies>,
    queued: AtomicU64,
    right: AtomicU64,
    missing: AtomicU64,
    wrong: AtomicU64,
    errors: AtomicU64,
    lost_in_a_row: AtomicU64,
    first_error: Mutex<Option<String>>,
    gone: AtomicBool,
    /// Keys below this number are in the index.
    loaded: AtomicU64,
    /// Entries of bulk requests that were answered.
    stored: AtomicU64,
    bulk_errors: AtomicU64,
    bulk: Mutex<Latencies>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs load to its end, or to that of the service. `tell` is called from this thread.
///
/// # Errors
/// When the options do not fit, or no service answers at the beginning.
pub fn run(args: &LoadArgs, tell: &mut dyn FnMut(Progress<'_>)) -> anyhow::Result<Report> {
    run_until(&AtomicBool::new(false), args, tell)
}

/// As [`run`], but ends soon after `stop` has become true.
///
/// # Errors
/// Those of [`run`].
pub fn run_until(
    stop: &AtomicBool,
    args: &LoadArgs,
    tell: &mut dyn FnMut(Progress<'_>),
) -> anyhow::Result<Report> {
    args.check()?;
    let client = Client::new(&args.url)?;
    let stats = client.stats()?;
    tell(Progress::Started(&stats));
    let windows = Windows::new(args.requests(), args.per_window());
    let shared = Shared {
        args,
        stop,
        // Time for the threads to come to their places.
        start: Instant::now() + Duration::from_millis(20),
        next: AtomicU64::new(0),
        done: (0..windows.len()).map(|_| AtomicU64::new(0)).collect(),
        windows,
        done_all: AtomicU64::new(0),
        late: Mutex::new(Latencies::new(3)),
        queued: AtomicU64::new(0),
        right: AtomicU64::new(0),
        missing: AtomicU64::new(0),
        wrong: AtomicU64::new(0),
        errors: AtomicU64::new(0),
        lost_in_a_row: AtomicU64::new(0),
        first_error: Mutex::new(None),
        gone: AtomicBool::new(false),
        loaded: AtomicU64::new(0),
        stored: AtomicU64::new(0),
        bulk_errors: AtomicU64::new(0),
        bulk: Mutex::new(Latencies::new(3)),
    };
    let mut works: Vec<(String, Box<dyn FnOnce() + Send + '_>)> = Vec::new();
    for number in 0..args.connections {
        let (shared, client) = (&shared, client.clone());
        let work = Box::new(move || shared.requests(&client));
        works.push((format!("load-{number}"), work));
    }
    if args.ingest > 0 {
        let (shared, client, first) = (&shared, client.clone(), stats.entries as u64);
        works.push((
            "load-bulk".to_owned(),
            Box::new(move || shared.bulk(&client, first)),
        ));
    }
    let rows = thread::scope(|scope| -> anyhow::Result<Vec<Row>> {
        let mut threads = Vec::new();
        for (name, work) in works {
            let thread = thread::Builder::new().name(name).spawn_scoped(scope, work);
            if thread.is_err() {
                // Those that run already must not wait for a schedule that nobody keeps.
                shared.gone.store(true, Ordering::Relaxed);
            }
            threads.push(thread.context("no more threads; use fewer --connections")?);
        }
        let mut rows = Vec::new();
        loop {
            let ended = threads.iter().all(thread::ScopedJoinHandle::is_finished);
            shared.tell(&mut rows, ended, tell);
            if ended {
                return Ok(rows);
            }
            thread::sleep(TELL);
        }
    })?;
    Ok(shared.report(stats.map, rows))
}

impl Shared<'_> {
    fn stops(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    /// Waits until something is due, or the run is to stop; `true` if there was time to wait.
    fn wait_for(&self, due: Instant) -> bool {
        let mut waited = false;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stops() {
                return waited;
            }
            thread::sleep(left.min(NAP));
            waited = true;
        }
    }

    /// Tells of windows that are complete, in their order. Those that never will be are left out.
    fn tell(&self, rows: &mut Vec<Row>, ended: bool, tell: &mut dyn FnMut(Progress<'_>)) {
        let per_window = self.args.per_window();
        while let Some(done) = self.done.get(rows.len()) {
            let first = rows.len() as u64 * per_window;
            let expected = per_window.min(self.args.requests() - first);
            let done = done.load(Ordering::Relaxed);
            if done == 0 || (done < expected && !ended) {
                break;
            }
            let row = Row {
                from_ms: self.args.due(first).as_millis() as u64,
                latency: self.windows.summary(rows.len()),
                loaded: self.loaded.load(Ordering::Relaxed),
            };
            tell(Progress::Window(&row));
            rows.push(row);
        }
        tell(Progress::Done(
            self.done_all.load(Ordering::Relaxed),
            self.loaded.load(Ordering::Relaxed),
        ));
    }

    /// L1.
    fn requests(&self, client: &Client) {
        let mut late = Latencies::new(3);
        while !self.stops() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.args.requests() {
                break;
            }
            let due = self.start + self.args.due(number);
            let waited = self.wait_for(due);
            if self.stops() {
                break;
            }
            if waited {
                late.add(due.elapsed());
            } else {
                self.queued.fetch_add(1, Ordering::Relaxed);
            }
            // L4: keys that are there, if they are loaded in bulk.
            let keys = match self.loaded.load(Ordering::Relaxed) {
                0 => self.args.keys,
                loaded => loaded,
            };
            let (right, reply) = match ask(number, self.args.seed, self.args.writes, keys) {
                Ask::Get(key) => (value_of(key), client.get(&path_of(key))),
                Ask::Put(key) => {
                    let value = value_of(key);
                    let reply = client.put(&path_of(key), value.as_bytes());
                    (String::new(), reply)
                }
            };
            self.judge(&right, reply);
            self.windows.add(number, due.elapsed());
            let window = (number / self.args.per_window()) as usize;
            self.done[window].fetch_add(1, Ordering::Relaxed);
            self.done_all.fetch_add(1, Ordering::Relaxed);
        }
        lock(&self.late).join(&late);
    }

    /// L3, L5.
    fn judge(&self, right: &str, reply: Result<Reply, ureq::Error>) {
        let count = match reply {
            Ok((200, body)) if body == right.as_bytes() => &self.right,
            Ok((201 | 204, _)) => &self.right,
            Ok((200, body)) => {
                let body = String::from_utf8_lossy(&body).into_owned();
                self.note_error(format!("`{body}` where `{right}` was stored"));
                &self.wrong
            }
            Ok((404, _)) => &self.missing,
            Ok((status, body)) => {
                let text = String::from_utf8_lossy(&body);
                self.note_error(format!("status {status}: {}", text.trim_end()));
                &self.errors
            }
            Err(error) => {
                self.lost(&error);
                self.errors.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.lost_in_a_row.store(0, Ordering::Relaxed);
    }

    fn note_error(&self, text: String) {
        lock(&self.first_error).get_or_insert(text);
    }

    fn lost(&self, error: &ureq::Error) {
        self.note_error(error.to_string());
        if self.lost_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= LOST_MAX {
            self.gone.store(true, Ordering::Relaxed);
        }
    }

    /// Stores new keys from `first` on, at a rate of its own.
    fn bulk(&self, client: &Client, first: u64) {
        let args = self.args;
        let end = args.ingest * args.seconds;
        // Keys below are there already: a service that has entries got them from an earlier run.
        self.loaded.store(first, Ordering::Relaxed);
        let mut body = String::with_capacity(args.batch as usize * 64);
        let (mut sent, mut lost) = (0, 0);
        while sent < end && lost < LOST_MAX && !self.stops() {
            let due = Duration::from_nanos(
                (u128::from(sent) * 1_000_000_000 / u128::from(args.ingest)) as u64,
            );
            if due >= Duration::from_secs(args.seconds) || self.ended() {
                return;
            }
            let due = self.start + due;
            self.wait_for(due);
            body.clear();
            let batch = args.batch.min(end - sent);
            for key in first + sent..first + sent + batch {
                body.push_str(&key_of(key));
                body.push('\t');
                body.push_str(&value_of(key));
                body.push('\n');
            }
            debug_assert!(body.len() <= BULK_BYTES_MAX, "{} bytes", body.len());
            match client.post("/entries", body.as_bytes()) {
                Ok((200, _)) => {
                    lost = 0;
                    sent += batch;
                    self.loaded.store(first + sent, Ordering::Relaxed);
                    self.stored.store(sent, Ordering::Relaxed);
                    lock(&self.bulk).add(due.elapsed());
                }
                Ok((status, body)) => {
                    lost += 1;
                    let text = String::from_utf8_lossy(&body);
                    self.note_error(format!("bulk, status {status}: {}", text.trim_end()));
                    self.bulk_errors.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    lost += 1;
                    self.bulk_errors.fetch_add(1, Ordering::Relaxed);
                    self.note_error(format!("bulk: {error}"));
                }
            }
        }
    }

    /// Whether all requests are done: loading that is behind does not go on for its own sake.
    fn ended(&self) -> bool {
        self.done_all.load(Ordering::Relaxed) >= self.args.requests()
    }

    fn report(self, map: String, windows: Vec<Row>) -> Report {
        let first_error = self
            .first_error
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let done = self.done_all.into_inner();
        let requests = self.args.requests();
        let ended_early = if self.gone.into_inner() {
            Some(format!(
                "the service at {} does not answer any more, after {done} of {requests} requests: {}",
                self.args.url,
                first_error.as_deref().unwrap_or("no reason is known"),
            ))
        } else if done < requests {
            Some(format!("stopped after {done} of {requests} requests"))
        } else {
            None
        };
        let summary = |latencies: Mutex<Latencies>| -> Summary { lock(&latencies).summary() };
        Report {
            schema: "index-service.load/1",
            map,
            requests,
            right: self.right.into_inner(),
            missing: self.missing.into_inner(),
            wrong: self.wrong.into_inner(),
            errors: self.errors.into_inner(),
            first_error,
            ended_early,
            latency: self.windows.total(),
            generator: Generator {
                late: summary(self.late),
                queued: self.queued.into_inner(),
            },
            bulk: Bulk {
                entries: self.stored.into_inner(),
                errors: self.bulk_errors.into_inner(),
                latency: summary(self.bulk),
            },
            windows,
        }
    }
}

fn path_of(key: u64) -> String {
    format!("/entry/{}", key_of(key))
}
