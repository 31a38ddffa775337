//! An example: an HTTP service with an index in memory, watched with `tidemap-probe`; the generator of its load; and an
//! incident that both play.
//!
//! ```text
//! cargo run --release -p index-service -- serve                      # the service, its metrics, its live page
//! cargo run --release -p index-service -- load --ingest 100000       # requests at a fixed rate, while the index grows
//! cargo run --release -p index-service -- incident                   # the same load on hashbrown and on tidemap
//! ```
//!
//! | question | module |
//! |---|---|
//! | what is stored, and how is it guarded? | [`index`] |
//! | what does the service answer? | [`service`], its figures: [`metrics`] |
//! | who is let in, and for how long? | [`server`], one request: [`message`] |
//! | how are growths of the other map traced? | [`tracing`] |
//! | what starts and ends together? | [`app`] |
//! | how is load made and measured? | [`load`], [`latency`], [`client`] |
//! | what does the incident do? | [`incident`] |

#![forbid(unsafe_code)]

pub mod index;
pub mod metrics;
pub mod service;

pub mod message;
pub mod server;

pub mod app;
pub mod tracing;

pub mod client;
pub mod latency;
pub mod load;

pub mod incident;
