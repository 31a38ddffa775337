//! Guests that do not behave, and services that go away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use index_service::load::run;
use index_service::server::CONNECTIONS_MAX;
use index_service::service::{BULK_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

use crate::support::{Process, app, load_args, wait_for};

fn connect(url: &str) -> TcpStream {
    let address = url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).expect("the service");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a socket");
    stream
}

/// Sends bytes and gives the status of what comes back.
fn tell(url: &str, bytes: &[u8]) -> String {
    let mut stream = connect(url);
    // The service may answer before it has taken everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.get(9..12).unwrap_or("nothing").to_owned()
}

#[test]
fn malformed_and_oversized_requests_get_their_status() {
    let (app, client) = app(&[]);
    let url = client.base();
    let put = |length: usize, body: &[u8]| {
        let mut bytes =
            format!("PUT /entry/a HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        bytes.extend_from_slice(body);
        tell(url, &bytes)
    };
    assert_eq!(
        tell(url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        "400"
    );
    assert_eq!(tell(url, b"hello\r\n\r\n"), "400");
    assert_eq!(tell(url, b"GET / HT"), "400");
    assert_eq!(tell(url, b"PUT /entry/a HTTP/1.1\r\n\r\n"), "411");
    assert_eq!(put(10, b"short"), "400");
    assert_eq!(put(VALUE_BYTES_MAX, &vec![b'x'; VALUE_BYTES_MAX]), "201");
    assert_eq!(
        put(VALUE_BYTES_MAX + 1, &vec![b'x'; VALUE_BYTES_MAX + 1]),
        "413"
    );
    // Refused by its head: nobody waits for a terabyte.
    assert_eq!(put(1 << 40, b"x"), "413");
    let head = format!(
        "POST /entries HTTP/1.1\r\nContent-Length: {}\r\n\r\n",
        BULK_BYTES_MAX + 1
    );
    assert_eq!(tell(url, head.as_bytes()), "413");
    let long = "k".repeat(KEY_BYTES_MAX + 1);
    assert_eq!(
        tell(
            url,
            format!("GET /entry/{long} HTTP/1.1\r\n\r\n").as_bytes()
        ),
        "414"
    );
    let longer = "k".repeat(64 << 10);
    assert_eq!(
        tell(
            url,
            format!("GET /entry/{longer} HTTP/1.1\r\n\r\n").as_bytes()
        ),
        "431"
    );
    assert_eq!(tell(url, b"GET /entry/%ff HTTP/1.1\r\n\r\n"), "400");
    assert_eq!(client.stats().expect("still there").entries, 1);
    app.stop().expect("an end");
}

#[test]
fn requests_that_come_at_once_are_answered_in_order() {
    let (app, client) = app(&[]);
    let mut stream = connect(client.base());
    let two = "PUT /entry/a HTTP/1.1\r\nContent-Length: 3\r\n\r\noneGET /entry/a HTTP/1.1\r\nConnection: close\r\n\r\n";
    stream.write_all(two.as_bytes()).expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("text");
    assert!(
        answers.starts_with("HTTP/1.1 201 ") && answers.ends_with("\r\n\r\none"),
        "{answers}"
    );
    app.stop().expect("an end");
}

#[test]
fn half_a_request_holds_nobody_up_not_even_the_end() {
    let (app, client) = app(&[]);
    let mut half = connect(client.base());
    half.write_all(b"PUT /entry/a HTTP/1.1\r\nContent-Le")
        .expect("sent");
    let mut idle = connect(client.base());
    assert_eq!(client.put("/entry/b", b"x").expect("an answer").0, 201);
    let begun = Instant::now();
    app.stop().expect("an end");
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    let mut rest = Vec::new();
    assert_eq!(idle.read_to_end(&mut rest).expect("closed"), 0);
}

#[test]
fn connections_are_bounded() {
    let (app, client) = app(&[]);
    let mut crowd: Vec<TcpStream> = (0..CONNECTIONS_MAX)
        .map(|_| connect(client.base()))
        .collect();
    // The last of them is in when it is answered.
    let last = crowd.last_mut().expect("a crowd");
    last.write_all(b"GET /stats HTTP/1.1\r\n\r\n")
        .expect("sent");
    let mut first = [0; 12];
    last.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    assert_eq!(tell(client.base(), b""), "503");
    drop(crowd);
    wait_for("places that were left", || {
        let (status, text) = client.get("/metrics").ok()?;
        let text = String::from_utf8(text).expect("text");
        (status == 200 && text.contains("index_connections_refused_total 1\n")).then_some(())
    });
    app.stop().expect("an end");
}

#[test]
fn load_says_what_is_not_there() {
    let error = |url: &str, words: &[&str]| {
        let report = run(&load_args(url, words), &mut |_| {});
        format!("{:#}", report.expect_err("nobody is there"))
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("bound"));
    drop(free);
    assert!(
        error(&url, &[]).contains("index-service serve"),
        "{}",
        error(&url, &[])
    );
    assert!(error("localhost", &[]).contains("http://"));
    assert!(error(&url, &["--rate", "0"]).contains("--rate 0"));
}

#[test]
fn a_service_that_goes_away_ends_the_load() {
    let (mut process, url, _) = Process::serve(&[]);
    let args = load_args(
        &url,
        &["--rate", "500", "--seconds", "60", "--ingest", "5000"],
    );
    let mut done = false;
    let begun = Instant::now();
    let report = run(&args, &mut |progress| {
        if let index_service::load::Progress::Done(requests, _) = progress
            && requests > 50
            && !std::mem::replace(&mut done, true)
        {
            process.0.kill().expect("it runs");
        }
    })
    .expect("it was there");
    assert!(begun.elapsed() < Duration::from_secs(30));
    let reason = report.ended_early.as_deref().expect("a reason");
    assert!(
        reason.contains(&url) && reason.contains("of 30000 requests"),
        "{reason}"
    );
    assert!(
        report.right + report.missing > 20 && !report.is_right(),
        "{report}"
    );
}
