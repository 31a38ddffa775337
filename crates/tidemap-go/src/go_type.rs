//! Go types, as far as a map needs them: size, alignment, pointers, hashing.
//!
//! [`GoType::parse`] reads a Go type expression (`string`, `*Order`,
//! `[16]byte`, `struct{a int64; b string}`) or a plain size (`24`, `24p` with
//! pointers) and works out what the compiler would.
//!
//! R1. Sizes and alignments are those of a 64-bit machine.
//! R2. A key must be comparable: no slice, map or func inside.
//! R3. A named type other than the built-in ones cannot be known. Behind a
//!     pointer that does not matter; elsewhere give its fields or its size.
//! R4. Fast routines: elem at most 128 bytes, and a key of plain memory of 4
//!     or 8 bytes, or a string.
//!
//! Read next: `plan.rs`.

use crate::shape::{INLINE_MAX_BYTES, MapType, Part, Routine};

/// The largest type size this accepts; Go's own limit is of this order.
const BYTES_MAX: u64 = 1 << 40;
/// How deep types may be nested.
const DEPTH_MAX: u32 = 64;

/// Why a type expression was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeError {
    /// It is not a type expression.
    #[error(
        "`{text}` is not a Go type: {what}; write for example string, *Order, [16]byte, struct{{a int; b string}}, or a size such as 24 or 24p"
    )]
    Syntax {
        /// The expression.
        text: String,
        /// What is wrong.
        what: String,
    },
    /// A named type whose definition is unknown (R3).
    #[error(
        "the size of `{name}` is not known here; write its fields as struct{{...}}, or its size in bytes such as 40 (40p if it holds pointers)"
    )]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A key that Go does not accept (R2).
    #[error(
        "`{text}` cannot be a map key: {part} is not comparable; use a comparable key such as a string or an array"
    )]
    NotComparable {
        /// The key type.
        text: String,
        /// The part that is not.
        part: String,
    },
    /// Larger than a type can be.
    #[error("`{text}` is too large for a Go type; the limit here is 2^40 bytes")]
    TooLarge {
        /// The expression.
        text: String,
    },
}

/// What the compiler knows about a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoType {
    /// The expression it was made from.
    pub text: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// Contains pointers.
    pub pointers: bool,
    /// Every value equals itself: no float, complex or interface inside.
    pub reflexive: bool,
    /// Contains a float, complex, string or interface.
    pub need_update: bool,
    /// Contains an interface.
    pub hash_might_panic: bool,
    /// Compared and hashed as plain memory, without padding.
    pub plain_memory: bool,
    /// It is a string.
    pub is_string: bool,
    /// The part that cannot be compared, if any.
    pub incomparable: Option<String>,
}

impl GoType {
    /// Reads a type expression.
    ///
    /// ```
    /// use tidemap_go::go_type::GoType;
    /// assert_eq!(GoType::parse("string").unwrap().bytes, 16);
    /// assert_eq!(GoType::parse("struct{a int32; b int64}").unwrap().bytes, 16);
    /// assert!(GoType::parse("*Order").unwrap().pointers);
    /// assert!(GoType::parse("Order").is_err()); // size unknown
    /// ```
    ///
    /// # Errors
    /// [`TypeError`].
    pub fn parse(text: &str) -> Result<GoType, TypeError> {
        let mut parser = Parser {
            text,
            rest: text.trim(),
            depth: 0,
        };
        if let Some(sized) = parser.plain_size()? {
            return Ok(sized);
        }
        let parsed = parser.any_type()?;
        if !parser.rest.trim_start().is_empty() {
            return Err(parser.syntax(&format!("`{}` is left over", parser.rest.trim())));
        }
        Ok(GoType {
            text: text.trim().to_owned(),
            ..parsed
        })
    }

    fn part(&self) -> Part {
        Part {
            bytes: self.bytes,
            pointers: self.pointers,
        }
    }
}

/// The map type of a key and an elem type, with the routines the compiler
/// would choose (R4).
///
/// ```
/// use tidemap_go::go_type::{GoType, map_type};
/// use tidemap_go::shape::Routine;
/// let t = map_type(&GoType::parse("string").unwrap(), &GoType::parse("int").unwrap()).unwrap();
/// assert_eq!((t.bucket_bytes(), t.routine), (208, Routine::FastStr));
/// assert!(map_type(&GoType::parse("[]byte").unwrap(), &GoType::parse("int").unwrap()).is_err());
/// ```
///
/// # Errors
/// [`TypeError::NotComparable`].
pub fn map_type(key: &GoType, elem: &GoType) -> Result<MapType, TypeError> {
    if let Some(part) = &key.incomparable {
        return Err(TypeError::NotComparable {
            text: key.text.clone(),
            part: part.clone(),
        });
    }
    let routine = match key.bytes {
        _ if elem.bytes > INLINE_MAX_BYTES => Routine::Generic,
        _ if key.is_string => Routine::FastStr,
        4 if key.plain_memory => Routine::Fast32,
        8 if key.plain_memory => Routine::Fast64,
        _ => Routine::Generic,
    };
    Ok(MapType {
        key: key.part(),
        elem: elem.part(),
        reflexive: key.reflexive,
        need_key_update: key.need_update,
        hash_might_panic: key.hash_might_panic,
        routine,
    })
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: u32,
}

impl Parser<'_> {
    fn syntax(&self, what: &str) -> TypeError {
        TypeError::Syntax {
            text: self.text.trim().to_owned(),
            what: what.to_owned(),
        }
    }

    /// `24` or `24p`: a size instead of a type.
    fn plain_size(&self) -> Result<Option<GoType>, TypeError> {
        let digits = self.rest.strip_suffix('p').unwrap_or(self.rest);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let bytes = digits
            .parse()
            .ok()
            .filter(|&n| n <= BYTES_MAX)
            .ok_or(self.too_large())?;
        let pointers = digits.len() != self.rest.len();
        if pointers && bytes < 8 {
            return Err(self.syntax("a type with pointers has at least 8 bytes"));
        }
        Ok(Some(plain(
            self.rest,
            bytes,
            if pointers { 8 } else { 1 },
            pointers,
        )))
    }

    fn too_large(&self) -> TypeError {
        TypeError::TooLarge {
            text: self.text.trim().to_owned(),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let trimmed = self.rest.trim_start();
        match trimmed.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &str {
        let trimmed = self.rest.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = trimmed.find(|c| !is_part(c)).unwrap_or(trimmed.len());
        let (word, rest) = trimmed.split_at(end);
        self.rest = rest;
        word
    }

    fn any_type(&mut self) -> Result<GoType, TypeError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.syntax("nested too deeply"));
        }
        let parsed = self.nested_type();
        self.depth -= 1;
        parsed
    }

    fn nested_type(&mut self) -> Result<GoType, TypeError> {
        if self.take("(") {
            let inner = self.any_type()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.syntax("`)` is missing"))
            };
        }
        if self.take("*") {
            // What it points to does not matter, not even whether it is known.
            match self.any_type() {
                Ok(_) | Err(TypeError::UnknownName { .. }) => {}
                Err(error) => return Err(error),
            }
            return Ok(plain("pointer", 8, 8, true));
        }
        if self.take("[") {
            return self.array_or_slice();
        }
        match self.word().to_owned().as_str() {
            "" => Err(self.syntax("a type is missing")),
            "struct" => self.structure(),
            "map" => {
                if !self.take("[") {
                    return Err(self.syntax("`[` is missing after map"));
                }
                self.ignored_type()?;
                if !self.take("]") {
                    return Err(self.syntax("`]` is missing"));
                }
                self.ignored_type()?;
                Ok(incomparable(plain("map", 8, 8, true), "a map"))
            }
            "chan" => {
                self.take("<-");
                self.ignored_type()?;
                Ok(plain("chan", 8, 8, true))
            }
            "func" => {
                // The signature does not matter.
                if !self.parentheses()? {
                    return Err(self.syntax("`(` is missing after func"));
                }
                let has_result = |c: char| c.is_alphabetic() || c == '*' || c == '[';
                if !self.parentheses()? && self.rest.trim_start().starts_with(has_result) {
                    self.ignored_type()?;
                }
                Ok(incomparable(plain("func", 8, 8, true), "a func"))
            }
            "interface" => {
                if !(self.take("{") && self.take("}")) {
                    return Err(self.syntax("write interface{} or any"));
                }
                Ok(interface())
            }
            name => named(name),
        }
    }

    /// Skips a parenthesised list, if one comes next.
    fn parentheses(&mut self) -> Result<bool, TypeError> {
        if !self.take("(") {
            return Ok(false);
        }
        let mut open = 1;
        let end = self.rest.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        let end = end.ok_or_else(|| self.syntax("`)` is missing"))?;
        self.rest = &self.rest[end + 1..];
        Ok(true)
    }

    fn ignored_type(&mut self) -> Result<(), TypeError> {
        match self.any_type() {
            Ok(_) | Err(TypeError::UnknownName { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn array_or_slice(&mut self) -> Result<GoType, TypeError> {
        if self.take("]") {
            self.ignored_type()?;
            return Ok(incomparable(plain("slice", 24, 8, true), "a slice"));
        }
        let length = self.word().to_owned();
        let length: u64 = length
            .parse()
            .map_err(|_| self.syntax("an array length is missing"))?;
        if !self.take("]") {
            return Err(self.syntax("`]` is missing"));
        }
        let elem = self.any_type()?;
        let bytes = elem.bytes.checked_mul(length).filter(|&n| n <= BYTES_MAX);
        let bytes = bytes.ok_or(self.too_large())?;
        Ok(GoType {
            bytes,
            pointers: elem.pointers && length > 0,
            is_string: false,
            ..elem
        })
    }

    fn structure(&mut self) -> Result<GoType, TypeError> {
        if !self.take("{") {
            return Err(self.syntax("`{` is missing after struct"));
        }
        let mut whole = plain("struct", 0, 1, false);
        let mut last_is_empty = false;
        while !self.take("}") {
            // Names, then a type: `a, b int`. An embedded field has no name.
            let mut names = 1;
            let before = self.rest;
            let first = self.word().to_owned();
            if first.is_empty() {
                self.rest = before;
            }
            while self.take(",") {
                self.word();
                names += 1;
            }
            let next = self.rest.trim_start();
            if next.starts_with(';') || next.starts_with('}') {
                self.rest = before; // embedded
            }
            let field = self.any_type()?;
            for _ in 0..names {
                whole.add_field(&field);
            }
            last_is_empty = field.bytes == 0;
            if whole.bytes > BYTES_MAX {
                return Err(self.too_large());
            }
            if !self.take(";") && !self.rest.trim_start().starts_with('}') {
                return Err(self.syntax("`;` or `}` is missing in the struct"));
            }
        }
        // A pointer to a last field without size must not leave the object.
        if last_is_empty && whole.bytes > 0 {
            whole.bytes += 1;
        }
        let bytes = whole.bytes.next_multiple_of(whole.align);
        whole.plain_memory &= bytes == whole.bytes;
        whole.bytes = bytes;
        Ok(whole)
    }
}

impl GoType {
    fn add_field(&mut self, field: &GoType) {
        let at = self.bytes.next_multiple_of(field.align);
        self.plain_memory &= field.plain_memory && at == self.bytes;
        self.bytes = at + field.bytes;
        self.align = self.align.max(field.align);
        self.pointers |= field.pointers;
        self.reflexive &= field.reflexive;
        self.need_update |= field.need_update;
        self.hash_might_panic |= field.hash_might_panic;
        if self.incomparable.is_none() {
            self.incomparable.clone_from(&field.incomparable);
        }
    }
}

fn plain(text: &str, bytes: u64, align: u64, pointers: bool) -> GoType {
    GoType {
        text: text.to_owned(),
        bytes,
        align,
        pointers,
        reflexive: true,
        need_update: false,
        hash_might_panic: false,
        plain_memory: true,
        is_string: false,
        incomparable: None,
    }
}

fn incomparable(t: GoType, part: &str) -> GoType {
    GoType {
        incomparable: Some(part.to_owned()),
        plain_memory: false,
        ..t
    }
}

fn interface() -> GoType {
    GoType {
        reflexive: false,
        need_update: true,
        hash_might_panic: true,
        plain_memory: false,
        ..plain("any", 16, 8, true)
    }
}

fn float(bytes: u64, align: u64) -> GoType {
    GoType {
        reflexive: false,
        need_update: true,
        plain_memory: false,
        ..plain("", bytes, align, false)
    }
}

fn named(name: &str) -> Result<GoType, TypeError> {
    let string = GoType {
        need_update: true,
        plain_memory: false,
        is_string: true,
        ..plain("string", 16, 8, true)
    };
    Ok(match name {
        "bool" | "int8" | "uint8" | "byte" => plain(name, 1, 1, false),
        "int16" | "uint16" => plain(name, 2, 2, false),
        "int32" | "uint32" | "rune" => plain(name, 4, 4, false),
        "int" | "uint" | "int64" | "uint64" | "uintptr" | "time.Duration" => {
            plain(name, 8, 8, false)
        }
        "float32" => float(4, 4),
        "float64" => float(8, 8),
        "complex64" => float(8, 4),
        "complex128" => float(16, 8),
        "string" => string,
        "any" | "error" => interface(),
        "unsafe.Pointer" => plain(name, 8, 8, true),
        "time.Time" => plain(name, 24, 8, true),
        "netip.Addr" => plain(name, 24, 8, true),
        _ => {
            return Err(TypeError::UnknownName {
                name: name.to_owned(),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_alignments_and_pointers() {
        for (text, bytes, pointers) in [
            ("int", 8, false),
            ("[3]int16", 6, false),
            ("[5]uint8", 5, false),
            ("[]byte", 24, true),
            ("map[string]int", 8, true),
            ("func(a, b int) (c error)", 8, true),
            ("struct{f func(int) *T; n int}", 16, true),
            ("chan<- Order", 8, true),
            ("**pkg.Order", 8, true),
            ("struct{}", 0, false),
            ("struct{a int32; b int64}", 16, false),
            ("struct{ a, b int8; c int32 }", 8, false),
            ("struct{a int64; b struct{}}", 16, false),
            ("struct{time.Time; n int}", 32, true),
            ("[4]struct{a string; b bool}", 96, true),
            ("[0]string", 0, false),
            ("complex64", 8, false),
            ("24", 24, false),
            ("24p", 24, true),
            ("interface{}", 16, true),
        ] {
            let t = GoType::parse(text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((t.bytes, t.pointers), (bytes, pointers), "{text}");
        }
    }

    #[test]
    fn routines() {
        for (key, elem, routine) in [
            ("int", "int", Routine::Fast64),
            ("*T", "int", Routine::Fast64),
            ("int32", "bool", Routine::Fast32),
            ("[4]byte", "bool", Routine::Fast32),
            ("struct{a int32; b int32}", "bool", Routine::Fast64),
            ("struct{a int8; b int16}", "bool", Routine::Generic), // padding inside
            ("string", "[128]byte", Routine::FastStr),
            ("string", "[129]byte", Routine::Generic),
            ("float64", "int", Routine::Generic),
            ("any", "int", Routine::Generic),
            ("int16", "int", Routine::Generic),
        ] {
            let t = map_type(&GoType::parse(key).unwrap(), &GoType::parse(elem).unwrap()).unwrap();
            assert_eq!(t.routine, routine, "map[{key}]{elem}");
        }
    }

    #[test]
    fn descriptor_flags_match_real_ones() {
        for (key, elem, flags) in [
            ("int", "int", 0b00100),
            ("string", "int", 0b01100),
            ("float64", "int", 0b01000),
            ("any", "int", 0b11000),
            ("[129]byte", "int", 0b00101),
        ] {
            let t = map_type(&GoType::parse(key).unwrap(), &GoType::parse(elem).unwrap()).unwrap();
            assert_eq!(t.descriptor_flags(), flags, "map[{key}]{elem}");
        }
    }

    #[test]
    fn impossible_types_are_refused() {
        for (text, part) in [
            ("", "a type is missing"),
            ("[", "array length"),
            ("[x]int", "array length"),
            ("[3", "`]` is missing"),
            ("struct{a int", "`;` or `}`"),
            ("int int", "left over"),
            ("Order", "size of `Order` is not known"),
            ("[1099511627776]int", "too large"),
            ("[99999999999999999999]int", "array length"),
            ("999999999999999999999", "too large"),
            ("4p", "at least 8 bytes"),
            ("func(", "`)` is missing"),
        ] {
            let error = GoType::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let nested = "*".repeat(1000) + "int";
        assert!(
            GoType::parse(&nested)
                .unwrap_err()
                .to_string()
                .contains("too deeply")
        );
        let int = GoType::parse("int").unwrap();
        for key in [
            "[]byte",
            "map[int]int",
            "func()",
            "struct{a int; b []int}",
            "[2]func()",
        ] {
            let error = map_type(&GoType::parse(key).unwrap(), &int)
                .unwrap_err()
                .to_string();
            assert!(error.contains("not comparable"), "{error}");
        }
    }
}
