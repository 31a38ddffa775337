//! The machine: a map, the operations to do, and those done.
//!
//! Going back is doing everything again from the start but the last operation:
//! the model is deterministic, so that gives the same states.

use std::collections::HashMap;
use std::fmt::Display;

use anyhow::bail;
use tidemap_go::event::Event;
use tidemap_go::host::{Draw, Host, SplitMix64, mix};
use tidemap_go::iter::Iter;
use tidemap_go::reclaim::{Block, BlockState};
use tidemap_go::trace::{Kind, Record};
use tidemap_go::verify::Replay;
use tidemap_go::{Hmap, MapError};

use super::picture::View;
use super::script::{Op, Script, parse_line};

/// Seed of all random draws of a script, so that it always runs the same.
const SEED: u64 = 2;

/// A map being stepped.
pub(crate) struct Machine {
    source: Source,
    running: Running,
    position: usize,
    events: Vec<Event>,
    answer: Option<String>,
}

/// Where operations come from.
enum Source {
    Script(Script),
    Trace {
        name: String,
        kind: Kind,
        records: Vec<Record>,
    },
}

/// The map at work.
enum Running {
    Script(Box<Hmap<String, String>>, ScriptHost, HashMap<String, Iter>),
    Trace(Box<Replay>),
}

/// Hashes text keys, or takes the hash a script states.
struct ScriptHost {
    stated: HashMap<String, u64>,
    random: SplitMix64,
}

impl Host<String> for ScriptHost {
    fn hash(&mut self, key: &String, seed: u32) -> Result<u64, MapError> {
        if let Some(hash) = self.stated.get(key) {
            return Ok(*hash);
        }
        let sum = key
            .bytes()
            .fold(u64::from(seed), |sum, byte| mix(sum ^ u64::from(byte)));
        Ok(mix(sum ^ key.len() as u64))
    }

    fn equal(&mut self, a: &String, b: &String) -> bool {
        a == b
    }

    fn draw(&mut self, _draw: Draw) -> u64 {
        self.random.next_u64()
    }

    fn string_len(&self, key: &String) -> usize {
        key.len()
    }
}

impl Machine {
    pub(crate) fn from_script(script: Script) -> anyhow::Result<Machine> {
        Machine::new(Source::Script(script))
    }

    pub(crate) fn from_trace(
        name: &str,
        kind: Kind,
        records: Vec<Record>,
    ) -> anyhow::Result<Machine> {
        Machine::new(Source::Trace {
            name: name.to_owned(),
            kind,
            records,
        })
    }

    fn new(source: Source) -> anyhow::Result<Machine> {
        let running = start(&source);
        Ok(Machine {
            source,
            running,
            position: 0,
            events: Vec::new(),
            answer: None,
        })
    }

    /// What is being stepped.
    pub(crate) fn title(&self) -> String {
        match &self.source {
            Source::Script(s) if s.hint > 0 => {
                format!("{}: make({}, {})", s.name, s.type_text, s.hint)
            }
            Source::Script(s) => format!("{}: make({})", s.name, s.type_text),
            Source::Trace { name, kind, .. } => format!("{name}: {}", kind.go_type()),
        }
    }

    /// Operations done.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Operations known.
    pub(crate) fn operations(&self) -> usize {
        match &self.source {
            Source::Script(script) => script.ops.len(),
            Source::Trace { records, .. } => records.len(),
        }
    }

    fn operation(&self, index: usize) -> Option<String> {
        match &self.source {
            Source::Script(script) => script.ops.get(index).map(Op::to_string),
            Source::Trace { records, .. } => records.get(index).map(|r| format!("{:?}", r.op)),
        }
    }

    /// The operation done last.
    pub(crate) fn last_operation(&self) -> String {
        self.position
            .checked_sub(1)
            .and_then(|i| self.operation(i))
            .unwrap_or_else(|| "make".into())
    }

    /// The operation that comes next.
    pub(crate) fn next_operation(&self) -> Option<String> {
        self.operation(self.position)
    }

    /// What the last operation changed.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The last operation's answer and changes, as text.
    pub(crate) fn notes(&self) -> Vec<String> {
        let answer = self.answer.iter().map(|answer| format!("-> {answer}"));
        answer
            .chain(self.events.iter().map(Event::to_string))
            .collect()
    }

    /// Does the next operation; false at the end.
    pub(crate) fn next(&mut self) -> anyhow::Result<bool> {
        if self.position >= self.operations() {
            return Ok(false);
        }
        self.answer = None;
        match (&self.source, &mut self.running) {
            (Source::Script(script), Running::Script(map, host, iters)) => {
                self.answer = apply(&script.ops[self.position], map, host, iters);
                self.events = map.take_events();
            }
            (Source::Trace { name, records, .. }, Running::Trace(replay)) => {
                // The first line of a trace is its type.
                let line = self.position + 2;
                if let Err(m) = replay.step(records[self.position].clone()) {
                    bail!(
                        "{name}:{line}: {} differs: Go has {}, the model {}; see tidemap go verify",
                        m.field,
                        m.expected,
                        m.actual
                    );
                }
                self.events = replay.take_events();
                if let Some(map) = replay.map_mut()
                    && self.position == 0
                {
                    map.record_events(true);
                }
            }
            _ => {}
        }
        self.position += 1;
        Ok(true)
    }

    /// Undoes the last operation; false at the start.
    pub(crate) fn back(&mut self) -> anyhow::Result<bool> {
        let Some(target) = self.position.checked_sub(1) else {
            return Ok(false);
        };
        self.running = start(&self.source);
        self.position = 0;
        self.events.clear();
        self.answer = None;
        while self.position < target {
            self.next()?;
        }
        Ok(true)
    }

    /// Adds typed operations behind the last one done.
    pub(crate) fn type_operations(&mut self, line: &str) -> anyhow::Result<()> {
        let Source::Script(script) = &mut self.source else {
            bail!("a recorded run cannot be changed; start without --trace to type operations");
        };
        let at = self.position;
        script.ops.splice(at..at, parse_line(line.trim())?);
        Ok(())
    }

    /// The state, with `chains` chains of each array from chain `from` on.
    pub(crate) fn view(&mut self, from: usize, chains: usize) -> View {
        match &mut self.running {
            Running::Script(map, ..) => view(map, from, chains),
            Running::Trace(replay) => replay
                .map_mut()
                .map_or_else(View::default, |map| view(map, from, chains)),
        }
    }
}

fn start(source: &Source) -> Running {
    match source {
        Source::Script(script) => {
            let mut host = ScriptHost {
                stated: HashMap::new(),
                random: SplitMix64::new(SEED),
            };
            let mut map = Hmap::make(script.map_type, script.hint, &mut host);
            map.record_events(true);
            Running::Script(Box::new(map), host, HashMap::new())
        }
        Source::Trace { kind, .. } => Running::Trace(Box::new(Replay::new(*kind))),
    }
}

/// Does one scripted operation; returns what it answered.
fn apply(
    op: &Op,
    map: &mut Hmap<String, String>,
    host: &mut ScriptHost,
    iters: &mut HashMap<String, Iter>,
) -> Option<String> {
    let collected = |outcome: Result<(), tidemap_go::reclaim::CollectError>| {
        outcome.err().map(|error| error.to_string())
    };
    match op {
        Op::Put { key, hash } => {
            if let Some(hash) = hash {
                host.stated.insert(key.clone(), *hash);
            }
            match map.assign(key, key.clone(), host) {
                Ok(Some(_)) => Some("updated".into()),
                Ok(None) => None,
                Err(error) => Some(error.go_text()),
            }
        }
        Op::Get { key } => Some(match map.find(key, host) {
            Ok(Some(at)) => {
                let old = map
                    .old_buckets()
                    .is_some_and(|array| array.id() == at.array);
                format!(
                    "found in {}[{}].{}",
                    if old { "old" } else { "new" },
                    at.bucket,
                    at.cell
                )
            }
            Ok(None) => "absent".into(),
            Err(error) => error.go_text(),
        }),
        Op::Delete { key } => Some(match map.delete(key, host) {
            Ok(Some(_)) => "deleted".into(),
            Ok(None) => "absent".into(),
            Err(error) => error.go_text(),
        }),
        Op::Clear => map.clear(host).err().map(|error| error.go_text()),
        Op::Range => {
            let mut iter = map.iter_start(host);
            let mut keys = Vec::new();
            while let Ok(Some(at)) = map.iter_next(&mut iter, host) {
                keys.extend(map.key(at).cloned());
            }
            Some(keys.join(" "))
        }
        Op::Iter { name } => {
            let iter = map.iter_start(host);
            let text = format!(
                "starts at bucket {}, cell {}",
                iter.start_bucket(),
                iter.offset()
            );
            iters.insert(name.clone(), iter);
            Some(text)
        }
        Op::Next { name } => Some(match iters.get_mut(name) {
            None => format!("there is no iterator {name}"),
            Some(iter) => match map.iter_next(iter, host) {
                Ok(Some(at)) => map.key(at).cloned().unwrap_or_default(),
                Ok(None) => {
                    iters.remove(name);
                    "the end".into()
                }
                Err(error) => error.go_text(),
            },
        }),
        Op::Collect => collected(map.collect()),
        Op::CollectStart => collected(map.collector().start_cycle()),
        Op::CollectStacks => collected(map.collector().scan_stacks()),
        Op::CollectMap => collected(map.collector().scan_map()),
        Op::CollectFinish => collected(map.collector().finish_mark()),
        Op::CollectSweep => Some(match map.collector().sweep_one() {
            Some(block) => format!("reusable: {}, {} bytes", block.kind, block.bytes),
            None => "nothing to sweep".into(),
        }),
    }
}

fn view<K: Clone + Display, V: Clone>(map: &mut Hmap<K, V>, from: usize, chains: usize) -> View {
    let memory = map.memory();
    let waiting: Vec<Block> = map
        .heap()
        .blocks()
        .filter(|b| b.state != BlockState::Reachable)
        .copied()
        .collect();
    View::of(map, memory, waiting, from, chains)
}
