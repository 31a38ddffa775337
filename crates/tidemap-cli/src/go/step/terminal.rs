//! The interactive view.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event as Input, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as TextLine, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};
use ratatui::{DefaultTerminal, Frame};
use tidemap_go::event::Event;

use super::machine::Machine;
use super::picture::{self, Line, Tone};

/// How long a run waits between operations for a key.
const RUN_PAUSE: Duration = Duration::from_millis(15);
/// Lines of the event list.
const EVENT_LINES: u16 = 9;

/// A transition a run can stop at: its key, its name, how it is recognised.
type Break = (char, &'static str, fn(&Event) -> bool);

/// Transitions a run can stop at.
const BREAKS: [Break; 5] = [
    ('1', "cell", |e| matches!(e, Event::Cell { .. })),
    ('2', "overflow", |e| {
        matches!(e, Event::OverflowLinked { .. })
    }),
    ('3', "evacuated", |e| matches!(e, Event::Evacuated { .. })),
    ('4', "dropped", |e| matches!(e, Event::OldBucketsDropped)),
    ('5', "reclaimable", |e| {
        matches!(e, Event::Unreachable { .. } | Event::Reusable { .. })
    }),
];

struct App {
    machine: Machine,
    breaks: [bool; BREAKS.len()],
    running: bool,
    first_chain: usize,
    typing: Option<String>,
    message: String,
    colours: bool,
}

/// Opens the view and stays until it is left.
pub(crate) fn run(machine: Machine) -> anyhow::Result<()> {
    let mut app = App {
        machine,
        breaks: [false; BREAKS.len()],
        running: false,
        first_chain: 0,
        typing: None,
        message: String::new(),
        colours: std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    let mut terminal = ratatui::try_init()?;
    let outcome = app.work(&mut terminal);
    ratatui::try_restore()?;
    outcome
}

impl App {
    fn work(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        loop {
            terminal.draw(|frame| self.draw(frame))?;
            if self.running {
                if event::poll(RUN_PAUSE)? {
                    self.running = false;
                    self.message = "stopped".into();
                } else {
                    self.run_on();
                    continue;
                }
            }
            let Input::Key(key) = event::read()? else {
                continue;
            };
            if key.kind != KeyEventKind::Press {
                continue;
            }
            if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
                return Ok(());
            }
            if self.typing.is_some() {
                self.type_key(key.code);
            } else if !self.key(key.code) {
                return Ok(());
            }
        }
    }

    /// Handles a key; false to leave.
    fn key(&mut self, code: KeyCode) -> bool {
        self.message.clear();
        match code {
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Char('n' | ' ') | KeyCode::Right => {
                self.advance();
            }
            KeyCode::Char('b') | KeyCode::Left => match self.machine.back() {
                Ok(true) => {}
                Ok(false) => self.message = "this is the start".into(),
                Err(error) => self.message = format!("{error:#}"),
            },
            KeyCode::Char('g') => self.advance_to_growth(),
            KeyCode::Char('r') => self.running = true,
            KeyCode::Char(':' | 't') => self.typing = Some(String::new()),
            KeyCode::Down => self.first_chain = self.first_chain.saturating_add(1),
            KeyCode::Up => self.first_chain = self.first_chain.saturating_sub(1),
            KeyCode::PageDown => self.first_chain = self.first_chain.saturating_add(16),
            KeyCode::PageUp => self.first_chain = self.first_chain.saturating_sub(16),
            KeyCode::Char(digit) => {
                if let Some(i) = BREAKS.iter().position(|b| b.0 == digit) {
                    self.breaks[i] = !self.breaks[i];
                }
            }
            _ => {}
        }
        true
    }

    fn type_key(&mut self, code: KeyCode) {
        let Some(text) = &mut self.typing else { return };
        match code {
            KeyCode::Esc => self.typing = None,
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(c) => text.push(c),
            KeyCode::Enter => {
                let line = self.typing.take().unwrap_or_default();
                match self.machine.type_operations(&line) {
                    Ok(()) => {
                        self.advance();
                    }
                    Err(error) => self.message = format!("{error:#}"),
                }
            }
            _ => {}
        }
    }

    /// Does one operation; false at the end or on an error.
    fn advance(&mut self) -> bool {
        match self.machine.next() {
            Ok(true) => true,
            Ok(false) => {
                self.message = "this is the end; press : to type an operation".into();
                false
            }
            Err(error) => {
                self.message = format!("{error:#}");
                false
            }
        }
    }

    fn run_on(&mut self) {
        if !self.advance() {
            self.running = false;
            return;
        }
        let hit = BREAKS
            .iter()
            .zip(self.breaks)
            .find(|((_, _, matches), on)| *on && self.machine.events().iter().any(matches));
        if let Some(((_, name, _), _)) = hit {
            self.running = false;
            self.message = format!("stopped: {name}");
        }
    }

    fn advance_to_growth(&mut self) {
        while self.advance() {
            let grew = |e: &Event| matches!(e, Event::GrowthStarted { .. });
            if self.machine.events().iter().any(grew) {
                self.message = "a growth started".into();
                return;
            }
        }
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let rows = frame.area().height as usize;
        let view = self.machine.view(self.first_chain, rows);
        self.first_chain = self.first_chain.min(view.chains.saturating_sub(1));
        let header = picture::header_lines(&view);
        let [top, arrays, events, keys] = Layout::vertical([
            Constraint::Length(header.len() as u16 + 2),
            Constraint::Min(4),
            Constraint::Length(EVENT_LINES),
            Constraint::Length(3),
        ])
        .areas(frame.area());
        let place = format!(
            " {}   operation {} of {} ",
            self.machine.title(),
            self.machine.position(),
            self.machine.operations()
        );
        frame.render_widget(
            self.paragraph(header).block(Block::bordered().title(place)),
            top,
        );
        let body = self.paragraph(picture::array_lines(&view));
        let legend = " # live  . emptyRest  o emptyOne  x/y moved to lower/upper half  - was empty  > nevacuate ";
        frame.render_widget(body.block(Block::bordered().title(legend)), arrays);
        let notes = self.machine.notes();
        let shown = usize::from(EVENT_LINES - 2);
        let hidden = notes.len().saturating_sub(shown);
        let mut lines: Vec<TextLine<'_>> = Vec::new();
        if hidden > 0 {
            lines.push(format!("... {} before", hidden + 1).into());
        }
        let skip = if hidden > 0 { hidden + 1 } else { 0 };
        lines.extend(
            notes
                .iter()
                .skip(skip)
                .map(|note| TextLine::from(note.as_str())),
        );
        let next = self
            .machine
            .next_operation()
            .unwrap_or_else(|| "nothing".into());
        let title = format!(" did: {}   next: {next} ", self.machine.last_operation());
        frame.render_widget(
            Paragraph::new(lines).block(Block::bordered().title(title)),
            events,
        );
        frame.render_widget(
            Paragraph::new(self.footer()).wrap(Wrap { trim: true }),
            keys,
        );
    }

    fn footer(&self) -> Vec<TextLine<'_>> {
        if let Some(text) = &self.typing {
            return vec![
                format!("operation: {text}_").into(),
                "put 7 | put 1..50 | get 7 | delete 7 | clear | range | gc   (Enter does it, Esc leaves)".into(),
            ];
        }
        let breaks: Vec<String> = BREAKS
            .iter()
            .zip(self.breaks)
            .map(|((key, name, _), on)| format!("{key} {}{name}", if on { "[x] " } else { "[ ] " }))
            .collect();
        vec![
            "n next  b back  g next growth  r run  : type  arrows scroll  q quit".into(),
            format!("stop at: {}", breaks.join("  ")).into(),
            TextLine::from(Span::styled(
                self.message.as_str(),
                Style::new().add_modifier(Modifier::BOLD),
            )),
        ]
    }

    fn paragraph(&self, lines: Vec<Line>) -> Paragraph<'static> {
        let spans = |line: Line| {
            let parts = line
                .0
                .into_iter()
                .map(|(tone, text)| Span::styled(text, self.style(tone)));
            TextLine::from(parts.collect::<Vec<_>>())
        };
        Paragraph::new(lines.into_iter().map(spans).collect::<Vec<_>>())
    }

    fn style(&self, tone: Tone) -> Style {
        let (colour, modifier) = match tone {
            Tone::Plain => (None, Modifier::empty()),
            Tone::Dim => (None, Modifier::DIM),
            Tone::Head => (None, Modifier::BOLD),
            Tone::Live => (Some(Color::Green), Modifier::empty()),
            Tone::Hole => (Some(Color::Yellow), Modifier::empty()),
            Tone::Moved => (Some(Color::Cyan), Modifier::empty()),
            Tone::Alert => (Some(Color::Red), Modifier::BOLD),
        };
        let style = Style::new().add_modifier(modifier);
        match colour {
            Some(colour) if self.colours => style.fg(colour),
            _ => style,
        }
    }
}
