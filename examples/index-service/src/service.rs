//! What the service answers.
//!
//! | request | does | answers |
//! |---|---|---|
//! | `PUT /entry/KEY` | stores the body | 201 for a new key, 204 for a known one |
//! | `GET /entry/KEY` | | 200 with the value, 404 |
//! | `DELETE /entry/KEY` | takes it out | 204, 404 |
//! | `POST /entries` | stores lines of `KEY`, a tab, `VALUE` | 200, `{"created":…,"replaced":…}` |
//! | `DELETE /entries` | takes out the keys of the body, one a line | 200, `{"removed":…}` |
//! | `GET /stats` | | 200, [`Stats`] |
//! | `GET /metrics` | | text for Prometheus |

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::index::{BlockingGrowth, Index, Key, MapKind, Value, Written};
use crate::message::{Answer, Request};
use crate::metrics::Metrics;

/// Bytes of a key at most.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes of a value at most.
pub const VALUE_BYTES_MAX: usize = 64 << 10;
/// Bytes of a bulk request at most.
pub const BULK_BYTES_MAX: usize = 1 << 20;

const JSON: &str = "application/json";

/// How many bytes the body of such a request may have.
#[must_use]
pub fn body_bytes_max(method: &str, path: &str) -> usize {
    match (method, path) {
        ("POST" | "DELETE", "/entries") => BULK_BYTES_MAX,
        ("PUT", _) => VALUE_BYTES_MAX,
        _ => 0,
    }
}

/// What `/stats` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Name and version of this form.
    pub schema: String,
    /// The map that holds the entries.
    pub map: String,
    /// Entries.
    pub entries: usize,
    /// Entries that fit before the next growth begins.
    pub capacity: usize,
    /// Process.
    pub pid: u32,
}

/// An answer, and where it came from.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// One of a few words, for metrics.
    pub route: &'static str,
}

/// Is told of growths that an insertion did alone, outside the lock.
pub type Listener = Box<dyn Fn(&BlockingGrowth) + Send + Sync>;

/// The index and its figures.
pub struct Service {
    index: Index,
    metrics: Metrics,
    listener: Listener,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// A service over an index.
    #[must_use]
    pub fn new(index: Index, metrics: Metrics, listener: Listener) -> Arc<Service> {
        Arc::new(Service {
            index,
            metrics,
            listener,
        })
    }

    /// Its figures.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Which map it runs on.
    #[must_use]
    pub fn kind(&self) -> MapKind {
        self.index.kind()
    }

    /// What `/stats` says.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            schema: "index-service.stats/1".to_owned(),
            map: self.index.kind().as_str().to_owned(),
            entries: self.index.len(),
            capacity: self.index.capacity(),
            pid: std::process::id(),
        }
    }

    /// Does what a request asks for.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Answered {
        let (route, answer) = match request.path.as_str() {
            "/entries" => ("entries", self.entries(request)),
            "/stats" => (
                "stats",
                self.look(request, |service| service.stats_answer()),
            ),
            "/metrics" => ("metrics", self.look(request, |service| service.scrape())),
            path if path.starts_with("/entry/") => ("entry", self.entry(request)),
            _ => (
                "none",
                Answer::error(
                    404,
                    "there are /entry/KEY, /entries, /stats and /metrics; the page of the maps has a port of its own",
                ),
            ),
        };
        Answered { answer, route }
    }

    /// Notes an answer that was sent.
    pub fn note(&self, request: &Request, answered: &Answered, took: Duration) {
        // Words that somebody made up must not become series.
        let method = match request.method.as_str() {
            "GET" | "HEAD" => "GET",
            "PUT" => "PUT",
            "POST" => "POST",
            "DELETE" => "DELETE",
            _ => "other",
        };
        self.metrics
            .request(answered.route, method, answered.answer.status, took);
    }

    /// Notes an answer to something that was no request.
    pub fn note_bad(&self, answer: &Answer) {
        self.metrics
            .request("none", "other", answer.status, Duration::ZERO);
    }

    fn look(&self, request: &Request, show: impl Fn(&Service) -> Answer) -> Answer {
        match request.method.as_str() {
            "GET" | "HEAD" => show(self),
            _ => Answer::error(405, "use GET"),
        }
    }

    fn stats_answer(&self) -> Answer {
        match serde_json::to_vec(&self.stats()) {
            Ok(json) => Answer::new(200, JSON, json),
            Err(error) => Answer::error(500, &error.to_string()),
        }
    }

    fn scrape(&self) -> Answer {
        match self.metrics.text(&self.index) {
            Ok(text) => Answer::new(200, tidemap_export::prometheus::CONTENT_TYPE, text),
            Err(error) => Answer::error(500, &error.to_string()),
        }
    }

    fn entry(&self, request: &Request) -> Answer {
        let key = match request.rest("/entry/") {
            Ok(key) => key,
            Err(answer) => return answer,
        };
        if key.is_empty() {
            return Answer::error(400, "the key is missing; use /entry/KEY");
        }
        if key.len() > KEY_BYTES_MAX {
            return Answer::error(414, &format!("a key may have {KEY_BYTES_MAX} bytes"));
        }
        match request.method.as_str() {
            "GET" | "HEAD" => match self.index.get(&key) {
                Some(value) => Answer::new(200, "application/octet-stream", value.into_vec()),
                None => Answer::error(404, "no such key"),
            },
            "PUT" => {
                let written = self
                    .index
                    .put(vec![(key.into(), request.body.as_slice().into())]);
                self.wrote(&written);
                Answer::empty(if written.created > 0 { 201 } else { 204 })
            }
            "DELETE" => {
                let written = self.index.remove(&[&key]);
                self.wrote(&written);
                if written.removed > 0 {
                    Answer::empty(204)
                } else {
                    Answer::error(404, "no such key")
                }
            }
            _ => Answer::error(405, "use GET, PUT or DELETE"),
        }
    }

    fn entries(&self, request: &Request) -> Answer {
        let Ok(body) = std::str::from_utf8(&request.body) else {
            return Answer::error(400, "the body is not UTF-8");
        };
        match request.method.as_str() {
            "POST" => match pairs_of(body) {
                Ok(pairs) => {
                    let written = self.index.put(pairs);
                    self.wrote(&written);
                    let (created, replaced) = (written.created, written.replaced);
                    let text = format!("{{\"created\":{created},\"replaced\":{replaced}}}");
                    Answer::new(200, JSON, text)
                }
                Err(answer) => answer,
            },
            "DELETE" => {
                let keys: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
                let written = self.index.remove(&keys);
                self.wrote(&written);
                Answer::new(200, JSON, format!("{{\"removed\":{}}}", written.removed))
            }
            _ => Answer::error(405, "use POST, or DELETE"),
        }
    }

    fn wrote(&self, written: &Written) {
        self.metrics.written(written);
        written.growths.iter().for_each(&self.listener);
    }
}

/// All lines, or none: nothing is stored of a body that has a bad one.
fn pairs_of(body: &str) -> Result<Vec<(Key, Value)>, Answer> {
    let pair = |(at, line): (usize, &str)| {
        let bad = |text: &str| Answer::error(400, &format!("line {}: {text}", at + 1));
        let (key, value) = line
            .split_once('\t')
            .ok_or_else(|| bad("no tab between key and value"))?;
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(bad(&format!("a key has 1 to {KEY_BYTES_MAX} bytes")));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(bad(&format!("a value may have {VALUE_BYTES_MAX} bytes")));
        }
        Ok((key.into(), value.as_bytes().into()))
    };
    body.lines().enumerate().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(service: &Service, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            body: body.as_bytes().to_vec(),
            stays: true,
        };
        let answer = service.answer(&request).answer;
        (answer.status, String::from_utf8(answer.body).expect("text"))
    }

    #[test]
    fn entries_come_and_go() {
        for kind in [MapKind::Tidemap, MapKind::Hashbrown] {
            let metrics = Metrics::new().expect("names are distinct");
            let service = Service::new(Index::new(kind, None), metrics, Box::new(|_| ()));
            assert_eq!(ask(&service, "PUT", "/entry/a%20b", "one").0, 201);
            assert_eq!(ask(&service, "PUT", "/entry/a%20b", "two").0, 204);
            assert_eq!(
                ask(&service, "GET", "/entry/a%20b", ""),
                (200, "two".to_owned())
            );
            let (status, text) = ask(&service, "POST", "/entries", "a b\t3\nc\t4\n");
            assert_eq!(
                (status, text.as_str()),
                (200, r#"{"created":1,"replaced":1}"#)
            );
            let (status, text) = ask(&service, "DELETE", "/entries", "c\nnobody\n");
            assert_eq!((status, text.as_str()), (200, r#"{"removed":1}"#));
            assert_eq!(ask(&service, "DELETE", "/entry/a%20b", "").0, 204);
            assert_eq!(ask(&service, "DELETE", "/entry/a%20b", "").0, 404);
            assert_eq!(ask(&service, "GET", "/entry/c", "").0, 404);
        }
    }

    #[test]
    fn bad_requests_are_told_what_to_do() {
        let metrics = Metrics::new().expect("names are distinct");
        let service = Service::new(
            Index::new(MapKind::Tidemap, None),
            metrics,
            Box::new(|_| ()),
        );
        let long = "k".repeat(KEY_BYTES_MAX + 1);
        let cases = [
            ("GET", "/nowhere".to_owned(), "", 404, "/entry/KEY"),
            ("GET", "/entry/".to_owned(), "", 400, "missing"),
            ("PUT", format!("/entry/{long}"), "x", 414, "bytes"),
            ("PATCH", "/entry/a".to_owned(), "", 405, "use GET"),
            ("POST", "/metrics".to_owned(), "", 405, "use GET"),
            ("GET", "/entries".to_owned(), "", 405, "POST"),
            (
                "POST",
                "/entries".to_owned(),
                "a\tb\nno tab\n",
                400,
                "line 2",
            ),
        ];
        for (method, path, body, status, part) in cases {
            let (got, text) = ask(&service, method, &path, body);
            assert_eq!(got, status, "{method} {path}");
            assert!(text.contains(part), "{method} {path}: {text}");
        }
        assert_eq!(
            service.stats().entries,
            0,
            "nothing of a bad body is stored"
        );
    }
}
