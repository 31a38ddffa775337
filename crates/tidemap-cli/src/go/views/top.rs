//! `tidemap go top`: the largest maps, again and again.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};
use tidemap_inspect::model::Snapshot;

use super::clock;
use super::source::{Source, TargetArgs};
use super::table::{self, Sort};

/// Show the largest maps, refreshed
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go top 4242
  tidemap go top 4242 --sort wasted --filter cache
  tidemap go top night.tmr                       arrow keys walk through a recording
  tidemap go top 4242 --once                     one table, for scripts

In the view: s next order, space hold, up/down scroll, left/right look (recordings), q leave.
Into a pipe one table is printed per look, without terminal control.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Time between looks
    #[arg(long, default_value = "1s", value_parser = super::parse_duration)]
    interval: Duration,
    /// Order of the rows
    #[arg(long, value_enum, default_value = "bytes")]
    sort: Sort,
    /// Only rows whose type or path contains this
    #[arg(long, default_value = "")]
    filter: String,
    /// Rows at most in printed tables
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print one table and stop
    #[arg(long)]
    once: bool,
    /// Stop after this many looks
    #[arg(long)]
    count: Option<u64>,
    /// Machine-readable output, one snapshot a line
    #[arg(long)]
    json: bool,
}

/// Runs `tidemap go top`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut source = Source::open(&args.target)?;
    if args.once || args.json || !std::io::stdout().is_terminal() {
        return printed(args, &mut source);
    }
    let mut view = View::new(args, source)?;
    let mut terminal = ratatui::try_init()?;
    let outcome = view.work(&mut terminal);
    ratatui::try_restore()?;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

fn printed(args: &Args, source: &mut Source) -> anyhow::Result<ExitCode> {
    let mut looks = 0;
    while let Some(mut snapshot) = source.look()? {
        if looks > 0 && !args.json {
            crate::go::print("\n")?;
        }
        if args.json {
            let rows = table::pick(&snapshot, args.sort, &args.filter);
            snapshot.maps = rows.into_iter().take(args.limit).cloned().collect();
            crate::go::print(&format!("{}\n", serde_json::to_string(&snapshot)?))?;
        } else {
            crate::go::print(&table_text(args, &snapshot))?;
        }
        looks += 1;
        if args.once || args.count.is_some_and(|count| looks >= count) {
            break;
        }
        if source.is_live() {
            std::thread::sleep(args.interval);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table_text(args: &Args, snapshot: &Snapshot) -> String {
    let rows = table::pick(snapshot, args.sort, &args.filter);
    let shown = &rows[..rows.len().min(args.limit)];
    let mut text = format!(
        "{}  {}\n",
        clock(snapshot.taken_unix_ms),
        table::headline(snapshot)
    );
    text.push_str(&table::text(shown));
    if shown.len() < rows.len() {
        text.push_str(&format!(
            "… {} more; --limit shows more\n",
            rows.len() - shown.len()
        ));
    }
    text
}

struct View {
    source: Source,
    interval: Duration,
    sort: Sort,
    filter: String,
    /// Looks of a recording, or the newest one of a process.
    snapshots: Vec<Snapshot>,
    at: usize,
    scroll: usize,
    held: bool,
    ended: bool,
    colours: bool,
}

/// Looks of a recording that the view holds at most.
const HELD_LOOKS_MAX: usize = 512;

impl View {
    fn new(args: &Args, mut source: Source) -> anyhow::Result<View> {
        let mut snapshots = Vec::new();
        let live = source.is_live();
        while let Some(snapshot) = source.look()? {
            if snapshots.len() == HELD_LOOKS_MAX {
                // Every second look stays: a long recording is shown at coarser steps.
                let mut keep = false;
                snapshots.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
            snapshots.push(snapshot);
            if live {
                break;
            }
        }
        if snapshots.is_empty() {
            anyhow::bail!("{}: there is nothing to show", args.target.target);
        }
        Ok(View {
            source,
            interval: args.interval,
            sort: args.sort,
            filter: args.filter.clone(),
            at: 0,
            snapshots,
            scroll: 0,
            held: false,
            ended: false,
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        })
    }

    fn work(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let mut next = Instant::now() + self.interval;
        loop {
            terminal.draw(|frame| self.draw(frame))?;
            if event::poll(next.saturating_duration_since(Instant::now()))? {
                let Event::Key(key) = event::read()? else {
                    continue;
                };
                if key.kind != KeyEventKind::Press {
                    continue;
                }
                match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        return Ok(());
                    }
                    KeyCode::Char('s') => self.sort = self.sort.next(),
                    KeyCode::Char(' ') => self.held = !self.held,
                    KeyCode::Down => self.scroll += 1,
                    KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
                    KeyCode::PageDown => self.scroll += 20,
                    KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(20),
                    KeyCode::Right => self.at = (self.at + 1).min(self.snapshots.len() - 1),
                    KeyCode::Left => self.at = self.at.saturating_sub(1),
                    _ => {}
                }
                continue;
            }
            next = Instant::now() + self.interval;
            if self.held || self.ended {
                continue;
            }
            if self.source.is_live() {
                match self.source.look()? {
                    Some(snapshot) => self.snapshots = vec![snapshot],
                    None => self.ended = true,
                }
            } else {
                self.at = (self.at + 1).min(self.snapshots.len() - 1);
            }
        }
    }

    fn draw(&mut self, frame: &mut Frame) {
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        let snapshot = &self.snapshots[self.at];
        let target = &snapshot.target;
        frame.render_widget(
            Paragraph::new(vec![
                Line::from(format!(
                    "{}  {}  {}",
                    clock(snapshot.taken_unix_ms),
                    target.binary,
                    target.go_version
                )),
                Line::from(table::headline(snapshot)),
            ]),
            head,
        );
        let rows = table::pick(snapshot, self.sort, &self.filter);
        self.scroll = self.scroll.min(rows.len().saturating_sub(1));
        let height = usize::from(body.height.saturating_sub(1));
        let shown: Vec<Row> = rows
            .iter()
            .skip(self.scroll)
            .take(height)
            .map(|row| {
                let style = match table::state(row) {
                    _ if !self.colours => Style::new(),
                    "racy" | "unreachable" => Style::new().fg(Color::Red),
                    _ if row.growth.is_some() => Style::new().fg(Color::Yellow),
                    _ => Style::new(),
                };
                Row::new(table::cells(row).map(Cell::from)).style(style)
            })
            .collect();
        let widths = [
            Constraint::Length(14),
            Constraint::Length(11),
            Constraint::Length(5),
            Constraint::Length(9),
            Constraint::Length(9),
            Constraint::Length(14),
            Constraint::Length(11),
            Constraint::Fill(1),
            Constraint::Fill(1),
        ];
        let titles = Row::new(table::TITLES.map(Cell::from))
            .style(Style::new().add_modifier(Modifier::REVERSED));
        frame.render_widget(Table::new(shown, widths).header(titles), body);
        let mut keys = format!(
            "by {} (s)  {} rows  up/down scroll  space {}  q leave",
            self.sort.name(),
            rows.len(),
            if self.held { "go on" } else { "hold" },
        );
        if self.snapshots.len() > 1 {
            keys += &format!(
                "  left/right look {} of {}",
                self.at + 1,
                self.snapshots.len()
            );
        }
        if self.ended {
            keys = format!("the process exited; this is the last look.  {keys}");
        }
        frame.render_widget(Paragraph::new(keys), foot);
    }
}
