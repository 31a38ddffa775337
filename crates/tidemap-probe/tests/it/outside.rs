//! The registry of another process, live and in a core, found through its note.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use object::elf::{PT_LOAD, PT_NOTE};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use tidemap_probe::Snapshot;
use tidemap_probe::layout::{self, Memory};

use crate::played::Played;

const SWITCH: &str = "TIDEMAP_PROBE_CHILD";

/// Not a test: the process that is looked at.
#[test]
fn child() {
    if std::env::var_os(SWITCH).is_none() {
        return;
    }
    let mut map = Played::new(Some("seen-from-outside"));
    map.grow(5);
    let gone = Played::new(Some("gone"));
    drop(gone);
    println!("\nready {}", std::process::id());
    std::io::stdout().flush().expect("a reader");
    let mut line = String::new();
    // Until the parent has seen enough.
    std::io::stdin().read_line(&mut line).expect("a parent");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Ends by itself when its input ends; this is for a child that hangs.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> Running {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "outside::child", "--nocapture"])
        .env(SWITCH, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = child.stdout.take().expect("a pipe");
    let ready = BufReader::new(output)
        .lines()
        .map(|line| line.expect("text"))
        .any(|line| line.starts_with("ready "));
    assert!(ready, "the child ended early");
    Running(child)
}

struct Live(File);

impl Memory for Live {
    fn read(&self, address: u64, into: &mut [u8]) -> bool {
        self.0.read_exact_at(into, address).is_ok()
    }
}

/// Where the notes of an executable lie in memory, before relocation, and the lowest address of it.
fn notes(program: &Path) -> (Vec<(u64, u64)>, u64) {
    let bytes = fs::read(program).expect("the program");
    let elf = ElfFile64::<object::Endianness>::parse(&*bytes).expect("an ELF file");
    let endian = elf.endian();
    let headers = elf
        .elf_header()
        .program_headers(endian, &*bytes)
        .expect("headers");
    let notes = headers
        .iter()
        .filter(|header| header.p_type(endian) == PT_NOTE)
        .map(|header| (header.p_vaddr(endian), header.p_memsz(endian)))
        .collect();
    let lowest = headers
        .iter()
        .filter(|header| header.p_type(endian) == PT_LOAD)
        .map(|header| header.p_vaddr(endian))
        .min();
    (notes, lowest.expect("something to load") & !0xfff)
}

/// The lowest address that the program is mapped at.
fn mapped_at(pid: u32, program: &Path) -> u64 {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
    let name = program.to_str().expect("a plain name");
    let line = maps
        .lines()
        .find(|line| line.ends_with(name))
        .expect("it is mapped");
    u64::from_str_radix(line.split('-').next().expect("an address"), 16).expect("hexadecimal")
}

fn find(memory: &impl Memory, program: &Path, mapped_at: u64) -> u64 {
    let (notes, lowest) = notes(program);
    assert!(!notes.is_empty(), "no notes in {}", program.display());
    let found = notes.into_iter().find_map(|(address, size)| {
        let address = address - lowest + mapped_at;
        let mut bytes = vec![0; usize::try_from(size).expect("a small note")];
        assert!(memory.read(address, &mut bytes));
        layout::address_in_notes(&bytes, address, cfg!(target_endian = "big"))
    });
    found.expect("a note of tidemap's")
}

fn check(snapshot: &Snapshot, pid: u32) {
    assert_eq!(snapshot.pid, pid);
    let map = snapshot.named("seen-from-outside").expect("its row");
    assert!(map.is_consistent);
    assert_eq!(map.counters.growths.relocating, 1);
    assert_eq!((map.counters.steps, map.gauges.len), (5, 12));
    assert_eq!(map.value_type, "alloc::string::String");
    assert!(snapshot.named("gone").is_none());
    assert!(snapshot.maps_dropped >= 1);
    assert!(snapshot.time_ns > 0 && snapshot.epoch_unix_ns > 1_600_000_000_000_000_000);
}

#[test]
fn a_live_process_is_read_through_its_note() {
    let child = start();
    let pid = child.0.id();
    let program = fs::read_link(format!("/proc/{pid}/exe")).expect("its program");
    let memory = Live(File::open(format!("/proc/{pid}/mem")).expect("a child may be read"));
    let address = find(&memory, &program, mapped_at(pid, &program));
    check(&layout::read(&memory, address).expect("a registry"), pid);
    // The symbol says the same.
    let bytes = fs::read(&program).expect("the program");
    let elf = ElfFile64::<object::Endianness>::parse(&*bytes).expect("an ELF file");
    use object::{Object, ObjectSymbol};
    let symbol = elf
        .symbols()
        .find(|symbol| symbol.name() == Ok(layout::SYMBOL))
        .expect("the symbol");
    let (_, lowest) = notes(&program);
    assert_eq!(
        symbol.address() - lowest + mapped_at(pid, &program),
        address
    );
}

struct Core {
    bytes: Vec<u8>,
    loads: Vec<(u64, u64, u64)>,
}

impl Core {
    fn open(path: &Path) -> Core {
        let bytes = fs::read(path).expect("the core");
        let elf = ElfFile64::<object::Endianness>::parse(&*bytes).expect("an ELF file");
        let endian = elf.endian();
        let headers = elf.elf_header().program_headers(endian, &*bytes);
        let loads = headers
            .expect("headers")
            .iter()
            .filter(|header| header.p_type(endian) == PT_LOAD)
            .map(|header| {
                (
                    header.p_vaddr(endian),
                    header.p_filesz(endian),
                    header.p_offset(endian),
                )
            })
            .collect();
        Core { bytes, loads }
    }
}

impl Memory for Core {
    fn read(&self, address: u64, into: &mut [u8]) -> bool {
        let mut at = address;
        let mut rest = into;
        // What is wanted may lie in several segments.
        while !rest.is_empty() {
            let holds = |(start, size, _): &&(u64, u64, u64)| (*start..start + size).contains(&at);
            let Some((start, size, offset)) = self.loads.iter().find(holds) else {
                return false;
            };
            let there = usize::try_from(start + size - at).expect("a segment fits");
            let (now, later) = rest.split_at_mut(there.min(rest.len()));
            let from = usize::try_from(offset + at - start).expect("inside the file");
            now.copy_from_slice(&self.bytes[from..][..now.len()]);
            at += now.len() as u64;
            rest = later;
        }
        true
    }
}

#[test]
fn a_core_is_read_through_the_note_too() {
    let child = start();
    let pid = child.0.id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let prefix = folder.join("probe-core");
    let dumped = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(pid.to_string())
        .output();
    let path = folder.join(format!("probe-core.{pid}"));
    if !dumped.is_ok_and(|output| output.status.success()) || !path.is_file() {
        assert!(
            std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(),
            "gcore made no core, and TIDEMAP_REQUIRE_ALL is set"
        );
        eprintln!("skipped: gcore made no core (Debian: apt-get install gdb)");
        return;
    }
    let program = fs::read_link(format!("/proc/{pid}/exe")).expect("its program");
    let at = mapped_at(pid, &program);
    drop(child);
    let core = Core::open(&path);
    let address = find(&core, &program, at);
    let snapshot = layout::read(&core, address).expect("a registry");
    fs::remove_file(&path).expect("the core goes");
    check(&snapshot, pid);
}
