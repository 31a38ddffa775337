//! A program with maps that do all that maps do, its page, and its recording.
//!
//! ```text
//! cargo run --release -p tidemap-live --example live -- --port 7117 --maps 40 --record maps.tmp
//! ```
//!
//! Opens the page on a loopback port and goes on until it is stopped (or for `--seconds`): an index
//! that grows and is shrunk again, a queue that churns, a map that is refilled, a crowd of small ones that come and go.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tidemap::{HashMap, HashSet, Shrink};
use tidemap_live::{RecordOptions, Recorder, ServeOptions, Server};

struct Options {
    port: u16,
    maps: usize,
    seconds: u64,
    record: Option<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        port: 0,
        maps: 24,
        seconds: u64::MAX,
        record: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        let number = |text: String| {
            text.parse::<u64>()
                .map_err(|_| format!("{word}: `{text}` is no number"))
        };
        match word.as_str() {
            "--port" => {
                options.port = u16::try_from(number(value()?)?).map_err(|_| "ports end at 65535")?
            }
            "--maps" => options.maps = number(value()?)? as usize,
            "--seconds" => options.seconds = number(value()?)?,
            "--record" => options.record = Some(value()?.into()),
            _ => {
                return Err(format!(
                    "unknown option {word}; there are --port, --maps, --seconds and --record"
                ));
            }
        }
    }
    Ok(options)
}

/// A stream of numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// All maps of the program, and one round of work on each.
struct Program {
    numbers: Numbers,
    round: u64,
    index: HashMap<u64, [u64; 3]>,
    sessions: HashMap<String, (u64, u32)>,
    seen: HashSet<u64>,
    window: HashMap<u64, u32>,
    window_order: VecDeque<u64>,
    report: HashMap<u64, f64>,
    crowd: Vec<HashMap<u32, u64>>,
}

impl Program {
    fn new(maps: usize) -> Program {
        let mut seen = HashSet::new();
        seen.observe("seen-requests");
        let tenants = [
            "orders", "users", "carts", "prices", "routes", "tokens", "quotas", "flags",
        ];
        Program {
            numbers: Numbers(0x9e37_79b9_7f4a_7c15),
            round: 0,
            index: HashMap::builder().name("document-index").build(),
            sessions: HashMap::builder()
                .name("sessions")
                .shrink_policy(Shrink::WhenBelow(0.3))
                .build(),
            seen,
            window: HashMap::builder().name("rate-window").build(),
            window_order: VecDeque::new(),
            report: HashMap::builder().name("hourly-report").build(),
            crowd: (0..maps.saturating_sub(5))
                .map(|n| {
                    let name = format!("{}-{:02}", tenants[n % tenants.len()], n / tenants.len());
                    HashMap::builder().name(&name).build()
                })
                .collect(),
        }
    }

    fn work(&mut self) {
        self.round += 1;
        let numbers = &mut self.numbers;
        // Grows for half a minute, then is made small again.
        let phase = self.round % 6_000;
        if phase < 3_600 {
            for _ in 0..260 {
                self.index.insert(numbers.next(), [self.round; 3]);
            }
        } else if phase == 3_600 {
            let keep = self.round;
            self.index.retain(|_, value| value[0] + 900 > keep);
            self.index.begin_shrink();
        }
        // A tide of sessions; the map gives memory back by itself.
        let wave = ((self.round as f64 / 400.0).sin() + 1.0) * 30_000.0;
        for _ in 0..40 {
            let id = numbers.next() % 60_000;
            let name = format!("session-{id:05}");
            if (id as f64) < wave {
                self.sessions.insert(name, (self.round, 1));
            } else {
                self.sessions.remove(&name);
            }
        }
        self.seen.insert(numbers.next() % 3_000_000);
        for _ in 0..60 {
            let key = numbers.next();
            self.window.insert(key, 1);
            self.window_order.push_back(key);
            if self.window_order.len() > 40_000
                && let Some(old) = self.window_order.pop_front()
            {
                self.window.remove(&old);
            }
        }
        if self.round.is_multiple_of(1_500) {
            self.report.clear();
        }
        for _ in 0..25 {
            self.report.insert(numbers.next() % 20_000, 0.5);
        }
        if let Some(last) = self.crowd.len().checked_sub(1) {
            for _ in 0..120 {
                let pick = numbers.next();
                // The lower of two picks: some tenants are busier than others.
                let pair = [
                    pick as usize % (last + 1),
                    (pick >> 32) as usize % (last + 1),
                ];
                let map = &mut self.crowd[pair[0].min(pair[1])];
                map.insert((pick >> 20) as u32, pick);
                if map.len() > 20_000 {
                    map.clear();
                }
            }
        }
        if self.round.is_multiple_of(200) {
            // Short lives: they come and go between two looks.
            let mut scratch: HashMap<u64, u64> = HashMap::builder().name("scratch").build();
            for n in 0..3_000 {
                scratch.insert(n, n);
            }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let mut serve = ServeOptions::default();
    serve.address.set_port(options.port);
    let server = Server::start(&serve)?;
    let recorder = match &options.record {
        Some(path) => Some(Recorder::start(path, &RecordOptions::default())?),
        None => None,
    };
    println!("maps: {}  (process {})", server.url(), std::process::id());
    let mut program = Program::new(options.maps);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(options.seconds) {
        program.work();
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Some(recorder) = recorder {
        println!("recorded: {:?}", recorder.finish()?);
    }
    Ok(())
}
