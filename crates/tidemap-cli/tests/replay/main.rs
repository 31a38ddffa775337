//! `tidemap replay` from outside: the program, its output, its exit codes.

mod bad_input;
mod observed;
mod output;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with `args`, in `folder`.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemap"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("NO_COLOR");
    command
}

/// Runs it.
fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Runs it with `input` on standard input. A program that stops reading is no error here.
fn run_with_input(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut child = command(folder, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends");
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A small workload with every kind of answer that needs no clock.
fn small_workload() -> String {
    let mut text = String::from("# small\n");
    for index in 0..3_000 {
        text.push_str(&match index % 6 {
            0 | 1 => format!("put key:{} {index}\n", index % 700),
            2 => format!("get key:{}\n", index % 350),
            3 => format!("delete key:{}\n", index % 450),
            4 => format!("fetch key:{} {index}\n", index % 900),
            _ => format!("update key:{} {index}\n", index % 800),
        });
    }
    text
}

fn json(output: &Output) -> serde_json::Value {
    assert_eq!(stderr(output), "");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
