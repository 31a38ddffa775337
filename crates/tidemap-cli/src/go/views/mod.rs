//! Views over looks at a Go target: a process, a core, or a recording of either.
//!
//! - [`source`]: where looks come from.
//! - [`table`]: rows as text, sorted and filtered.
//! - [`record`], [`diff`], [`top`], [`watch`]: the views.
//! - [`hot`], [`growth`]: what the processor and the growth functions are doing.

pub(crate) mod diff;
pub(crate) mod growth;
pub(crate) mod hot;
pub(crate) mod live;
pub(crate) mod perf;
pub(crate) mod record;
pub(crate) mod source;
pub(crate) mod table;
pub(crate) mod top;
pub(crate) mod watch;

use std::time::Duration;

/// Reads `500ms`, `2s`, `1m`, `1h` or a bare number of seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no time; write 500ms, 2s, 1m or 1h"))?;
    let seconds = match unit {
        "ms" => number / 1e3,
        "" | "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(format!("`{text}` is no time; write 500ms, 2s, 1m or 1h")),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long a time"))
}

/// Reads `64M`, `1G`, `500k` or a number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(format!("`{text}` is no size; write 500k, 64M or 1G")),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor))
        .ok_or_else(|| format!("`{text}` is no size; write 500k, 64M or 1G"))
}

/// Reads an address with or without `0x`.
pub(crate) fn parse_address(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16)
        .map_err(|_| format!("`{text}` is no address; copy one from `tidemap go list`"))
}

/// A time of day, in UTC, of milliseconds since 1970.
pub(crate) fn clock(unix_ms: Option<u64>) -> String {
    let Some(ms) = unix_ms else {
        return "core".into();
    };
    let seconds = ms / 1000;
    format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        ms % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sizes_addresses() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("soon").is_err());
        assert!(parse_duration("1e999h").is_err());
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("10"), Ok(10));
        assert!(parse_size("99999999999999G").is_err());
        assert!(parse_size("big").is_err());
        assert_eq!(parse_address("0xc000"), Ok(0xc000));
        assert!(parse_address("main.g").is_err());
        assert_eq!(clock(Some(3_723_004)), "01:02:03.004Z");
    }
}
