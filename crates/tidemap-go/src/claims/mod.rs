//! Claims: what is said about Go maps, decided by running the model.
//!
//! Each [`Claim`] is a statement found in articles and talks, and a small
//! experiment on the model that decides it. Nothing is looked up: the verdict
//! is computed from what the run shows, and the evidence carries its numbers.
//! A *fact* of an experiment is a value that a real Go program can show too;
//! `tidemap go claims --go` compares them.
//!
//! - [`lab`]: the bench on which experiments run.
//! - `growth`, `release`, `overflow`, `layout`, `usage`: the claims by topic.

pub mod lab;

mod growth;
mod layout;
mod overflow;
mod release;
mod usage;

use std::fmt;

/// What a run says about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Part of it holds, or only under a condition the evidence names.
    Depends,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::True => "true",
            Verdict::False => "false",
            Verdict::Depends => "depends",
        })
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// What the run showed, with numbers.
    pub evidence: String,
    /// Values that real Go can be asked for: name, value in the model.
    pub facts: Vec<(&'static str, String)>,
}

impl Decision {
    /// Adds a fact.
    #[must_use]
    fn fact(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.facts.push((name, value.to_string()));
        self
    }
}

/// The statement as a whole holds or not.
fn holds(truth: bool, evidence: impl Into<String>) -> Decision {
    let verdict = if truth { Verdict::True } else { Verdict::False };
    Decision {
        verdict,
        evidence: evidence.into(),
        facts: Vec::new(),
    }
}

/// The statement has two parts; it depends if just one of them holds.
fn parts(first: bool, second: bool, evidence: impl Into<String>) -> Decision {
    let verdict = match (first, second) {
        (true, true) => Verdict::True,
        (false, false) => Verdict::False,
        _ => Verdict::Depends,
    };
    Decision {
        verdict,
        evidence: evidence.into(),
        facts: Vec::new(),
    }
}

/// A statement and the experiment that decides it.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// A short name: topic letter and number.
    pub id: &'static str,
    /// What is said.
    pub statement: &'static str,
    /// How it is decided.
    pub method: &'static str,
    decide: fn() -> Decision,
}

impl Claim {
    /// Runs the experiment.
    ///
    /// ```
    /// let claim = tidemap_go::claims::all().find(|c| c.id == "A9").unwrap();
    /// let decision = claim.decide();
    /// assert_eq!(decision.verdict.to_string(), "false");
    /// assert!(decision.evidence.contains("insert 9"));
    /// ```
    #[must_use]
    pub fn decide(&self) -> Decision {
        (self.decide)()
    }
}

/// Every claim, by topic.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    [
        growth::CLAIMS,
        release::CLAIMS,
        overflow::CLAIMS,
        layout::CLAIMS,
        usage::CLAIMS,
    ]
    .into_iter()
    .flatten()
}

/// One row of a table of claims.
const fn claim(
    id: &'static str,
    statement: &'static str,
    method: &'static str,
    decide: fn() -> Decision,
) -> Claim {
    Claim {
        id,
        statement,
        method,
        decide,
    }
}
