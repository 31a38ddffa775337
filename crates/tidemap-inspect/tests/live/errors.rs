//! Every error has its message, and the message says what to do.

use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;

/// A process that sleeps until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Sleeper {
        Sleeper(Command::new("sleep").arg("600").spawn().expect("sleep"))
    }

    fn source(&self) -> Source {
        Source::Process(self.0.id() as i32)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_such_process() {
    let error = fails(&Source::Process(i32::MAX), None);
    assert!(matches!(error, Error::NoSuchProcess { .. }), "{error}");
    assert!(error.to_string().contains("see `ps`"), "{error}");
}

#[test]
fn a_zombie_has_exited() {
    let mut child = Command::new("true").spawn().expect("true");
    // Not waited for: it stays as a zombie, without memory.
    let state =
        || std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    while !state().contains(") Z") {
        std::thread::yield_now();
    }
    let error = fails(&Source::Process(child.id() as i32), None);
    let _ = child.wait();
    assert!(matches!(error, Error::Exited { .. }), "{error}");
    assert!(error.to_string().contains("exited"), "{error}");
}

#[test]
fn not_a_go_program() {
    let sleeper = Sleeper::start();
    // The child may not have become `sleep` yet.
    let error = loop {
        match Inspector::open(&sleeper.source(), None) {
            Err(error @ Error::NotGo { .. }) => break error,
            Err(Error::Exited { .. } | Error::Unreadable { .. } | Error::Binary { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(error.to_string().contains("not a Go program"), "{error}");
    assert!(
        error.to_string().contains("sleep")
            || error.to_string().contains("coreutils")
            || error.to_string().contains("busybox"),
        "{error}"
    );
}

#[test]
fn not_a_core() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text");
    std::fs::write(&path, "just words\n").expect("written");
    let error = fails(&Source::Core(path), None);
    assert!(matches!(error, Error::NotACore { .. }), "{error}");
    let error = fails(&Source::Core(folder.path().join("nowhere")), None);
    assert!(error.to_string().contains("cannot be opened"), "{error}");
    // An executable is no core.
    let own = std::env::current_exe().expect("this test");
    let error = fails(&Source::Core(own), None);
    assert!(error.to_string().contains("not a core"), "{error}");
}

#[test]
fn another_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("core");
    let mut elf = std::fs::read(std::env::current_exe().expect("this test")).expect("read");
    elf.truncate(1 << 16);
    elf[16] = 4; // ET_CORE
    elf[18] = 183; // arm64
    std::fs::write(&path, elf).expect("written");
    let error = fails(&Source::Core(path), None);
    assert!(
        matches!(&error, Error::Machine { found, .. } if found == "arm64"),
        "{error}"
    );
    assert!(error.to_string().contains("docs/go-list.md"), "{error}");
}

#[test]
fn permission_denied_names_the_capability() {
    for scope in [None, Some(0), Some(1), Some(2), Some(3)] {
        let error = Error::PermissionDenied {
            pid: 7,
            ptrace_scope: scope,
        };
        let text = error.to_string();
        assert!(text.contains("CAP_SYS_PTRACE"), "{text}");
        if let Some(scope @ 1..) = scope {
            assert!(text.contains(&format!("ptrace_scope is {scope}")), "{text}");
        }
    }
    // As another user, when this one may start processes as others.
    let sleeper = Sleeper::start();
    let Ok(own) = std::env::current_exe() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("test");
    std::fs::copy(own, &copy).expect("a copy");
    let open = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
            .expect("permissions");
    };
    open(folder.path());
    open(&copy);
    let other = Command::new(&copy)
        .args(["--exact", "errors::child_that_may_not_read", "--nocapture"])
        .env("TIDEMAP_TEST_PID", sleeper.0.id().to_string())
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output();
    match other {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                text.contains("may not be read"),
                "{text}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(error) => println!("skipped in part: cannot start a process as another user ({error})"),
    }
}

/// Runs as another user, started by the test above.
#[test]
fn child_that_may_not_read() {
    let Some(pid) = std::env::var("TIDEMAP_TEST_PID")
        .ok()
        .and_then(|pid| pid.parse().ok())
    else {
        return;
    };
    let error = fails(&Source::Process(pid), None);
    assert!(matches!(error, Error::PermissionDenied { .. }), "{error}");
    println!("{error}");
}

#[test]
fn the_wrong_binary() {
    let (Some(zoo), Some(other)) = (
        Zoo::start("1.23-default", "tiny"),
        zoo_binary("1.27-default"),
    ) else {
        return;
    };
    let error = fails(&Source::Process(zoo.pid()), Some(&other));
    assert!(matches!(error, Error::WrongBinary { .. }), "{error}");
    assert!(error.to_string().contains("build id"), "{error}");
    // Debug information in a file of its own build is welcome.
    Inspector::open(&Source::Process(zoo.pid()), Some(&zoo.binary)).expect("the right one");
    let own = std::env::current_exe().expect("this test");
    let error = fails(&Source::Process(zoo.pid()), Some(&own));
    assert!(matches!(error, Error::NotGo { .. }), "{error}");
}

#[test]
fn an_unsupported_release_is_refused() {
    let Some(zoo) = Zoo::start("1.23-default", "tiny") else {
        return;
    };
    // The same program, said to be built by a release of the future.
    let mut bytes = std::fs::read(&zoo.binary).expect("read");
    let magic = b"\xff Go buildinf:";
    let at = bytes
        .windows(magic.len())
        .position(|window| window == magic)
        .expect("build information");
    let version = at + 33;
    assert_eq!(&bytes[version..version + 4], b"go1.");
    bytes[version + 4] = b'9';
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("future");
    std::fs::write(&path, bytes).expect("written");
    let error = fails(&Source::Process(zoo.pid()), Some(&path));
    assert!(matches!(error, Error::UnsupportedVersion { .. }), "{error}");
    assert!(error.to_string().contains("1.27"), "{error}");
}

#[test]
fn a_process_that_ends_between_two_looks() {
    let Some(mut zoo) = Zoo::start("1.27-default", "tiny") else {
        return;
    };
    let inspector = zoo.open();
    zoo.child.kill().expect("killed");
    zoo.child.wait().expect("ended");
    let error = inspector
        .snapshot(Options::default(), &mut |_| {})
        .expect_err("nothing is there any more");
    assert!(
        matches!(error, Error::Exited { .. } | Error::Unreadable { .. }),
        "{error}"
    );
}

#[test]
fn no_map_at_an_address() {
    let Some(zoo) = Zoo::start("1.27-stripped", "tiny") else {
        return;
    };
    let error = zoo
        .open()
        .detail(0x1234, &mut |_| {})
        .expect_err("no map there");
    assert!(matches!(error, Error::NoMap { address: 0x1234 }), "{error}");
}
