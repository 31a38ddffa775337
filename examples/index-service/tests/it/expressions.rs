//! What the dashboard and the rules ask Prometheus, taken from the files themselves.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::root;

/// An expression, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// A metric in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) name: String,
    /// Labels that are chosen by, with what they are compared with.
    pub(crate) labels: Vec<(String, String)>,
}

pub(crate) fn dashboard() -> Value {
    let path = root().join("observability/tidemap-dashboard.json");
    let text = fs::read_to_string(path).expect("the dashboard");
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn rules() -> String {
    let path = root().join("observability/tidemap-alerts.yml");
    fs::read_to_string(path).expect("the rules")
}

/// Queries of panels and annotations.
pub(crate) fn of_dashboard() -> Vec<Expression> {
    fn walk(value: &Value, title: &str, found: &mut Vec<Expression>) {
        match value {
            Value::Object(fields) => {
                let title = fields.get("title").and_then(Value::as_str).unwrap_or(title);
                if let Some(Value::String(text)) = fields.get("expr") {
                    let (place, text) = (title.to_owned(), text.clone());
                    found.push(Expression { place, text });
                }
                fields.values().for_each(|value| walk(value, title, found));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, title, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&dashboard(), "", &mut found);
    found
}

/// Expressions of rules: behind `expr:`, or in the deeper lines below `expr: >`.
pub(crate) fn of_rules() -> Vec<Expression> {
    let rules = rules();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut found, mut alert) = (Vec::new(), "");
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.trim_start().strip_prefix("- alert: ") {
            alert = name;
        }
        let Some(rest) = line.trim_start().strip_prefix("expr:") else {
            continue;
        };
        let mut text = rest.trim().trim_start_matches('>').to_owned();
        while let Some(more) = lines.next_if(|more| indent(more) > indent(line)) {
            text.push(' ');
            text.push_str(more.trim());
        }
        let place = alert.to_owned();
        found.push(Expression { place, text });
    }
    found
}

impl Expression {
    /// Metrics of maps that it names.
    pub(crate) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find("tidemap_") {
            let word = &rest[at..];
            let end = word
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(word.len());
            let mut labels = Vec::new();
            if let Some(inner) = word[end..].strip_prefix('{') {
                let inner = inner.split('}').next().unwrap_or_default();
                for pair in inner.split(',') {
                    let (name, value) = pair.split_once('=').expect("a label and a value");
                    let value = value.trim_matches(['~', '"', ' ']);
                    labels.push((name.trim().to_owned(), value.to_owned()));
                }
            }
            uses.push(Use {
                name: word[..end].to_owned(),
                labels,
            });
            rest = &word[end..];
        }
        uses
    }

    /// Labels that it sums over or joins by.
    pub(crate) fn groups(&self) -> BTreeSet<String> {
        let words = ["by", "without", "on", "ignoring"];
        let mut groups = BTreeSet::new();
        for (at, _) in self.text.match_indices('(') {
            let before = self.text[..at].trim_end();
            let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next();
            if word.is_some_and(|word| words.contains(&word)) {
                let list = self.text[at + 1..].split(')').next().unwrap_or_default();
                groups.extend(list.split(',').map(|label| label.trim().to_owned()));
            }
        }
        groups
    }
}

#[test]
fn expressions_are_taken_apart() {
    let expression = Expression {
        place: String::new(),
        text: r#"sum by (map, le) (rate(tidemap_a_bucket{job=~"$job", kind="x"}[5m])) and tidemap_b == 0"#.to_owned(),
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        Use {
            name: "tidemap_a_bucket".to_owned(),
            labels: vec![pair("job", "$job"), pair("kind", "x")],
        },
        Use {
            name: "tidemap_b".to_owned(),
            labels: Vec::new(),
        },
    ];
    assert_eq!(expression.uses(), expected);
    let groups: Vec<String> = expression.groups().into_iter().collect();
    assert_eq!(groups, ["le", "map"]);
}
