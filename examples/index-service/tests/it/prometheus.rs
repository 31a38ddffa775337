//! A real Prometheus scrapes the service and evaluates the rules. `ci/prometheus` installs one and runs this.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use index_service::client::Client;
use index_service::load::run;
use serde_json::Value;

use crate::expressions::{of_dashboard, of_rules, rules};
use crate::support::{Process, load_args, root, wait_for};

/// The whole test, which has to wait for scrapes, takes less.
const TIME_MAX: Duration = Duration::from_secs(90);

/// The HTTP interface of a Prometheus.
struct Prometheus {
    _process: Process,
    base: String,
    agent: ureq::Agent,
}

impl Prometheus {
    fn start(folder: &std::path::Path, target: &str) -> Prometheus {
        // The same rules twice: as shipped, and without their patience, so that one can be seen to fire.
        let hasty: Vec<String> = rules()
            .lines()
            .map(|line| match line.find("for: ") {
                Some(at) => format!("{}for: 1s", &line[..at]),
                None => line.replace("- name: tidemap", "- name: hasty"),
            })
            .collect();
        fs::write(folder.join("hasty.yml"), hasty.join("\n")).expect("a folder");
        let shipped = root().join("observability/tidemap-alerts.yml");
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}', '{}']\n\
             scrape_configs:\n  - job_name: index-service\n    static_configs: [{{targets: ['{target}']}}]\n",
            shipped.canonicalize().expect("the rules").display(),
            folder.join("hasty.yml").display()
        );
        let path = folder.join("prometheus.yml");
        fs::write(&path, config).expect("a folder");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("bound").to_string();
        drop(free);
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let prometheus = Prometheus {
            _process: Process(process),
            base: format!("http://{address}"),
            agent,
        };
        wait_for("a Prometheus that is ready", || {
            let answer = prometheus
                .agent
                .get(format!("{}/-/ready", prometheus.base))
                .call();
            answer
                .is_ok_and(|answer| answer.status() == 200)
                .then_some(())
        });
        prometheus
    }

    fn ask(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = query
            .iter()
            .fold(request, |request, (name, value)| request.query(name, value));
        let mut answer = request.call().expect("an answer");
        let text = answer.body_mut().read_to_string().expect("text");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["status"], "success", "{path} {query:?}: {text}");
        answer["data"].clone()
    }

    /// What an expression gives now.
    fn query(&self, expression: &str) -> Vec<Value> {
        let data = self.ask("/api/v1/query", &[("query", expression)]);
        data["result"].as_array().cloned().unwrap_or_default()
    }

    /// The rules of a group: name, state, health, last error.
    fn rules(&self, group: &str) -> Vec<[String; 4]> {
        let data = self.ask("/api/v1/rules", &[]);
        let groups = data["groups"].as_array().expect("groups").clone();
        let group = groups
            .into_iter()
            .find(|g| g["name"] == group)
            .expect("the group");
        let rules = group["rules"].as_array().expect("rules").clone();
        let word = |rule: &Value, name: &str| rule[name].as_str().unwrap_or_default().to_owned();
        rules
            .iter()
            .map(|rule| ["name", "state", "health", "lastError"].map(|name| word(rule, name)))
            .collect()
    }
}

fn promtool(words: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("promtool")
        .args(words)
        .current_dir(root().join("observability"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input)
        .expect("taken");
    let output = child.wait_with_output().expect("an end");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "promtool {words:?}: {text}");
    text
}

/// Growths, shrinks, and in the end a growth that goes on: everything that the rules and the page look at.
fn make_trouble(client: &Client) {
    let lines: String = (0..10_000).map(|n| format!("storm {n}\tx\n")).collect();
    let keys: String = (0..10_000).map(|n| format!("storm {n}\n")).collect();
    for _ in 0..8 {
        assert_eq!(
            client
                .post("/entries", lines.as_bytes())
                .expect("an answer")
                .0,
            200
        );
        assert_eq!(
            client
                .delete("/entries", keys.as_bytes())
                .expect("an answer")
                .0,
            200
        );
    }
}

/// Stores entries until a growth has begun that the next ones would end.
fn leave_a_growth(client: &Client) {
    for batch in 0..10_000 {
        let lines: String = (0..50).map(|n| format!("more {batch} {n}\tx\n")).collect();
        client
            .post("/entries", lines.as_bytes())
            .expect("an answer");
        let (_, text) = client.get("/metrics").expect("an answer");
        if String::from_utf8_lossy(&text).contains("\ntidemap_map_growth_progress_ratio{") {
            return;
        }
    }
    panic!("no growth went on after any of the batches");
}

#[test]
#[ignore = "needs Prometheus; ci/prometheus installs it and runs this"]
fn prometheus_scrapes_the_service_and_its_rules_fire() {
    let begun = Instant::now();
    for program in ["prometheus", "promtool"] {
        let found = Command::new(program).arg("--version").output();
        assert!(found.is_ok(), "no {program}; ci/prometheus installs it");
    }
    println!(
        "{}",
        promtool(&["check", "rules", "tidemap-alerts.yml"], b"")
    );
    println!(
        "{}",
        promtool(&["test", "rules", "tidemap-alerts.test.yml"], b"")
    );

    let (_service, url, _) = Process::serve(&["--shrink-below", "0.25"]);
    let client = Client::new(&url).expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let prometheus = Prometheus::start(folder.path(), url.trim_start_matches("http://"));
    wait_for("a target that is up", || {
        let data = prometheus.ask("/api/v1/targets", &[]);
        let target = &data["activeTargets"][0];
        assert_ne!(target["health"], "down", "{target}");
        (target["health"] == "up").then_some(())
    });

    // While the index is small. Between several scrapes: what happens before the first is not seen as an increase.
    for _ in 0..4 {
        make_trouble(&client);
        std::thread::sleep(Duration::from_millis(1200));
    }
    let args = load_args(
        &url,
        &["--rate", "200", "--seconds", "3", "--ingest", "50000"],
    );
    let report = run(&args, &mut |_| {}).expect("the service");
    assert!(report.is_right(), "{report}");
    leave_a_growth(&client);
    let (_, text) = client.get("/metrics").expect("an answer");
    println!("{}", promtool(&["check", "metrics"], &text));

    // Every metric that the page or a rule names has series.
    let all = [of_dashboard(), of_rules()].concat();
    let names: BTreeSet<String> = all.iter().flat_map(|e| e.uses()).map(|u| u.name).collect();
    for name in &names {
        wait_for(&format!("series of {name}"), || {
            let matched = [("match[]", name.as_str())];
            let series = prometheus.ask("/api/v1/series", &matched);
            (!series.as_array().expect("a list").is_empty()).then_some(())
        });
    }
    println!("{} metrics of page and rules have series", names.len());

    // Every query of the page gives figures.
    let page = of_dashboard();
    let panels = page
        .iter()
        .filter(|panel| !panel.text.starts_with("ALERTS"));
    for panel in panels.clone() {
        let text = ["$job", "$instance", "$map"]
            .iter()
            .fold(panel.text.clone(), |text, name| text.replace(name, ".*"));
        let text = text
            .replace("$__rate_interval", "1m")
            .replace("$__range", "5m");
        wait_for(&format!("{}: {text}", panel.place), || {
            (!prometheus.query(&text).is_empty()).then_some(())
        });
    }
    println!("{} queries of the page give figures", panels.count());

    // Rules are evaluated; the storm fires without its patience, and is pending with it.
    let state = |group: &str| {
        let rules = prometheus.rules(group);
        let storm = rules.iter().find(|rule| rule[0] == "TidemapGrowthStorm");
        storm.expect("the rule")[1].clone()
    };
    wait_for("a storm that fires", || {
        (state("hasty") == "firing").then_some(())
    });
    wait_for("a storm that is pending", || {
        (state("tidemap") == "pending").then_some(())
    });
    for group in ["tidemap", "hasty"] {
        wait_for("rules that were evaluated", || {
            let rules = prometheus.rules(group);
            assert_eq!(rules.len(), of_rules().len());
            assert!(rules.iter().all(|rule| rule[3].is_empty()), "{rules:?}");
            rules.iter().all(|rule| rule[2] == "ok").then_some(())
        });
    }
    let firing = prometheus.query(r#"ALERTS{alertname=~"Tidemap.*", alertstate="firing"}"#);
    assert!(
        firing.iter().any(|alert| alert["metric"]["map"] == "index"),
        "{firing:?}"
    );
    println!(
        "rules: all evaluated, TidemapGrowthStorm fires; {:.0?}",
        begun.elapsed()
    );
    assert!(begun.elapsed() < TIME_MAX, "{:?}", begun.elapsed());
}
