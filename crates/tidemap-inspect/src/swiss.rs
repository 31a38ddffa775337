//! Reading a Swiss map (from Go 1.24): directory, tables, groups.
//!
//! W1. A directory of 2^depth entries; each table fills an aligned run of it.
//! W2. In a table, used + tombstones + growth left is its load limit.
//! W3. Full control bytes of a table are its used; their sum is the map's.

use crate::Result;
use crate::layout::Field;
use crate::memory::{ADDRESS_END, field, word};
use crate::model::{SwissState, TABLES_MAX, TableState};
use crate::reading::{BucketShape, CHUNK_BYTES, Context, ReadOnce, Reading, Reject};

/// Slots of a group.
pub const SLOTS: u64 = 8;
/// Readings of a map that does not add up and that nobody writes to.
const SPLIT_ATTEMPTS: u32 = 3;
/// Depth above this is no map.
const DEPTH_MAX: u64 = 36;

/// Offsets of a header and a table.
#[derive(Debug, Clone, Copy)]
pub struct Offsets {
    used: Field,
    seed: Field,
    dir: Field,
    dir_len: Field,
    depth: Field,
    shift: Field,
    writing: Field,
    clear_seq: Field,
    /// Bytes of a header.
    pub bytes: u64,
    t_used: Field,
    t_capacity: Field,
    t_left: Field,
    t_depth: Field,
    t_index: Field,
    t_data: Field,
    t_mask: Field,
    table_bytes: u64,
    capacity_max: u64,
}

impl Offsets {
    /// Takes them from a layout.
    ///
    /// # Errors
    /// [`crate::Error::Layout`].
    pub fn new(layout: &crate::Layout) -> Result<Offsets> {
        let f = |name: &str| layout.field("swiss.Map", &[name]);
        let t = |name: &str| layout.field("swiss.table", &[name]);
        Ok(Offsets {
            used: f("used")?,
            seed: f("seed")?,
            dir: f("dirPtr")?,
            dir_len: f("dirLen")?,
            depth: f("globalDepth")?,
            shift: f("globalShift")?,
            writing: f("writing")?,
            clear_seq: f("clearSeq")?,
            bytes: layout.size("swiss.Map")?,
            t_used: t("used")?,
            t_capacity: t("capacity")?,
            t_left: t("growthLeft")?,
            t_depth: t("localDepth")?,
            t_index: t("index")?,
            t_data: t("groups.data")?,
            t_mask: t("groups.lengthMask")?,
            table_bytes: layout.size("swiss.table")?,
            capacity_max: layout.constant(&["maxTableCapacity"]).unwrap_or(1024),
        })
    }

    /// Bits of the words that are pointers.
    pub fn pointer_words(&self) -> u64 {
        1 << (self.dir.offset / 8)
    }

    /// Whether the numbers of a header go together.
    pub fn plausible(&self, header: &[u8]) -> bool {
        let get = |f: Field| field(header, f);
        let (depth, len, dir) = (get(self.depth), get(self.dir_len), get(self.dir));
        // The seed is 64 random bits; a boolean follows the writer's byte.
        if get(self.seed) == 0
            || get(self.writing) > 1
            || header[self.writing.offset as usize + 1] > 1
        {
            return false;
        }
        // Padding behind the flags is never written.
        let padding = self.writing.offset as usize + 2;
        if header[padding..self.clear_seq.offset as usize]
            .iter()
            .any(|&b| b != 0)
        {
            return false;
        }
        if len == 0 {
            return depth == 0
                && matches!(get(self.shift), 0 | 64)
                && get(self.used) <= SLOTS
                && (dir != 0 || get(self.used) == 0)
                && dir < ADDRESS_END;
        }
        depth <= DEPTH_MAX
            && len == 1 << depth
            && get(self.shift) == 64 - depth
            && dir != 0
            && dir < ADDRESS_END
            && get(self.used) <= len.saturating_mul(self.capacity_max)
    }

    /// Entries by a header.
    pub fn count(&self, header: &[u8]) -> u64 {
        field(header, self.used)
    }

    /// Address of the directory or the one group, and whether it is the group.
    pub fn directory(&self, header: &[u8]) -> (u64, bool) {
        (field(header, self.dir), field(header, self.dir_len) == 0)
    }

    /// Address and groups of the first array of groups.
    pub fn first_groups(&self, context: &Context<'_>, header: &[u8]) -> Option<(u64, u64)> {
        let (dir, bare) = self.directory(header);
        if dir == 0 {
            return None;
        }
        if bare {
            return Some((dir, 1));
        }
        let table = context.memory.u64(dir).ok()?;
        let table = context.memory.bytes(table, self.table_bytes).ok()?;
        Some((
            field(&table, self.t_data),
            field(&table, self.t_mask).checked_add(1)?,
        ))
    }
}

/// Entries that a table of so many slots can hold.
pub fn limit(capacity: u64) -> u64 {
    tidemap_go::swiss::table_limit(capacity)
}

impl ReadOnce for Offsets {
    fn header_bytes(&self) -> u64 {
        self.bytes
    }

    fn plausible(&self, header: &[u8]) -> bool {
        Offsets::plausible(self, header)
    }

    fn read_once(
        &self,
        context: &Context<'_>,
        header: &[u8],
        shape: BucketShape,
    ) -> Result<Reading, Reject> {
        attempt_once(context, self, header, shape)
    }

    fn is_final(&self, header: &[u8], attempt: u32) -> bool {
        // A table may split between two equal headers: look again. A writer takes its time.
        field(header, self.writing) == 0 && attempt >= SPLIT_ATTEMPTS
    }
}

fn attempt_once(
    context: &Context<'_>,
    offsets: &Offsets,
    header: &[u8],
    shape: BucketShape,
) -> Result<Reading, Reject> {
    let get = |f: Field| field(header, f);
    let (dir, len) = (get(offsets.dir), get(offsets.dir_len));
    let mut reading = Reading {
        count: get(offsets.used),
        writer_active: get(offsets.writing) != 0,
        bytes: context.sizes.slot(offsets.bytes, false),
        holds: true,
        ..Reading::default()
    };
    let mut state = SwissState {
        directory: len,
        global_depth: get(offsets.depth) as u8,
        seed: get(offsets.seed),
        clear_seq: get(offsets.clear_seq),
        dir,
        ..SwissState::default()
    };
    if len == 0 {
        if dir != 0 {
            groups_fit(context, dir, 1, shape)?;
            let content = context.memory.bytes(dir, 8)?;
            let (full, deleted) = control(&content, &mut reading)?;
            if deleted > 0 {
                return Err(Reject::NotAMap("a small map with a deleted slot"));
            }
            reading.counted = full;
            reading.slots = SLOTS;
            reading.bytes += context.sizes.slot(shape.bytes, shape.noscan);
            reading.arrays.push(dir);
            state.growth_left = SLOTS - full;
        }
        reading.swiss = Some(state);
        return Ok(reading);
    }
    let object = context
        .object_starting_at(dir)
        .ok_or(Reject::NotAMap("its directory is no heap object"))?;
    if !context.fits(object, context.sizes.slot(len * 8, false), false) {
        return Err(Reject::NotAMap("its directory has another size"));
    }
    reading.bytes += object.bytes;
    let mut index = 0;
    let mut previous = 0;
    let mut part: Vec<u8> = Vec::new();
    let mut part_from = 0;
    while index < len {
        let bytes = (index - part_from) * 8;
        if part.is_empty() || bytes >= part.len() as u64 {
            part_from = index;
            part = context
                .memory
                .bytes(dir + index * 8, ((len - index) * 8).min(CHUNK_BYTES))?;
        }
        let table = word(&part, ((index - part_from) * 8) as usize);
        if table == previous {
            return Err(Reject::NotAMap("a table has too many directory entries"));
        }
        previous = table;
        let run = read_table(
            context,
            offsets,
            &mut reading,
            &mut state,
            table,
            index,
            shape,
        )?;
        index += run;
    }
    reading.bytes += state.tables * context.sizes.slot(offsets.table_bytes, false);
    reading.swiss = Some(state);
    Ok(reading)
}

/// Reads a table; how many directory entries are its own.
fn read_table(
    context: &Context<'_>,
    offsets: &Offsets,
    reading: &mut Reading,
    state: &mut SwissState,
    address: u64,
    index: u64,
    shape: BucketShape,
) -> Result<u64, Reject> {
    let fits = context.object_starting_at(address).is_some_and(|object| {
        context.fits(
            object,
            context.sizes.slot(offsets.table_bytes, false),
            false,
        )
    });
    if !fits {
        return Err(Reject::NotAMap(
            "its directory leads to something else than a table",
        ));
    }
    let table = context.memory.bytes(address, offsets.table_bytes)?;
    let get = |f: Field| field(&table, f);
    let (capacity, used, left) = (
        get(offsets.t_capacity),
        get(offsets.t_used),
        get(offsets.t_left),
    );
    let depth = get(offsets.t_depth);
    let global = u64::from(state.global_depth);
    if !capacity.is_power_of_two()
        || !(SLOTS..=offsets.capacity_max).contains(&capacity)
        || used > capacity
        || left > limit(capacity)
        || depth > global
        || get(offsets.t_mask).wrapping_add(1) != capacity / SLOTS
    {
        return Err(Reject::NotAMap("a table has impossible numbers"));
    }
    let run = 1u64 << (global - depth);
    if get(offsets.t_index) != index || !index.is_multiple_of(run) {
        return Err(Reject::NotAMap(
            "a table stands at another place of the directory",
        ));
    }
    let groups = capacity / SLOTS;
    let data = get(offsets.t_data);
    groups_fit(context, data, groups, shape)?;
    let content = context.memory.bytes(data, groups * shape.bytes)?;
    let (mut full, mut deleted) = (0, 0);
    for group in content.chunks_exact(shape.bytes as usize) {
        let (f, d) = control(group, reading)?;
        full += f;
        deleted += d;
    }
    // W2 and W3; a writer may be between the two.
    if full != used || used + deleted + left != limit(capacity) {
        if !reading.writer_active && full.abs_diff(used) > 8 {
            return Err(Reject::NotAMap("control bytes and table disagree"));
        }
        reading.holds = false;
    }
    reading.counted += full;
    reading.slots += capacity;
    reading.bytes += context.sizes.slot(groups * shape.bytes, shape.noscan);
    reading.arrays.push(data);
    state.tables += 1;
    state.largest_table = state.largest_table.max(capacity);
    state.tombstones += deleted;
    state.growth_left += left;
    state.tables_below_depth += u64::from(depth < global);
    let nearer = reading
        .nearest_growth
        .is_none_or(|(_, nearest)| left < nearest);
    if nearer {
        reading.nearest_growth = Some((capacity, left));
    }
    if reading.tables.len() < TABLES_MAX {
        reading.tables.push(TableState {
            address,
            index,
            used,
            capacity,
            growth_left: left,
            tombstones: deleted,
            local_depth: depth as u8,
        });
    }
    Ok(run)
}

fn groups_fit(
    context: &Context<'_>,
    data: u64,
    groups: u64,
    shape: BucketShape,
) -> Result<(), Reject> {
    let object = context
        .object_starting_at(data)
        .ok_or(Reject::NotAMap("its groups are no heap object"))?;
    let slot = context.sizes.slot(groups * shape.bytes, shape.noscan);
    if !context.fits(object, slot, shape.noscan) {
        return Err(Reject::NotAMap("its groups have another size"));
    }
    Ok(())
}

/// Full and deleted slots of a group whose control bytes are possible.
fn control(group: &[u8], reading: &mut Reading) -> Result<(u64, u64), Reject> {
    let (mut full, mut deleted) = (0, 0);
    for &byte in group.iter().take(SLOTS as usize) {
        match byte {
            0x80 => {}
            0xfe => deleted += 1,
            0..0x80 => full += 1,
            _ => return Err(Reject::NotAMap("an impossible control byte")),
        }
    }
    reading.fill(full as usize);
    Ok((full, deleted))
}

/// Entries per group that random hashing gives tables of these sizes: played
/// through with a fixed generator, scaled to all groups.
pub(crate) fn expected_fill(tables: &[TableState], counted: u64, groups: u64) -> Vec<f64> {
    let mut expected = vec![0.0; SLOTS as usize + 1];
    if tables.is_empty() {
        if let Some(cell) = expected.get_mut(counted as usize) {
            *cell = groups as f64;
        }
        return expected;
    }
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut played = 0u64;
    const ROUNDS: u64 = 16;
    for table in tables {
        let mask = table.capacity / SLOTS - 1;
        for _ in 0..ROUNDS {
            let mut fill = vec![0usize; mask as usize + 1];
            for _ in 0..table.used.min(table.capacity) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let mut at = (state >> 20) & mask;
                let mut step = 0;
                while fill[at as usize] == SLOTS as usize && step <= mask {
                    step += 1;
                    at = (at + step) & mask;
                }
                fill[at as usize] = (fill[at as usize] + 1).min(SLOTS as usize);
            }
            for entries in fill {
                expected[entries] += 1.0;
                played += 1;
            }
        }
    }
    for cell in &mut expected {
        *cell *= groups as f64 / played.max(1) as f64;
    }
    expected
}

/// Visits every group of a map once, without any promise against writers.
pub fn visit(
    context: &Context<'_>,
    offsets: &Offsets,
    address: u64,
    shape: BucketShape,
    visitor: &mut dyn FnMut(&[u8], u64),
) {
    let Ok(header) = context.memory.bytes(address, offsets.bytes) else {
        return;
    };
    if !offsets.plausible(&header) {
        return;
    }
    let (dir, bare) = offsets.directory(&header);
    if dir == 0 {
        return;
    }
    let mut groups = |data: u64, count: u64| {
        if groups_fit(context, data, count, shape).is_err() {
            return;
        }
        if let Ok(content) = context.memory.bytes(data, count * shape.bytes) {
            for (index, group) in content.chunks_exact(shape.bytes as usize).enumerate() {
                visitor(group, data + index as u64 * shape.bytes);
            }
        }
    };
    if bare {
        groups(dir, 1);
        return;
    }
    let len = field(&header, offsets.dir_len);
    let mut previous = 0;
    for from in (0..len).step_by(1 << 16) {
        let Ok(part) = context
            .memory
            .bytes(dir + from * 8, (len - from).min(1 << 16) * 8)
        else {
            return;
        };
        for entry in part.chunks_exact(8) {
            let table = word(entry, 0);
            if table == previous {
                continue;
            }
            previous = table;
            let Ok(table) = context.memory.bytes(table, offsets.table_bytes) else {
                continue;
            };
            let count = field(&table, offsets.t_mask).wrapping_add(1);
            if count <= offsets.capacity_max / SLOTS {
                groups(field(&table, offsets.t_data), count);
            }
        }
    }
}
