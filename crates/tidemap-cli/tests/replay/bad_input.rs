//! Bad input: a clear error, exit code 2, no output, no report left behind.

use std::fs;
use std::path::Path;

use super::*;

/// Runs with `--html`, expects failure, and returns what it says.
fn refused_output(folder: &Path, output: &Output) -> String {
    let error = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(stdout(output), "", "{error}");
    assert!(!error.contains("panicked"), "{error}");
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("report"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "{error}");
    error
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let args = [&["replay", "--map", "std", "--html", "report.html"], args].concat();
    refused_output(folder, &run(folder, &args))
}

/// Writes a file and expects it to be refused with all of `parts` in the message.
fn check(name: &str, bytes: &[u8], args: &[&str], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let error = refused(folder.path(), &[&[name], args].concat());
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
}

#[test]
fn unknown_format() {
    check(
        "x.bin",
        b"\x7fELF\0\0\0\0",
        &[],
        &["x.bin", "unknown format", "--format", "i32be"],
    );
    check(
        "x.csv",
        b"a,b\n1,2\n",
        &[],
        &["x.csv", "unknown format", "`a,b`"],
    );
    check(
        "x",
        b"get a\n",
        &["--format", "frob"],
        &["frob", "tidemap", "malloc", "dns"],
    );
}

#[test]
fn torn_compression() {
    let mut text = String::new();
    for index in 0..50_000u64 {
        text.push_str(&format!(
            "put {:x} 1\n",
            index.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ));
    }
    let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let half = &zst[..zst.len() / 2];
    check(
        "t.zst",
        half,
        &[],
        &["t.zst", "after line ", "zstd", "torn or damaged"],
    );
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    check(
        "t.gz",
        &gz[..gz.len() / 2],
        &[],
        &["t.gz", "after line ", "gzip"],
    );
    let mut flipped = gz.clone();
    flipped[gz.len() / 2] ^= 0x55;
    check("t.gz", &flipped, &[], &["t.gz", "gzip"]);
    check("t.xz", b"\xfd7zXZ\0\0\0\0", &[], &["xz -dc"]);
}

#[test]
fn malformed_lines() {
    check(
        "x.txt",
        b"get a\nput b 1\nput c many\n",
        &[],
        &["x.txt:3: found `put c many`; expected `op key [value-bytes] [ttl-seconds]`"],
    );
    check(
        "a.txt",
        b"1: malloc 0x10 5\n1: mallok 0x20 5\n",
        &[],
        &["a.txt:2:", "mallok", "tid: malloc"],
    );
}

#[test]
fn empty_files() {
    check("x.txt", b"", &[], &["x.txt is empty"]);
    check(
        "x.txt",
        b"# only a comment\n",
        &["--format", "tidemap"],
        &["no operation"],
    );
}

#[test]
fn torn_integers() {
    check(
        "k.i64be",
        &[0; 20],
        &[],
        &["k.i64be: torn at byte 16: 4 bytes"],
    );
}

#[test]
fn a_key_of_100_mb() {
    let folder = tempfile::tempdir().unwrap();
    let mut input = b"put ".to_vec();
    input.resize(100 << 20, b'k');
    let output = run_with_input(
        folder.path(),
        &["replay", "-", "--html", "report.html"],
        &input,
    );
    let error = refused_output(folder.path(), &output);
    assert!(
        error.contains("standard input:1: the line is longer than"),
        "{error}"
    );
}

#[test]
fn paths_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    assert!(refused(folder.path(), &["d"]).contains("d is a directory"));
    let error = refused(folder.path(), &["missing.txt"]);
    assert!(error.contains("cannot open missing.txt"), "{error}");
    // The second file is as good as the first must be.
    fs::write(folder.path().join("good.txt"), "get a\n").unwrap();
    assert!(refused(folder.path(), &["good.txt", "d"]).contains("d is a directory"));
}

#[test]
fn unwritable_reports() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.txt"), "get a\n").unwrap();
    for (page, part) in [
        ("no/such/folder.html", "no/such/folder.html"),
        (".", "is a directory"),
        ("x.txt/page.html", "x.txt/page.html"),
    ] {
        let output = run(
            folder.path(),
            &["replay", "x.txt", "--map", "std", "--html", page],
        );
        let error = refused_output(folder.path(), &output);
        assert!(
            error.contains("cannot write the report") && error.contains(part),
            "{error}"
        );
    }
}

#[test]
fn an_old_report_survives_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, "old").unwrap();
    let output = run(
        folder.path(),
        &["replay", "missing.txt", "--html", "page.html"],
    );
    refused_output(folder.path(), &output);
    assert_eq!(fs::read_to_string(&page).unwrap(), "old");
}

#[test]
fn meaningless_options() {
    let folder = tempfile::tempdir().unwrap();
    for (args, part) in [
        (
            &["--map", "btree"][..],
            "tidemap, hashbrown, std, griddle, indexmap",
        ),
        (&["--map", ""], "unknown map"),
        (&["--map", "std:big"], "presized"),
        (&["--scale", "0"], "--scale 0"),
        (&["--scale", "-1"], "--scale"),
        (&["--scale", "4294967295"], "at most"),
        (&["--repeat", "0"], "--repeat 0"),
        (&["--ops", "0"], "--ops 0"),
        (&["--ops", "many"], "many"),
        (&["--frob"], "--frob"),
    ] {
        let output = run(folder.path(), &[&["replay"], args].concat());
        let error = refused_output(folder.path(), &output);
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    let output = run(folder.path(), &["replay", "--map", "std,std"]);
    assert!(refused_output(folder.path(), &output).contains("twice"));
    let output = run(folder.path(), &["replay", "-", "-"]);
    assert!(refused_output(folder.path(), &output).contains("standard input"));
}

#[test]
fn a_child_without_a_job() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["replay-child"]);
    assert!(refused_output(folder.path(), &output).contains("is run by `tidemap replay`"));
}
