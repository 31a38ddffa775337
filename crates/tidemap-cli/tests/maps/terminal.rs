//! The view in a real terminal, played by tmux.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::program::Program;

/// A terminal of its own server; dropping ends it.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn tmux(socket: &str, args: &[&str]) -> std::io::Result<Output> {
        Command::new("tmux")
            .args(["-L", socket, "-f", "/dev/null"])
            .args(args)
            .output()
    }

    /// `None` where there is no tmux.
    fn open(name: &str, width: &str, height: &str, command: &str) -> Option<Terminal> {
        let socket = format!("tidemap-{name}-{}", std::process::id());
        let args = ["new-session", "-d", "-x", width, "-y", height, command];
        let started = Terminal::tmux(&socket, &args).is_ok_and(|out| out.status.success());
        if !started {
            assert!(
                std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(),
                "tmux does not start"
            );
            eprintln!("skipped: tmux does not start here");
            return None;
        }
        Some(Terminal { socket })
    }

    fn screen(&self) -> String {
        let out = Terminal::tmux(&self.socket, &["capture-pane", "-p"]).expect("tmux");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn wait_for(&self, part: &str) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.screen();
            if screen.contains(part) {
                return screen;
            }
            assert!(Instant::now() < until, "no `{part}` on\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn press(&self, keys: &[&str]) {
        for key in keys {
            let sent = Terminal::tmux(&self.socket, &["send-keys", key]).expect("tmux");
            assert!(sent.status.success());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Terminal::tmux(&self.socket, &["kill-server"]);
    }
}

#[test]
fn the_view_works_in_a_terminal_and_leaves_it_tidy() {
    let program = Program::start();
    let command = format!(
        "{} watch {} --interval 100ms; echo left with $?; sleep 60",
        env!("CARGO_BIN_EXE_tidemap"),
        program.url
    );
    let Some(terminal) = Terminal::open("view", "110", "36", &command) else {
        return;
    };
    let screen = terminal.wait_for("● live");
    assert!(
        screen.contains("Memory, all maps") && screen.contains("Step time"),
        "{screen}"
    );
    terminal.wait_for("begins");
    terminal.press(&["Down", "Enter"]);
    terminal.wait_for("made at");
    terminal.press(&["/", "r", "e", "s", "Enter"]);
    terminal.wait_for("filter \"res\"");
    terminal.press(&["Space"]);
    terminal.wait_for("● held");
    terminal.press(&["Space"]);
    drop(program);
    terminal.wait_for("● gone");
    terminal.press(&["q"]);
    let screen = terminal.wait_for("left with 0");
    // The alternate screen is gone, and with it the view.
    assert!(!screen.contains("Step time"), "{screen}");
}

#[test]
fn a_tiny_terminal_is_enough() {
    let program = Program::start();
    let command = format!(
        "{} watch {} ; echo left with $?; sleep 60",
        env!("CARGO_BIN_EXE_tidemap"),
        program.pid()
    );
    let Some(terminal) = Terminal::open("tiny", "20", "5", &command) else {
        return;
    };
    terminal.wait_for("● live");
    terminal.press(&["Down", "Enter", "e", "s", "q"]);
    terminal.wait_for("left with 0");
}
