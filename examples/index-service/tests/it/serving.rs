//! The service answers, the load is right, the figures fit.

use index_service::load::{Progress, run};
use serde_json::Value;

use crate::support::{app, load_args};

/// The value of a series in a scrape.
fn series(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(' ') || (name.ends_with('{') && !rest.is_empty()))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn load_is_answered_and_counted() {
    for map in ["tidemap", "hashbrown"] {
        let (app, client) = app(&["--map", map]);
        let words = ["--rate", "400", "--seconds", "1", "--window-ms", "250"];
        let bulk = ["--ingest", "20000", "--keys", "1", "--connections", "4"];
        let args = load_args(client.base(), &[&words[..], &bulk].concat());
        let (mut rows, mut started) = (0, 0);
        let report = run(&args, &mut |progress| match progress {
            Progress::Window(_) => rows += 1,
            Progress::Started(stats) => {
                assert_eq!(stats.map, map);
                started += 1;
            }
            Progress::Done(..) => {}
        })
        .expect("a service");
        assert!(report.is_right(), "{report}");
        assert_eq!((report.ended_early.as_ref(), started), (None, 1));
        assert_eq!(report.latency.count, 400);
        assert_eq!(report.right + report.missing, 400);
        assert_eq!((rows, report.windows.len()), (4, 4));
        let counts = report.windows.iter().map(|row| row.latency.count);
        assert_eq!(counts.collect::<Vec<_>>(), [100; 4]);
        assert!(report.bulk.entries > 0 && report.bulk.entries <= 20_000);

        // What the load says it stored is there, and is what it should be.
        let stats = client.stats().expect("the service");
        assert_eq!(stats.entries as u64, report.bulk.entries.max(1));
        let (status, value) = client.get("/entry/doc-000000000007").expect("an answer");
        assert_eq!(status, 200);
        assert_eq!(value, index_service::load::value_of(7).into_bytes());

        let (status, text) = client.get("/metrics").expect("an answer");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(status, 200);
        assert_eq!(series(&text, "index_entries"), Some(stats.entries as f64));
        let answered = series(
            &text,
            r#"index_request_seconds_count{method="GET",route="entry"}"#,
        );
        assert!(answered > Some(300.0), "{answered:?}");
        let grown = series(&text, "index_blocking_growth_seconds_count");
        assert_eq!(grown > Some(8.0), map == "hashbrown", "{grown:?}");
        if map == "tidemap" {
            let entries = series(
                &text,
                r#"tidemap_map_entries{map="index","#.trim_end_matches(','),
            );
            assert!(entries.is_none(), "labels differ by number");
            assert!(text.contains(r#"tidemap_map_entries{map="index",id=""#));
        }
        app.stop().expect("an end");
    }
}

#[test]
fn the_page_shows_the_index() {
    let (app, client) = app(&[]);
    let lines: String = (0..2000).map(|n| format!("key {n}\tvalue\n")).collect();
    assert_eq!(
        client
            .post("/entries", lines.as_bytes())
            .expect("an answer")
            .0,
        200
    );
    let page = index_service::client::Client::new(&app.page_url()).expect("an address");
    let (status, body) = page.get("/maps.json").expect("an answer");
    assert_eq!(status, 200);
    let maps: Value = serde_json::from_slice(&body).expect("JSON");
    let names = maps["maps"]
        .as_array()
        .expect("maps")
        .iter()
        .map(|map| &map["name"]);
    assert!(names.clone().any(|name| name == "index"), "{maps}");
    let (status, body) = page.get("/").expect("an answer");
    assert!(status == 200 && body.starts_with(b"<!"));
    let error = page.stats().expect_err("that is the page");
    assert!(
        format!("{error:#}").contains("no index-service"),
        "{error:#}"
    );
    app.stop().expect("an end");
}
