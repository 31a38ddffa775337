//! What each path answers.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;
use tidemap_probe::{Event, MapId};

use super::request::{self, Bad, Request};
use super::{CONNECTIONS_MAX, STREAMS_MAX, Seat, Shared, host, stream};
use crate::pages::{LIMIT_DEFAULT, LIMIT_MAX, Page, Query};
use crate::source::{Info, SourceError};
use crate::timeline::Point;

const PAGE: &str = include_str!("../../assets/page.html");
const STYLE: &str = include_str!("../../assets/page.css");
const SCRIPT: &str = include_str!("../../assets/page.js");
const CHARTS: &str = include_str!("../../assets/charts.js");

/// Nothing from elsewhere, nothing inline, not inside another page, not read by other sites.
const GUARDS: &str = "Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Connection: close\r\n";

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Events that `/events.json` answers with at most.
const EVENTS_MAX: usize = 2000;

/// `/info.json`.
#[derive(Serialize)]
struct InfoAnswer {
    #[serde(flatten)]
    info: Info,
    endpoint: Endpoint,
}

/// What the endpoint has done.
#[derive(Serialize)]
struct Endpoint {
    requests: u64,
    connections: usize,
    connections_max: usize,
    streams: usize,
    streams_max: usize,
    refused: u64,
    streams_too_slow: u64,
}

/// `/timeline.json`.
#[derive(Serialize)]
struct TimelineAnswer {
    schema: &'static str,
    points: Vec<Point>,
}

/// A batch of events: `/events.json`, and each message of `/events`.
#[derive(Serialize)]
pub(crate) struct Batch {
    pub(crate) schema: &'static str,
    /// Events that were overwritten before they could be read, since the stream began.
    pub(crate) missed: u64,
    /// Events left out because there were too many, steps, releases and overflows first, since the stream began.
    pub(crate) skipped: u64,
    /// Names of maps that the batch brings.
    pub(crate) names: Vec<(MapId, String)>,
    pub(crate) events: Vec<Event>,
}

pub(crate) const EVENTS_SCHEMA: &str = "tidemap-live/events/1";

/// Reads a request and answers it.
pub(crate) fn serve(mut to: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    shared.tally.requests.fetch_add(1, Ordering::Relaxed);
    let request = match request::read(&mut to) {
        Ok(Some(request)) => request,
        Ok(None) => return Ok(()),
        Err(bad) => return refuse(&to, shared, &bad),
    };
    let known = request
        .host
        .as_deref()
        .is_some_and(|name| host::is_allowed(name, &shared.options.host_names));
    if !known {
        let bad = Bad::new(
            "421 Misdirected Request",
            "call this by 127.0.0.1 or localhost; other names are refused so that foreign pages cannot read maps \
             (`host_names` allows one)",
        );
        return refuse(&to, shared, &bad);
    }
    let result = match request.path.as_str() {
        "/events" => events(&to, shared, &request),
        _ => route(shared, &request)
            .map(|(kind, body)| send(&to, "200 OK", kind, &body, request.head_only)),
    };
    match result {
        Ok(sent) => sent,
        Err(bad) => refuse(&to, shared, &bad),
    }
}

fn route(shared: &Shared, request: &Request) -> Result<(&'static str, String), Bad> {
    let source = &shared.source;
    let fixed = |kind, text: &str| request.only(&[]).map(|()| (kind, text.to_owned()));
    match request.path.as_str() {
        "/" => Ok(("text/html; charset=utf-8", PAGE.to_owned())),
        "/page.css" => fixed("text/css; charset=utf-8", STYLE),
        "/page.js" => fixed("text/javascript; charset=utf-8", SCRIPT),
        "/charts.js" => fixed("text/javascript; charset=utf-8", CHARTS),
        "/info.json" => {
            request.only(&[])?;
            let tally = &shared.tally;
            json(&InfoAnswer {
                info: source.info(),
                endpoint: Endpoint {
                    requests: tally.requests.load(Ordering::Relaxed),
                    connections: tally.connections.load(Ordering::Relaxed),
                    connections_max: CONNECTIONS_MAX,
                    streams: tally.streams.load(Ordering::Relaxed),
                    streams_max: STREAMS_MAX,
                    refused: tally.refused.load(Ordering::Relaxed),
                    streams_too_slow: tally.streams_too_slow.load(Ordering::Relaxed),
                },
            })
        }
        "/maps.json" => {
            request.only(&["limit", "after", "since", "at"])?;
            let limit = request.number("limit")?.unwrap_or(LIMIT_DEFAULT as u64);
            if limit == 0 || limit > LIMIT_MAX as u64 {
                return Err(Bad::request(format!(
                    "`limit` must be from 1 to {LIMIT_MAX}"
                )));
            }
            let query = Query {
                after: request.number("after")?.map(MapId),
                limit: limit as usize,
                since_ns: request.number("since")?,
            };
            let snapshot = source.snapshot(request.number("at")?).map_err(no_answer)?;
            json(&Page::of(&snapshot, &query))
        }
        "/timeline.json" => {
            request.only(&["map"])?;
            json(&TimelineAnswer {
                schema: "tidemap-live/timeline/1",
                points: source.timeline(request.number("map")?.map(MapId)),
            })
        }
        "/events.json" => {
            request.only(&["from", "to"])?;
            let from = request.number("from")?.unwrap_or(0);
            let to = request.number("to")?.unwrap_or(u64::MAX);
            let events = source
                .events_between(from, to, EVENTS_MAX)
                .map_err(no_answer)?;
            json(&Batch {
                schema: EVENTS_SCHEMA,
                missed: 0,
                skipped: 0,
                names: Vec::new(),
                events,
            })
        }
        "/metrics" => {
            request.only(&[])?;
            let Some(encode) = shared.options.metrics else {
                return Err(Bad::new(
                    "404 Not Found",
                    "this endpoint was started without metrics",
                ));
            };
            let snapshot = source.snapshot(None).map_err(no_answer)?;
            Ok((
                "text/plain; version=0.0.4; charset=utf-8",
                encode(&snapshot),
            ))
        }
        _ => Err(Bad::new(
            "404 Not Found",
            "there are /, /info.json, /maps.json, /timeline.json, /events, /events.json and /metrics",
        )),
    }
}

fn json(value: &impl Serialize) -> Result<(&'static str, String), Bad> {
    match serde_json::to_string(value) {
        Ok(text) => Ok((JSON, text)),
        Err(error) => Err(Bad::new("500 Internal Server Error", error.to_string())),
    }
}

fn no_answer(error: SourceError) -> Bad {
    let status = match error {
        SourceError::NoPast => "400 Bad Request",
        SourceError::Unreadable(_) => "500 Internal Server Error",
    };
    Bad::new(status, error.to_string())
}

/// `/events`: a stream, if there is a place and something happens at all.
fn events(to: &TcpStream, shared: &Arc<Shared>, request: &Request) -> Result<io::Result<()>, Bad> {
    request.only(&[])?;
    let Some(_seat) = Seat::take(shared, |tally| &tally.streams, STREAMS_MAX) else {
        return Err(Bad::new(
            "503 Service Unavailable",
            format!("{STREAMS_MAX} streams of events are open, which is all; close one"),
        ));
    };
    let Some(subscription) = shared.source.subscribe() else {
        return Err(Bad::new(
            "404 Not Found",
            "a recording is over: ask /events.json?from=…&to=…",
        ));
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{GUARDS}\r\n");
    Ok((&*to).write_all(head.as_bytes()).and_then(|()| {
        if request.head_only {
            return Ok(());
        }
        stream::run(to, shared, subscription)
    }))
}

fn send(
    mut to: &TcpStream,
    status: &str,
    kind: &str,
    body: &str,
    head_only: bool,
) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{GUARDS}\r\n"
    );
    to.write_all(head.as_bytes())?;
    if !head_only {
        to.write_all(body.as_bytes())?;
    }
    // What is still unread of the request must not turn the answer into a reset.
    to.shutdown(Shutdown::Write)
}

fn refuse(to: &TcpStream, shared: &Shared, bad: &Bad) -> io::Result<()> {
    shared.tally.refused.fetch_add(1, Ordering::Relaxed);
    send(to, bad.status, TEXT, &format!("{}\n", bad.text), false)
}

/// Answers whoever finds all connections taken, without reading what they ask.
pub(crate) fn refuse_crowd(to: &TcpStream) -> io::Result<()> {
    let text = format!("all {CONNECTIONS_MAX} connections are taken; try again\n");
    send(to, "503 Service Unavailable", TEXT, &text, false)
}
