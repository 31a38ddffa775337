//! Traces that are torn, foreign, or wrong in a single field.

use std::io::{BufRead, BufReader};
use std::path::Path;

use tidemap_go::trace::{TraceError, TraceReader};
use tidemap_go::verify::{Outcome, verify};

const HEAD: &str = "T 1 1 144 4 1 0 0\n";
const MAKE: &str = "N 0 H0 S 0 0 0 0 77 0 0 -1 -1 -1\n";

fn error(text: &str) -> String {
    let reader = match TraceReader::new("t.txt", text.as_bytes()) {
        Ok(reader) => reader,
        Err(error) => return error.to_string(),
    };
    match verify(reader) {
        Err(error) => error.to_string(),
        Ok(outcome) => panic!("no error for {text:?}: {outcome:?}"),
    }
}

#[test]
fn foreign_files_are_named_as_such() {
    for text in [
        "",
        "hello\n",
        "T\n",
        "T 1 2\n",
        "T a b c d e f g\n",
        "\u{0}\u{1}ELF\n",
        "no newline",
    ] {
        let message = error(text);
        assert!(
            message.starts_with("t.txt:1: not a map trace"),
            "{text:?}: {message}"
        );
    }
    assert!(error("T 12 0 144 4 1 0 0\n").contains("map kind 12 is unknown"));
    assert!(error("T 1 1 208 4 1 0 0\n").contains("bucket bytes 208, but kind 1 has 144"));
}

#[test]
fn torn_lines_carry_their_number() {
    let cases = [
        ("A 1 2 H1", "line ends where a hash should be"),
        ("A 1", "line ends where value should be"),
        ("Q 1 H0 S", "unknown operation `Q`"),
        ("A 1 x H0", "value is `x`, not a number"),
        ("A 1 99999999999999999999 H0", "not a number that fits"),
        (
            "X 1 H1 5 S 0 0 0 0 77 0 2 -1 -1 -1",
            "growing is `2`, not 0 or 1",
        ),
        ("X 1 H1 5 S 0 0 200 0 77 0 0 -1 -1 -1", "B is 200"),
        ("X 1 H0 T", "`T` where S should be"),
        ("X 1 H18446744073709551615 1 2", "a hash is `2`"),
        ("X 1 H0 S 0 0 0 0 77 0 0 -1 -1 -1 D 1 D 2", "unexpected `D`"),
    ];
    for (line, what) in cases {
        let message = error(&format!("{HEAD}{MAKE}{line}\n"));
        assert!(message.starts_with("t.txt:3: "), "{line}: {message}");
        if !line.starts_with("X 1 H1844") {
            assert!(message.contains(what), "{line}: {message}");
        }
    }
    // Cut off in the middle of the last line.
    assert!(error(&format!("{HEAD}{MAKE}X 1 H0 S 0 0 0 0 77")).contains("cut off"));
    assert!(error(HEAD).contains("ends before the map is made"));
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'1');
            Ok(buffer.len())
        }
    }
    let start = format!("{HEAD}{MAKE}A 1 2 H");
    let input = std::io::Read::chain(start.as_bytes(), Endless);
    let reader = TraceReader::new("endless", BufReader::new(input)).unwrap();
    let failed = verify(reader).unwrap_err();
    assert!(
        matches!(failed, TraceError::Malformed { line: 3, .. }),
        "{failed}"
    );
    assert!(failed.to_string().contains("longer than"), "{failed}");
}

/// Changing any one number of any line of a good trace must be noticed.
#[test]
fn every_field_is_compared() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/go/boxed-key-churn.txt.zst");
    let file = std::fs::File::open(path).unwrap();
    let lines: Vec<String> = BufReader::new(zstd::Decoder::new(file).unwrap())
        .lines()
        .take(140)
        .collect::<Result<_, _>>()
        .unwrap();
    let good = lines.join("\n") + "\n";
    let outcome = verify(TraceReader::new("good", good.as_bytes()).unwrap()).unwrap();
    assert!(matches!(outcome, Outcome::Same(_)), "{outcome:?}");
    let mut noticed = std::collections::BTreeMap::new();
    for at in [1, 5, 9, 10, 14, 20, 30, 60, 100, 139] {
        let words: Vec<&str> = lines[at].split(' ').collect();
        let state = words.iter().position(|&w| w == "S").unwrap();
        for field in state + 1..words.len() {
            let Ok(number) = words[field].parse::<i128>() else {
                continue;
            };
            let mut changed: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            changed[field] = (number ^ 1).to_string();
            let mut bad = lines.clone();
            bad[at] = changed.join(" ");
            let text = bad.join("\n") + "\n";
            // The seed is the one state field the model is told; it shows at
            // the next operation, which still has the old one.
            let seed_at_make = field == state + 5;
            match verify(TraceReader::new("bad", text.as_bytes()).unwrap()) {
                Ok(Outcome::Differs(difference)) => {
                    let late = u64::from(seed_at_make && at == 1);
                    assert_eq!(difference.line, at as u64 + 1 + late, "{}", bad[at]);
                    *noticed.entry(difference.field).or_insert(0) += 1;
                }
                Ok(Outcome::Same(_)) => panic!("not noticed: line {at} field {field}: {}", bad[at]),
                Err(error) => assert!(error.to_string().contains("not"), "{error}"),
            }
        }
    }
    for field in [
        "count",
        "flags",
        "B",
        "noverflow",
        "hash0",
        "nevacuate",
        "growing",
        "next spare (nextOverflow)",
        "digest of the memory",
        "bytes allocated",
    ] {
        assert!(
            noticed.contains_key(field),
            "{field} was never the one to differ: {noticed:?}"
        );
    }
}

#[test]
fn a_wrong_answer_and_a_missing_hash_are_differences() {
    let line = |op: &str, hashes: &str, count: u32| {
        format!("{op} {hashes} S {count} 0 0 0 77 0 0 -1 -1 -1\n")
    };
    let put = line("A 5 50", "H1 123456", 1);
    let cases = [
        (line("L 5 1 51", "H0", 1), "lookup answer"),
        (line("L 5 0 0", "H0", 1), "lookup answer"),
        (line("L 5 1 50", "H1 123456", 1), "hash calls"),
        (line("X 5", "H0", 1), "hash calls"),
        (line("J 3 1 5 50", "H0", 1), "iterator"),
        (line("N 0", "H0", 0), "operation"),
    ];
    for (bad, field) in cases {
        let text = format!("{HEAD}{MAKE}{put}{bad}");
        match verify(TraceReader::new("t", text.as_bytes()).unwrap()).unwrap() {
            Outcome::Differs(difference) => {
                assert_eq!(difference.field, field, "{difference}");
                assert_eq!(difference.line, 4);
                assert!(difference.to_string().contains("expected (Go)"));
            }
            Outcome::Same(summary) => panic!("{bad}: {summary:?}"),
        }
    }
}
