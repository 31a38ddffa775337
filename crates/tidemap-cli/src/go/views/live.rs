//! A process or core, looked at again and again.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use tidemap_inspect::Error;
use tidemap_inspect::heap::Heap;
use tidemap_inspect::inspect::{Inspector, Options, Source};
use tidemap_inspect::memory::Memory;
use tidemap_inspect::model::{Design, MapRow, Snapshot};

/// An opened process or core.
pub(crate) struct Live {
    inspector: Inspector,
    pid: Option<i32>,
    /// A core is looked at once.
    done: bool,
    /// Rows that [`look_at`](Self::look_at) reads again.
    known: HashMap<u64, MapRow>,
    heap: Option<Heap>,
    functions: HashMap<u64, Option<String>>,
}

/// Owners of heap objects: header, bucket arrays, groups, directories.
pub(crate) type Owners = HashMap<u64, u64>;

impl Live {
    /// Opens a process id or core.
    pub(crate) fn open(target: &str, binary: Option<&Path>) -> anyhow::Result<Live> {
        let source = Source::parse(target);
        let inspector = Inspector::open(&source, binary)?;
        Ok(Live {
            pid: match source {
                Source::Process(pid) => Some(pid),
                Source::Core(_) => None,
            },
            inspector,
            done: false,
            known: HashMap::new(),
            heap: None,
            functions: HashMap::new(),
        })
    }

    /// Process id; `None` for a core.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// Design of its maps.
    pub(crate) fn design(&self) -> Design {
        self.inspector.layout().design()
    }

    /// A look; `None` when the process exited, or the core was read already.
    pub(crate) fn look(&mut self) -> anyhow::Result<Option<Snapshot>> {
        if self.pid.is_none() && std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        match self.inspector.snapshot(Options::default(), &mut |_| {}) {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(_) if self.exited() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn exited(&self) -> bool {
        self.pid
            .is_some_and(|pid| !Path::new(&format!("/proc/{pid}/exe")).exists())
    }

    /// One map and the time of the look; `None` when there is none any more.
    ///
    /// The first time costs a whole look, later ones the spans and the map.
    pub(crate) fn look_at(
        &mut self,
        address: u64,
    ) -> anyhow::Result<Option<(MapRow, Option<u64>)>> {
        if !self.known.contains_key(&address) {
            let Some(snapshot) = self.look()? else {
                return Ok(None);
            };
            let taken = snapshot.taken_unix_ms;
            self.known = snapshot
                .maps
                .into_iter()
                .map(|row| (row.address, row))
                .collect();
            return Ok(self.known.get(&address).map(|row| (row.clone(), taken)));
        }
        let row = &self.known[&address];
        let read = self
            .inspector
            .read_heap()
            .and_then(|heap| self.inspector.reread(&heap, row));
        match read {
            Ok(row) => {
                self.known.insert(address, row.clone());
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Ok(Some((row, now.ok().map(|now| now.as_millis() as u64))))
            }
            Err(Error::NoMap { .. }) => Ok(None),
            Err(_) if self.exited() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks at all maps: their rows, and whose each array is.
    pub(crate) fn owners(&mut self, maps: &mut BTreeMap<u64, MapRow>) -> anyhow::Result<Owners> {
        let snapshot = self.inspector.snapshot(Options::default(), &mut |_| {})?;
        let heap = self.inspector.read_heap()?;
        let mut owners = Owners::new();
        for row in snapshot.maps {
            owners.insert(row.address, row.address);
            for array in self.inspector.arrays(&heap, &row) {
                if let Some(object) = heap.object_at(array) {
                    owners.insert(object.base, row.address);
                }
            }
            self.known.insert(row.address, row.clone());
            maps.insert(row.address, row);
        }
        self.heap = Some(heap);
        Ok(owners)
    }

    /// The map that a value points into, and whether into one of its arrays.
    pub(crate) fn owner(&self, owners: &Owners, value: u64) -> Option<(bool, u64)> {
        let object = self.heap.as_ref()?.object_at(value)?;
        let map = *owners.get(&object.base)?;
        Some((object.base != map, map))
    }

    /// Name of the function at an address.
    pub(crate) fn function(&mut self, pc: u64) -> Option<String> {
        let module = self.inspector.module();
        let index = module.function_at(pc)?;
        let (start, _) = module.function_range(index)?;
        let memory = Memory::new(self.inspector.target());
        self.functions
            .entry(start)
            .or_insert_with(|| module.function_name(memory, index))
            .clone()
    }

    /// Where in the executable a function starts; `None` when there is none of that name.
    pub(crate) fn file_offset(&self, name: &str) -> anyhow::Result<Option<u64>> {
        let module = self.inspector.module();
        let memory = Memory::new(self.inspector.target());
        let index = (0..module.function_count())
            .find(|&index| module.function_name(memory, index).as_deref() == Some(name));
        let Some((start, _)) = index.and_then(|index| module.function_range(index)) else {
            return Ok(None);
        };
        Ok(self
            .inspector
            .target()
            .mappings()?
            .iter()
            .find(|mapping| (mapping.start..mapping.end).contains(&start) && mapping.path.is_some())
            .map(|mapping| start - mapping.start + mapping.file_offset))
    }
}
