//! `tidemap go claims`: what is said about Go maps, decided by running the
//! model, and on request by running real Go too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use serde::Serialize;
use tidemap_go::claims::{self, Verdict};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.claims/1";
/// The program that shows the same facts with real Go.
const FACTS_PROGRAM: &str = include_str!("../../../../oracle/claims/main.go");
/// Its module file.
const FACTS_MODULE: &str = include_str!("../../../../oracle/claims/go.mod");

/// Tell truth from myth about Go maps: each statement is decided by a run
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go claims
  tidemap go claims A13 D16 C35
  tidemap go claims --verdict false
  tidemap go claims --go $(which go)          compare with a real Go 1.23
  tidemap go claims --html claims.html

Exit code 0: all decided. 1: real Go shows something else than the model. 2: failure.")]
pub(crate) struct Args {
    /// Only these claims, by id
    ids: Vec<String>,
    /// Only claims with this verdict
    #[arg(long, value_parser = ["true", "false", "depends"])]
    verdict: Option<String>,
    /// The go command of a Go 1.23 toolchain: run real Go too and compare
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    /// Write a self-contained page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    /// Version line of the real Go, if one was asked.
    go: Option<String>,
    decided: usize,
    true_count: usize,
    false_count: usize,
    depends_count: usize,
    facts_compared: usize,
    disagreements: usize,
    claims: Vec<ClaimReport>,
}

#[derive(Serialize)]
struct ClaimReport {
    id: &'static str,
    statement: &'static str,
    verdict: String,
    evidence: String,
    method: &'static str,
    facts: Vec<FactReport>,
}

#[derive(Serialize)]
struct FactReport {
    name: &'static str,
    model: String,
    go: Option<String>,
    agrees: Option<bool>,
}

/// Runs `tidemap go claims`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for id in &args.ids {
        if !claims::all().any(|c| c.id.eq_ignore_ascii_case(id)) {
            bail!("there is no claim `{id}`; `tidemap go claims` lists all ids");
        }
    }
    let real = args.go.as_deref().map(real_facts).transpose()?;
    let mut report = Report {
        schema: SCHEMA,
        go: real.as_ref().map(|real| real.version.clone()),
        decided: 0,
        true_count: 0,
        false_count: 0,
        depends_count: 0,
        facts_compared: 0,
        disagreements: 0,
        claims: Vec::new(),
    };
    for claim in claims::all() {
        if !args.ids.is_empty() && !args.ids.iter().any(|id| claim.id.eq_ignore_ascii_case(id)) {
            continue;
        }
        let decision = claim.decide();
        let verdict = decision.verdict.to_string();
        if args
            .verdict
            .as_ref()
            .is_some_and(|wanted| *wanted != verdict)
        {
            continue;
        }
        report.decided += 1;
        match decision.verdict {
            Verdict::True => report.true_count += 1,
            Verdict::False => report.false_count += 1,
            Verdict::Depends => report.depends_count += 1,
        }
        let mut facts = Vec::new();
        for (name, model) in decision.facts {
            let go = match &real {
                Some(real) => Some(real.facts.get(name).cloned().with_context(|| {
                    format!("the Go program printed no fact `{name}`; its output is not from this version of the command")
                })?),
                None => None,
            };
            let agrees = go.as_ref().map(|go| *go == model);
            report.facts_compared += usize::from(agrees.is_some());
            report.disagreements += usize::from(agrees == Some(false));
            facts.push(FactReport {
                name,
                model,
                go,
                agrees,
            });
        }
        report.claims.push(ClaimReport {
            id: claim.id,
            statement: claim.statement,
            verdict,
            evidence: decision.evidence,
            method: claim.method,
            facts,
        });
    }
    if let Some(path) = &args.html {
        write_page(path, &html(&report)?)?;
        eprintln!("wrote {}", path.display());
    }
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else if args.html.is_some() {
        summary(&report)?
    } else {
        human(&report)? + &summary(&report)?
    };
    super::print(&text)?;
    Ok(if report.disagreements == 0 {
        ExitCode::SUCCESS
    } else {
        super::EXIT_DIFFERENCE.into()
    })
}

/// What a real Go program showed.
struct Real {
    version: String,
    facts: BTreeMap<String, String>,
}

/// Builds and runs the facts program with this `go` command.
fn real_facts(go: &Path) -> anyhow::Result<Real> {
    let go = if go.components().count() > 1 {
        std::path::absolute(go).with_context(|| format!("--go {}", go.display()))?
    } else {
        go.to_owned()
    };
    let shown = go.display();
    let run = |command: &mut Command| -> anyhow::Result<String> {
        let output = command
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=mod")
            .output()
            .with_context(|| format!("--go {shown}: cannot be run"))?;
        if !output.status.success() {
            bail!(
                "--go {shown}: {}; give the go command of a Go 1.23 toolchain",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let version = run(Command::new(&go).arg("version"))?.trim().to_owned();
    let directory = tempfile::tempdir().context("a directory for the Go program")?;
    std::fs::write(directory.path().join("main.go"), FACTS_PROGRAM)?;
    std::fs::write(directory.path().join("go.mod"), FACTS_MODULE)?;
    let text = run(Command::new(&go)
        .args(["run", "."])
        .current_dir(directory.path()))?;
    let facts = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Real { version, facts })
}

fn human(report: &Report) -> anyhow::Result<String> {
    let mut out = String::new();
    for c in &report.claims {
        writeln!(out, "{:<4} {:<7}  {}", c.id, c.verdict, c.statement)?;
        writeln!(out, "{:14}{}", "", c.evidence)?;
        for f in &c.facts {
            match (&f.go, f.agrees) {
                (Some(go), Some(false)) => {
                    writeln!(
                        out,
                        "{:14}DISAGREE {}: model {}, Go {go}",
                        "", f.name, f.model
                    )?;
                }
                (Some(go), _) => writeln!(out, "{:14}Go agrees: {} = {go}", "", f.name)?,
                _ => {}
            }
        }
    }
    Ok(out)
}

fn summary(r: &Report) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "\n{} statements decided by running the model: {} true, {} false, {} depend",
        r.decided, r.true_count, r.false_count, r.depends_count
    )?;
    if let Some(go) = &r.go {
        writeln!(
            out,
            "{} facts compared with {go}: {} disagree",
            r.facts_compared, r.disagreements
        )?;
    }
    Ok(out)
}

/// Writes beside the file, then renames.
fn write_page(path: &Path, text: &str) -> anyhow::Result<()> {
    let directory = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)
        .with_context(|| format!("{}: cannot be written", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)
        .with_context(|| format!("{}: cannot be written", path.display()))?;
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn html(r: &Report) -> anyhow::Result<String> {
    let mut out = String::new();
    out.push_str(PAGE_HEAD);
    writeln!(out, "<h1>What is said about Go maps</h1>")?;
    writeln!(
        out,
        "<p>{} statements, each decided by an experiment on an exact model of Go 1.23's map runtime.",
        r.decided
    )?;
    if let Some(go) = &r.go {
        writeln!(
            out,
            "{} facts were compared with <code>{}</code>: {} disagree.",
            r.facts_compared,
            escape(go),
            r.disagreements
        )?;
    }
    writeln!(out, "</p><p class=\"filter\">")?;
    for (word, n) in [
        ("all", r.decided),
        ("true", r.true_count),
        ("false", r.false_count),
        ("depends", r.depends_count),
    ] {
        let checked = if word == "all" { " checked" } else { "" };
        writeln!(
            out,
            "<label><input type=\"radio\" name=\"v\" value=\"{word}\"{checked}> {word} <b>{n}</b></label>"
        )?;
    }
    writeln!(
        out,
        "<input id=\"find\" type=\"search\" placeholder=\"search\" aria-label=\"search\"></p>"
    )?;
    writeln!(
        out,
        "<table><thead><tr><th>id</th><th>verdict</th><th>statement and evidence</th></tr></thead><tbody>"
    )?;
    for c in &r.claims {
        writeln!(
            out,
            "<tr class=\"{0}\"><td>{1}</td><td><span class=\"v\">{0}</span></td>",
            c.verdict, c.id
        )?;
        writeln!(
            out,
            "<td><q>{}</q><p>{}</p><p class=\"m\">How: {}</p>",
            escape(c.statement),
            escape(&c.evidence),
            escape(c.method)
        )?;
        for f in &c.facts {
            if let (Some(go), Some(agrees)) = (&f.go, f.agrees) {
                let word = if agrees { "Go agrees" } else { "GO DISAGREES" };
                writeln!(
                    out,
                    "<p class=\"m\">{word}: {} = {}{}</p>",
                    f.name,
                    escape(go),
                    if agrees {
                        String::new()
                    } else {
                        format!(", model {}", escape(&f.model))
                    }
                )?;
            }
        }
        writeln!(out, "</td></tr>")?;
    }
    out.push_str(PAGE_TAIL);
    Ok(out)
}

const PAGE_HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What is said about Go maps</title>
<style>
:root { color-scheme: light dark; --t: #1a7f37; --f: #b3261e; --d: #9a6700; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; } td, th { padding: .5rem .6rem; vertical-align: top; border-bottom: 1px solid #8884; }
td p { margin: .25rem 0; } q { font-weight: 600; quotes: none; } .m { opacity: .75; font-size: .85rem; }
.v { font-weight: 700; white-space: nowrap; } .true .v { color: var(--t); } .false .v { color: var(--f); } .depends .v { color: var(--d); }
.true .v::before { content: "✓ "; } .false .v::before { content: "✗ "; } .depends .v::before { content: "~ "; }
.filter label { margin-right: 1rem; } #find { float: right; }
@media (prefers-color-scheme: dark) { :root { --t: #4cc26b; --f: #ff8a80; --d: #e3b341; } }
</style></head><body>
"#;

const PAGE_TAIL: &str = r#"</tbody></table>
<script>
const rows = [...document.querySelectorAll("tbody tr")], find = document.getElementById("find");
function show() {
  const want = document.querySelector("input[name=v]:checked").value, text = find.value.toLowerCase();
  for (const r of rows)
    r.hidden = (want !== "all" && !r.classList.contains(want)) || !r.textContent.toLowerCase().includes(text);
}
document.querySelectorAll("input").forEach(i => i.addEventListener("input", show));
</script></body></html>
"#;
