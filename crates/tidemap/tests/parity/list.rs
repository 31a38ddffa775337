//! The list of what std's hash maps offer on stable Rust, and where it comes from.
//!
//! `std-1.95.txt` is derived from the documentation that ships with the toolchain (component
//! `rust-docs`): every inherent method and every trait impl of every type in
//! `std::collections::hash_map` and `hash_set`, with the version that stabilised it. What has
//! no version there is unstable and left out, but for auto traits, which have none.
//! `UPDATE_GOLDEN=1 cargo test -p tidemap --test parity` derives it again.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that the list is of: later additions are not on it.
pub(crate) const RELEASE: (u32, u32) = (1, 95);

const AUTO_TRAITS: [&str; 5] = ["RefUnwindSafe", "Send", "Sync", "Unpin", "UnwindSafe"];

/// One method or impl of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// `hash_map::HashMap`.
    pub(crate) owner: String,
    /// `1.0.0`, or `auto`.
    pub(crate) since: String,
    /// The impl block that it is in or is: `impl<K, V> Clone for HashMap<K, V> where …`.
    pub(crate) header: String,
    /// A method's signature; empty for an impl.
    pub(crate) signature: String,
}

impl Item {
    pub(crate) fn line(&self) -> String {
        let Item {
            owner,
            since,
            header,
            signature,
        } = self;
        format!("{owner} | {since} | {header} | {signature}")
            .trim_end()
            .to_owned()
    }

    pub(crate) fn parse(line: &str) -> Item {
        let mut fields = line.split('|').map(|field| field.trim().to_owned());
        let mut next = || fields.next().unwrap_or_default();
        Item {
            owner: next(),
            since: next(),
            header: next(),
            signature: next(),
        }
    }
}

/// The documentation of a toolchain that is at least [`RELEASE`], if one is installed.
pub(crate) fn documentation() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout).ok()?.trim());
    let beside = sysroot.parent()?.read_dir().into_iter().flatten();
    std::iter::once(sysroot)
        .chain(beside.filter_map(|entry| Some(entry.ok()?.path())))
        .map(|root| root.join("share/doc/rust/html/std/collections"))
        .find(|pages| is_of_release(pages))
}

/// Whether these pages are of [`RELEASE`] itself: later ones may have changed a bound.
fn is_of_release(pages: &Path) -> bool {
    let (major, minor) = RELEASE;
    let wanted = format!("sidebar-items{major}.{minor}.");
    let files = pages.read_dir().into_iter().flatten().flatten();
    files
        .map(|file| file.file_name())
        .any(|name| name.to_string_lossy().starts_with(&wanted))
}

/// Reads the list off the pages.
pub(crate) fn derive(pages: &Path) -> Vec<Item> {
    let mut items = Vec::new();
    for module in ["hash_map", "hash_set"] {
        let mut files: Vec<PathBuf> = pages
            .join(module)
            .read_dir()
            .expect("the module has pages")
            .map(|file| file.expect("a readable folder").path())
            .collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let Some(kind) = name.strip_suffix(".html").and_then(|name| {
                name.strip_prefix("struct.")
                    .or_else(|| name.strip_prefix("enum."))
            }) else {
                continue;
            };
            let page = std::fs::read_to_string(&file).expect("a readable page");
            items.extend(derive_type(&format!("{module}::{kind}"), &page));
        }
    }
    items
}

fn derive_type(owner: &str, page: &str) -> Vec<Item> {
    let own = page
        .split("id=\"blanket-implementations\"")
        .next()
        .unwrap_or(page);
    let mut items = Vec::new();
    let declaration = own.split("<h2 id=").next().unwrap_or(own);
    if declaration.contains("class=\"stab unstable\"") {
        return items;
    }
    let mut header = String::new();
    for section in own.split("<section id=\"").skip(1) {
        let section = section.split("</section>").next().unwrap_or(section);
        let is_impl = section.starts_with("impl-") && section.contains("class=\"impl\"");
        let is_method = section.starts_with("method.") && section.contains("class=\"method\"");
        if !is_impl && !is_method {
            continue;
        }
        let code = between(section, "class=\"code-header\">", "</h").map_or_else(String::new, text);
        let since = between(section, "class=\"since\"", "</span>")
            .and_then(|span| span.split_once('>'))
            .and_then(|(_, since)| since.split_whitespace().next())
            .map(str::to_owned);
        let auto = AUTO_TRAITS.iter().any(|name| {
            code.contains(&format!("> {name} for "))
                || code.starts_with(&format!("impl {name} for "))
        });
        let item = |since: String, header: &str, signature: &str| Item {
            owner: owner.to_owned(),
            since,
            header: header.to_owned(),
            signature: signature.to_owned(),
        };
        if is_method {
            items.extend(since.map(|since| item(since, &header, &code)));
        } else if code.contains(" for ") {
            let since = since.or_else(|| auto.then(|| "auto".to_owned()));
            items.extend(since.map(|since| item(since, &code, "")));
        } else {
            header = code;
        }
    }
    items
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

/// A page's markup as plain text.
fn text(markup: &str) -> String {
    let mut plain = String::new();
    let mut in_tag = false;
    for c in markup.replace("<div class=\"where\">", " ").chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if !in_tag => plain.push(c),
            _ => {}
        }
    }
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .replace("where ", " where ")
        .replace('ⓘ', " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
