//! One request, read within bounds, and one answer.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;

/// Bytes of a request's head at most.
pub const HEAD_BYTES_MAX: usize = 8 << 10;
/// Header lines at most.
const HEADERS_MAX: usize = 64;
/// Time for a request to arrive once it has begun, and for its answer to be taken.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two requests on a connection.
pub const IDLE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path as it was sent, without a query.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the connection stays open after the answer.
    pub stays: bool,
}

impl Request {
    /// The path behind `prefix` as text, with `%20` and the like undone.
    ///
    /// # Errors
    /// An answer that says so, if that is not UTF-8.
    pub fn rest(&self, prefix: &str) -> Result<String, Answer> {
        let rest = self.path.strip_prefix(prefix).unwrap_or_default();
        match percent_decode_str(rest).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(Answer::error(400, "the path is not UTF-8")),
        }
    }
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number of its status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A body that was asked for.
    #[must_use]
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            content_type,
            body: body.into(),
        }
    }

    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Answer {
        Answer::new(status, "text/plain; charset=utf-8", Vec::new())
    }

    /// What is wrong, and what to do.
    #[must_use]
    pub fn error(status: u16, text: &str) -> Answer {
        Answer::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
    }

    fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            201 => "Created",
            204 => "No Content",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            411 => "Length Required",
            413 => "Content Too Large",
            414 => "URI Too Long",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            _ => "Answer",
        }
    }

    /// Sends it. A connection that takes nothing for [`PATIENCE`] is given up.
    ///
    /// # Errors
    /// When the other side has gone, or is too slow.
    pub fn send(&self, stream: &mut TcpStream, stays: bool, head_only: bool) -> io::Result<()> {
        let mut out = Vec::with_capacity(self.body.len() + 160);
        write!(out, "HTTP/1.1 {} {}\r\n", self.status, self.reason())?;
        if self.status != 204 {
            write!(
                out,
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                self.content_type,
                self.body.len()
            )?;
        }
        let connection = if stays { "keep-alive" } else { "close" };
        write!(out, "Connection: {connection}\r\n\r\n")?;
        if !head_only {
            out.extend_from_slice(&self.body);
        }
        stream.write_all(&out)
    }
}

/// A request's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    method: String,
    path: String,
    bytes: usize,
    body_bytes: usize,
    stays: bool,
    wants_continue: bool,
}

/// Reads requests of one connection, one after the other.
#[derive(Debug)]
pub struct Reader {
    /// What has arrived and is not used yet.
    waiting: Vec<u8>,
    /// How many bytes the body of such a request may have.
    body_bytes_max: fn(method: &str, path: &str) -> usize,
}

/// What came instead of a request.
#[derive(Debug)]
pub enum End {
    /// Nothing: the other side has left, or was idle for too long.
    Closed,
    /// Something that gets this answer, after which the connection is closed.
    Bad(Answer),
}

impl Reader {
    /// A reader for a fresh connection.
    #[must_use]
    pub fn new(body_bytes_max: fn(&str, &str) -> usize) -> Reader {
        Reader {
            waiting: Vec::with_capacity(1024),
            body_bytes_max,
        }
    }

    /// Waits for the next request.
    ///
    /// # Errors
    /// [`End`].
    pub fn next(&mut self, stream: &mut TcpStream) -> Result<Request, End> {
        if self.waiting.is_empty() && !self.more(stream, Instant::now() + IDLE)? {
            return Err(End::Closed);
        }
        let until = Instant::now() + PATIENCE;
        let head = loop {
            if let Some(head) = head_of(&self.waiting).map_err(End::Bad)? {
                break head;
            }
            if self.waiting.len() >= HEAD_BYTES_MAX {
                let text = format!("the head of a request may have {HEAD_BYTES_MAX} bytes");
                return Err(End::Bad(Answer::error(431, &text)));
            }
            self.expect(stream, until, "the request ends in its head")?;
        };
        let body_max = (self.body_bytes_max)(&head.method, &head.path);
        if head.body_bytes > body_max {
            let text = format!("the body of such a request may have {body_max} bytes");
            return Err(End::Bad(Answer::error(413, &text)));
        }
        let whole = head.bytes + head.body_bytes;
        if head.wants_continue && self.waiting.len() < whole {
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        while self.waiting.len() < whole {
            self.expect(stream, until, "the body is shorter than its Content-Length")?;
        }
        let rest = self.waiting.split_off(whole);
        let mut body = std::mem::replace(&mut self.waiting, rest);
        body.drain(..head.bytes);
        Ok(Request {
            method: head.method,
            path: head.path,
            body,
            stays: head.stays,
        })
    }

    fn expect(&mut self, stream: &mut TcpStream, until: Instant, short: &str) -> Result<(), End> {
        match self.more(stream, until) {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::Bad(Answer::error(400, short))),
            Err(_) => {
                let text = format!("a request has {} s to arrive", PATIENCE.as_secs());
                Err(End::Bad(Answer::error(408, &text)))
            }
        }
    }

    /// `false` at the end of what the other side sends. A byte now and then does not buy time.
    fn more(&mut self, stream: &mut TcpStream, until: Instant) -> Result<bool, End> {
        let mut part = [0; 16 << 10];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
                return Err(End::Closed);
            }
            match stream.read(&mut part) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    self.waiting.extend_from_slice(&part[..n]);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(End::Closed),
            }
        }
    }
}

/// `None` while it is not complete.
fn head_of(bytes: &[u8]) -> Result<Option<Head>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let size = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            let text = format!("a request may have {HEADERS_MAX} header lines");
            return Err(Answer::error(431, &text));
        }
        Err(error) => return Err(Answer::error(400, &format!("not a request: {error}"))),
    };
    let mut head = Head {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: parsed.path.unwrap_or("/").to_owned(),
        bytes: size,
        body_bytes: 0,
        stays: parsed.version == Some(1),
        wants_continue: false,
    };
    if let Some(query) = head.path.find('?') {
        head.path.truncate(query);
    }
    let mut length = None;
    for header in parsed.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = value.bytes().all(|b| b.is_ascii_digit());
            let number = value.parse::<usize>().ok().filter(|_| digits);
            // Two lengths are an attempt to be misread.
            if number.is_none() || length.replace(number).is_some() {
                return Err(Answer::error(
                    400,
                    "Content-Length must be one whole number",
                ));
            }
            head.body_bytes = number.unwrap_or(0);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Answer::error(
                501,
                "bodies are sent with Content-Length, not with Transfer-Encoding",
            ));
        } else if header.name.eq_ignore_ascii_case("connection") {
            if value.eq_ignore_ascii_case("close") {
                head.stays = false;
            } else if value.eq_ignore_ascii_case("keep-alive") {
                head.stays = true;
            }
        } else if header.name.eq_ignore_ascii_case("expect") {
            head.wants_continue = value.eq_ignore_ascii_case("100-continue");
        }
    }
    if length.is_none() && matches!(head.method.as_str(), "PUT" | "POST") {
        return Err(Answer::error(411, "this request needs a Content-Length"));
    }
    Ok(Some(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = head_of(b"PUT /entry/a?x=1 HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello")
            .expect("good")
            .expect("complete");
        assert_eq!(
            (head.method.as_str(), head.path.as_str()),
            ("PUT", "/entry/a")
        );
        assert_eq!((head.bytes, head.body_bytes), (48, 5));
        assert!(head.stays && !head.wants_continue);
        let old = head_of(b"GET / HTTP/1.0\r\n\r\n")
            .expect("good")
            .expect("complete");
        assert!(!old.stays);
        assert_eq!(head_of(b"GET / HT"), Ok(None));
    }

    #[test]
    fn bad_heads_get_their_status() {
        let status = |text: &str| head_of(text.as_bytes()).expect_err("bad").status;
        assert_eq!(status("PUT / HTTP/1.1\r\n\r\n"), 411);
        assert_eq!(status("\u{16}\u{3}\u{1}\u{2}"), 400);
        let length = |value: &str| {
            status(&format!(
                "PUT / HTTP/1.1\r\nContent-Length: {value}\r\n\r\n"
            ))
        };
        assert_eq!(length("-1"), 400);
        assert_eq!(length("+1"), 400);
        assert_eq!(length("99999999999999999999999"), 400);
        assert_eq!(length("1\r\nContent-Length: 2"), 400);
        assert_eq!(
            status("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            501
        );
        let many = "a: b\r\n".repeat(HEADERS_MAX + 1);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}\r\n")), 431);
    }

    #[test]
    fn paths_are_decoded() {
        let request = |path: &str| Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            body: Vec::new(),
            stays: true,
        };
        assert_eq!(
            request("/entry/a%20b%C3%A9").rest("/entry/"),
            Ok("a bé".to_owned())
        );
        assert_eq!(
            request("/entry/%ff")
                .rest("/entry/")
                .expect_err("bad")
                .status,
            400
        );
    }
}
