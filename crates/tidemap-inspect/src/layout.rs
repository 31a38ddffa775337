//! Where Go's runtime keeps its data: one data file per release.
//!
//! The files in `layouts/` are written by the generator from each toolchain.
//! Nothing about a release is in code: what a file does not say is not read.
//! Names in a file may differ between releases (`itab._type`, `itab.Type`);
//! [`Layout::field`] takes the alternatives.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::model::Design;

/// Version of the layout files that this code reads.
pub const LAYOUT_SCHEMA: u32 = 1;

/// Layouts that come with the crate, oldest first.
const BUILT_IN: [&str; 7] = [
    include_str!("../layouts/go1.21.json"),
    include_str!("../layouts/go1.22.json"),
    include_str!("../layouts/go1.23.json"),
    include_str!("../layouts/go1.24.json"),
    include_str!("../layouts/go1.25.json"),
    include_str!("../layouts/go1.26.json"),
    include_str!("../layouts/go1.27.json"),
];

/// A field: where, and how many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "(u64, u64)")]
pub struct Field {
    /// Offset in bytes.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
}

impl From<(u64, u64)> for Field {
    fn from((offset, bytes): (u64, u64)) -> Self {
        Field { offset, bytes }
    }
}

/// A structure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Struct {
    /// Bytes.
    pub size: u64,
    /// Fields by dotted name.
    pub fields: BTreeMap<String, Field>,
}

/// The layout of one release on one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Layout {
    /// [`LAYOUT_SCHEMA`].
    pub schema: u32,
    /// Minor release, `1.23`.
    pub go: String,
    /// Toolchain the file was made from, `go1.23.9`.
    pub toolchain: String,
    /// `amd64`.
    pub arch: String,
    /// Build experiments that were on.
    #[serde(default)]
    pub experiments: Vec<String>,
    /// Numbers.
    pub constants: BTreeMap<String, u64>,
    /// Arrays of numbers.
    #[serde(default)]
    pub tables: BTreeMap<String, Vec<u64>>,
    /// Structures.
    pub structs: BTreeMap<String, Struct>,
}

impl Layout {
    /// Reads a layout file.
    ///
    /// # Errors
    /// [`Error::Layout`] when it is damaged or of another schema.
    pub fn parse(text: &str) -> Result<Layout> {
        let layout: Layout = serde_json::from_str(text).map_err(|error| Error::Layout {
            version: "?".into(),
            reason: error.to_string(),
        })?;
        if layout.schema != LAYOUT_SCHEMA {
            return Err(layout.broken(format!(
                "schema {} instead of {LAYOUT_SCHEMA}",
                layout.schema
            )));
        }
        Ok(layout)
    }

    /// The built-in layout for a Go release such as `go1.23.9`.
    ///
    /// # Errors
    /// [`Error::Layout`] for a damaged file. `Ok(None)`: a release that is not known.
    pub fn built_in(version: &str, arch: &str) -> Result<Option<Layout>> {
        let Some(minor) = minor_release(version) else {
            return Ok(None);
        };
        for text in BUILT_IN {
            let layout = Layout::parse(text)?;
            if layout.go == minor && layout.arch == arch {
                return Ok(Some(layout));
            }
        }
        Ok(None)
    }

    /// The releases that [`built_in`](Self::built_in) knows, for messages.
    pub fn known_releases() -> String {
        let all: Vec<String> = BUILT_IN
            .iter()
            .filter_map(|text| Layout::parse(text).ok())
            .map(|layout| format!("{} ({})", layout.go, layout.arch))
            .collect();
        all.join(", ")
    }

    /// Design of the maps of this release.
    pub fn design(&self) -> Design {
        if self.structs.contains_key("swiss.Map") {
            Design::Swiss
        } else {
            Design::Classic
        }
    }

    /// Size of a structure.
    ///
    /// # Errors
    /// [`Error::Layout`] when the file has no such structure.
    pub fn size(&self, name: &str) -> Result<u64> {
        match self.structs.get(name) {
            Some(found) => Ok(found.size),
            None => Err(self.broken(format!("no structure {name}"))),
        }
    }

    /// A field under the first of its names that this release has.
    ///
    /// # Errors
    /// [`Error::Layout`] when it has none of them, or one that lies outside its structure.
    pub fn field(&self, name: &str, fields: &[&str]) -> Result<Field> {
        self.optional(name, fields)?.ok_or_else(|| {
            self.broken(format!(
                "no field {name}.{}",
                fields.first().unwrap_or(&"?")
            ))
        })
    }

    /// As [`field`](Self::field), for what only some releases have.
    ///
    /// # Errors
    /// [`Error::Layout`] for a field that lies outside its structure.
    pub fn optional(&self, name: &str, fields: &[&str]) -> Result<Option<Field>> {
        let Some(found) = self.structs.get(name) else {
            return Ok(None);
        };
        for field in fields {
            if let Some(&place) = found.fields.get(*field) {
                if place
                    .offset
                    .checked_add(place.bytes)
                    .is_none_or(|end| end > found.size)
                {
                    return Err(self.broken(format!("{name}.{field} lies outside {name}")));
                }
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// A constant under the first of its names that this release has.
    pub fn constant(&self, names: &[&str]) -> Option<u64> {
        names
            .iter()
            .find_map(|name| self.constants.get(*name).copied())
    }

    pub(crate) fn broken(&self, reason: String) -> Error {
        Error::Layout {
            version: self.go.clone(),
            reason,
        }
    }
}

/// `1.23` of `go1.23.9`, `go1.23rc1` or `go1.23.9 X:experiment`.
fn minor_release(version: &str) -> Option<String> {
    let rest = version.strip_prefix("go")?;
    let (major, rest) = rest.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    if major.is_empty() || minor.is_empty() || !major.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_releases() {
        assert_eq!(minor_release("go1.23.9").as_deref(), Some("1.23"));
        assert_eq!(minor_release("go1.27rc1 X:foo").as_deref(), Some("1.27"));
        assert_eq!(minor_release("devel +abc"), None);
    }

    #[test]
    fn every_built_in_layout_is_whole() {
        for text in BUILT_IN {
            let layout = Layout::parse(text).expect("a layout");
            for (name, fields) in [
                ("mspan", ["startAddr", "elemsize"]),
                ("Type", ["Size_", "Str"]),
            ] {
                for field in fields {
                    layout.field(name, &[field]).expect(field);
                }
            }
        }
        assert!(
            Layout::built_in("go1.99.1", "amd64")
                .expect("readable")
                .is_none()
        );
    }
}
