//! The table for people: at most 100 columns, bars beside the figures.

use std::fmt::{self, Write};

use super::latency::StallTotal;
use super::report::{MapReport, Replay, Report};
use super::units::{bar, bytes, duration, log_share, rate, sparkline, thousands};

/// Widest line.
pub(crate) const WIDTH: usize = 100;
/// Columns of a sparkline.
const SPARK: usize = 72;
/// Growths shown; the latest are the largest.
const GROWTHS_SHOWN: usize = 12;
/// Width of a map's name.
const NAME: usize = 18;

/// Writes the report as text; `bold` marks titles for terminals.
pub(crate) fn render(report: &Report, bold: bool) -> Result<String, fmt::Error> {
    let mut page = Page {
        text: String::new(),
        bold,
    };
    for replay in &report.replays {
        page.replay(replay)?;
    }
    if report.machine.debug_build {
        page.text
            .push_str("This is a debug build: its times mean nothing. Use cargo run --release.\n");
    }
    Ok(page.text)
}

struct Page {
    text: String,
    bold: bool,
}

impl Page {
    fn title(&mut self, title: &str, note: &str) -> fmt::Result {
        let (on, off) = if self.bold {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        let gap = if note.is_empty() { "" } else { "  " };
        writeln!(self.text, "{on}{title}{off}{gap}{note}")
    }

    fn replay(&mut self, replay: &Replay) -> fmt::Result {
        self.input(replay)?;
        self.answers(replay)?;
        self.throughput(replay)?;
        self.latency(replay)?;
        self.over_time(replay)?;
        self.memory(replay)?;
        replay.maps.iter().try_for_each(|map| self.growths(map))
    }

    fn input(&mut self, replay: &Replay) -> fmt::Result {
        let input = &replay.input;
        let origin = if input.built_in { "built in" } else { "" };
        self.title(&format!("Replay of {}", input.name), origin)?;
        let how = if input.format_recognised {
            "recognised"
        } else {
            "as told"
        };
        let packed = match input.compression {
            "none" => String::new(),
            packed => format!(", {packed}"),
        };
        self.wrapped(&[
            format!("format {} ({how}){packed}", input.format),
            format!("{} operations", thousands(input.ops_in_input)),
            format!("{} distinct keys", thousands(input.distinct_keys)),
            format!(
                "{} → value, {} bytes an entry",
                input.key_type, input.entry_bytes
            ),
        ])?;
        if input.scale > 1 || input.ops != input.ops_in_input {
            writeln!(
                self.text,
                "  {} operations replayed · {} copies of the key space · seed {}",
                thousands(input.ops),
                thousands(input.scale.into()),
                input.seed
            )?;
        }
        let Some(first) = replay.maps.first() else {
            return writeln!(self.text);
        };
        let answers = &first.run.answers;
        let mut parts: Vec<String> = answers
            .counts
            .occurred()
            .into_iter()
            .map(|(name, count)| format!("{} {name}", thousands(count)))
            .collect();
        parts.push(format!("at most {} entries", thousands(answers.live_peak)));
        parts.push(format!("{} at the end", thousands(answers.content.len)));
        if answers.content.unexpired != answers.content.len {
            parts.push(format!(
                "{} of them unexpired",
                thousands(answers.content.unexpired)
            ));
        }
        self.wrapped(&parts)?;
        writeln!(self.text)
    }

    /// Parts joined by dots, broken before the line gets too wide.
    fn wrapped(&mut self, parts: &[String]) -> fmt::Result {
        let mut line = String::from(" ");
        for part in parts {
            if line.chars().count() + part.chars().count() + 3 > WIDTH {
                writeln!(self.text, "{line}")?;
                line = String::from(" ");
            }
            line.push_str(if line.len() > 1 { " · " } else { " " });
            line.push_str(part);
        }
        writeln!(self.text, "{line}")
    }

    fn answers(&mut self, replay: &Replay) -> fmt::Result {
        if !replay.equal {
            self.title("Answers differ", "")?;
            for difference in &replay.differences {
                writeln!(self.text, "  {difference}")?;
            }
            return writeln!(self.text);
        }
        let Some(first) = replay.maps.first() else {
            return Ok(());
        };
        let names: Vec<&str> = replay.maps.iter().map(|map| map.run.map.as_str()).collect();
        let note = match names[..] {
            [only] => format!("only {only} ran, nothing to compare with"),
            _ => format!("equal: {}", names.join(", ")),
        };
        self.title("Answers", &note)?;
        writeln!(
            self.text,
            "  digest of all answers {}, of the final content {}\n",
            first.run.answers.digest, first.run.answers.content.digest
        )
    }

    fn throughput(&mut self, replay: &Replay) -> fmt::Result {
        self.title(
            "Throughput",
            "the whole replay, no clock around operations; the loop alone is part of it",
        )?;
        let best = most(replay, |map| map.run.throughput.ops_per_second);
        for map in &replay.maps {
            let figures = &map.run.throughput;
            writeln!(
                self.text,
                "  {:NAME$} {:>12} {:>10}/op  loop alone {:>7}  {}",
                map.run.map,
                rate(figures.ops_per_second),
                duration(figures.ns_per_op),
                duration(figures.floor_ns_per_op),
                bar(figures.ops_per_second / best, 30),
            )?;
            self.spread(
                map,
                |r| (r.ops_per_second.least, r.ops_per_second.most),
                rate,
            )?;
        }
        writeln!(self.text)
    }

    /// Worst and best of several runs.
    fn spread(
        &mut self,
        map: &MapReport,
        spread: impl Fn(&super::report::Repeats) -> (f64, f64),
        show: impl Fn(f64) -> String,
    ) -> fmt::Result {
        if map.repeats.count < 2 {
            return Ok(());
        }
        let (least, most) = spread(&map.repeats);
        writeln!(
            self.text,
            "  {:NAME$} {} runs: {} to {}",
            "",
            map.repeats.count,
            show(least),
            show(most)
        )
    }

    fn latency(&mut self, replay: &Replay) -> fmt::Result {
        let Some(first) = replay.maps.first() else {
            return Ok(());
        };
        let clock = &first.run.clock;
        self.title(
            "One operation",
            &format!(
                "timed by {}, whose own {} are subtracted; floor = the loop without a map",
                clock.source,
                duration(clock.pair_cost_ns)
            ),
        )?;
        writeln!(
            self.text,
            "  {:NAME$} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "", "p50", "p99", "p99.9", "p99.99", "own max", "floor", "max", "floor",
        )?;
        for map in &replay.maps {
            let (l, floor) = (&map.run.latency, &map.run.floor.latency);
            writeln!(
                self.text,
                "  {:NAME$} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
                map.run.map,
                duration(l.p50_ns),
                duration(l.p99_ns),
                duration(l.p99_9_ns),
                duration(l.p99_99_ns),
                duration(l.own_max_ns),
                duration(floor.own_max_ns),
                duration(l.max_ns),
                duration(floor.max_ns),
            )?;
            let own = |ns| format!("own max {}", duration(ns));
            self.spread(map, |r| (r.own_max_ns.least, r.own_max_ns.most), own)?;
        }
        let waited = |map: &MapReport| {
            let waited = map.run.waited_ns?;
            Some(format!("{} {}", map.run.map, duration(waited as f64)))
        };
        match replay.maps.iter().map(waited).collect::<Option<Vec<_>>>() {
            Some(mut waited) => {
                waited.insert(
                    0,
                    "own = without waiting for a processor; waited in total:".into(),
                );
                self.wrapped(&waited)?;
            }
            None => writeln!(
                self.text,
                "  own max is max: this system does not tell how long a process waits to run"
            )?,
        }
        writeln!(self.text)?;
        let high = most(replay, |map| map.run.latency.own_max_ns);
        self.title(
            "Slowest own operation",
            &format!("log scale, 10 ns to {}", duration(high)),
        )?;
        for map in &replay.maps {
            let own = map.run.latency.own_max_ns;
            let length = bar(log_share(own, 10.0, high), 60);
            writeln!(
                self.text,
                "  {:NAME$} {:>8}  {length}",
                map.run.map,
                duration(own)
            )?;
        }
        writeln!(self.text)?;
        self.title(
            "Stalls",
            "operations of 100 µs and more: how many · how long together",
        )?;
        writeln!(
            self.text,
            "  {:NAME$} {:>15} {:>15} {:>15} {:>15} {:>15}",
            "", "own ≥ 100 µs", "own ≥ 1 ms", "all ≥ 100 µs", "all ≥ 1 ms", "floor ≥ 100 µs"
        )?;
        let show = |total: &StallTotal| match total.count {
            0 => "none".to_owned(),
            count => format!("{} · {}", thousands(count), duration(total.total_ns)),
        };
        for map in &replay.maps {
            let (stalls, floor) = (&map.run.stalls, &map.run.floor);
            writeln!(
                self.text,
                "  {:NAME$} {:>15} {:>15} {:>15} {:>15} {:>15}",
                map.run.map,
                show(&stalls.own_over_100_us),
                show(&stalls.own_over_1_ms),
                show(&stalls.over_100_us),
                show(&stalls.over_1_ms),
                show(&floor.over_100_us),
            )?;
        }
        let floor = &first.run.floor;
        if floor.timed_seconds < floor.timed_seconds_of_map * 0.95 {
            writeln!(
                self.text,
                "  The floor was measured for {}, the maps for {}: it may have seen less than they did.",
                duration(floor.timed_seconds * 1e9),
                duration(floor.timed_seconds_of_map * 1e9)
            )?;
        }
        writeln!(self.text)
    }

    fn over_time(&mut self, replay: &Replay) -> fmt::Result {
        let low = 50.0;
        let high = most(replay, |map| map.run.latency.own_max_ns).max(low * 2.0);
        self.title(
            "Slowest own operation over the replay",
            &format!(
                "left to right; log scale, {} to {}",
                duration(low),
                duration(high)
            ),
        )?;
        for map in &replay.maps {
            let columns = squeeze(&map.run.bins.own_max_ns);
            writeln!(
                self.text,
                "  {:NAME$} {}",
                map.run.map,
                sparkline(columns.into_iter().map(|ns| log_share(ns, low, high)))
            )?;
        }
        writeln!(self.text)
    }

    fn memory(&mut self, replay: &Replay) -> fmt::Result {
        if replay.maps.iter().any(|map| map.run.memory.is_none()) {
            self.title(
                "Memory",
                "not available: this system does not tell a process its peak",
            )?;
            return writeln!(self.text);
        }
        self.title(
            "Memory",
            "of the process, above what it had before the first operation",
        )?;
        let peak = |map: &MapReport| map.run.memory.as_ref().map_or(0.0, |m| m.peak_bytes as f64);
        let high = most(replay, peak);
        // Thirteen columns, whatever a map of few entries costs.
        let per = |per: Option<f64>| match per {
            None => "–".to_owned(),
            Some(per) if per < 999.95 => format!("{per:.1} B/entry"),
            Some(per) if per < 99_999.5 => format!("{per:.0} B/entry"),
            Some(per) => format!("{}/entry", bytes(per)),
        };
        for map in &replay.maps {
            let Some(m) = &map.run.memory else { continue };
            writeln!(
                self.text,
                "  {:NAME$} peak {:>9} {:>13}   end {:>9} {:>13}  {}",
                map.run.map,
                bytes(m.peak_bytes as f64),
                per(m.peak_bytes_per_peak_entry),
                bytes(m.final_bytes as f64),
                per(m.final_bytes_per_final_entry),
                bar(peak(map) / high.max(1.0), 18),
            )?;
        }
        for map in &replay.maps {
            let columns = squeeze_u64(&map.run.bins.memory_peak_bytes);
            writeln!(
                self.text,
                "  {:NAME$} {}",
                map.run.map,
                sparkline(columns.into_iter().map(|bytes| bytes / high.max(1.0)))
            )?;
        }
        writeln!(self.text)
    }

    fn growths(&mut self, map: &MapReport) -> fmt::Result {
        let run = &map.run;
        let Some(stats) = &run.stats else {
            return Ok(());
        };
        self.title(
            &format!("Growths of {}", run.map),
            &format!(
                "{} in place, {} relocating, {} same size; dropping the map took {}",
                stats.growths_in_place,
                stats.growths_relocating,
                stats.growths_same_size,
                duration(run.drop_ns)
            ),
        )?;
        let work = &stats.work_max;
        writeln!(
            self.text,
            "  most by one operation: {} entries moved ({}), {} fresh pages, {} system calls, {} allocations",
            thousands(work.entries_moved),
            bytes(work.bytes_moved as f64),
            work.fresh_pages,
            work.system_calls,
            work.allocator_calls
        )?;
        let skipped = run.growths.len().saturating_sub(GROWTHS_SHOWN);
        if skipped > 0 {
            writeln!(self.text, "  the first {skipped} are in --json")?;
        }
        if run.growths.is_empty() {
            return writeln!(self.text);
        }
        writeln!(
            self.text,
            "  {:>11} {:>8}  {:<10} {:>21} {:>9} {:>9} {:>9} {:>9}",
            "operation", "time", "kind", "buckets", "steps", "moved", "released", "lasted"
        )?;
        for growth in &run.growths[skipped..] {
            let seen = &growth.seen;
            let lasted = growth
                .end_ns
                .map_or("runs".to_owned(), |end| duration(end - growth.begin_ns));
            writeln!(
                self.text,
                "  {:>11} {:>8}  {:<10} {:>21} {:>9} {:>9} {:>9} {:>9}",
                thousands(seen.begin_op),
                duration(growth.begin_ns),
                seen.kind.as_str(),
                format!(
                    "{} → {}",
                    thousands(seen.from_buckets),
                    thousands(seen.to_buckets)
                ),
                thousands(seen.steps),
                bytes(seen.bytes_moved as f64),
                bytes(seen.bytes_released as f64),
                lasted,
            )?;
        }
        writeln!(self.text)
    }
}

/// The greatest of a figure over all maps, never 0.
fn most(replay: &Replay, value: impl Fn(&MapReport) -> f64) -> f64 {
    replay
        .maps
        .iter()
        .map(value)
        .fold(f64::MIN_POSITIVE, f64::max)
}

/// Fewer columns, each the greatest of those it stands for.
fn squeeze(values: &[f64]) -> Vec<f64> {
    let columns = SPARK.min(values.len());
    (0..columns)
        .map(|column| {
            let part = column * values.len() / columns..(column + 1) * values.len() / columns;
            values[part].iter().copied().fold(0.0, f64::max)
        })
        .collect()
}

fn squeeze_u64(values: &[u64]) -> Vec<f64> {
    squeeze(&values.iter().map(|&value| value as f64).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squeezing_keeps_every_peak() {
        let mut values = vec![1.0; 800];
        values[399] = 9.0;
        let columns = squeeze(&values);
        assert_eq!(columns.len(), SPARK);
        assert_eq!(columns.iter().filter(|&&v| v == 9.0).count(), 1);
        assert_eq!(squeeze(&[1.0, 2.0]), [1.0, 2.0]);
        assert!(squeeze(&[]).is_empty());
    }
}
