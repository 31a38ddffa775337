//! The pipeline against a collector in the same process, and against none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tidemap_export::otlp::{Config, Error, start};

use super::support::{alone, grown};

/// Takes requests on a port of its own: path and body.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (requests, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let requests = requests.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    let mut length = 0;
                    loop {
                        let mut header = String::new();
                        reader.read_line(&mut header).expect("a header");
                        if header.trim().is_empty() {
                            break;
                        }
                        let (name, value) = header.split_once(':').expect("a header");
                        if name.eq_ignore_ascii_case("content-length") {
                            length = value.trim().parse().expect("a length");
                        }
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).expect("a body");
                    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                    reader
                        .get_mut()
                        .write_all(answer.as_bytes())
                        .expect("an answer");
                    if requests.send((path, body)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (endpoint, received)
}

#[test]
fn a_collector_gets_metrics_and_spans() {
    let _alone = alone();
    let (endpoint, received) = collector();
    let config = Config::new("otlp-test").with_endpoint(&endpoint);
    let pipeline = start(&config).expect("a pipeline");
    let map = grown("over the wire", 40_000);
    pipeline.stop().expect("the collector answers");
    let (mut metrics, mut spans) = (Vec::new(), Vec::new());
    while let Ok((path, body)) = received.try_recv() {
        match &*path {
            "/v1/metrics" => {
                let request = ExportMetricsServiceRequest::decode(&body[..]).expect("metrics");
                let scopes = request
                    .resource_metrics
                    .into_iter()
                    .flat_map(|r| r.scope_metrics);
                metrics.extend(scopes.flat_map(|scope| scope.metrics));
            }
            "/v1/traces" => {
                let request = ExportTraceServiceRequest::decode(&body[..]).expect("spans");
                let scopes = request
                    .resource_spans
                    .into_iter()
                    .flat_map(|r| r.scope_spans);
                spans.extend(scopes.flat_map(|scope| scope.spans));
            }
            path => panic!("{path}"),
        }
    }
    let live = metrics
        .iter()
        .find(|m| m.name == "tidemap.map.live")
        .expect("bytes");
    assert_eq!(live.unit, "By");
    assert!(format!("{live:?}").contains("over the wire"));
    assert!(metrics.iter().any(|m| m.name == "tidemap.growths"));
    let mine = spans
        .iter()
        .filter(|span| format!("{span:?}").contains("over the wire"));
    assert!(mine.clone().count() as u64 >= map.growths_started());
    assert!(
        mine.clone()
            .all(|s| s.name == "tidemap.growth" && s.end_time_unix_nano >= s.start_time_unix_nano)
    );
}

#[test]
fn a_collector_that_is_gone_is_told_and_holds_up_nobody() {
    let _alone = alone();
    // A port that was just free.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let config = Config::new("gone")
        .with_endpoint(format!("http://{port}"))
        .with_interval(Duration::from_millis(20))
        .with_timeout(Duration::from_secs(1));
    let pipeline = start(&config).expect("nobody is asked before the first export");
    let mut map = grown("unexported", 100_000);
    map.clear();
    let began = Instant::now();
    let error = pipeline.stop().expect_err("nobody listens");
    assert!(began.elapsed() < Duration::from_secs(10));
    let text = error.to_string();
    assert!(
        text.contains(&port.to_string()) && text.contains("is a collector listening"),
        "{text}"
    );
}

#[test]
fn endpoints_that_are_none_are_refused() {
    for endpoint in [
        "",
        "collector:4318",
        "https://collector:4318",
        "http://",
        "http://a b",
    ] {
        let outcome = start(&Config::new("bad").with_endpoint(endpoint));
        assert!(matches!(outcome, Err(Error::Endpoint(_))), "{endpoint}");
    }
}
