//! `tidemap go …` and `tidemap plan` from outside: output, goldens, exit codes.
//!
//! `UPDATE_GOLDEN=1` rewrites the goldens; review the difference.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the program in the repository; returns exit code, stdout, stderr.
fn run_with(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemap"))
        .args(args)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input has closed it: no error here.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("utf-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

fn run(args: &[&str]) -> (i32, String, String) {
    run_with(args, b"")
}

fn ok(args: &[&str]) -> String {
    let (code, out, err) = run(args);
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

/// Fails with exit code 2 and a message that contains all of `parts`.
fn refused(args: &[&str], input: &[u8], parts: &[&str]) {
    let (code, out, err) = run_with(args, input);
    assert_eq!(code, 2, "{args:?}: {out}{err}");
    for part in parts {
        assert!(err.contains(part), "{args:?}: no `{part}` in: {err}");
    }
    assert!(!err.contains("panicked"), "{err}");
}

fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/go/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("a writable golden");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; UPDATE_GOLDEN=1 rewrites it. Now:\n{actual}"
    );
}

const TRACE: &str = "testdata/go/u64-fast-churn.txt.zst";

#[test]
fn plans() {
    for (name, args) in [
        (
            "plan-string-pointer.txt",
            &[
                "--key", "string", "--value", "*Order", "--qps", "12000", "--ttl", "30m",
                "--unique", "0.4",
            ][..],
        ),
        (
            "plan-boxed-sharded.txt",
            &[
                "--key",
                "int",
                "--value",
                "[200]byte",
                "--entries",
                "1e6",
                "--shards",
                "16",
                "--hint",
                "1000",
            ],
        ),
        (
            "plan-one-bucket.txt",
            &["--key", "8", "--value", "8p", "--entries", "5"],
        ),
        (
            "plan-swiss.txt",
            &[
                "--key",
                "int",
                "--value",
                "int",
                "--entries",
                "1_000_000",
                "--go",
                "1.24",
            ],
        ),
        (
            "plan-json.txt",
            &[
                "--key",
                "string",
                "--value",
                "int",
                "--entries",
                "100",
                "--json",
            ],
        ),
    ] {
        let mut all = vec!["go", "plan"];
        all.extend(args);
        golden(name, &ok(&all));
    }
}

#[test]
fn json_is_json_and_versioned() {
    for (args, schema) in [
        (
            &[
                "go",
                "plan",
                "--key",
                "int",
                "--value",
                "int",
                "--entries",
                "9",
                "--json",
            ][..],
            "tidemap.go.plan/1",
        ),
        (&["go", "verify", "--json", TRACE], "tidemap.go.verify/1"),
        (&["go", "claims", "--json"], "tidemap.go.claims/1"),
        (
            &[
                "plan",
                "--key",
                "u64",
                "--value",
                "u64",
                "--entries",
                "1000",
                "--json",
            ],
            "tidemap.plan/1",
        ),
    ] {
        let value: serde_json::Value = serde_json::from_str(&ok(args)).expect("JSON");
        assert_eq!(value["schema"], schema);
    }
}

#[test]
fn step_prints_scripts() {
    for name in ["doubling", "same-size", "clear"] {
        let script = format!("testdata/go/{name}.step");
        let out = ok(&["go", "step", "--script", &script, "--print"]);
        golden(&format!("step-{name}.txt"), &out);
        let turning = match name {
            "doubling" => "doubling started: B 2 -> 3 at 26 entries",
            "same-size" => "same-size growth started: B 2 -> 2 at 4 entries",
            _ => "cleared",
        };
        assert!(out.contains(turning), "{name}");
    }
}

#[test]
fn step_prints_a_trace() {
    let out = ok(&["go", "step", "--trace", TRACE, "--print"]);
    assert!(out.contains("same-size growth started") && out.contains("growth ended"));
}

#[test]
fn verify_tells_same_from_different() {
    let out = ok(&[
        "go",
        "verify",
        TRACE,
        "testdata/go/float-nan-phases.txt.zst",
    ]);
    assert!(out.contains("2 of 2 traces without a difference"), "{out}");
    let plain =
        zstd::decode_all(std::fs::File::open(root().join(TRACE)).expect("a trace")).expect("zstd");
    let text = String::from_utf8(plain).expect("text");
    let (code, ..) = run_with(&["go", "verify", "-"], text.as_bytes());
    assert_eq!(code, 0);
    // One digit of one line changed.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[40] = lines[40].replacen(" S ", " S 1", 1);
    let changed = lines.join("\n") + "\n";
    let (code, out, _) = run_with(&["go", "verify", "-"], changed.as_bytes());
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("-:41: count differs") && out.contains("expected (Go)"),
        "{out}"
    );
}

#[test]
fn claims_by_id_and_page() {
    let out = ok(&["go", "claims", "A9", "d16"]);
    assert!(
        out.contains("insert 9") && out.contains("B = 4, 16 buckets"),
        "{out}"
    );
    assert!(out.contains("2 statements decided"), "{out}");
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("claims.html");
    ok(&["go", "claims", "--html", page.to_str().expect("utf-8")]);
    let text = std::fs::read_to_string(page).expect("the page");
    assert!(text.starts_with("<!doctype html>") && text.matches("<tr class").count() >= 100);
    assert!(!text.contains("http"), "the page is self-contained");
}

#[test]
fn bad_input_is_refused_with_a_reason() {
    let plan = |args: &[&str], parts: &[&str]| {
        let mut all = vec!["go", "plan"];
        if !args.contains(&"--key") {
            all.extend(["--key", "int"]);
        }
        if !args.contains(&"--value") {
            all.extend(["--value", "int"]);
        }
        all.extend(args);
        refused(&all, b"", parts);
    };
    plan(
        &["--entries", "9223372036854775808"],
        &["9223372036854775808 entries", "--shards"],
    );
    plan(&["--entries", "1e300"], &["not a whole number"]);
    plan(&["--entries", "0"], &["positive number"]);
    plan(&["--entries=-5"], &["`-5`"]);
    plan(&["--entries", "some"], &["`some`"]);
    plan(&["--qps", "0", "--ttl", "30m"], &["qps is 0"]);
    plan(
        &["--qps", "100", "--ttl", "soon"],
        &["`soon` is not a duration"],
    );
    plan(&["--qps", "100", "--ttl", "-5s"], &["ttl must be positive"]);
    plan(
        &["--qps", "100", "--ttl", "5s", "--unique", "1.5"],
        &["between 0 and 1"],
    );
    plan(
        &["--entries", "9", "--hint", "-1"],
        &["hint -1 is negative"],
    );
    plan(&["--entries", "9", "--shards", "0"], &["--shards is 0"]);
    plan(&["--entries", "9", "--go", "2"], &["not a Go version"]);
    plan(
        &["--entries", "9", "--key", "[]byte"],
        &["cannot be a map key"],
    );
    plan(
        &["--entries", "9", "--key", "Order"],
        &["size of `Order` is not known"],
    );
    plan(&["--entries", "9", "--value", "[3"], &["is not a Go type"]);
    plan(
        &["--entries", "9223372036854775808", "--go", "1.27"],
        &["entries"],
    );
    refused(
        &["plan", "--key", "Order", "--value", "8", "--entries", "5"],
        b"",
        &["in bytes"],
    );
    refused(
        &["plan", "--key", "8", "--value", "9000", "--entries", "5"],
        b"",
        &["largest"],
    );
    refused(
        &["plan", "--key", "8", "--value", "8", "--entries", "0"],
        b"",
        &["positive"],
    );

    refused(
        &["go", "verify", "no-such-file"],
        b"",
        &["no-such-file: cannot be opened"],
    );
    refused(
        &["go", "verify", "README.md"],
        b"",
        &["README.md:1: not a map trace"],
    );
    refused(&["go", "verify", "-"], b"", &["-:1: not a map trace"]);
    refused(&["go", "verify", "-"], b"\x28\xb5\x2f\xfd torn", &["-"]);
    let torn = b"T 1 1 144 4 1 0 0\nN 0 H0 S 0 0 0 0 77 0 0 -1 -1 -1\nA 1 2 H1 5 S 1 0";
    refused(&["go", "verify", "-"], torn, &["-:3: last line is cut off"]);
    let mut half = std::fs::read(root().join(TRACE)).expect("a trace");
    half.truncate(half.len() / 2);
    refused(&["go", "verify", "-"], &half, &["-:"]);

    refused(&["go", "claims", "Z99"], b"", &["no claim `Z99`"]);
    refused(
        &["go", "claims", "A9", "--go", "/no/such/go"],
        b"",
        &["cannot be run"],
    );
    refused(
        &["go", "step", "--script", "README.md", "--print"],
        b"",
        &["README.md:"],
    );
    refused(
        &["go", "step", "--script", "no-such", "--print"],
        b"",
        &["no-such: cannot be read"],
    );
    refused(
        &["go", "step", "--trace", "README.md", "--print"],
        b"",
        &["not a map trace"],
    );
    refused(
        &["go", "step", "--script", "testdata/go/clear.step"],
        b"",
        &["needs a terminal"],
    );
}

#[test]
fn help_opens_with_examples() {
    for command in [
        &["go", "verify"][..],
        &["go", "plan"],
        &["go", "claims"],
        &["go", "step"],
        &["plan"],
    ] {
        let mut args = command.to_vec();
        args.push("--help");
        let help = ok(&args);
        assert!(help.starts_with("Examples:\n  "), "{command:?}: {help}");
    }
}
