//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

/// A file that is being written, under another name until it is done.
pub(crate) struct OutFile {
    /// `report`, `trace`, …, for messages.
    what: &'static str,
    path: PathBuf,
    temporary: NamedTempFile,
    /// Where the content goes in the end if `path` is no regular file.
    device: Option<File>,
}

impl OutFile {
    /// Claims a place beside `path`, before any time is spent.
    pub(crate) fn create(path: &Path, what: &'static str) -> Result<OutFile> {
        let cannot = || format!("cannot write the {what} {}", path.display());
        let there = path.metadata().ok();
        if there.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            bail!("{}: it is a directory", cannot());
        }
        // A pipe or a device must not be replaced by a file.
        let device = match there {
            Some(there) if !there.is_file() => {
                let device = File::options().write(true).open(path);
                Some(device.with_context(cannot)?)
            }
            _ => None,
        };
        let folder = match path.parent() {
            _ if device.is_some() => std::env::temp_dir(),
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let prefix = format!(".tidemap-{what}-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        // A temporary file is private; this one becomes a file like any other.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder).with_context(cannot)?;
        Ok(OutFile {
            what,
            path: path.to_owned(),
            temporary,
            device,
        })
    }

    /// Where another process is to write the content.
    pub(crate) fn place(&self) -> Result<PathBuf> {
        Ok(std::path::absolute(self.temporary.path())?)
    }

    /// Writes all of the content.
    pub(crate) fn write(&mut self, content: &[u8]) -> Result<()> {
        self.temporary
            .write_all(content)
            .and_then(|()| self.temporary.flush())
            .with_context(|| self.cannot())
    }

    /// Puts the file in its place.
    pub(crate) fn finish(mut self) -> Result<()> {
        let cannot = self.cannot();
        let done = match self.device.take() {
            Some(mut device) => self
                .temporary
                .rewind()
                .and_then(|()| io::copy(&mut self.temporary, &mut device))
                .map(drop),
            None => self
                .temporary
                .persist(&self.path)
                .map(drop)
                .map_err(|error| error.error),
        };
        done.context(cannot)
    }

    fn cannot(&self) -> String {
        format!("cannot write the {} {}", self.what, self.path.display())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::FileTypeExt;

    #[test]
    fn a_device_stays_one_and_a_full_one_is_told() {
        for (device, is_full) in [("/dev/null", false), ("/dev/full", true)] {
            let path = Path::new(device);
            let Ok(before) = path.metadata() else {
                continue;
            };
            let mut file = OutFile::create(path, "trace").expect("it can be opened");
            file.write(b"content").expect("room");
            let done = file.finish().map_err(|error| format!("{error:#}"));
            assert!(before.file_type().is_char_device());
            assert!(
                path.metadata()
                    .expect("still there")
                    .file_type()
                    .is_char_device()
            );
            assert_eq!(done.is_err(), is_full, "{done:?}");
            if let Err(error) = done {
                assert!(
                    error.starts_with("cannot write the trace /dev/full: "),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn what_another_process_wrote_is_put_in_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("maps.pb.gz");
        let file = OutFile::create(&path, "profile").expect("a place");
        std::fs::write(file.place().expect("a path"), "theirs").expect("room");
        assert!(!path.exists());
        file.finish().expect("room");
        assert_eq!(std::fs::read(&path).expect("the file"), b"theirs");
    }
}
