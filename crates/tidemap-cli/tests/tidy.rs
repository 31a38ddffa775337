//! The house is tidy: documents name files that exist, source files say what they are.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace")
}

/// All files below `folder` with this ending, build output aside.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    let mut sources = Vec::new();
    files(&root().join("crates"), ".rs", &mut sources);
    files(&root().join("examples"), ".rs", &mut sources);
    assert!(sources.len() > 30, "found only {} sources", sources.len());
    for path in sources {
        let text = fs::read_to_string(&path).expect("a text file");
        assert!(
            text.starts_with("//!"),
            "{} does not open with //!",
            path.display()
        );
        assert!(
            !text.contains(concat!("FIX", "ME")),
            "{} has something to mend",
            path.display()
        );
    }
}

#[test]
fn every_path_that_a_document_names_exists() {
    let root = root();
    let mut documents = Vec::new();
    files(&root, ".md", &mut documents);
    let mut checked = 0;
    for document in documents {
        let text = fs::read_to_string(&document).expect("a text file");
        let here = document.parent().expect("a folder");
        // `crates/…` in backticks, and the targets of links.
        let quoted = text.split('`').skip(1).step_by(2);
        let named = quoted.filter(|word| {
            [
                "crates/",
                "docs/",
                "ci/",
                "bench/",
                "oracle/",
                "testdata/",
                "examples/",
                "observability/",
            ]
            .iter()
            .any(|folder| word.starts_with(folder))
                && !word.contains(['<', '*', ' ', '…', '{', '\n'])
        });
        for path in named {
            checked += 1;
            // A test of a file: `path::name`.
            let path = path.split("::").next().unwrap_or_default();
            assert!(
                root.join(path).exists(),
                "{}: no {path}",
                document.display()
            );
        }
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            checked += 1;
            assert!(
                here.join(target).exists(),
                "{}: dead link {link}",
                document.display()
            );
        }
    }
    assert!(checked > 20, "only {checked} paths were checked");
}

/// Each promise of the page names its tests, and they are there.
#[test]
fn every_guarantee_names_tests_that_exist() {
    let root = root();
    let page = fs::read_to_string(root.join("docs/guarantees.md")).expect("the page");
    let mut promises = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        if line.starts_with("| promise") {
            continue;
        }
        promises += 1;
        let quoted = line.split('`').skip(1).step_by(2);
        let mut named = 0;
        for (path, name) in quoted.filter_map(|word| word.split_once(".rs::")) {
            named += 1;
            let folder = if path.starts_with("crates/") {
                ""
            } else {
                "crates/tidemap"
            };
            let file = root.join(folder).join(format!("{path}.rs"));
            let source = fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let at = source
                .find(&format!("fn {name}("))
                .unwrap_or_else(|| panic!("no test {name} in {}", file.display()));
            // Attributes stand between the last item and the function.
            let before = source[..at].rsplit("}\n").next().unwrap_or_default();
            assert!(before.contains("#[test]"), "{name} is not a test");
        }
        assert!(named > 0, "a promise without a test: {line}");
    }
    assert!(promises > 40, "only {promises} promises were read");
}
