//! What the endpoint answers, and whom.

use std::time::{Duration, Instant};

use tidemap_live::pages::Page;
use tidemap_live::{ServeError, ServeOptions, Server};

use crate::client::{self, Events};

fn server() -> Server {
    Server::start(&ServeOptions::default()).expect("a free port")
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let server = server();
    let page = client::get(server.address(), "/");
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("Content-Security-Policy: default-src 'none'; script-src 'self'")
    );
    assert!(page.head.contains("X-Content-Type-Options: nosniff"));
    for path in ["/page.css", "/page.js", "/charts.js"] {
        assert!(page.body.contains(path), "{path} is not loaded");
        let part = client::get(server.address(), path);
        assert_eq!(part.status, 200);
        for text in [&page.body, &part.body] {
            assert!(
                !text.contains("http://") && !text.contains("https://") && !text.contains("//cdn")
            );
        }
    }
    // The policy forbids both.
    assert!(!page.body.contains("style=") && !page.body.contains("onclick"));
}

#[test]
fn only_this_machine_is_answered() {
    let mut options = ServeOptions {
        address: "0.0.0.0:0".parse().expect("an address"),
        ..ServeOptions::default()
    };
    let error = Server::start(&options).expect_err("it is not loopback");
    assert!(matches!(error, ServeError::NotLoopback(_)));
    assert!(error.to_string().contains("`exposed`"), "{error}");
    options.exposed = true;
    options.host_names.push("maps.internal".to_owned());
    let server = Server::start(&options).expect("it is wanted");
    let address = format!("127.0.0.1:{}", server.address().port())
        .parse()
        .expect("an address");
    let ask = |host: &str| {
        client::raw(
            address,
            format!("GET /info.json HTTP/1.1\r\n{host}\r\n\r\n").as_bytes(),
        )
    };
    assert_eq!(ask("Host: maps.internal").status, 200);
    assert_eq!(ask("Host: localhost:80").status, 200);
    for host in [
        "Host: evil.example",
        "Host: 127.0.0.1.evil.example",
        "X: y",
        "Host:",
    ] {
        let answer = ask(host);
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.body.contains("schema"));
    }
    assert!(client::json(address, "/info.json")["endpoint"]["refused"].as_u64() >= Some(4));
}

#[test]
fn a_taken_port_is_told() {
    let first = server();
    let options = ServeOptions {
        address: first.address(),
        ..ServeOptions::default()
    };
    let error = Server::start(&options)
        .expect_err("the port is taken")
        .to_string();
    assert!(error.contains("choose another port"), "{error}");
}

#[test]
fn bad_requests_say_what_to_do() {
    let server = server();
    let check = |path: &str, status: u16, part: &str| {
        let answer = client::get(server.address(), path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body.contains(part), "{path}: {}", answer.body);
    };
    check("/maps.json?limit=0", 400, "from 1 to");
    check("/maps.json?limit=many", 400, "limit=100");
    check("/maps.json?size=3", 400, "takes limit, after");
    check("/maps.json?at=5", 400, "no past moments");
    check("/info.json?x", 400, "no parameters");
    check("/secret", 404, "/maps.json");
    check("/../Cargo.toml", 404, "/maps.json");
    let post = client::raw(
        server.address(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!(post.status, 405);
    let noise = client::raw(server.address(), b"\x16\x03\x01\x02\x00\x01\r\n\r\n");
    assert_eq!(noise.status, 400);
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n", "a".repeat(9_000));
    assert_eq!(client::raw(server.address(), long.as_bytes()).status, 431);
    let head = client::raw(
        server.address(),
        b"HEAD /maps.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn maps_come_in_pages_and_metrics_on_demand() {
    let server = server();
    let maps: Vec<tidemap::HashMap<u8, u8>> = (0..30)
        .map(|_| tidemap::HashMap::builder().name("http-paged").build())
        .collect();
    let count = || {
        let mut found = 0;
        let mut path = "/maps.json?limit=7".to_owned();
        loop {
            let page: Page =
                serde_json::from_value(client::json(server.address(), &path)).expect("a page");
            assert_eq!(page.schema, tidemap_live::pages::SCHEMA);
            assert!(page.maps.len() <= 7);
            let named = page.maps.iter().filter(|row| row.name == "http-paged");
            found += named.count();
            let Some(next) = page.next else { return found };
            path = format!("/maps.json?limit=7&after={}", next.0);
        }
    };
    // Requests share a look for a moment, and the first may be older than the maps.
    let until = Instant::now() + Duration::from_secs(10);
    while count() < maps.len() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(count(), maps.len());
    let metrics = client::get(server.address(), "/metrics");
    assert!(metrics.head.contains("text/plain; version=0.0.4"));
    assert!(metrics.body.contains("# TYPE tidemap_") && metrics.body.contains("http-paged"));
    let options = ServeOptions {
        metrics: None,
        ..ServeOptions::default()
    };
    let without = Server::start(&options).expect("a free port");
    let answer = client::get(without.address(), "/metrics");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("without metrics"));
    // The server looks by itself, once a second, from the beginning.
    let points = client::json(server.address(), "/timeline.json");
    assert!(!points["points"].as_array().expect("points").is_empty());
}

#[test]
fn events_are_heard_as_they_happen() {
    let server = server();
    let mut events = Events::open(server.address());
    // The stream answers at once; wait for its first line so that it has subscribed.
    assert!(events.line().starts_with("retry"));
    let mut map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("heard").build();
    let id = map.probe_id().expect("a row").0;
    for n in 0..20_000 {
        map.insert(n, n);
    }
    map.finish();
    drop(map);
    let mut words = Vec::new();
    let mut named = false;
    while words.last().is_none_or(|word| word != "drop") {
        let batch = events.batch();
        assert_eq!(batch["schema"], "tidemap-live/events/1");
        let names = batch["names"].as_array().expect("names");
        named |= names.iter().any(|pair| pair[0] == id && pair[1] == "heard");
        for event in batch["events"].as_array().expect("events") {
            if event["map"] == id {
                words.push(event["event"].as_str().expect("a word").to_owned());
            }
        }
    }
    assert!(named);
    assert_eq!(words[0], "created");
    for word in ["growth_begin", "growth_end"] {
        assert!(
            words.iter().any(|known| known == word),
            "no {word} in {words:?}"
        );
    }
}
