//! A program's endpoint as a feed: its maps in pages, its events from a stream on a thread.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use tidemap_live::pages::{self, Page};
use tidemap_live::{Info, Mode};
use tidemap_probe::{Event, MapId};

use super::feed::Look;

/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Bytes of one line of the stream of events at most.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Events that wait to be looked at.
const WAITING_MAX: usize = 16_384;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Names of maps that came and went between two looks.
pub(crate) type Names = Arc<Mutex<BTreeMap<MapId, String>>>;

/// Names that are kept.
const NAMES_MAX: usize = 4096;

#[derive(Deserialize)]
struct Batch {
    missed: u64,
    skipped: u64,
    names: Vec<(MapId, String)>,
    events: Vec<Event>,
}

/// An endpoint that answers.
pub(crate) struct Endpoint {
    base: String,
    agent: ureq::Agent,
    info: Info,
    events: Receiver<Event>,
    lost: Arc<AtomicU64>,
    names: Names,
    looked: bool,
}

impl Endpoint {
    /// Asks who is there, and begins to listen.
    pub(crate) fn open(url: &str) -> anyhow::Result<Endpoint> {
        if !url.starts_with("http://") {
            bail!(
                "{url}: only http:// is spoken here; the page of a program is at http://127.0.0.1:PORT"
            );
        }
        let base = url.trim_end_matches('/').to_owned();
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .proxy(None)
            .max_redirects(0)
            .build()
            .new_agent();
        let info: Info = fetch(&agent, &format!("{base}/info.json")).with_context(|| {
            format!("{base} shows no maps; is it the address that the program's server gave?")
        })?;
        let (to, events) = sync_channel(WAITING_MAX);
        let (lost, names) = (Arc::default(), Names::default());
        if info.mode == Mode::Live {
            let (agent, url) = (agent.clone(), format!("{base}/events"));
            let (lost, names) = (Arc::clone(&lost), Arc::clone(&names));
            // Ends when the stream does, or when nobody is left to listen.
            std::thread::Builder::new()
                .name("events".to_owned())
                .spawn(move || listen(&agent, &url, &to, &lost, &names))
                .context("no thread for the events")?;
        }
        Ok(Endpoint {
            base,
            agent,
            info,
            events,
            lost,
            names,
            looked: false,
        })
    }

    pub(crate) fn program(&self) -> &str {
        &self.info.program
    }

    pub(crate) fn is_live(&self) -> bool {
        self.info.mode == Mode::Live
    }

    /// Names of maps that no snapshot may show.
    pub(crate) fn names(&self) -> Names {
        Arc::clone(&self.names)
    }

    /// `None` when the program has gone since the look before.
    pub(crate) fn look(&mut self) -> anyhow::Result<Option<Look>> {
        let snapshot = match self.snapshot() {
            Ok(snapshot) => snapshot,
            Err(_) if self.looked => return Ok(None),
            Err(error) => return Err(error),
        };
        self.looked = true;
        Ok(Some(Look {
            snapshot,
            events: self.events.try_iter().take(WAITING_MAX).collect(),
            missed: self.lost.load(Ordering::Relaxed),
        }))
    }

    fn snapshot(&self) -> anyhow::Result<tidemap_probe::Snapshot> {
        let mut parts: Vec<Page> = Vec::new();
        let mut after = String::new();
        loop {
            let limit = pages::LIMIT_MAX;
            let page: Page = fetch(
                &self.agent,
                &format!("{}/maps.json?limit={limit}{after}", self.base),
            )?;
            if !page.schema.starts_with("tidemap-live/maps/") {
                bail!(
                    "{} answers with `{}`; this program reads {}",
                    self.base,
                    page.schema,
                    pages::SCHEMA
                );
            }
            let next = page.next;
            parts.push(page);
            match next {
                // More pages than a registry has rows come from somebody else.
                Some(next) if parts.len() < pages::LIMIT_MAX => {
                    after = format!("&after={}", next.0)
                }
                _ => break,
            }
        }
        let first = parts.remove(0);
        Ok(first.into_snapshot(parts))
    }
}

fn fetch<T: serde::de::DeserializeOwned>(agent: &ureq::Agent, url: &str) -> anyhow::Result<T> {
    let mut answer = agent.get(url).call()?;
    let text = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_string()?;
    serde_json::from_str(&text)
        .with_context(|| format!("{url} answers, but not with figures of maps"))
}

fn listen(agent: &ureq::Agent, url: &str, to: &SyncSender<Event>, lost: &AtomicU64, names: &Names) {
    let Ok(answer) = agent.get(url).call() else {
        return;
    };
    let mut lines = BufReader::new(answer.into_body().into_reader());
    // Events that were dropped here, because nobody looked.
    let mut dropped = 0;
    loop {
        let mut line = Vec::new();
        match (&mut lines)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let Some(data) = line.strip_prefix(b"data: ") else {
            continue;
        };
        let Ok(batch) = serde_json::from_slice::<Batch>(data) else {
            continue;
        };
        {
            let mut known = names.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(batch.names);
            while known.len() > NAMES_MAX {
                known.pop_first();
            }
        }
        for event in batch.events {
            match to.try_send(event) {
                Ok(()) => {}
                Err(std::sync::mpsc::TrySendError::Full(_)) => dropped += 1,
                Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return,
            }
        }
        lost.store(
            batch
                .missed
                .saturating_add(batch.skipped)
                .saturating_add(dropped),
            Ordering::Relaxed,
        );
    }
}
