//! Scripts: one operation a line.

use anyhow::{Context, bail};
use tidemap_go::go_type::{GoType, map_type};
use tidemap_go::shape::MapType;

/// The most operations a script may expand to.
const OPERATIONS_MAX: u64 = 1_000_000;
/// The largest hint a script may ask for.
const HINT_MAX: i64 = 10_000_000;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Put { key: String, hash: Option<u64> },
    Get { key: String },
    Delete { key: String },
    Clear,
    Range,
    Iter { name: String },
    Next { name: String },
    Collect,
    CollectStart,
    CollectStacks,
    CollectMap,
    CollectFinish,
    CollectSweep,
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Op::Put { key, hash: None } => write!(f, "put {key}"),
            Op::Put {
                key,
                hash: Some(hash),
            } => write!(f, "put {key} hash={hash:#x}"),
            Op::Get { key } => write!(f, "get {key}"),
            Op::Delete { key } => write!(f, "delete {key}"),
            Op::Clear => f.write_str("clear"),
            Op::Range => f.write_str("range"),
            Op::Iter { name } => write!(f, "iter {name}"),
            Op::Next { name } => write!(f, "next {name}"),
            Op::Collect => f.write_str("gc"),
            Op::CollectStart => f.write_str("gc start"),
            Op::CollectStacks => f.write_str("gc stacks"),
            Op::CollectMap => f.write_str("gc map"),
            Op::CollectFinish => f.write_str("gc finish"),
            Op::CollectSweep => f.write_str("gc sweep"),
        }
    }
}

/// A map and what is done with it.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) type_text: String,
    pub(crate) map_type: MapType,
    pub(crate) hint: i64,
    pub(crate) ops: Vec<Op>,
}

impl Script {
    /// Reads a script; errors carry name and line.
    pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Script> {
        let mut script = Script {
            name: name.to_owned(),
            type_text: "map[int]int".to_owned(),
            map_type: made_type("int", "int")?,
            hint: 0,
            ops: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let at = || format!("{name}:{}", number + 1);
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if let Some(rest) = line.strip_prefix("map ") {
                if !script.ops.is_empty() {
                    bail!("{}: `map` must come before the first operation", at());
                }
                script.declare(rest).with_context(at)?;
                continue;
            }
            script.ops.extend(parse_line(line).with_context(at)?);
            if script.ops.len() as u64 > OPERATIONS_MAX {
                bail!(
                    "{}: more than {OPERATIONS_MAX} operations; shorten the script",
                    at()
                );
            }
        }
        Ok(script)
    }

    /// `map KEY ELEM [hint N]`; types must be written without spaces.
    fn declare(&mut self, rest: &str) -> anyhow::Result<()> {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (key, elem) = match words.as_slice() {
            [key, elem] => (key, elem),
            [key, elem, "hint", hint] => {
                self.hint = hint
                    .parse()
                    .with_context(|| format!("hint `{hint}` is not a number"))?;
                if !(0..=HINT_MAX).contains(&self.hint) {
                    bail!("hint {hint} is not between 0 and {HINT_MAX}");
                }
                (key, elem)
            }
            _ => bail!("write: map KEY ELEM, or map KEY ELEM hint N (types without spaces)"),
        };
        self.map_type = made_type(key, elem)?;
        self.type_text = format!("map[{key}]{elem}");
        Ok(())
    }
}

fn made_type(key: &str, elem: &str) -> anyhow::Result<MapType> {
    Ok(map_type(&GoType::parse(key)?, &GoType::parse(elem)?)?)
}

/// The operations of one line; ranges of keys make several.
pub(crate) fn parse_line(line: &str) -> anyhow::Result<Vec<Op>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let each = |keys: &str, make: &dyn Fn(String) -> Op| -> anyhow::Result<Vec<Op>> {
        Ok(keys_of(keys)?.into_iter().map(make).collect())
    };
    let name = |name: &str| name.to_owned();
    Ok(match words.as_slice() {
        ["put", keys] => each(keys, &|key| Op::Put { key, hash: None })?,
        ["put", keys, hash] => {
            let digits = hash
                .strip_prefix("hash=0x")
                .with_context(|| format!("`{hash}` where hash=0x... may stand"))?;
            let hash = u64::from_str_radix(digits, 16)
                .with_context(|| format!("`{digits}` is not a 64-bit hexadecimal number"))?;
            each(keys, &|key| Op::Put {
                key,
                hash: Some(hash),
            })?
        }
        ["get", keys] => each(keys, &|key| Op::Get { key })?,
        ["delete", keys] => each(keys, &|key| Op::Delete { key })?,
        ["clear"] => vec![Op::Clear],
        ["range"] => vec![Op::Range],
        ["iter", iter] => vec![Op::Iter { name: name(iter) }],
        ["next", iter] => vec![Op::Next { name: name(iter) }],
        ["gc"] => vec![Op::Collect],
        ["gc", "start"] => vec![Op::CollectStart],
        ["gc", "stacks"] => vec![Op::CollectStacks],
        ["gc", "map"] => vec![Op::CollectMap],
        ["gc", "finish"] => vec![Op::CollectFinish],
        ["gc", "sweep"] => vec![Op::CollectSweep],
        _ => bail!(
            "unknown operation `{line}`; use put, get, delete, clear, range, iter, next or gc"
        ),
    })
}

/// `7`, `pear`, or `1..9` with both ends.
fn keys_of(text: &str) -> anyhow::Result<Vec<String>> {
    let ends = text
        .split_once("..")
        .and_then(|(from, to)| Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?)));
    let Some((from, to)) = ends else {
        return Ok(vec![text.to_owned()]);
    };
    if to < from {
        bail!("the range {text} is empty; write the smaller number first");
    }
    if to - from >= OPERATIONS_MAX {
        bail!("the range {text} has more than {OPERATIONS_MAX} keys");
    }
    Ok((from..=to).map(|key| key.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let script = Script::parse(
            "s",
            "map string int hint 9 # comment\n\nput a\nput 1..3\nget a\n",
        )
        .unwrap();
        assert_eq!((script.hint, script.ops.len()), (9, 5));
        assert_eq!(script.type_text, "map[string]int");
        let put = parse_line("put k hash=0x3f00000000000001").unwrap();
        assert_eq!(put[0].to_string(), "put k hash=0x3f00000000000001");
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, expected) in [
            ("put 1\nfly 2\n", "s:2"),
            ("put 9..1\n", "range 9..1 is empty"),
            ("put 0..9999999999\n", "more than"),
            ("put 1 hash=12\n", "hash=0x"),
            ("put 1 hash=0xzz\n", "hexadecimal"),
            ("put 1\nmap int int\n", "s:2: `map` must come before"),
            ("map int\n", "write: map KEY ELEM"),
            ("map []byte int\n", "not comparable"),
            ("map int int hint -1\n", "not between"),
            ("map int int hint 99999999999999999999\n", "not a number"),
        ] {
            let error = format!("{:#}", Script::parse("s", text).unwrap_err());
            assert!(
                error.contains(expected) && error.contains("s:"),
                "{text}: {error}"
            );
        }
    }
}
