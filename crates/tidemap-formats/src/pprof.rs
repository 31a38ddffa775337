//! Profiles that `go tool pprof` opens: values for stacks of named frames.
//!
//! Everything is named by text; a mapping says so, and pprof does not look for symbols.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::wire::Message;

/// A frame of a stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// What pprof shows.
    pub name: String,
    /// The source file; empty if there is none.
    pub file: String,
    /// The line in it, from 1; 0 if there is none.
    pub line: u32,
}

impl Frame {
    /// A frame without a place.
    pub fn named(name: impl Into<String>) -> Frame {
        Frame {
            name: name.into(),
            file: String::new(),
            line: 0,
        }
    }
}

/// A profile that is being put together.
///
/// Costs the memory of its stacks; samples with the same stack and labels stay apart until pprof
/// adds them up.
///
/// # Example
/// ```
/// use tidemap_formats::pprof::{Frame, Profile};
///
/// let mut profile = Profile::new("a.out", &[("bytes", "bytes"), ("maps", "count")]);
/// profile.sample(&[Frame::named("main.g"), Frame::named("map[string]int")], &[4096, 1], &[("type", "map")]);
/// let mut file = Vec::new();
/// profile.write(&mut file).unwrap();
/// assert_eq!(file[..2], [0x1f, 0x8b]); // gzip
/// ```
#[derive(Debug, Clone)]
pub struct Profile {
    strings: Strings,
    /// Encoded value types and samples.
    head: Message,
    functions: BTreeMap<Frame, u64>,
    binary: u64,
    default_type: u64,
    values: usize,
    comments: Vec<u64>,
    time_ns: Option<u64>,
    duration_ns: Option<u64>,
}

/// Texts of a profile; index 0 is the empty one.
#[derive(Debug, Clone)]
struct Strings {
    index: BTreeMap<String, u64>,
    all: Vec<String>,
}

impl Strings {
    fn add(&mut self, text: &str) -> u64 {
        if let Some(&known) = self.index.get(text) {
            return known;
        }
        let index = self.all.len() as u64;
        self.index.insert(text.to_owned(), index);
        self.all.push(text.to_owned());
        index
    }
}

impl Profile {
    /// A profile of that program, whose samples have a value of each type: name and unit. The
    /// first is what pprof shows unless told otherwise.
    #[must_use]
    pub fn new(binary: &str, types: &[(&str, &str)]) -> Profile {
        let mut strings = Strings {
            index: BTreeMap::new(),
            all: Vec::new(),
        };
        strings.add("");
        let mut head = Message::new();
        for (name, unit) in types {
            let mut value_type = Message::new();
            value_type
                .number(1, strings.add(name))
                .number(2, strings.add(unit));
            head.message(1, &value_type);
        }
        Profile {
            binary: strings.add(binary),
            default_type: types.first().map_or(0, |(name, _)| strings.add(name)),
            strings,
            head,
            functions: BTreeMap::new(),
            values: types.len(),
            comments: Vec::new(),
            time_ns: None,
            duration_ns: None,
        }
    }

    /// Adds a sample. The stack begins with the outermost frame; labels are keys and values.
    ///
    /// # Panics
    /// If there are not as many values as types.
    pub fn sample(&mut self, stack: &[Frame], values: &[u64], labels: &[(&str, &str)]) {
        assert_eq!(values.len(), self.values, "a value for every type");
        let locations: Vec<u64> = stack
            .iter()
            .rev()
            .map(|frame| self.location(frame))
            .collect();
        // Values are signed there; a larger one would look negative.
        let values: Vec<u64> = values.iter().map(|&v| v.min(i64::MAX as u64)).collect();
        let mut sample = Message::new();
        sample.packed(1, &locations).packed(2, &values);
        for (key, text) in labels {
            let mut label = Message::new();
            label
                .number(1, self.strings.add(key))
                .number(2, self.strings.add(text));
            sample.message(3, &label);
        }
        self.head.message(2, &sample);
    }

    /// The location, which is also the function, of a frame.
    fn location(&mut self, frame: &Frame) -> u64 {
        if let Some(&known) = self.functions.get(frame) {
            return known;
        }
        let id = self.functions.len() as u64 + 1;
        self.functions.insert(frame.clone(), id);
        id
    }

    /// Adds a remark that `go tool pprof -comments` shows.
    pub fn comment(&mut self, text: &str) {
        let index = self.strings.add(text);
        self.comments.push(index);
    }

    /// When the profile was taken, in nanoseconds since 1970.
    pub fn taken_at(&mut self, unix_ns: u64) {
        self.time_ns = Some(unix_ns);
    }

    /// The time that its counts cover, in nanoseconds.
    pub fn covers(&mut self, ns: u64) {
        self.duration_ns = Some(ns);
    }

    /// The profile's bytes, not compressed.
    #[must_use]
    pub fn encode(mut self) -> Vec<u8> {
        let mut profile = std::mem::take(&mut self.head);
        // A mapping that says: names are there, do not look for symbols.
        let mut mapping = Message::new();
        mapping.number(1, 1).number(5, self.binary);
        let has_lines = self.functions.keys().any(|frame| frame.line > 0);
        for field in [Some(7), Some(8), has_lines.then_some(9)]
            .into_iter()
            .flatten()
        {
            mapping.number(field, 1);
        }
        profile.message(3, &mapping);
        for (frame, &id) in &self.functions {
            let mut line = Message::new();
            line.number(1, id).number(2, u64::from(frame.line));
            let mut location = Message::new();
            location.number(1, id).number(2, 1).message(4, &line);
            profile.message(4, &location);
            let name = self.strings.add(&frame.name);
            // No system name (field 3): pprof takes one that equals the name for C++ that is to be made
            // readable, and cuts off what stands in angle brackets.
            let mut function = Message::new();
            function
                .number(1, id)
                .number(2, name)
                .number(4, self.strings.add(&frame.file))
                .number(5, u64::from(frame.line));
            profile.message(5, &function);
        }
        for text in &self.strings.all {
            profile.text(6, text);
        }
        if let Some(ns) = self.time_ns {
            profile.number(9, ns);
        }
        if let Some(ns) = self.duration_ns {
            profile.number(10, ns);
        }
        for &comment in &self.comments {
            profile.number(13, comment);
        }
        profile.number(14, self.default_type);
        profile.into_bytes()
    }

    /// Writes the profile, compressed as pprof wants it.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(self, out: impl Write) -> io::Result<()> {
        let mut out = flate2::write::GzEncoder::new(out, flate2::Compression::default());
        out.write_all(&self.encode())?;
        out.finish()?.flush()
    }
}
