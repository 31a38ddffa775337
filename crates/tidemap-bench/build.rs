//! Tells the program which compiler, target and flags built it.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTFLAGS");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let compiler = Command::new(variable("RUSTC"))
        .arg("-V")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| "rustc of unknown version".to_owned());
    // Cargo separates flags by a control character.
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\x1f', " ");
    for (name, value) in [
        ("RUSTC", compiler.trim()),
        ("TARGET", &variable("TARGET")),
        ("PROFILE", &variable("PROFILE")),
        ("OPT_LEVEL", &variable("OPT_LEVEL")),
        ("RUSTFLAGS", if flags.is_empty() { "none" } else { &flags }),
    ] {
        println!("cargo::rustc-env=TIDEMAP_BENCH_{name}={value}");
    }
}
