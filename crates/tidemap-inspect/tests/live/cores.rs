//! Cores: whole ones say what the process says, short ones say that they are short.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use tidemap_inspect::target::Target;
use tidemap_inspect::target::process::Process;

use super::*;

/// Bytes of a reserved but untouched mapping that a core does without.
const MAPPING_BYTES_MAX: u64 = 64 << 20;

/// Writes a core of a standing process, as kernels do: file-backed read-only
/// parts are left out, a note names the files.
fn core_of(pid: i32, path: &Path) {
    let process = Process::open(pid).expect("the zoo opens");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
    let page = 4096u64;
    let mut loads: Vec<(u64, u64, u32, Vec<u8>)> = Vec::new();
    let (mut ranges, mut names, mut files) = (Vec::new(), Vec::new(), 0u64);
    for mapping in process.mappings().expect("mappings") {
        let bytes = mapping.end - mapping.start;
        let mut content = Vec::new();
        if (mapping.writable || mapping.path.is_none()) && bytes <= MAPPING_BYTES_MAX {
            content = vec![0; bytes as usize];
            if memory.read_exact_at(&mut content, mapping.start).is_err() {
                content.clear();
            }
        }
        if let Some(path) = &mapping.path {
            files += 1;
            for word in [mapping.start, mapping.end, mapping.file_offset / page] {
                ranges.extend_from_slice(&word.to_le_bytes());
            }
            names.extend_from_slice(path.as_os_str().as_encoded_bytes());
            names.push(0);
        }
        let flags = 4 + u32::from(mapping.writable) * 2 + u32::from(mapping.executable);
        loads.push((mapping.start, bytes, flags, content));
    }
    let mut note = Vec::new();
    let mut content = [files.to_le_bytes(), page.to_le_bytes()].concat();
    content.extend(ranges);
    content.extend(names);
    note.extend(5u32.to_le_bytes());
    note.extend((content.len() as u32).to_le_bytes());
    note.extend(0x4649_4c45u32.to_le_bytes());
    note.extend(b"CORE\0\0\0\0");
    note.extend(&content);
    note.resize(note.len().next_multiple_of(4), 0);

    let count = loads.len() as u16 + 1;
    let mut offset = 64 + 56 * u64::from(count);
    let mut head = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    head.extend(4u16.to_le_bytes());
    head.extend(62u16.to_le_bytes());
    head.extend(1u32.to_le_bytes());
    for word in [0u64, 64, 0] {
        head.extend(word.to_le_bytes());
    }
    head.extend(0u32.to_le_bytes());
    for half in [64u16, 56, count, 64, 0, 0] {
        head.extend(half.to_le_bytes());
    }
    let mut program = |kind: u32, flags: u32, address: u64, in_file: u64, in_memory: u64| {
        head.extend(kind.to_le_bytes());
        head.extend(flags.to_le_bytes());
        for word in [offset, address, 0, in_file, in_memory, 1] {
            head.extend(word.to_le_bytes());
        }
        offset += in_file;
    };
    program(4, 4, 0, note.len() as u64, 0);
    for (start, bytes, flags, content) in &loads {
        program(1, *flags, *start, content.len() as u64, *bytes);
    }
    let mut file = File::create(path).expect("a core");
    file.write_all(&head).expect("written");
    file.write_all(&note).expect("written");
    for (.., content) in &loads {
        file.write_all(content).expect("written");
    }
}

#[test]
fn a_core_says_what_the_process_says() {
    for build in ["1.23-stripped", "1.27-default"] {
        let Some(zoo) = Zoo::start(build, "tiny") else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("core");
        core_of(zoo.pid(), &path);
        let live = snapshot(&zoo.open(), Options::default());
        let core = Inspector::open(&Source::Core(path.clone()), None).expect("the core opens");
        let core = snapshot(&core, Options::default());
        assert_eq!(core.taken_unix_ms, None);
        assert_eq!(live.maps, core.maps, "{build}");
        assert!(live.maps.len() > 20, "{build}: {}", live.maps.len());

        let Some(other) = zoo_binary("1.21-default") else {
            return;
        };
        let error = fails(&Source::Core(path.clone()), Some(&other));
        assert!(!error.to_string().is_empty());

        let whole = std::fs::read(&path).expect("the core");
        let mut refused = 0;
        for cut in [
            100,
            4000,
            whole.len() / 3,
            whole.len() * 2 / 3,
            whole.len() - 5000,
        ] {
            std::fs::write(&path, &whole[..cut]).expect("a shorter one");
            match Inspector::open(&Source::Core(path.clone()), None)
                .and_then(|core| core.snapshot(Options::default(), &mut |_| {}))
            {
                Ok(look) => assert!(
                    look.summary
                        .notes
                        .iter()
                        .any(|note| note.contains("cut short")),
                    "{build}: {:?}",
                    look.summary.notes
                ),
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    assert!(
                        text.contains("cut short") || cut < 10_000,
                        "{build}: {cut}: {text}"
                    );
                }
            }
        }
        assert!(refused > 0, "{build}: nothing was missed");
    }
}
