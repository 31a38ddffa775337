//! Starting programs that measure and answer with one line of JSON.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a run in a process of its own gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// It could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It failed.
    #[error("the run of {what} in a process of its own failed ({status}): {stderr}")]
    Failed {
        /// The contender and size.
        what: String,
        /// Exit status.
        status: String,
        /// What it said.
        stderr: String,
    },
}

/// Runs `program` and reads its answer; `what` names the run in messages.
///
/// # Errors
/// [`LaunchError`] if it cannot be started, fails or answers something else.
pub fn ask<T: DeserializeOwned>(
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
    what: &str,
) -> Result<T, LaunchError> {
    ask_accepting(program, arguments, what, 0)
}

/// As [`ask`], of a program that may answer with exit code `other` as well as with 0.
///
/// # Errors
/// As [`ask`].
pub fn ask_accepting<T: DeserializeOwned>(
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
    what: &str,
    other: i32,
) -> Result<T, LaunchError> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .map_err(|source| LaunchError::Start {
            program: program.to_owned(),
            source,
        })?;
    let failed = |stderr: String| LaunchError::Failed {
        what: what.to_owned(),
        status: output.status.to_string(),
        stderr,
    };
    if !output.status.success() && output.status.code() != Some(other) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(failed(stderr.trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| failed(format!("no answer: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn answers_and_failures() {
        let shell = |script: &str| ask::<u64>(Path::new("sh"), &["-c", script], "it");
        assert_eq!(shell("echo 7").unwrap(), 7);
        for (script, says) in [
            ("echo broken >&2; exit 3", "(exit status: 3): broken"),
            ("echo seven", "no answer: "),
        ] {
            let error = shell(script).unwrap_err().to_string();
            assert!(error.starts_with("the run of it "), "{error}");
            assert!(error.contains(says), "{error}");
        }
        let error = ask::<u64>(Path::new("no-such-program"), &[""; 0], "it");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("cannot start no-such-program")
        );
    }
}
