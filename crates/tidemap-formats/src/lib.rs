//! Files that other tools open, written without knowing what they are about.
//!
//! | module | file | opened by |
//! |---|---|---|
//! | [`pprof`] | `profile.proto`, gzipped | `go tool pprof`, flame graph viewers |
//! | [`perfetto`] | a stream of `TracePacket`s | ui.perfetto.dev, `trace_processor` |
//! | [`chrome`] | the trace event format, JSON | `chrome://tracing`, ui.perfetto.dev, Speedscope |
//!
//! Both traces are written as they happen to anything that is [`std::io::Write`], through one trait:
//! [`trace::Sink`]. A profile is small and is put together in memory.

#![forbid(unsafe_code)]

pub mod chrome;
pub mod perfetto;
pub mod pprof;
pub mod trace;
mod wire;
