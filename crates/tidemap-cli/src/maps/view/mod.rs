//! The view in the terminal: state, keys, and the loop. Drawing is in [`draw`] and [`charts`].
//!
//! Everything that is kept is bounded: [`EVENTS_KEPT`] events, a timeline of all maps, and one of the map chosen.

mod charts;
mod draw;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tidemap_live::{Timeline, is_frequent};
use tidemap_probe::{Event, MapId, MapRow, Snapshot};

use super::feed::{Feed, Look, look_at};
use super::feed_url::Names;
use super::table::{self, Sort};

/// Events that can be looked back at.
const EVENTS_KEPT: usize = 1000;
/// Looks of a recording that a timeline after a jump is made of.
const LOOKS_BACK: usize = 240;
/// Names of maps that have gone.
const NAMES_KEPT: usize = 4096;

/// What a key press asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Nothing,
    Leave,
}

/// See the module.
pub(crate) struct View {
    feed: Feed,
    program: String,
    interval: Duration,
    sort: Sort,
    filter: String,
    /// The filter is being typed.
    typing: bool,
    all_events: bool,
    look: Look,
    all: Timeline,
    /// The map chosen, and its past.
    chosen: Option<(MapId, Timeline)>,
    detail: bool,
    events: VecDeque<Event>,
    names: BTreeMap<MapId, String>,
    fleeting: Option<Names>,
    scroll: usize,
    /// Rows of the table that fit, of the last drawing.
    page: usize,
    held: bool,
    ended: bool,
    /// Number of the look shown; of recordings.
    at: usize,
    colours: bool,
}

impl View {
    /// Takes the first look.
    pub(crate) fn open(
        mut feed: Feed,
        interval: Duration,
        sort: Sort,
        filter: String,
        all_events: bool,
    ) -> anyhow::Result<View> {
        let Some(look) = feed.look()? else {
            anyhow::bail!("there is nothing to show: the program is gone");
        };
        let is_recording = feed.recording().is_some();
        let mut view = View {
            program: super::say::printable(&feed.program()),
            fleeting: match &feed {
                Feed::Url(endpoint) => Some(endpoint.names()),
                _ => None,
            },
            feed,
            interval: interval.max(Duration::from_millis(20)),
            sort,
            filter,
            typing: false,
            all_events,
            look: look.clone(),
            all: Timeline::default(),
            chosen: None,
            detail: false,
            events: VecDeque::new(),
            names: BTreeMap::new(),
            scroll: 0,
            page: 1,
            held: is_recording,
            ended: false,
            at: 0,
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        if is_recording {
            view.seek(usize::MAX)?;
        } else {
            view.take(look);
        }
        Ok(view)
    }

    /// Draws and listens until the user leaves.
    pub(crate) fn work(&mut self, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
        let mut next = Instant::now() + self.interval;
        loop {
            terminal.draw(|frame| self.draw(frame))?;
            let wait = next.saturating_duration_since(Instant::now());
            if event::poll(wait)? {
                if let event::Event::Key(key) = event::read()?
                    && key.kind != KeyEventKind::Release
                    && self.press(key)? == Wish::Leave
                {
                    return Ok(());
                }
                continue;
            }
            next = Instant::now() + self.interval;
            self.advance()?;
        }
    }

    /// Time has passed.
    fn advance(&mut self) -> anyhow::Result<()> {
        if self.held || self.ended {
            return Ok(());
        }
        if let Some(frames) = self.frames() {
            if self.at + 1 >= frames {
                self.held = true;
                return Ok(());
            }
            return self.step_to(self.at + 1);
        }
        match self.feed.look()? {
            Some(look) => self.take(look),
            None => self.ended = true,
        }
        Ok(())
    }

    fn frames(&self) -> Option<usize> {
        self.feed.recording().map(tidemap_live::Recording::frames)
    }

    /// A look becomes the present one.
    fn take(&mut self, look: Look) {
        self.all.add(&look.snapshot);
        if let Some((id, past)) = &mut self.chosen
            && let Some(row) = look.snapshot.map(*id)
        {
            past.add_row(look.snapshot.time_ns, row);
        }
        for row in &look.snapshot.maps {
            self.names.insert(row.id, row.label());
        }
        while self.names.len() > NAMES_KEPT {
            self.names.pop_first();
        }
        self.events.extend(look.events.iter().copied());
        while self.events.len() > EVENTS_KEPT {
            // What lists leave out goes first, so that steps do not push growths out.
            let first = self
                .events
                .iter()
                .position(|event| is_frequent(&event.kind))
                .unwrap_or(0);
            self.events.remove(first);
        }
        self.look = look;
    }

    /// The next look of a recording.
    fn step_to(&mut self, index: usize) -> anyhow::Result<()> {
        if let Some(recording) = self.feed.recording() {
            let look = look_at(recording, index)?;
            self.at = index;
            self.take(look);
        }
        Ok(())
    }

    /// Any look of a recording; the past that leads to it is read again.
    fn seek(&mut self, index: usize) -> anyhow::Result<()> {
        let Some(frames) = self.frames() else {
            return Ok(());
        };
        let index = index.min(frames.saturating_sub(1));
        if index == self.at + 1 {
            return self.step_to(index);
        }
        self.all = Timeline::default();
        if let Some((_, past)) = &mut self.chosen {
            *past = Timeline::default();
        }
        self.events.clear();
        for at in index.saturating_sub(LOOKS_BACK)..=index {
            self.step_to(at)?;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<&MapRow> {
        table::pick(&self.look.snapshot, self.sort, &self.filter)
    }

    /// Where the map chosen stands in the table.
    fn place(&self, rows: &[&MapRow]) -> Option<usize> {
        let (id, _) = self.chosen.as_ref()?;
        rows.iter().position(|row| row.id == *id)
    }

    fn choose(&mut self, to: isize) -> anyhow::Result<()> {
        let rows = self.rows();
        let Some(last) = rows.len().checked_sub(1) else {
            return Ok(());
        };
        let place = match self.place(&rows) {
            Some(place) => place.saturating_add_signed(to).min(last),
            None => self.scroll.min(last),
        };
        let row = rows[place];
        let mut past = Timeline::default();
        past.add_row(self.look.snapshot.time_ns, row);
        self.chosen = Some((row.id, past));
        if self.frames().is_some() {
            // A recording knows what the map did before.
            let at = self.at;
            self.at = usize::MAX - 1;
            self.seek(at)?;
        }
        Ok(())
    }

    /// What the user wants; also the whole of what keys do.
    pub(crate) fn press(&mut self, key: KeyEvent) -> anyhow::Result<Wish> {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Ok(Wish::Leave);
        }
        if self.typing {
            match key.code {
                KeyCode::Enter => self.typing = false,
                KeyCode::Esc => {
                    self.typing = false;
                    self.filter.clear();
                }
                KeyCode::Backspace => drop(self.filter.pop()),
                KeyCode::Char(c) if self.filter.len() < 60 => self.filter.push(c),
                _ => {}
            }
            self.scroll = 0;
            return Ok(Wish::Nothing);
        }
        let page = self.page.max(1) as isize;
        match key.code {
            KeyCode::Char('q') => return Ok(Wish::Leave),
            KeyCode::Esc if self.detail => self.detail = false,
            KeyCode::Esc if self.chosen.is_some() => self.chosen = None,
            KeyCode::Esc => return Ok(Wish::Leave),
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char('e') => self.all_events = !self.all_events,
            KeyCode::Char(' ') => {
                self.held = !self.held;
                if !self.held && self.frames() == Some(self.at + 1) {
                    self.seek(0)?;
                }
            }
            KeyCode::Enter => {
                if self.chosen.is_none() {
                    self.choose(0)?;
                }
                self.detail = !self.detail && self.chosen.is_some();
            }
            KeyCode::Down | KeyCode::Char('j') => self.choose(1)?,
            KeyCode::Up | KeyCode::Char('k') => self.choose(-1)?,
            KeyCode::PageDown => self.choose(page)?,
            KeyCode::PageUp => self.choose(-page)?,
            KeyCode::Right => self.seek(self.at.saturating_add(1))?,
            KeyCode::Left => self.seek(self.at.saturating_sub(1))?,
            KeyCode::Char(']') => self.seek(self.at.saturating_add(20))?,
            KeyCode::Char('[') => self.seek(self.at.saturating_sub(20))?,
            KeyCode::Home => self.seek(0)?,
            KeyCode::End => self.seek(usize::MAX)?,
            _ => {}
        }
        Ok(Wish::Nothing)
    }

    fn name(&self, map: MapId) -> String {
        let told = |id: MapId| {
            let known = self.fleeting.as_ref().and_then(|names| {
                let names = names
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                names.get(&id).cloned()
            });
            known.or_else(|| self.names.get(&id).cloned())
        };
        super::say::printable(&super::say::name(map, &self.look.snapshot, told))
    }

    fn snapshot(&self) -> &Snapshot {
        &self.look.snapshot
    }
}
