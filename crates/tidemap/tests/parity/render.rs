//! Turns the list into Rust: each line becomes a generic function that compiles only if the
//! method or impl is there, with a signature and bounds that std's callers can rely on.
//!
//! ```text
//! HashMap::insert   fn m<K, V, S>() where K: Eq + Hash, S: BuildHasher {
//!                       let _: for<'s> fn(&'s mut HashMap<K, V, S>, K, V) -> Option<V>
//!                           = <HashMap<K, V, S>>::insert;
//!                   }
//! Clone             fn i<K, V, S>(it: HashMap<K, V, S>) -> impl Clone
//!                   where K: Clone, V: Clone, S: Clone { it }
//! ```
//!
//! The allocator parameter is unstable in std and left out.

use std::fmt::Write;

use crate::list::Item;

/// What tidemap does not have yet. Empty means parity.
pub(crate) const MISSING: &[&str] = &[];

/// Whether there is code for the line. Types that are re-exported are the same types, and
/// that a trait is *not* implemented is no promise that a caller can use.
pub(crate) fn is_rendered(item: &Item) -> bool {
    let label = label(item);
    let name = label.split(": ").next().unwrap_or(&label);
    let same = item.owner.ends_with("::RandomState") || item.owner.ends_with("::DefaultHasher");
    let missing = MISSING.iter().any(|missing| name.ends_with(missing));
    !same && !missing && !item.header.contains('!')
}

/// The file that both sides include.
pub(crate) fn render(items: &[Item]) -> String {
    let mut out = String::from(
        "//! Made from std-1.95.txt by `UPDATE_GOLDEN=1 cargo test -p tidemap --test parity`.\n\
         #![allow(dead_code, unused_imports, clippy::all)]\n\n\
         use super::*;\n",
    );
    let mut module = String::new();
    for (number, item) in items.iter().enumerate() {
        if !is_rendered(item) {
            continue;
        }
        let (place, kind) = item.owner.split_once("::").expect("module::type");
        if module != item.owner {
            if !module.is_empty() {
                out.push_str("}\n");
            }
            module.clone_from(&item.owner);
            let name = format!("{place}_{kind}").to_lowercase();
            writeln!(
                out,
                "\nmod {name} {{\n    use super::{place}::*;\n    use super::*;\n    \
                 use super::RandomState;"
            )
            .unwrap();
        }
        let code = if item.signature.is_empty() {
            implementation(number, item)
        } else {
            method(number, item)
        };
        writeln!(out, "\n    // {}, {}\n{code}", item.since, label(item)).unwrap();
    }
    if !module.is_empty() {
        out.push_str("}\n");
    }
    out
}

/// What the line is about: `hash_map::HashMap::insert`, `Clone for HashMap<K, V, S>`.
pub(crate) fn label(item: &Item) -> String {
    let owner = &item.owner;
    if item.signature.is_empty() {
        let (_, rest) = generics(item.header.trim_start_matches("impl"));
        let subject = rest.split(" where ").next().unwrap_or(rest);
        return format!("{owner}: {}", subject.trim());
    }
    format!("{owner}::{}", signature(&item.signature).name)
}

fn implementation(number: usize, item: &Item) -> String {
    let (params, rest) = generics(item.header.trim_start_matches("impl"));
    let (subject, bounds) = split_where(rest);
    let (role, kind) = subject.split_once(" for ").expect("an impl has a type");
    let mut params = without_allocator(&params);
    let role = named(&without_allocator_argument(role.trim()), "'x");
    let kind = named(&without_allocator_argument(kind.trim()), "'x");
    if role.contains("'x") || kind.contains("'x") {
        params.insert(0, "'x".to_owned());
    }
    // `PartialEq` alone would speak of the opaque type.
    let role = if role == "PartialEq" {
        format!("PartialEq<{kind}>")
    } else {
        role
    };
    format!(
        "    fn i{number}<{}>(it: {kind}, {}) -> impl {role} {}{{\n        it\n    }}",
        params.join(", "),
        outlives(&params),
        where_clause(&bounds)
    )
}

struct Signature {
    is_unsafe: bool,
    name: String,
    params: Vec<String>,
    arguments: Vec<String>,
    answer: String,
    bounds: Vec<String>,
}

fn signature(text: &str) -> Signature {
    let text = text.trim_start_matches("pub ").trim_start_matches("const ");
    let (is_unsafe, text) = match text.strip_prefix("unsafe ") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let text = text.trim_start_matches("fn ");
    let end = text.find(['<', '(']).expect("a method has arguments");
    let name = text[..end].to_owned();
    let (params, rest) = generics(&text[end..]);
    let close = closing(rest, '(', ')');
    let arguments = split(&rest[1..close])
        .into_iter()
        .map(|argument| match argument.split_once(": ") {
            Some((_, kind)) => kind.to_owned(),
            None => argument,
        })
        .collect();
    let (answer, bounds) = split_where(&rest[close + 1..]);
    Signature {
        is_unsafe,
        name,
        params,
        arguments,
        answer: answer.trim().trim_start_matches("-> ").to_owned(),
        bounds,
    }
}

fn method(number: usize, item: &Item) -> String {
    let (block_params, rest) = generics(item.header.trim_start_matches("impl"));
    let (kind, mut bounds) = split_where(rest);
    let owner = named(&without_allocator_argument(kind.trim()), "'x");
    let Signature {
        is_unsafe,
        name,
        params: own,
        arguments,
        answer,
        bounds: more,
    } = signature(&item.signature);
    bounds.extend(more);
    let mut params = without_allocator(&block_params);
    if owner.contains("'x") {
        params.insert(0, "'x".to_owned());
    }
    let (lifetimes, own): (Vec<_>, Vec<_>) = own.into_iter().partition(|p| p.starts_with('\''));
    let turbofish: Vec<&str> = own
        .iter()
        .map(|p| p.trim_start_matches("const ").split(':').next().unwrap())
        .collect();
    let turbofish = if turbofish.is_empty() {
        String::new()
    } else {
        format!("::<{}>", turbofish.join(", "))
    };
    let receiver = arguments
        .iter()
        .any(|argument| matches!(argument.as_str(), "&self" | "&mut self"));
    let mut binder = lifetimes;
    if receiver {
        binder.push("'s".to_owned());
    }
    let arguments: Vec<String> = arguments
        .into_iter()
        .map(|argument| {
            let argument = argument.replace("Self", &owner);
            match argument.as_str() {
                "self" => owner.clone(),
                "&self" => format!("&'s {owner}"),
                "&mut self" => format!("&'s mut {owner}"),
                "&'a self" => format!("&'a {owner}"),
                other => without_allocator_argument(other),
            }
        })
        .collect();
    let mut answer = without_allocator_argument(&answer);
    if answer == "Self" {
        answer.clone_from(&owner);
    }
    if receiver {
        answer = named(&answer, "'s");
    }
    let answer = if answer.is_empty() {
        answer
    } else {
        format!(" -> {answer}")
    };
    let lives = outlives(&params);
    params.extend(own);
    let binder = if binder.is_empty() {
        String::new()
    } else {
        format!("for<{}> ", binder.join(", "))
    };
    let safety = if is_unsafe { "unsafe " } else { "" };
    format!(
        "    fn m{number}<{}>({lives}) {}{{\n        let _: {binder}{safety}fn({}){answer} = \
         <{owner}>::{name}{turbofish};\n    }}",
        params.join(", "),
        where_clause(&bounds),
        arguments.join(", "),
    )
}

/// An argument that makes every type live as long as every lifetime.
fn outlives(params: &[String]) -> String {
    let (lifetimes, types): (Vec<_>, Vec<_>) = params.iter().partition(|p| p.starts_with('\''));
    let mut references = String::new();
    for lifetime in &lifetimes {
        for kind in types.iter().filter(|p| !p.starts_with("const ")) {
            let kind = kind.split(':').next().expect("a name");
            write!(references, "&{lifetime} {kind}, ").expect("strings take all");
        }
    }
    format!("_: ({references})")
}

/// `<K, V> rest` as parameters and rest.
fn generics(text: &str) -> (Vec<String>, &str) {
    let text = text.trim_start();
    if !text.starts_with('<') {
        return (Vec::new(), text);
    }
    let close = closing(text, '<', '>');
    (split(&text[1..close]), &text[close + 1..])
}

fn split_where(text: &str) -> (&str, Vec<String>) {
    match text.split_once("where ") {
        Some((text, bounds)) => (text, split(bounds)),
        None => (text, Vec::new()),
    }
}

fn where_clause(bounds: &[String]) -> String {
    let bounds: Vec<String> = bounds
        .iter()
        .filter(|bound| !bound.starts_with("A:"))
        .cloned()
        .collect();
    if bounds.is_empty() {
        String::new()
    } else {
        format!("where {} ", bounds.join(", "))
    }
}

fn without_allocator(params: &[String]) -> Vec<String> {
    let is_allocator = |p: &&String| p.as_str() == "A" || p.starts_with("A:");
    let kept = params.iter().filter(|p| !is_allocator(p));
    kept.cloned().collect()
}

fn without_allocator_argument(kind: &str) -> String {
    kind.replace(", A>", ">")
}

/// Gives elided lifetimes a name.
fn named(kind: &str, lifetime: &str) -> String {
    let mut out = String::new();
    let mut rest = kind.replace("'_", lifetime);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..=at]);
        rest = rest[at + 1..].to_owned();
        if !rest.starts_with('\'') {
            out.push_str(lifetime);
            out.push(' ');
        }
    }
    out + &rest
}

/// The index of the bracket that closes the one `text` begins with.
fn closing(text: &str, open: char, close: char) -> usize {
    let mut depth = 0;
    let mut before = ' ';
    for (index, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close && before != '-' {
            depth -= 1;
            if depth == 0 {
                return index;
            }
        }
        before = c;
    }
    panic!("`{text}` is not closed");
}

/// Splits at commas outside brackets.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if before != '-' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                before = c;
                continue;
            }
            _ => {}
        }
        before = c;
        parts.last_mut().expect("one part").push(c);
    }
    let parts = parts.iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}
