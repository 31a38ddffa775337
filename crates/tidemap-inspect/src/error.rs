//! What can go wrong, each with what to do about it.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a target cannot be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such process.
    #[error("no process {pid}; see `ps` for the ones there are")]
    NoSuchProcess {
        /// The id asked for.
        pid: i32,
    },
    /// It ended while it was read.
    #[error("process {pid} exited while it was read; start again with a live one, or read a core")]
    Exited {
        /// The id.
        pid: i32,
    },
    /// The system refuses.
    #[error("{}", permission_text(*pid, *ptrace_scope))]
    PermissionDenied {
        /// The id.
        pid: i32,
        /// Content of `/proc/sys/kernel/yama/ptrace_scope`, where there is one.
        ptrace_scope: Option<u8>,
    },
    /// Neither a process id nor a core file.
    #[error("{path}: {reason}; give a process id or an ELF core file of x86-64 Linux")]
    NotACore {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The executable cannot be found or read.
    #[error("{path}: {reason}; pass the executable with --binary FILE")]
    Binary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The executable is of another machine or system.
    #[error(
        "{path}: built for {found}; only x86-64 Linux is read so far (docs/go-list.md says what is missing)"
    )]
    Machine {
        /// The file.
        path: PathBuf,
        /// Machine found.
        found: String,
    },
    /// Not built by Go.
    #[error(
        "{path}: not a Go program (no Go build information); `tidemap go` reads programs built by Go 1.21 to 1.27"
    )]
    NotGo {
        /// The file.
        path: PathBuf,
    },
    /// Go code inside a host that is not Go.
    #[error(
        "{path}: the host is no Go program, but {module} is Go code built as {mode}; plugins and shared libraries are not read, build the code as a program to inspect it"
    )]
    SharedLibrary {
        /// The host.
        path: PathBuf,
        /// The Go module inside.
        module: String,
        /// `c-shared` or `plugin`.
        mode: String,
    },
    /// The file given is not the one that runs.
    #[error(
        "{path} is not the program in the target: {what} differs (target {target}, file {file}); pass the very file that was started"
    )]
    WrongBinary {
        /// The file.
        path: PathBuf,
        /// What was compared.
        what: &'static str,
        /// Its value in the target.
        target: String,
        /// Its value in the file.
        file: String,
    },
    /// A Go release without layout data.
    #[error(
        "{path}: built by {found}; layouts are known for {known}; nothing is guessed, ask for a layout file of that release"
    )]
    UnsupportedVersion {
        /// The file.
        path: PathBuf,
        /// Release found.
        found: String,
        /// Releases known.
        known: String,
    },
    /// A layout file is damaged or incomplete.
    #[error("layout of Go {version}: {reason}; make it anew with the generator")]
    Layout {
        /// Release.
        version: String,
        /// What is wrong.
        reason: String,
    },
    /// The runtime's data cannot be found or makes no sense.
    #[error("{what} not found in the target: {reason}; {advice}")]
    Runtime {
        /// What was looked for.
        what: &'static str,
        /// Why it was not found.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// A needed part of a core is not in the file.
    #[error(
        "{path}: the core is cut short: {missing} bytes of {what} are missing; write it again with enough room (`ulimit -c unlimited`)"
    )]
    Truncated {
        /// The core.
        path: PathBuf,
        /// Bytes missing.
        missing: u64,
        /// Of what.
        what: &'static str,
    },
    /// No map at this address.
    #[error("no map at {address:#x}; `tidemap go list` prints the addresses of all maps")]
    NoMap {
        /// The address asked for.
        address: u64,
    },
    /// No map of this project's library has a registry there.
    #[error(
        "{target}: no registry of observed maps; the program must be built with `tidemap`'s feature `probe`{advice} (Go programs: `tidemap go list`)"
    )]
    NoRegistry {
        /// What was searched.
        target: String,
        /// What else may help.
        advice: &'static str,
    },
    /// A registry that cannot be understood.
    #[error("{target}: {source}")]
    Registry {
        /// Where it is.
        target: String,
        /// What is wrong.
        source: tidemap_probe::layout::LayoutError,
    },
    /// Memory that is needed cannot be read.
    #[error("{what} cannot be read at {address:#x}: the memory is damaged or not in the core")]
    Unreadable {
        /// What was to be read.
        what: &'static str,
        /// Where.
        address: u64,
    },
    /// The system failed otherwise.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

fn permission_text(pid: i32, scope: Option<u8>) -> String {
    let mut text = format!(
        "process {pid} may not be read: that needs the same user or the capability CAP_SYS_PTRACE"
    );
    match scope {
        Some(1) => {
            text += "; kernel.yama.ptrace_scope is 1, which admits only parents: run as root, grant CAP_SYS_PTRACE, or set it to 0"
        }
        Some(2) => {
            text += "; kernel.yama.ptrace_scope is 2, which admits only CAP_SYS_PTRACE: run as root or grant the capability"
        }
        Some(3) => {
            text += "; kernel.yama.ptrace_scope is 3, which admits nobody until the next boot: write a core (`gcore` is refused too; use SIGABRT with GOTRACEBACK=crash) and read that"
        }
        _ => {
            text += "; run as root or as its user, or grant the capability (containers: --cap-add SYS_PTRACE)"
        }
    }
    text
}
