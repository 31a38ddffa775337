//! The page: one file, no outside request; a template that draws the JSON.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use super::report::Report;

/// Style, script and skeleton; the data goes where [`MARK`] stands.
const TEMPLATE: &str = include_str!("../../assets/report.html");
/// Where the data goes.
const MARK: &str = "/*REPORT*/null";

/// A page that will appear whole or not at all.
pub(crate) struct PageFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl PageFile {
    /// Claims a place beside `path`, before any time is spent on a replay.
    pub(crate) fn create(path: &Path) -> Result<PageFile> {
        if path.is_dir() {
            bail!(
                "cannot write the report {}: it is a directory",
                path.display()
            );
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tidemap-report-");
        // A temporary file is private; a report is a file like any other.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder
            .tempfile_in(folder)
            .with_context(|| format!("cannot write the report {}", path.display()))?;
        Ok(PageFile {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes the page and puts it in its place.
    pub(crate) fn finish(mut self, report: &Report) -> Result<()> {
        let context = || format!("cannot write the report {}", self.path.display());
        self.file
            .write_all(render(report)?.as_bytes())
            .with_context(context)?;
        self.file.flush().with_context(context)?;
        self.file
            .persist(&self.path)
            .map_err(|error| error.error)
            .with_context(|| format!("cannot write the report {}", self.path.display()))?;
        Ok(())
    }
}

/// The page's text.
pub(crate) fn render(report: &Report) -> Result<String> {
    Ok(TEMPLATE.replacen(MARK, &embed(&serde_json::to_string(report)?), 1))
}

/// JSON that may stand inside a script element: no tag can end or begin in it.
fn embed(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_one_place_for_data() {
        assert_eq!(TEMPLATE.matches(MARK).count(), 1);
    }

    #[test]
    fn the_page_asks_nobody() {
        for outside in [
            "src=",
            "href=\"http",
            "url(",
            "@import",
            "fetch(",
            "XMLHttpRequest",
            "//cdn",
        ] {
            assert!(!TEMPLATE.contains(outside), "{outside}");
        }
    }

    #[test]
    fn data_cannot_end_the_script() {
        assert_eq!(
            embed(r#"{"a":"</script><!--"}"#),
            "{\"a\":\"\\u003c/script>\\u003c!--\"}"
        );
    }
}
