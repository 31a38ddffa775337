//! Tables for people: as wide as the terminal, plain in pipes.

use std::fmt::Write;
use std::io::IsTerminal;

/// Columns when standard output is no terminal: nothing is cut then.
const UNLIMITED: usize = usize::MAX;

/// Columns of the terminal; no limit in a pipe.
pub(crate) fn width() -> usize {
    if !std::io::stdout().is_terminal() {
        return UNLIMITED;
    }
    ratatui::crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns).max(40))
}

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Sets rows in columns. The last column takes what is left; the column
/// `shrink` gives way when the line is too long.
pub(crate) fn table(
    head: &[(&str, Align)],
    rows: &[Vec<String>],
    width: usize,
    shrink: usize,
) -> String {
    let chars = |s: &str| s.chars().count();
    let mut columns: Vec<usize> = head.iter().map(|(name, _)| chars(name)).collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            *column = (*column).max(chars(cell));
        }
    }
    let last = columns.len() - 1;
    if width != UNLIMITED {
        let fixed: usize = columns.iter().take(last).map(|c| c + 2).sum();
        const LAST_MIN: usize = 16;
        let over = (fixed + columns[last].min(LAST_MIN)).saturating_sub(width);
        columns[shrink] = columns[shrink]
            .saturating_sub(over)
            .max(12.min(columns[shrink]));
        let fixed: usize = columns.iter().take(last).map(|c| c + 2).sum();
        columns[last] = columns[last].min(width.saturating_sub(fixed).max(4));
    }
    let mut text = String::new();
    let names: Vec<String> = head.iter().map(|(name, _)| (*name).to_string()).collect();
    for row in std::iter::once(&names).chain(rows) {
        let mut line = String::new();
        for (index, (cell, &column)) in row.iter().zip(&columns).enumerate() {
            let cell = cut(cell, column);
            let pad = column - chars(&cell);
            if head[index].1 == Align::Right {
                let _ = write!(line, "{}{cell}  ", " ".repeat(pad));
            } else {
                let _ = write!(line, "{cell}{}  ", " ".repeat(pad));
            }
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// Shortens in the middle: both ends of a type or path say most.
fn cut(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_string();
    }
    if width < 4 {
        return text.chars().take(width).collect();
    }
    let head = (width - 1) / 2;
    let tail = width - 1 - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal() {
        let head = [
            ("TYPE", Align::Left),
            ("COUNT", Align::Right),
            ("PATH", Align::Left),
        ];
        let rows = vec![vec![
            "map[string]int".repeat(5),
            "12".into(),
            "main.users".repeat(9),
        ]];
        let set = table(&head, &rows, 60, 0);
        assert!(set.lines().all(|line| line.chars().count() <= 60), "{set}");
        assert!(table(&head, &rows, UNLIMITED, 0).contains(&rows[0][2]));
    }
}
