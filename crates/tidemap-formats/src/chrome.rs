//! Chrome's trace event format: JSON that `chrome://tracing`, ui.perfetto.dev and Speedscope read.
//!
//! Tracks of slices become threads, counters become counters of the process. Times are microseconds with
//! three digits, so no nanosecond is lost.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::trace::{Args, Flow, Sink, Track, TrackKind, Value};

/// What ends the file.
const END: &str = "\n]}\n";

/// Writes a trace as JSON.
///
/// Holds a name for each track and nothing else; wrap a file in a [`std::io::BufWriter`]. About four times the
/// size of [`Perfetto`](crate::perfetto::Perfetto)'s, and much slower to open.
///
/// # Example
/// ```
/// use tidemap_formats::chrome::Chrome;
/// use tidemap_formats::trace::{Flow, Sink, Track, TrackKind};
///
/// # fn main() -> std::io::Result<()> {
/// let mut file = Vec::new();
/// let mut trace = Chrome::new(&mut file)?;
/// let track = Track { id: 1, parent: None, name: "sessions", kind: TrackKind::Slices, rank: 0 };
/// trace.track(&track)?;
/// trace.begin(1, 1_500, "growth", Flow::None, &[])?;
/// trace.end(1, 2_750, &[])?;
/// trace.finish()?;
/// assert!(String::from_utf8_lossy(&file).contains(r#""ts":1.500"#));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Chrome<W: Write> {
    out: W,
    written: u64,
    is_first: bool,
    tracks: HashMap<u64, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    pid: u32,
    name: String,
    is_process: bool,
}

impl<W: Write> Chrome<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(out: W) -> io::Result<Self> {
        let mut trace = Chrome {
            out,
            written: 0,
            is_first: true,
            tracks: HashMap::new(),
        };
        trace.put("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
        Ok(trace)
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.written += text.len() as u64;
        Ok(())
    }

    /// Writes an event: its phase and what is left of the object.
    fn event(&mut self, phase: char, rest: &str) -> io::Result<()> {
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        self.put(&format!("{comma}\n{{\"ph\":\"{phase}\"{rest}}}"))
    }

    /// Where and when, as the rest of an event begins.
    fn place(&self, track: u64, time_ns: u64) -> String {
        let pid = self.tracks.get(&track).map_or(0, |known| known.pid);
        format!(
            ",\"pid\":{pid},\"tid\":{track},\"ts\":{}.{:03}",
            time_ns / 1000,
            time_ns % 1000
        )
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_name(out: &mut String, name: &str) {
    out.push_str(",\"name\":");
    push_text(out, name);
}

fn push_args(out: &mut String, args: &Args<'_>) {
    if args.is_empty() {
        return;
    }
    out.push_str(",\"args\":{");
    for (at, (name, value)) in args.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_text(out, name);
        out.push(':');
        match *value {
            Value::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Value::Flag(flag) => {
                let _ = write!(out, "{flag}");
            }
            Value::Text(text) => push_text(out, text),
        }
    }
    out.push('}');
}

impl<W: Write> Sink for Chrome<W> {
    fn track(&mut self, track: &Track<'_>) -> io::Result<()> {
        let parent = track.parent.and_then(|id| self.tracks.get(&id));
        let pid = match track.kind {
            TrackKind::Process { pid } => pid,
            _ => parent.map_or(0, |known| known.pid),
        };
        // There are no groups: a track carries the names of those that it is in.
        let name = match parent {
            Some(group) if !group.is_process => format!("{} {}", group.name, track.name),
            _ => track.name.to_owned(),
        };
        let known = Known {
            pid,
            name: name.clone(),
            is_process: matches!(track.kind, TrackKind::Process { .. }),
        };
        self.tracks.insert(track.id, known);
        let (what, number) = match track.kind {
            TrackKind::Process { .. } => ("process_name", track.id),
            TrackKind::Slices => ("thread_name", track.id),
            TrackKind::Group | TrackKind::Counter(_) => return Ok(()),
        };
        let mut rest = format!(",\"pid\":{pid},\"tid\":{number},\"name\":\"{what}\"");
        push_args(&mut rest, &[("name", Value::Text(&name))]);
        self.event('M', &rest)?;
        if what == "thread_name" {
            let rest = format!(
                ",\"pid\":{pid},\"tid\":{number},\"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{number}}}"
            );
            self.event('M', &rest)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        track: u64,
        time_ns: u64,
        name: &str,
        flow: Flow,
        args: &Args<'_>,
    ) -> io::Result<()> {
        let place = self.place(track, time_ns);
        let mut rest = place.clone();
        push_name(&mut rest, name);
        push_args(&mut rest, args);
        self.event('B', &rest)?;
        let arrow = ",\"cat\":\"flow\",\"name\":\"triggers\"";
        match flow {
            Flow::None => Ok(()),
            Flow::Leaves(id) => self.event('s', &format!("{place}{arrow},\"id\":{id}")),
            Flow::Arrives(id) => {
                self.event('f', &format!("{place}{arrow},\"id\":{id},\"bp\":\"e\""))
            }
        }
    }

    fn end(&mut self, track: u64, time_ns: u64, args: &Args<'_>) -> io::Result<()> {
        let mut rest = self.place(track, time_ns);
        push_args(&mut rest, args);
        self.event('E', &rest)
    }

    fn instant(&mut self, track: u64, time_ns: u64, name: &str, args: &Args<'_>) -> io::Result<()> {
        let mut rest = self.place(track, time_ns);
        push_name(&mut rest, name);
        rest.push_str(",\"s\":\"t\"");
        push_args(&mut rest, args);
        self.event('i', &rest)
    }

    fn counter(&mut self, track: u64, time_ns: u64, value: u64) -> io::Result<()> {
        let mut rest = self.place(track, time_ns);
        let name = self.tracks.get(&track).map_or("", |known| &known.name);
        push_name(&mut rest, name);
        push_args(&mut rest, &[("value", Value::Number(value))]);
        self.event('C', &rest)
    }

    fn bytes_written(&self) -> u64 {
        self.written
    }

    fn bytes_to_finish(&self) -> u64 {
        END.len() as u64
    }

    fn finish(&mut self) -> io::Result<()> {
        self.put(END)?;
        self.out.flush()
    }
}
