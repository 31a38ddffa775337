//! Reading one request: a bounded head, within a bounded time.

use std::io::Read;
use std::net::TcpStream;
use std::time::Instant;

use super::PATIENCE;

/// Bytes of a request's head at most.
pub(crate) const HEAD_BYTES_MAX: usize = 8 << 10;
/// Header lines at most.
const HEADERS_MAX: usize = 64;

/// A request, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// HEAD rather than GET.
    pub(crate) head_only: bool,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) host: Option<String>,
}

/// What is wrong with a request; the text says what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) status: &'static str,
    pub(crate) text: String,
}

impl Bad {
    pub(crate) fn new(status: &'static str, text: impl Into<String>) -> Bad {
        Bad {
            status,
            text: text.into(),
        }
    }

    pub(crate) fn request(text: impl Into<String>) -> Bad {
        Bad::new("400 Bad Request", text)
    }
}

/// Reads until the head is complete. `Ok(None)` when the other side said nothing and left.
pub(crate) fn read(stream: &mut TcpStream) -> Result<Option<Request>, Bad> {
    let slow = || Bad::new("408 Request Timeout", "the request took too long to arrive");
    let until = Instant::now() + PATIENCE;
    let mut head = Vec::with_capacity(1024);
    let mut part = [0; 1024];
    loop {
        // A byte now and then does not buy time.
        let left = until
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero());
        let Some(left) = left else { return Err(slow()) };
        stream.set_read_timeout(Some(left)).map_err(|_| slow())?;
        match stream.read(&mut part) {
            Ok(0) if head.is_empty() => return Ok(None),
            Ok(0) => return Err(Bad::request("the request ends in its head")),
            Ok(n) => head.extend_from_slice(&part[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(slow()),
        }
        if let Some(request) = parse(&head)? {
            return Ok(Some(request));
        }
        if head.len() >= HEAD_BYTES_MAX {
            return Err(Bad::new(
                "431 Request Header Fields Too Large",
                format!("the head of a request may have {HEAD_BYTES_MAX} bytes"),
            ));
        }
    }
}

/// `None` while the head is not complete.
fn parse(head: &[u8]) -> Result<Option<Request>, Bad> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(head) {
        Ok(status) if status.is_partial() => return Ok(None),
        Ok(_) => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Bad::new(
                "431 Request Header Fields Too Large",
                format!("a request may have {HEADERS_MAX} header lines"),
            ));
        }
        Err(error) => return Err(Bad::request(format!("not a request: {error}"))),
    }
    let head_only = match parsed.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => {
            return Err(Bad::new(
                "405 Method Not Allowed",
                "use GET: there is nothing to change here",
            ));
        }
    };
    // Two hosts are an attempt to be misread.
    let mut hosts = parsed
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("host"));
    let host = hosts
        .next()
        .map(|header| String::from_utf8_lossy(header.value).into_owned());
    if hosts.next().is_some() {
        return Err(Bad::request("a request has one Host"));
    }
    let target = parsed.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Some(Request {
        head_only,
        path: path.to_owned(),
        query,
        host,
    }))
}

impl Request {
    /// A number of the query; other values of it are refused.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Bad> {
        let Some((_, value)) = self.query.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Bad::request(format!(
                "`{name}` must be a whole number, as in {name}=100"
            ))),
        }
    }

    /// Refuses what no answer depends on, so that a misspelt name is noticed.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Bad> {
        match self
            .query
            .iter()
            .find(|(name, _)| !names.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(_) if names.is_empty() => {
                Err(Bad::request(format!("{} takes no parameters", self.path)))
            }
            Some(_) => Err(Bad::request(format!(
                "{} takes {}",
                self.path,
                names.join(", ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let request =
            parse(b"GET /maps.json?limit=5&after=x HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
                .expect("a request")
                .expect("complete");
        assert_eq!(
            (request.path.as_str(), request.head_only),
            ("/maps.json", false)
        );
        assert_eq!(request.host.as_deref(), Some("localhost:1"));
        assert_eq!(request.number("limit"), Ok(Some(5)));
        assert_eq!(request.number("since"), Ok(None));
        assert!(
            request
                .number("after")
                .expect_err("a word")
                .text
                .contains("whole number")
        );
        assert!(request.only(&["limit", "after"]).is_ok());
        assert!(
            request
                .only(&["limit"])
                .expect_err("after")
                .text
                .contains("takes limit")
        );

        assert_eq!(parse(b"GET / HTT"), Ok(None));
        assert!(
            parse(b"POST / HTTP/1.1\r\n\r\n")
                .expect_err("POST")
                .status
                .starts_with("405")
        );
        assert!(
            parse(b"\x16\x03\x01\x02\x00")
                .expect_err("TLS")
                .status
                .starts_with("400")
        );
        assert!(parse(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").is_err());
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "a: b\r\n".repeat(HEADERS_MAX + 1)
        );
        assert!(
            parse(many.as_bytes())
                .expect_err("many")
                .status
                .starts_with("431")
        );
    }
}
