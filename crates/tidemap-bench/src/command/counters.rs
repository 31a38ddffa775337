//! `tidemap-bench counters`: work that tidemap counts itself, against a record.

use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_bench::counters::{self, Counts};
use tidemap_bench::record::write_whole;

use super::{check_folder, print};

/// Arguments of `counters`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Counters {
    /// Compare with this record; more work than it allows is exit code 1.
    #[arg(long, value_name = "FILE")]
    pub(crate) check: Option<PathBuf>,
    /// Keep the counters as a record.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) write: Option<PathBuf>,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
}

impl Counters {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        // Before the work, so that a wrong path shows at once.
        let record = self.check.as_deref().map(Counts::read).transpose()?;
        self.write.as_deref().map_or(Ok(()), check_folder)?;
        let counts = counters::count();
        print(&if self.json {
            serde_json::to_string_pretty(&counts)? + "\n"
        } else {
            counters::table(&counts)
        })?;
        if let Some(path) = &self.write {
            write_whole(path, &counts.to_toml())?;
        }
        let findings = record
            .map(|record| counters::check(&counts, &record))
            .unwrap_or_default();
        for remark in &findings.remarks {
            eprintln!("less than before (worth a new record): {remark}");
        }
        for complaint in &findings.complaints {
            eprintln!("more than before: {complaint}");
        }
        Ok(ExitCode::from(u8::from(!findings.complaints.is_empty())))
    }
}
