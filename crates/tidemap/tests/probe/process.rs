//! Switches that belong to a process: `TIDEMAP_TRACE`, `TIDEMAP_OBSERVE`, a standard error that is gone.

use std::process::{Command, Output, Stdio};

use tidemap::HashMap;

const SWITCH: &str = "TIDEMAP_PROBE_CHILD";

/// Not a test: what the child processes do.
#[test]
fn child() {
    if std::env::var_os(SWITCH).is_none() {
        return;
    }
    let mut named: HashMap<u64, u64> = HashMap::builder().name("two words").build();
    let mut plain: HashMap<u64, String> = HashMap::new();
    let mut small: HashMap<u64, u64> = HashMap::new();
    small.insert(1, 1);
    for i in 0..20_000_u64 {
        // Consecutive ones pile up under some seeds, and the map changes its own, as it should.
        let key = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i << 40)).wrapping_mul(i | 1);
        named.insert(key, i);
        plain.insert(key, String::new());
    }
    assert_eq!(named.len(), 20_000);
    let snapshot = tidemap_probe::snapshot();
    // On a line of its own: where tests run one by one, the line has begun with this one's name.
    println!("\nrows {}", snapshot.maps.len());
    let counters = snapshot.named("two words").expect("a row").counters;
    println!(
        "growths {}",
        counters.growths.sum() + counters.growths_given_up
    );
    // Its end is a line of its own if it is growing.
    std::mem::forget(named);
    println!("done {}", plain.len());
}

fn run(environment: &[(&str, &str)], stderr: Stdio) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "process::child", "--nocapture"])
        .env(SWITCH, "1")
        .env_remove("TIDEMAP_TRACE")
        .env_remove("TIDEMAP_OBSERVE")
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(stderr);
    let output = command.spawn().expect("a child").wait_with_output();
    let output = output.expect("its output");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("done 20000"), "{text}");
    assert!(output.status.success());
    output
}

fn told(output: &Output, what: &str) -> usize {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(what));
    line.expect("a line").trim().parse().expect("a number")
}

fn rows(output: &Output) -> usize {
    told(output, "rows ")
}

#[test]
fn only_named_maps_are_observed_unless_all_are() {
    assert_eq!(rows(&run(&[], Stdio::piped())), 1);
    assert_eq!(
        rows(&run(&[("TIDEMAP_OBSERVE", "all")], Stdio::piped())),
        2,
        "small ones wait"
    );
    assert_eq!(
        rows(&run(&[("TIDEMAP_OBSERVE", "none")], Stdio::piped())),
        1
    );
    assert_eq!(rows(&run(&[("TIDEMAP_TRACE", "1")], Stdio::piped())), 2);
}

/// The line as `docs/probe.md` describes it, field by field.
#[test]
fn a_line_per_growth() {
    let output = run(&[("TIDEMAP_TRACE", "1")], Stdio::piped());
    let growths = told(&output, "growths ");
    let text = String::from_utf8(output.stderr).expect("text");
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("tidemap: "))
        .map(|line| line.split(' ').collect())
        .collect();
    assert!(lines.len() > 10, "{text}");
    let mut from_buckets = 0;
    for fields in &lines {
        let number = |at: usize| -> f64 { fields[at].parse().expect("a number") };
        assert!(
            fields[1].starts_with('@') && fields[1].ends_with('s'),
            "{fields:?}"
        );
        assert!(fields[2].starts_with('#'));
        assert!(["two_words", "-"].contains(&fields[3]), "{fields:?}");
        assert!(["in-place", "relocating"].contains(&fields[4]));
        let (from, to) = fields[5].split_once("->").expect("two numbers");
        let (from, to): (u64, u64) = (
            from.parse().expect("a number"),
            to.parse().expect("a number"),
        );
        assert_eq!(to, 2 * from, "{fields:?}");
        assert_eq!(fields[6], "buckets");
        let (at_start, at_end) = fields[7].split_once("->").expect("two numbers");
        assert!(at_start.parse::<u64>().expect("a number") <= at_end.parse().expect("a number"));
        assert_eq!(fields[8], "entries");
        assert!(number(9) >= 1.0 && fields[10] == "steps");
        assert_eq!((fields[12], fields[13]), ("ms", "work"));
        assert!(number(14) <= number(11) && fields[16] == "max");
        assert!(
            number(17) + 0.001 >= number(11) && fields[19] == "wall",
            "{fields:?}"
        );
        assert!(number(20) > 0.0 && fields[21] == "moved");
        assert_eq!((fields[23], fields[24]), ("B", "released"));
        assert!(number(25) > 0.0 && fields[27] == "live");
        assert_eq!((number(28), fields[30]), (0.0, "old"));
        assert_eq!((fields[32], fields[33]), ("overflow", "at"));
        assert!(fields[34].contains("process.rs:"), "{fields:?}");
        assert_eq!(fields.len(), 35);
        if fields[3] == "two_words" {
            assert!(from > from_buckets, "a line twice: {fields:?}");
            from_buckets = from;
        }
    }
    let of_named = lines.iter().filter(|fields| fields[3] == "two_words");
    assert_eq!(of_named.count(), growths, "one line per growth");
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_is_full_or_gone_is_no_matter() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a full device");
    run(&[("TIDEMAP_TRACE", "1")], Stdio::from(full));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    run(&[("TIDEMAP_TRACE", "1")], Stdio::from(writer));
}
