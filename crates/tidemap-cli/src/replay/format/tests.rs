//! Every format: what it reads, what it refuses and how it says so.

use std::io::Cursor;

use super::*;
use crate::replay::stream::{Keys, Op, OpKind, Timing};

fn parse_bytes(name: &str, bytes: &[u8], format: Option<Format>) -> Result<Parsed> {
    let source = Source::unpack(name.to_owned(), Box::new(Cursor::new(bytes.to_vec())))?;
    parse(source, format)
}

/// Operations as text: kind, key, value, and times if there are any.
fn ops_of(name: &str, text: &str, format: Option<Format>) -> Vec<String> {
    let stream = parse_bytes(name, text.as_bytes(), format)
        .expect(name)
        .stream;
    let show = |(at, op): (usize, &Op)| {
        let key = if op.kind == OpKind::Clear {
            "-".to_owned()
        } else {
            stream.keys.display(op.key)
        };
        let time = stream
            .times
            .get(at)
            .map_or(String::new(), |t| match t.ttl_us {
                Timing::FOREVER => format!(" @{}", t.now_us),
                ttl => format!(" @{} ttl {ttl}", t.now_us),
            });
        format!("{} {key} {}{time}", op.kind.as_str(), op.value)
    };
    stream.ops.iter().enumerate().map(show).collect()
}

fn error_of(name: &str, bytes: &[u8], format: Option<Format>) -> String {
    match parse_bytes(name, bytes, format) {
        Ok(parsed) => panic!("{name} was read as {:?}", parsed.format),
        Err(error) => format!("{error:#}"),
    }
}

fn detected(name: &str, bytes: &[u8]) -> Format {
    let parsed = parse_bytes(name, bytes, None).expect(name);
    assert!(parsed.detected);
    parsed.format
}

const DNS: &str = "t_us,client,qtype,name,rcode,ttl,n_answers,answer_bytes\n\
    5,0,A,a.org,NOERROR,20,2,30\n9,1,A,b.org,NORESP,-1,0,0\n";

#[test]
fn the_tidemap_format() {
    let text = "# comment\n\nput a 5\nput b\nget a\nfetch c 3\nupdate a 6\ndelete b\nclear\n";
    assert_eq!(
        ops_of("x", text, None),
        [
            "put `a` 5",
            "put `b` 0",
            "get `a` 0",
            "fetch `c` 3",
            "update `a` 6",
            "delete `b` 0",
            "clear - 0"
        ]
    );
    assert_eq!(
        ops_of(
            "x",
            "put a 5 1.5\nclock 2\nget a\nclock 2.000001\nclear\n",
            None
        ),
        [
            "put `a` 5 @0 ttl 1500000",
            "get `a` 0 @2000000",
            "clear - 0 @2000001",
        ]
    );
}

#[test]
fn tabs_allow_spaces_in_keys() {
    assert_eq!(
        ops_of("x", "put\ttwo words\t7\r\nget\ttwo words\r\n", None),
        ["put `two words` 7", "get `two words` 0"]
    );
}

#[test]
fn the_android_log() {
    let text = "202: malloc 0x10 5\n202: calloc 0x20 3 8\n1: memalign 0x30 16 100\n\
        1: realloc 0x40 0x10 9\n1: realloc 0x40 0x40 11\n1: realloc 0x50 0x0 12\n1: realloc 0x0 0x50 0\n\
        2: free 0x20\n2: free 0x0\n2: thread_done 0x0\n";
    assert_eq!(
        ops_of("x", text, None),
        [
            "put 0x10 5",
            "put 0x20 24",
            "put 0x30 100",
            "delete 0x10 0",
            "put 0x40 9",
            "put 0x40 11",
            "put 0x50 12",
            "delete 0x50 0",
            "delete 0x20 0",
        ]
    );
}

#[test]
fn the_path_history() {
    let text = "1\tset\ta/b c.js\t12\t829f51cf513465fe\n2\tdelete\ta/b c.js\t0\t-\n3\tset\tx\t-1\t000000000000000a\n";
    assert_eq!(
        ops_of("x.tsv", text, None),
        [
            "put `a/b c.js` 9412331697090094590",
            "delete `a/b c.js` 0",
            "put `x` 10",
        ]
    );
}

#[test]
fn dns_rows() {
    assert_eq!(
        ops_of("x.csv", DNS, None),
        [
            "fetch `A a.org` 30 @5 ttl 20000000",
            "fetch `A b.org` 0 @9 ttl 0",
        ]
    );
}

#[test]
fn plain_keys() {
    assert_eq!(
        ops_of("words.txt", "one\ntwo words\n\none\nlast", None),
        [
            "put `one` 0",
            "put `two words` 1",
            "put `` 2",
            "put `one` 3",
            "put `last` 4",
        ]
    );
}

#[test]
fn big_endian_integers() {
    let mut bytes = Vec::new();
    for key in [-1i32, 5, -1] {
        bytes.extend(key.to_be_bytes());
    }
    let stream = parse_bytes("k.i32be", &bytes, None).unwrap().stream;
    assert_eq!(stream.keys, Keys::Ints(vec![u64::MAX, 5]));
    assert!(stream.ops.iter().all(|op| op.kind == OpKind::Fetch));
    assert_eq!(
        stream
            .ops
            .iter()
            .map(|op| (op.key, op.value))
            .collect::<Vec<_>>(),
        [(0, 0), (1, 1), (0, 2)]
    );

    let bytes: Vec<u8> = (0..20_000i64)
        .flat_map(|key| (key - 5).to_be_bytes())
        .collect();
    let stream = parse_bytes("k.i64be", &bytes, None).unwrap().stream;
    assert_eq!((stream.keys.len(), stream.ops.len()), (20_000, 20_000));
    assert_eq!(stream.keys.display(0), "0xfffffffffffffffb");
}

#[test]
fn recognition_goes_by_content_and_name() {
    assert_eq!(detected("x.txt", b"1: malloc 0x10 5\n"), Format::Malloc);
    assert_eq!(detected("x.txt", b"get a\nput b 1\n"), Format::Tidemap);
    assert_eq!(detected("x", DNS.as_bytes()), Format::Dns);
    assert_eq!(
        detected("x.txt", b"1\tset\ta\t1\t00000000000000ff\n"),
        Format::Paths
    );
    assert_eq!(
        detected("x.txt", b"zebra\nget\nput up with\nyak\ngnu\n"),
        Format::Keys
    );
    assert_eq!(detected("x.txt", "żółw\n".as_bytes()), Format::Keys);
    assert_eq!(detected("x.i32be.zst", &[0, 0, 0, 1]), Format::I32be);
    assert_eq!(detected("X.I64BE", &[0; 8]), Format::I64be);
    let zst = zstd::encode_all(&b"get a\n"[..], 1).unwrap();
    assert_eq!(detected("x", &zst), Format::Tidemap);
}

#[test]
fn a_damaged_line_does_not_change_the_format() {
    let error = error_of(
        "log.txt",
        b"1: malloc 0x10 5\n1: mallok 0x10 5\n1: free 0x10\n",
        None,
    );
    assert!(
        error.starts_with("log.txt:2: found `1: mallok 0x10 5`; expected `tid: malloc"),
        "{error}"
    );
    let error = error_of(
        "log.txt",
        b"1: mallok 0x10 5\n1: malloc 0x18 5\n1: free 0x10\n",
        None,
    );
    assert!(error.starts_with("log.txt:1:"), "{error}");
}

#[test]
fn unknown_formats_are_refused() {
    for (name, bytes) in [
        ("x.bin", &b"\x7fELF\0\0\0"[..]),
        ("x.csv", b"a,b,c\n1,2,3\n"),
        ("x.json", b"{\"a\": 1}\n"),
        ("x", b"\x01\x02\x03\x04\x05\x06"),
    ] {
        let error = error_of(name, bytes, None);
        assert!(
            error.contains("unknown format") && error.contains("tidemap, keys, malloc"),
            "{error}"
        );
    }
}

#[test]
fn malformed_lines_name_file_line_finding_and_expectation() {
    let check = |format, text: &str, line: u64, expected: &str| {
        let error = error_of("f", text.as_bytes(), Some(format));
        assert!(error.starts_with(&format!("f:{line}: found `")), "{error}");
        assert!(
            error.contains("; expected ") && error.contains(expected),
            "{error}"
        );
    };
    for bad in [
        "put",
        "put a x",
        "put a 1 x",
        "put a 1 2 3",
        "get a b",
        "frob a",
        "update a 1 2",
        "put a -1",
        "put a +1",
        "put a 1 1.0000001",
    ] {
        check(
            Format::Tidemap,
            &format!("get a\n{bad}\n"),
            2,
            "op key [value-bytes] [ttl-seconds]",
        );
    }
    check(Format::Tidemap, "clock 5\nclock 4\n", 2, "not earlier");
    check(Format::Tidemap, "clock -5\n", 1, "clock seconds");
    for bad in [
        "1: malloc 0x10",
        "1: malloc 10 5",
        "x: malloc 0x10 5",
        "1: free 0x10 5",
        "1: free 0xzz",
        "malloc 0x10 5",
        "1: calloc 0x10 99999999999999999 99999999999999999",
        "1: realloc 0x1 0x2",
        "1: malloc 0x10 5 6 7 8",
    ] {
        check(
            Format::Malloc,
            &format!("{bad}\n"),
            1,
            "tid: malloc ptr size",
        );
    }
    for bad in [
        "1\tset\tp\t1",
        "1\tset\tp\t1\txyz",
        "1\tmove\tp\t1\t0000000000000000",
        "x\tset\tp\t1\t0000000000000000",
        "1\tdelete\tp\t0\t0000000000000000",
        "1 set p 1 -",
    ] {
        check(Format::Paths, &format!("{bad}\n"), 1, "five fields");
    }
    check(Format::Dns, "t,u\n", 1, "the header");
    for bad in [
        "1,2,A,n,NOERROR,5,1",
        "x,2,A,n,NOERROR,5,1,1",
        "1,2,A,n,NOERROR,x,1,1",
        "1,2,A,n,N,5,1,1,1",
    ] {
        let header = DNS.lines().next().unwrap();
        check(
            Format::Dns,
            &format!("{header}\n{bad}\n"),
            2,
            "eight fields",
        );
    }
}

#[test]
fn findings_are_printable() {
    let error = error_of(
        "f",
        b"get a\nput \x1b[31m\x00\xff x y z\n",
        Some(Format::Tidemap),
    );
    assert!(
        !error.contains('\u{1b}') && error.contains("\\u{1b}"),
        "{error}"
    );
}

#[test]
fn torn_integers_say_where() {
    let error = error_of("k.i32be", &[0; 11], None);
    assert_eq!(
        error,
        "k.i32be: torn at byte 8: 3 bytes are left over after 2 keys of 4 bytes"
    );
}

#[test]
fn torn_compression_says_where() {
    let mut text = Vec::new();
    let mut state = 1u64;
    for _ in 0..200_000 {
        state = crate::replay::schedule::mix(state + 1);
        text.extend(format!("put {state:x} 1\n").bytes());
    }
    let zst = zstd::encode_all(&text[..], 1).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, &text).unwrap();
    for (packed, word) in [(zst, "zstd"), (gz.finish().unwrap(), "gzip")] {
        let error = error_of("t", &packed[..packed.len() / 2], None);
        assert!(
            error.contains("cannot read on after line ") && error.contains(word),
            "{error}"
        );
        let line = error.split("after line ").nth(1).unwrap();
        let line: u64 = line.split(' ').next().unwrap().parse().unwrap();
        assert!(line > 10_000, "{error}");
        let error = error_of("t", &packed[..20], None);
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn emptiness_is_refused() {
    assert!(error_of("e", b"", None).contains("e is empty"));
    assert!(error_of("e.i64be", b"", None).contains("is empty"));
    assert!(
        error_of("e", b"# nothing\n", Some(Format::Tidemap)).contains("no operation in 1 lines")
    );
    assert!(error_of("e", &zstd::encode_all(&b""[..], 1).unwrap(), None).contains("is empty"));
}

#[test]
fn a_key_of_100_mb_is_refused_without_reading_it() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b'k');
            Ok(buffer.len())
        }
    }
    let read = std::io::Read::chain(
        &b"put a 1\nput "[..],
        std::io::Read::take(Endless, 100 << 20),
    );
    let source = Source::unpack("big".to_owned(), Box::new(read)).unwrap();
    let error = parse(source, Some(Format::Tidemap))
        .err()
        .expect("too long")
        .to_string();
    assert!(
        error.starts_with("big:2: the line is longer than"),
        "{error}"
    );
    // A key just above the limit in a line below it.
    let line = format!("put {} 1\n", "k".repeat((1 << 20) + 1));
    let error = error_of("big", line.as_bytes(), Some(Format::Tidemap));
    assert!(
        error.starts_with("big:1: the key has 1048577 bytes"),
        "{error}"
    );
}
