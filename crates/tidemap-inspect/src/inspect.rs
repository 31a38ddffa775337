//! One look at a target, from opening to rows.
//!
//! 1. Open: executable, release, layout, module data. Debug information is
//!    parsed before the target's memory is looked at.
//! 2. Candidates: live 48-byte objects with the pointer pattern of a header and
//!    numbers that go together.
//! 3. Content: each candidate is read with every bucket shape that its array
//!    allows; what passes none is no map.
//! 4. Types and paths: the conservative mark and the typed walk.
//! 5. Rows: type by the strongest evidence that fits the content.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::advice;
use crate::binary::{Binary, is_go_file};
use crate::design::Offsets;
use crate::dwarf::{DwarfTypes, Variable};
use crate::error::{Error, Result};
use crate::fit::Fit;
use crate::heap::{Heap, Use};
use crate::layout::Layout;
use crate::mark::{ChannelOffsets, Marker, Marks, Reach};
use crate::memory::Memory;
use crate::model::{
    Design, MapDetail, MapRow, MapTypeInfo, Proof, Reached, RootKind, SCHEMA, Snapshot,
    StackReading, Summary, TargetInfo, TargetKind, TypeEvidence,
};
use crate::module::Module;
use crate::reading::{BucketShape, Context, Reading, Reject};
use crate::sizes::Sizes;
use crate::stacks::{Goroutine, goroutines};
use crate::target::core::Core;
use crate::target::process::Process;
use crate::target::{Mapping, Target};
use crate::types::{DWARF_BIT, MapLayout, Shape, TypeRef, Types};
use crate::walk::{Evidence, Walk};

/// Rounds of typing maps by what other maps hold.
const ROUNDS_MAX: usize = 4;
/// Times that the spans are read again for maps which grew meanwhile.
const LATE_ROUNDS_MAX: usize = 6;
/// Of those, rounds for what stands still: its writer may just not be running.
const STILL_ROUNDS: usize = 3;
/// Candidate types that a row names at most.
const CANDIDATES_MAX: usize = 16;
/// Bytes of one stack that are searched for headers at most.
const STACK_SEARCH_BYTES: u64 = 8 << 20;
/// Slots climbed to find the root of a path.
const CLIMB_MAX: usize = 64;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A live process.
    Process(i32),
    /// A core file.
    Core(PathBuf),
}

impl Source {
    /// A process id, or else the path of a core.
    pub fn parse(text: &str) -> Source {
        match text.parse() {
            Ok(pid) if !Path::new(text).exists() => Source::Process(pid),
            _ => Source::Core(text.into()),
        }
    }
}

/// How to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Stop the target while headers are read.
    pub pause: bool,
}

/// An opened target.
pub struct Inspector {
    target: Box<dyn Target>,
    source: Source,
    binary: Binary,
    shown_binary: String,
    bias: u64,
    layout: Layout,
    module: Module,
    offsets: Offsets,
    green_tea: bool,
    notes: Vec<String>,
    /// Bytes that a core should have and has not.
    missing: u64,
}

impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// A header that may be a map's.
struct Candidate {
    address: u64,
    header: Vec<u8>,
    /// Shapes whose reading passed, with the reading.
    readings: Vec<(BucketShape, Reading)>,
    /// The allocator's type of the array, as a bucket type.
    bucket_type: Option<u64>,
    empty: bool,
    on_stack: bool,
}

/// What typing decided.
#[derive(Default)]
struct Decision {
    layout: Option<Rc<MapLayout>>,
    /// Name of a type without layout.
    name: Option<String>,
    evidence: TypeEvidence,
    candidates: Vec<Rc<MapLayout>>,
    slot: u64,
    path: u32,
}

impl Inspector {
    /// Opens a process or core; `binary` overrides the executable it names.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn open(source: &Source, binary: Option<&Path>) -> Result<Inspector> {
        let mut missing = 0;
        let target: Box<dyn Target> = match source {
            Source::Process(pid) => Box::new(Process::open(*pid)?),
            Source::Core(path) => {
                let core = Core::open(path)?;
                missing = core.missing_bytes();
                Box::new(core)
            }
        };
        Inspector::with_target(target, source, binary, missing)
    }

    /// The same for a target of one's own; `missing` bytes of it are known to
    /// be lost.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn with_target(
        mut target: Box<dyn Target>,
        source: &Source,
        binary: Option<&Path>,
        missing: u64,
    ) -> Result<Inspector> {
        let mut notes = Vec::new();
        if missing > 0 {
            notes.push(format!(
                "the core is cut short: {} are missing; maps there are not found",
                advice::bytes(missing)
            ));
        }
        let mappings = target.mappings()?;
        let named = target.executable();
        let path = binary
            .map(Path::to_path_buf)
            .or_else(|| named.clone())
            .ok_or_else(|| Error::Binary {
                path: PathBuf::from("the executable"),
                reason: "the core does not name it".into(),
            })?;
        let shown_binary = match (binary, source) {
            (None, Source::Process(_)) => std::fs::read_link(&path)
                .map_or_else(|_| path.display().to_string(), |p| p.display().to_string()),
            _ => path.display().to_string(),
        };
        let binary_file =
            Binary::open(&path).map_err(|error| host_error(error, &mappings, &shown_binary))?;
        let bias = load_bias(&binary_file, &mappings, named.as_deref(), source)?;
        target.stitch(&path, bias)?;
        let version = binary_file.go_version.clone();
        let unsupported = |found: String| Error::UnsupportedVersion {
            path: path.clone(),
            found,
            known: Layout::known_releases(),
        };
        let (release, experiments) = version.split_once(" X:").unwrap_or((&version, ""));
        let layout = Layout::built_in(release.trim(), "amd64")?
            .ok_or_else(|| unsupported(version.clone()))?;
        let mut green_tea = layout.experiments.iter().any(|e| e == "greenteagc");
        for experiment in experiments
            .split(',')
            .map(str::trim)
            .filter(|e| !e.is_empty())
        {
            match experiment {
                "greenteagc" => green_tea = true,
                "nogreenteagc" => green_tea = false,
                "noswissmap" | "arenas" => return Err(unsupported(version.clone())),
                _ => {}
            }
        }
        let memory = Memory::new(&*target);
        check_build_id(memory, &binary_file, bias, source)?;
        let module =
            Module::find(memory, &binary_file, bias, &layout).map_err(|error| match source {
                Source::Core(path) if missing > 0 => Error::Truncated {
                    path: path.clone(),
                    missing,
                    what: "the program's data",
                },
                Source::Process(pid) if has_exited(*pid) => Error::Exited { pid: *pid },
                _ => error,
            })?;
        if module.next != 0 {
            notes.push(
                "the program has loaded plugins: maps of types of theirs have no type name".into(),
            );
        }
        let offsets = Offsets::new(&layout)?;
        Ok(Inspector {
            target,
            source: source.clone(),
            binary: binary_file,
            shown_binary,
            bias,
            layout,
            module,
            offsets,
            green_tea,
            notes,
            missing,
        })
    }

    /// Release that built the program.
    pub fn go_version(&self) -> &str {
        &self.binary.go_version
    }

    /// The target.
    pub fn target(&self) -> &dyn Target {
        &*self.target
    }

    /// The module data: functions, types, variables.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Layout of the release.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn info(&self, dwarf: bool) -> TargetInfo {
        let (kind, pid, core) = match &self.source {
            Source::Process(pid) => (TargetKind::Process, Some(*pid), None),
            Source::Core(path) => (
                TargetKind::Core,
                self.target.pid(),
                Some(path.display().to_string()),
            ),
        };
        TargetInfo {
            kind,
            pid,
            core,
            binary: self.shown_binary.clone(),
            go_version: self.binary.go_version.clone(),
            design: self.layout.design(),
            dwarf,
            load_bias: self.bias,
        }
    }

    fn heap(&self) -> Result<Heap> {
        let memory = Memory::new(&*self.target);
        Heap::read(
            memory,
            &self.binary,
            self.bias,
            &self.module,
            &self.layout,
            self.green_tea,
        )
        .map_err(|error| match &self.source {
            Source::Process(pid) if has_exited(*pid) => Error::Exited { pid: *pid },
            Source::Core(path) if self.missing > 0 => Error::Truncated {
                path: path.clone(),
                missing: self.missing,
                what: "the heap's own data",
            },
            _ => error,
        })
    }

    /// Takes a snapshot of all maps.
    ///
    /// `progress` is told what is being done.
    ///
    /// # Errors
    /// When the target cannot be read any more.
    pub fn snapshot(&self, options: Options, progress: &mut dyn FnMut(&str)) -> Result<Snapshot> {
        Ok(self.look(options, progress, None)?.0)
    }

    /// All that is known about the map at `address`.
    ///
    /// # Errors
    /// [`Error::NoMap`]; when the target cannot be read any more.
    pub fn detail(
        &self,
        address: u64,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(Snapshot, MapDetail)> {
        let (snapshot, detail) = self.look(Options::default(), progress, Some(address))?;
        Ok((snapshot, detail.ok_or(Error::NoMap { address })?))
    }

    /// Reads one known map again: numbers are fresh, type and path are kept.
    ///
    /// # Errors
    /// [`Error::NoMap`] when it is none any more.
    pub fn reread(&self, heap: &Heap, row: &MapRow) -> Result<MapRow> {
        let context = self.context(heap);
        let mut fresh = row.clone();
        let shape = BucketShape {
            bytes: row.map_type.bucket_bytes.unwrap_or(0),
            noscan: !row.map_type.bucket_pointers,
        };
        let reading = self
            .offsets
            .read(&context, row.address, shape)
            .map_err(|_| Error::NoMap {
                address: row.address,
            })?;
        self.numbers(
            &mut fresh,
            &reading,
            shape,
            context.sizes,
            (row.map_type.key_bytes, row.map_type.elem_bytes),
        );
        Ok(fresh)
    }

    /// Addresses of the arrays that a known map's entries lie in: bucket arrays, or
    /// directory and groups. Empty when the map is gone.
    ///
    /// Costs reading the map.
    pub fn arrays(&self, heap: &Heap, row: &MapRow) -> Vec<u64> {
        let shape = BucketShape {
            bytes: row.map_type.bucket_bytes.unwrap_or(0),
            noscan: !row.map_type.bucket_pointers,
        };
        let reading = self.offsets.read(&self.context(heap), row.address, shape);
        reading.map(|reading| reading.arrays).unwrap_or_default()
    }

    /// The spans of the heap, for [`reread`](Self::reread).
    ///
    /// # Errors
    /// When the target cannot be read any more.
    pub fn read_heap(&self) -> Result<Heap> {
        self.heap()
    }

    fn context<'a>(&'a self, heap: &'a Heap) -> Context<'a> {
        Context {
            memory: Memory::new(&*self.target),
            heap,
            layout: &self.layout,
            sizes: Sizes {
                headers: heap.header_above.is_some(),
                load: (
                    self.layout.constant(&["loadFactorNum"]).unwrap_or(13),
                    self.layout.constant(&["loadFactorDen"]).unwrap_or(2),
                ),
            },
        }
    }

    fn look(
        &self,
        options: Options,
        progress: &mut dyn FnMut(&str),
        wanted: Option<u64>,
    ) -> Result<(Snapshot, Option<MapDetail>)> {
        let begin = Instant::now();
        let memory = Memory::new(&*self.target);
        progress("debug information");
        let dwarf = DwarfTypes::open(
            &self.binary,
            self.bias,
            self.module.types,
            self.module.etypes,
        );
        let variables = dwarf
            .as_ref()
            .map(DwarfTypes::variables)
            .unwrap_or_default();
        let mut types = Types::read(memory, &self.module, &self.layout)?;
        types.dwarf = dwarf;
        let all_maps = types.all_maps();
        let mut variables = variables;
        for variable in &mut variables {
            variable.bytes = types.get(variable.kind).map_or(0, |t| t.bytes);
        }
        let variables = variables;
        let mut summary = Summary {
            notes: self.notes.clone(),
            stacks: StackReading::Conservative,
            ..Summary::default()
        };

        progress("heap");
        let pause = if options.pause {
            Some(self.target.pause()?)
        } else {
            None
        };
        let heap = self.heap()?;
        let context = self.context(&heap);
        let mut found = self.candidates(&context, &mut summary);
        if let Some(pause) = pause {
            summary.paused_us = Some(pause.elapsed_us());
            drop(pause);
        }
        if heap.unreadable_spans > 0 {
            summary.notes.push(format!(
                "{} spans of the heap could not be read; maps there are not found",
                heap.unreadable_spans
            ));
        }

        progress("maps");
        let by_bucket = by_bucket(&all_maps);
        let shapes: Vec<BucketShape> = {
            let mut shapes: Vec<BucketShape> = all_maps.iter().map(|m| shape_of(m)).collect();
            shapes.sort_unstable();
            shapes.dedup();
            shapes
        };
        let mut late = Vec::new();
        for mut candidate in std::mem::take(&mut found) {
            if self.read_content(&context, &mut candidate, &shapes, &by_bucket) {
                found.push(candidate);
            } else {
                late.push(candidate);
            }
        }
        // A map that grows meanwhile has arrays which no span read before knows: look at the
        // spans again for what was turned down, as long as that finds some.
        let mut heap_now = None;
        for round in 1..=LATE_ROUNDS_MAX {
            if late.is_empty() || !matches!(self.source, Source::Process(_)) || options.pause {
                break;
            }
            let fresh = self.heap()?;
            let context = self.context(&fresh);
            let turned_down = late.len();
            let mut moving = false;
            for mut candidate in std::mem::take(&mut late) {
                let header = context
                    .memory
                    .bytes(candidate.address, self.offsets.header_bytes());
                if let Ok(header) = header
                    && self.offsets.plausible(&header)
                {
                    moving |= candidate.header != header;
                    candidate.header = header;
                    candidate.readings.clear();
                    candidate.empty = false;
                    candidate.bucket_type = None;
                    if self.read_content(&context, &mut candidate, &shapes, &by_bucket) {
                        found.push(candidate);
                        continue;
                    }
                }
                late.push(candidate);
            }
            let found_some = late.len() < turned_down;
            if found_some || heap_now.is_none() {
                heap_now = Some(fresh);
            }
            if !found_some && !moving && round >= STILL_ROUNDS {
                break;
            }
        }
        summary.header_shaped_rejected += late.len() as u64;
        // The newest spans know the arrays of all that was accepted.
        let heap = heap_now.unwrap_or(heap);
        let context = self.context(&heap);
        let owned: HashSet<u64> = found
            .iter()
            .flat_map(|c| {
                c.readings
                    .iter()
                    .flat_map(|(_, r)| r.arrays.iter().copied())
            })
            .collect();
        let goroutines = goroutines(memory, &heap, &self.layout, context.sizes)?;
        found.extend(self.stack_candidates(&context, &goroutines, &owned, &shapes, &by_bucket));
        let index: HashMap<u64, usize> = found
            .iter()
            .enumerate()
            .map(|(i, c)| (c.address, i))
            .collect();
        let is_candidate = |address: u64| index.contains_key(&address);

        progress("what is reachable");
        let marks = self.mark(&context, &types, &goroutines, &is_candidate)?;

        progress("types");
        let buckets = |map: u64, shape: BucketShape, f: &mut dyn FnMut(&[u8], u64)| {
            self.offsets.visit(&context, map, shape, f);
        };
        let mut walk = Walk::new(&context, &types, &self.layout, &buckets, &is_candidate)?;
        for variable in &variables {
            walk.variable(&variable.name, variable.address, variable.kind);
        }
        walk.run();
        for seed in &marks.seeds {
            walk.place(seed.address, seed.kind, seed.count);
        }
        walk.run();
        for pair in &marks.pairs {
            walk.interface(pair.kind, pair.data, pair.slot);
        }
        for (kind, slot) in crate::code::typed_globals(memory, &self.module, &types) {
            walk.code(kind, slot);
        }
        walk.run();
        let program = self.program_range();
        let fit = Fit {
            context: &context,
            types: &types,
            offsets: &self.offsets,
            is_map: &is_candidate,
            program,
        };
        let hints: HashMap<u64, Vec<TypeRef>> = {
            let mut hints: HashMap<u64, Vec<TypeRef>> = HashMap::new();
            for pair in &marks.hints {
                hints.entry(pair.data).or_default().push(pair.kind);
            }
            hints
        };
        let mut decisions: Vec<Decision> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            decisions = found
                .iter()
                .map(|c| self.decide(c, &walk, &types, &all_maps, &fit, &hints))
                .collect();
            let known = walk.maps.len();
            for (candidate, decision) in found.iter().zip(&decisions) {
                if let Some(layout) = &decision.layout {
                    walk.content(candidate.address, layout, decision.path);
                }
            }
            walk.run();
            if walk.maps.len() == known {
                break;
            }
        }
        if walk.full {
            summary
                .notes
                .push("too many typed places: some paths and types are left out".into());
        }

        let mut rows = Vec::new();
        let mut detail = None;
        let mut arrays: HashMap<u64, usize> = HashMap::new();
        for (candidate, decision) in found.iter().zip(&decisions) {
            let typed = decision.evidence < TypeEvidence::Code
                && (decision.layout.is_some() || decision.name.is_some());
            // A typed pointer says that it is something else.
            if !typed && walk.others.contains_key(&candidate.address) {
                summary.header_shaped_rejected += 1;
                continue;
            }
            let Some((mut row, mut reading)) = self.row(
                &context,
                candidate,
                decision,
                &marks,
                &walk,
                &goroutines,
                &variables,
            ) else {
                summary.header_shaped_rejected += 1;
                continue;
            };
            if options.pause {
                // The headers are one cut through the program; what they point to went on.
                let count = self.offsets.count(&candidate.header);
                if count != row.count {
                    row.count = count;
                    row.proof = Proof::Racy;
                    reading.holds = false;
                }
            }
            // Two headers cannot share an array: the untyped one is a look-alike.
            let first = reading.arrays.first().copied().unwrap_or(0);
            if first != 0 {
                if let Some(&other) = arrays.get(&first) {
                    let other_row: &MapRow = &rows[other];
                    summary.header_shaped_rejected += 1;
                    if other_row.map_type.evidence <= row.map_type.evidence {
                        continue;
                    }
                    rows[other] = row;
                    continue;
                }
                arrays.insert(first, rows.len());
            }
            if wanted == Some(row.address) {
                detail = Some(MapDetail {
                    histogram: reading.histogram(),
                    tables: reading.tables.clone(),
                    referrers: self.referrers(&marks, &heap, &goroutines, row.address),
                    row: row.clone(),
                });
            }
            rows.push(row);
        }
        if let Source::Process(pid) = self.source
            && has_exited(pid)
        {
            // What was read last was nothing: half a list would mislead.
            return Err(Error::Exited { pid });
        }
        summary.header_shaped_accepted = rows.iter().filter(|row| !row.on_stack).count() as u64;
        summarise(&mut summary, &rows);
        summary.advice = advice::overall(&summary, &rows);
        summary.elapsed_us = begin.elapsed().as_micros() as u64;
        let taken = match self.source {
            Source::Process(_) => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .map(|since| since.as_millis() as u64),
            Source::Core(_) => None,
        };
        let dwarf = types.dwarf.is_some();
        Ok((
            Snapshot {
                schema: SCHEMA.into(),
                target: self.info(dwarf),
                taken_unix_ms: taken,
                summary,
                maps: rows,
            },
            detail,
        ))
    }

    /// Addresses that belong to the program's file.
    fn program_range(&self) -> (u64, u64) {
        let first = self.binary.segments.first().map_or(0, |s| s.address);
        let last = self
            .binary
            .segments
            .last()
            .map_or(0, |s| s.address.saturating_add(s.bytes));
        (first.wrapping_add(self.bias), last.wrapping_add(self.bias))
    }

    fn candidates(&self, context: &Context<'_>, summary: &mut Summary) -> Vec<Candidate> {
        let mut found = Vec::new();
        let bytes = self.offsets.header_bytes();
        let slot = context.sizes.slot(bytes, false);
        let pattern = self.offsets.pointer_words();
        for span in &context.heap.spans {
            if span.used_for != Use::Heap {
                continue;
            }
            let live = span.live().count() as u64;
            summary.heap_bytes += live * span.elem_bytes;
            if span.noscan || span.large || span.elem_bytes != slot || live == 0 {
                continue;
            }
            summary.header_sized_objects += live;
            let Some(bits) = context.heap.pointer_bits(context.memory, span) else {
                continue;
            };
            let Ok(content) = context.memory.bytes(span.base, span.bytes) else {
                continue;
            };
            for index in span.live() {
                if bits.get(index as usize) != Some(&pattern) {
                    continue;
                }
                summary.header_shaped_objects += 1;
                let at = (u64::from(index) * slot) as usize;
                let header = &content[at..at + bytes as usize];
                if !self.offsets.plausible(header) {
                    summary.header_shaped_rejected += 1;
                    continue;
                }
                found.push(Candidate {
                    address: span.object(index),
                    header: header.to_vec(),
                    readings: Vec::new(),
                    bucket_type: None,
                    empty: false,
                    on_stack: false,
                });
            }
        }
        found
    }

    /// Reads a candidate with every shape its array allows; whether any passes.
    fn read_content(
        &self,
        context: &Context<'_>,
        candidate: &mut Candidate,
        shapes: &[BucketShape],
        by_bucket: &HashMap<u64, Vec<Rc<MapLayout>>>,
    ) -> bool {
        let mut array = self.offsets.first_array(context, &candidate.header);
        if array == 0 {
            candidate.empty = true;
            let nothing = BucketShape {
                bytes: 8,
                noscan: true,
            };
            if let Ok(reading) = self.offsets.read(context, candidate.address, nothing)
                && reading.arrays.is_empty()
            {
                candidate.readings.push((nothing, reading));
                return true;
            }
            // It got its first bucket meanwhile.
            let Ok(header) = context
                .memory
                .bytes(candidate.address, self.offsets.header_bytes())
            else {
                return false;
            };
            candidate.header = header;
            candidate.empty = false;
            array = self.offsets.first_array(context, &candidate.header);
        }
        // What the allocator says of the array decides, where it says anything.
        if let Some(word) = context.type_word(array) {
            let Some(maps) = by_bucket.get(&word) else {
                return false;
            };
            candidate.bucket_type = Some(word);
            let mut tried = HashSet::new();
            for map in maps {
                if tried.insert(shape_of(map)) {
                    self.try_shape(context, candidate, shape_of(map));
                }
            }
            return !candidate.readings.is_empty();
        }
        for &shape in shapes {
            if self
                .offsets
                .first_array_fits(context, &candidate.header, shape)
            {
                self.try_shape(context, candidate, shape);
            }
        }
        if candidate.readings.is_empty() {
            // It may have grown since its header was read.
            let Ok(now) = context
                .memory
                .bytes(candidate.address, self.offsets.header_bytes())
            else {
                return false;
            };
            if now != candidate.header && self.offsets.plausible(&now) {
                candidate.header = now;
                for &shape in shapes {
                    self.try_shape(context, candidate, shape);
                }
            }
        }
        // A reading that holds beats those that do not.
        if candidate.readings.iter().any(|(_, r)| r.holds) {
            candidate.readings.retain(|(_, r)| r.holds);
        }
        !candidate.readings.is_empty()
    }

    fn try_shape(&self, context: &Context<'_>, candidate: &mut Candidate, shape: BucketShape) {
        match self.offsets.read(context, candidate.address, shape) {
            Ok(reading) => candidate.readings.push((shape, reading)),
            Err(Reject::NotAMap(_) | Reject::Fault(_)) => {}
        }
    }

    fn mark(
        &self,
        context: &Context<'_>,
        types: &Types<'_>,
        goroutines: &[Goroutine],
        is_candidate: &dyn Fn(u64) -> bool,
    ) -> Result<Marks> {
        let channel = ChannelOffsets::new(&self.layout)?;
        let mut marker = Marker::new(context, types, channel, is_candidate);
        // The pointer-free twins of data and bss keep nothing alive.
        for (&(start, end), &(bits, at)) in self.module.globals.iter().zip(&self.module.masks) {
            let mask = if bits == (end - start) / 8 {
                context.memory.bytes(at, bits.div_ceil(8)).ok()
            } else {
                None
            };
            marker.variables(start, end, mask.as_deref());
        }
        marker.run();
        for goroutine in goroutines {
            let (start, end) = goroutine.used();
            marker.stack(start, end);
        }
        marker.run();
        marker.run_dead();
        Ok(marker.finish())
    }

    /// The type of a candidate by the strongest evidence that fits.
    fn decide(
        &self,
        candidate: &Candidate,
        walk: &Walk<'_>,
        types: &Types<'_>,
        all_maps: &[Rc<MapLayout>],
        fit: &Fit<'_>,
        hints: &HashMap<u64, Vec<TypeRef>>,
    ) -> Decision {
        let shape_fits = |layout: &MapLayout| {
            candidate.empty
                || candidate
                    .readings
                    .iter()
                    .any(|(s, _)| *s == shape_of(layout))
        };
        let bucket_fits =
            |layout: &MapLayout| candidate.bucket_type.is_none_or(|b| b == layout.bucket);
        let possible = |layout: &MapLayout| shape_fits(layout) && bucket_fits(layout);
        let evidence = walk
            .maps
            .get(&candidate.address)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut typed: Vec<(&Evidence, Option<Rc<MapLayout>>, String)> = Vec::new();
        for piece in evidence {
            let Some(kind) = types.get(piece.kind) else {
                continue;
            };
            let layout = match &kind.shape {
                Shape::Map(_, _, Some(layout)) => Some(layout.clone()),
                Shape::Map(key, elem, None) => {
                    let same = |m: &&Rc<MapLayout>| {
                        m.name == kind.name || (m.key == *key && m.elem == *elem)
                    };
                    all_maps.iter().find(same).cloned()
                }
                _ => continue,
            };
            if layout.as_ref().is_some_and(|layout| !possible(layout)) {
                continue;
            }
            let name = layout
                .as_ref()
                .map_or_else(|| kind.name.clone(), |l| l.name.clone());
            typed.push((piece, layout, name));
        }
        // Rooted paths first, then other slots, then interfaces and code.
        typed.sort_by_key(|(piece, ..)| (piece.path == 0, piece.from_code, piece.interface));
        if let Some((piece, layout, name)) = typed.first() {
            let strength = (piece.path == 0, piece.from_code, piece.interface);
            // Named types may share one map; another layout may not.
            let conflict: Vec<Rc<MapLayout>> = typed
                .iter()
                .filter(|(other, ..)| {
                    (other.path == 0, other.from_code, other.interface) == strength
                })
                .filter_map(|(_, other, _)| other.clone())
                .filter(|other| {
                    layout
                        .as_ref()
                        .is_some_and(|l| (l.key, l.elem) != (other.key, other.elem))
                })
                .collect();
            if conflict.is_empty() || piece.path != 0 {
                return Decision {
                    layout: layout.clone(),
                    name: Some(name.clone()),
                    evidence: match (candidate.bucket_type, piece.interface, piece.from_code) {
                        (Some(_), ..) => TypeEvidence::AllocatorType,
                        (_, _, true) => TypeEvidence::Code,
                        (_, true, _) => TypeEvidence::Interface,
                        _ => TypeEvidence::Referrer,
                    },
                    candidates: Vec::new(),
                    slot: piece.slot,
                    path: piece.path,
                };
            }
        }
        let mut candidates: Vec<Rc<MapLayout>> = if candidate.empty {
            Vec::new()
        } else {
            all_maps.iter().filter(|m| possible(m)).cloned().collect()
        };
        if candidate.bucket_type.is_none() {
            let array = self.offsets.first_array(fit.context, &candidate.header);
            let bits = fit.context.object_starting_at(array).and_then(|object| {
                fit.context
                    .heap
                    .object_bits(fit.context.memory, object)
                    .map(|bits| (object, bits))
            });
            if let Some((object, bits)) = bits {
                let by_bits = |m: &Rc<MapLayout>| {
                    let count = match self.layout.design() {
                        Design::Classic => {
                            self.array_buckets(&candidate.header, m, fit.context.sizes)
                        }
                        Design::Swiss => object.bytes / m.bucket_bytes,
                    };
                    types
                        .pointer_mask(m.bucket, count)
                        .is_none_or(|mask| mask == bits)
                };
                // None left: the array was replaced while it was looked at.
                if candidates.iter().any(by_bits) {
                    candidates.retain(by_bits);
                }
            }
        }
        if candidates.len() > 1 || candidate.bucket_type.is_none() {
            candidates.retain(|m| fit.content_fits(candidate.address, m));
        }
        // Shapes stand for types in generic code; no map is made with them.
        if candidates.iter().any(|m| !m.name.contains("go.shape.")) {
            candidates.retain(|m| !m.name.contains("go.shape."));
        }
        if let Some(hint) = hints.get(&candidate.address) {
            let hinted: Vec<_> = candidates
                .iter()
                .filter(|m| hint.contains(&m.descriptor))
                .cloned()
                .collect();
            if hinted.len() == 1 {
                return Decision {
                    layout: hinted.first().cloned(),
                    evidence: TypeEvidence::Code,
                    ..Decision::default()
                };
            }
        }
        match candidates.as_slice() {
            [only] => Decision {
                layout: Some(only.clone()),
                evidence: if candidate.bucket_type.is_some() {
                    TypeEvidence::AllocatorType
                } else {
                    TypeEvidence::OnlyFit
                },
                ..Decision::default()
            },
            _ => Decision {
                candidates,
                ..Decision::default()
            },
        }
    }

    /// Buckets, spares included, that were allocated for a header of this type.
    fn array_buckets(&self, header: &[u8], map: &MapLayout, sizes: Sizes) -> u64 {
        match &self.offsets {
            Offsets::Classic(o) => sizes
                .array(o.log2_buckets(header), map.bucket_bytes, map.noscan)
                .map_or(1, |(total, _)| total),
            Offsets::Swiss(_) => 1,
        }
    }

    /// Maps whose header is in a stack frame: the used part of every stack is
    /// searched for headers whose array nobody in the heap owns.
    fn stack_candidates(
        &self,
        context: &Context<'_>,
        goroutines: &[Goroutine],
        owned: &HashSet<u64>,
        shapes: &[BucketShape],
        by_bucket: &HashMap<u64, Vec<Rc<MapLayout>>>,
    ) -> Vec<Candidate> {
        let bytes = self.offsets.header_bytes() as usize;
        let mut found: Vec<Candidate> = Vec::new();
        let mut taken = HashSet::new();
        for goroutine in goroutines {
            let (start, end) = goroutine.used();
            let Ok(content) = context
                .memory
                .bytes(start, (end - start).min(STACK_SEARCH_BYTES))
            else {
                continue;
            };
            for at in (0..content.len().saturating_sub(bytes)).step_by(8) {
                let header = &content[at..at + bytes];
                if !self.offsets.plausible(header) {
                    continue;
                }
                let array = self.offsets.first_array(context, header);
                let alive = context
                    .object_starting_at(array)
                    .is_some_and(|object| context.heap.spans[object.span].alive(object.index));
                if !alive || owned.contains(&array) || taken.contains(&array) {
                    continue;
                }
                let mut candidate = Candidate {
                    address: start + at as u64,
                    header: header.to_vec(),
                    readings: Vec::new(),
                    bucket_type: None,
                    empty: false,
                    on_stack: true,
                };
                if self.read_content(context, &mut candidate, shapes, by_bucket)
                    && candidate
                        .readings
                        .iter()
                        .any(|(_, r)| r.holds && r.count > 0)
                {
                    taken.insert(array);
                    found.push(candidate);
                }
            }
        }
        found
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one row needs all that was learnt"
    )]
    fn row(
        &self,
        context: &Context<'_>,
        candidate: &Candidate,
        decision: &Decision,
        marks: &Marks,
        walk: &Walk<'_>,
        goroutines: &[Goroutine],
        variables: &[Variable],
    ) -> Option<(MapRow, Reading)> {
        let layout = decision.layout.as_ref();
        let (shape, mut reading) = candidate
            .readings
            .iter()
            .find(|(shape, _)| layout.is_none_or(|l| *shape == shape_of(l)))
            .or(candidate.readings.first())
            .cloned()?;
        let nothing_fits =
            layout.is_none() && decision.name.is_none() && decision.candidates.is_empty();
        if nothing_fits && !candidate.empty {
            // Its values are of no map type of the program, unless they changed
            // while they were looked at.
            let now = context
                .memory
                .bytes(candidate.address, self.offsets.header_bytes());
            if candidate.on_stack || now.is_ok_and(|now| now == candidate.header) {
                return None;
            }
        }
        if !reading.holds && candidate.readings.len() == 1 && nothing_fits {
            return None;
        }
        let (reach, parent) = if candidate.on_stack {
            (Reach::Live, candidate.address)
        } else {
            marks.reach(context.heap, candidate.address)
        };
        if candidate.empty && nothing_fits && reach != Reach::Live {
            return None;
        }
        reading.attempts = reading.attempts.max(1);
        let shape_known = !candidate.empty || layout.is_some();
        let shape = layout.map_or(shape, |l| shape_of(l));
        let mut names: Vec<String> = decision.candidates.iter().map(|m| m.name.clone()).collect();
        names.dedup();
        names.truncate(CANDIDATES_MAX);
        let sizes = layout.map_or((0, 0), |l| l.sizes);
        let reached = if decision.path != 0 {
            Reached {
                root: RootKind::Global,
                path: walk.text(decision.path),
                slot: Some(decision.slot),
                goroutine: None,
            }
        } else {
            self.climb(context, marks, goroutines, variables, parent)
        };
        let mut row = MapRow {
            address: candidate.address,
            design: self.layout.design(),
            map_type: MapTypeInfo {
                name: decision
                    .name
                    .clone()
                    .or_else(|| layout.map(|l| l.name.clone())),
                descriptor: layout.map(|l| l.descriptor),
                key_bytes: sizes.0,
                elem_bytes: sizes.1,
                bucket_bytes: shape_known.then_some(shape.bytes),
                bucket_pointers: !shape.noscan,
                evidence: decision.evidence,
                candidates: names,
            },
            reached,
            count: 0,
            counted: 0,
            slots: 0,
            load: 0.0,
            classic: None,
            swiss: None,
            growth: None,
            bytes: 0,
            boxed_bytes: 0,
            old_bytes: 0,
            rebuild_frees: 0,
            next_growth: None,
            writer_active: false,
            proof: Proof::Racy,
            attempts: 0,
            on_stack: candidate.on_stack,
            unreachable: reach != Reach::Live,
            advice: Vec::new(),
        };
        let boxes = layout.map_or(0, |l| {
            let side = |boxed: bool, bytes: u64, pointers: bool| {
                if boxed {
                    context.sizes.slot(bytes, !pointers)
                } else {
                    0
                }
            };
            side(l.boxed_key, l.sizes.0, l.pointers.0) + side(l.boxed_elem, l.sizes.1, l.pointers.1)
        });
        row.boxed_bytes = reading.counted.saturating_mul(boxes);
        self.numbers(&mut row, &reading, shape, context.sizes, sizes);
        Some((row, reading))
    }

    /// Puts the numbers of a reading into a row; boxed bytes must be there.
    fn numbers(
        &self,
        row: &mut MapRow,
        reading: &Reading,
        shape: BucketShape,
        sizes: Sizes,
        _parts: (u64, u64),
    ) {
        let boxes_each = row
            .boxed_bytes
            .checked_div(row.counted.max(reading.counted))
            .unwrap_or(0);
        if row.counted != 0 {
            row.boxed_bytes = boxes_each.saturating_mul(reading.counted);
        }
        row.count = reading.count;
        row.counted = reading.counted;
        row.slots = reading.slots;
        row.load = if reading.slots == 0 {
            0.0
        } else {
            reading.count as f64 / reading.slots as f64
        };
        row.classic = reading.classic;
        row.swiss = reading.swiss;
        row.growth = reading.growth;
        row.bytes = reading.bytes + row.boxed_bytes;
        row.old_bytes = reading.old_bytes;
        row.writer_active = reading.writer_active;
        row.proof = reading.proof();
        row.attempts = reading.attempts;
        advice::complete(row, sizes, shape.noscan, reading.nearest_growth);
    }

    /// Climbs from slot to slot until a root names itself.
    fn climb(
        &self,
        context: &Context<'_>,
        marks: &Marks,
        goroutines: &[Goroutine],
        variables: &[Variable],
        slot: u64,
    ) -> Reached {
        let mut steps = Vec::new();
        let mut at = slot;
        let first = slot;
        for _ in 0..CLIMB_MAX {
            if at == 0 {
                break;
            }
            let Some(object) = context.heap.object_at(at) else {
                let (root, mut path, goroutine) =
                    self.root_name(context.memory, goroutines, variables, at);
                for step in steps.iter().rev() {
                    path += &format!("→+{step:#x}");
                }
                return Reached {
                    root,
                    path,
                    slot: Some(first),
                    goroutine,
                };
            };
            steps.push(at - object.base);
            let (reach, parent) = marks.reach(context.heap, object.base);
            if reach == Reach::No {
                break;
            }
            at = parent;
        }
        Reached {
            slot: (first != 0).then_some(first),
            ..Reached::default()
        }
    }

    fn root_name(
        &self,
        memory: Memory<'_>,
        goroutines: &[Goroutine],
        variables: &[Variable],
        slot: u64,
    ) -> (RootKind, String, Option<u64>) {
        let index = goroutines.partition_point(|g| g.low <= slot);
        if let Some(g) = index.checked_sub(1).and_then(|i| goroutines.get(i))
            && slot < g.high
        {
            let function = g.function(memory, &self.module, slot).unwrap_or_default();
            let path = format!("goroutine {} {function}", g.id);
            return (RootKind::Goroutine, path.trim_end().to_string(), Some(g.id));
        }
        let linked = slot.wrapping_sub(self.bias);
        if let Some((name, offset)) = self.binary.variable_at(linked) {
            let path = if offset == 0 {
                name.to_string()
            } else {
                format!("{name}+{offset:#x}")
            };
            return (RootKind::Global, path, None);
        }
        if let Some(variable) = variables
            .iter()
            .filter(|v| v.address <= slot)
            .max_by_key(|v| v.address)
            && slot - variable.address < variable.bytes
        {
            return (
                RootKind::Global,
                format!("{}+{:#x}", variable.name, slot - variable.address),
                None,
            );
        }
        for (name, (start, end)) in ["data", "bss", "noptrdata", "noptrbss"]
            .iter()
            .zip(&self.module.globals)
        {
            if (*start..*end).contains(&slot) {
                return (
                    RootKind::Global,
                    format!("{name}+{:#x}", slot - start),
                    None,
                );
            }
        }
        (RootKind::Runtime, format!("memory at {slot:#x}"), None)
    }

    fn referrers(
        &self,
        marks: &Marks,
        heap: &Heap,
        goroutines: &[Goroutine],
        address: u64,
    ) -> Vec<String> {
        let memory = Memory::new(&*self.target);
        let Some(slots) = marks.referrers.get(&address) else {
            return Vec::new();
        };
        slots
            .iter()
            .map(|&slot| match heap.object_at(slot) {
                Some(object) => format!(
                    "{slot:#x}: {} bytes into an object of {} bytes",
                    slot - object.base,
                    object.bytes
                ),
                None => format!(
                    "{slot:#x}: {}",
                    self.root_name(memory, goroutines, &[], slot).1
                ),
            })
            .collect()
    }
}

/// Whether a process is gone, or a zombie without memory.
fn has_exited(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/maps")).is_ok_and(|maps| maps.is_empty())
        || !Path::new(&format!("/proc/{pid}")).exists()
}

fn shape_of(layout: &MapLayout) -> BucketShape {
    BucketShape {
        bytes: layout.bucket_bytes,
        noscan: layout.noscan,
    }
}

fn by_bucket(all: &[Rc<MapLayout>]) -> HashMap<u64, Vec<Rc<MapLayout>>> {
    let mut map: HashMap<u64, Vec<Rc<MapLayout>>> = HashMap::new();
    for layout in all {
        map.entry(layout.bucket).or_default().push(layout.clone());
    }
    map
}

fn summarise(summary: &mut Summary, rows: &[MapRow]) {
    for row in rows {
        summary.maps += 1;
        summary.entries += row.count;
        summary.bytes += row.bytes;
        summary.old_bytes += row.old_bytes;
        summary.rebuild_frees += row.rebuild_frees;
        summary.growing += u64::from(row.growth.is_some());
        match row.proof {
            Proof::Verified => summary.proofs.verified += 1,
            Proof::Retried => summary.proofs.retried += 1,
            Proof::Racy => summary.proofs.racy += 1,
        }
        summary.typed += u64::from(row.map_type.name.is_some());
        summary.unreachable += u64::from(row.unreachable);
    }
}

/// Where the executable was loaded, as a distance from where it was linked.
fn load_bias(
    binary: &Binary,
    mappings: &[Mapping],
    named: Option<&Path>,
    source: &Source,
) -> Result<u64> {
    let linked = binary.segments.first().map_or(0, |s| s.address) & !0xfff;
    let path = match source {
        Source::Process(_) => named.and_then(|p| std::fs::read_link(p).ok()),
        Source::Core(_) => named.map(Path::to_path_buf),
    };
    let clean = |p: &Path| {
        PathBuf::from(
            p.to_string_lossy()
                .trim_end_matches(" (deleted)")
                .to_string(),
        )
    };
    let path = path.map(|p| clean(&p));
    let lowest = mappings
        .iter()
        .filter(|m| m.path.is_some() && m.path == path)
        .map(|m| m.start)
        .min();
    match lowest {
        Some(start) => Ok(start.wrapping_sub(linked)),
        // A core without names: a program at a fixed address says so itself.
        None if linked != 0 => Ok(0),
        None => Err(Error::Binary {
            path: binary.path().into(),
            reason: "the target does not say where it is loaded".into(),
        }),
    }
}

/// Compares the build id in memory with the file's.
fn check_build_id(memory: Memory<'_>, binary: &Binary, bias: u64, source: &Source) -> Result<()> {
    let Some((address, in_file)) = &binary.build_id else {
        return Ok(());
    };
    // What a core leaves out comes from the file and proves nothing; the
    // module data is checked then.
    let Ok(in_target) = memory.bytes(address.wrapping_add(bias), in_file.len() as u64) else {
        if let Source::Process(_) = source {
            return Err(wrong_binary(binary, "unreadable", in_file));
        }
        return Ok(());
    };
    if in_target != *in_file {
        return Err(wrong_binary(binary, &printable(&in_target), in_file));
    }
    Ok(())
}

fn wrong_binary(binary: &Binary, target: &str, file: &[u8]) -> Error {
    Error::WrongBinary {
        path: binary.path().into(),
        what: "the build id",
        target: target.into(),
        file: printable(file),
    }
}

/// The start of a build id note in print.
fn printable(note: &[u8]) -> String {
    let text: String = note
        .iter()
        .skip(16)
        .map(|&b| b as char)
        .filter(|c| c.is_ascii_graphic())
        .take(20)
        .collect();
    if text.is_empty() {
        "none".into()
    } else {
        format!("{text}…")
    }
}

/// A host that is no Go program may still have Go code in it.
fn host_error(error: Error, mappings: &[Mapping], shown: &str) -> Error {
    let Error::NotGo { .. } = error else {
        return error;
    };
    let mut seen = HashSet::new();
    for path in mappings.iter().filter_map(|m| m.path.as_ref()) {
        if seen.insert(path) && path.to_string_lossy().contains(".so") && is_go_file(path) {
            return Error::SharedLibrary {
                path: shown.into(),
                module: path.display().to_string(),
                mode: "a shared library".into(),
            };
        }
    }
    Error::NotGo { path: shown.into() }
}

/// Whether a reference is to debug information only.
pub fn is_dwarf_only(reference: TypeRef) -> bool {
    reference & DWARF_BIT != 0
}

/// Design of the maps of a snapshot's release.
pub fn design_of(snapshot: &Snapshot) -> Design {
    snapshot.target.design
}
