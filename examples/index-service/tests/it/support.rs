//! Services for tests.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use index_service::app::{App, ServeArgs};
use index_service::client::Client;
use index_service::load::LoadArgs;

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct ServeLine {
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Parser)]
struct LoadLine {
    #[command(flatten)]
    load: LoadArgs,
}

/// A service in this process, on free ports.
pub(crate) fn app(words: &[&str]) -> (App, Client) {
    let line = ["serve", "--port", "0", "--page-port", "0"];
    let args = ServeLine::parse_from(line.iter().chain(words)).serve;
    let app = App::start(&args).expect("free ports");
    let client = Client::new(&app.url()).expect("an address");
    (app, client)
}

/// Load for a service, with options as they are typed.
pub(crate) fn load_args(url: &str, words: &[&str]) -> LoadArgs {
    LoadLine::parse_from(["load", url].iter().chain(words)).load
}

/// The program, not started yet.
pub(crate) fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_index-service"));
    command.args(words);
    command
}

/// A program that is ended when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Starts a service and gives its address and that of its page.
    pub(crate) fn serve(words: &[&str]) -> (Process, String, String) {
        let mut command = program(&["serve", "--port", "0", "--page-port", "0"]);
        let mut child = command
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut address = || {
            let mut line = String::new();
            output.read_line(&mut line).expect("text");
            let word = line.split_whitespace().nth(1);
            word.unwrap_or_else(|| panic!("no address in `{line}`"))
                .to_owned()
        };
        let (index, page) = (address(), address());
        child.stdout = Some(output.into_inner());
        (Process(child), index, page)
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < until, "the process does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it still has to say, after its end.
    pub(crate) fn rest_of_output(&mut self) -> String {
        let mut text = String::new();
        let output = self.0.stdout.as_mut().expect("piped");
        output.read_to_string(&mut text).expect("text");
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Tries until it works.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
