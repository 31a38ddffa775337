//! Numbers as people read them, and bars made of characters.

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits and a unit, from the first that fits.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    // 999.9 rounds to 1000, which belongs to the next unit.
    let fits = |size: f64| value >= size * 0.9995;
    let (size, unit) = units
        .iter()
        .rev()
        .find(|(size, _)| fits(*size))
        .or(units.first())
        .copied()
        .unwrap_or((1.0, ""));
    let value = value / size;
    let decimals = match value {
        v if v == 0.0 || v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

/// A time given in nanoseconds.
pub(crate) fn duration(ns: f64) -> String {
    if ns < 99.95 {
        // A clock tick is not worth decimals above a few.
        return format!("{:.*} ns", usize::from(ns > 0.0 && ns < 9.95), ns);
    }
    scaled(ns, &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
}

/// A size in bytes, with binary units.
pub(crate) fn bytes(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    if bytes < KIB {
        return format!("{bytes:.0} B");
    }
    scaled(
        bytes,
        &[
            (KIB, "KiB"),
            (KIB * KIB, "MiB"),
            (KIB * KIB * KIB, "GiB"),
            (KIB * KIB * KIB * KIB, "TiB"),
        ],
    )
}

/// A rate per second.
pub(crate) fn rate(per_second: f64) -> String {
    scaled(
        per_second,
        &[
            (1.0, "op/s"),
            (1e3, "k op/s"),
            (1e6, "M op/s"),
            (1e9, "G op/s"),
        ],
    )
}

/// A bar that fills `share` of `width` characters.
pub(crate) fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    // What is not nothing shows.
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// One character per share, from low to high.
pub(crate) fn sparkline(shares: impl Iterator<Item = f64>) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    shares
        .map(|share| LEVELS[((share.clamp(0.0, 1.0) * 8.0) as usize).min(LEVELS.len() - 1)])
        .collect()
}

/// Where `value` lies between `low` and `high` on a logarithmic scale.
pub(crate) fn log_share(value: f64, low: f64, high: f64) -> f64 {
    if value <= low {
        0.0
    } else {
        (value / low).ln() / (high / low).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(duration(0.0), "0 ns");
        assert_eq!(duration(3.2), "3.2 ns");
        assert_eq!(duration(45.4), "45 ns");
        assert_eq!(duration(310.4), "310 ns");
        assert_eq!(duration(999.7), "1.00 µs");
        assert_eq!(duration(1_430.0), "1.43 µs");
        assert_eq!(duration(710e6), "710 ms");
        assert_eq!(duration(12e9), "12.0 s");
        assert_eq!(bytes(1000.0), "1000 B");
        assert_eq!(bytes(1536.0), "1.50 KiB");
        assert_eq!(bytes(3.0 * 1048576.0), "3.00 MiB");
        assert_eq!(rate(25.14e6), "25.1 M op/s");
    }

    #[test]
    fn bars() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.0001, 4), "▏");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(2.0, 4), "████");
        assert_eq!(sparkline([0.0, 0.5, 1.0].into_iter()), "▁▅█");
        assert!((log_share(100.0, 10.0, 1000.0) - 0.5).abs() < 1e-9);
        assert_eq!(log_share(1.0, 10.0, 1000.0), 0.0);
    }
}
