//! What a program's maps are doing, while it happens: a page in the browser, and recordings.
//!
//! The figures come from [`tidemap_probe`]; this crate carries them to people. Nothing here runs unless
//! it is asked for, and no map ever waits for it.
//!
//! ```no_run
//! // One line in `main`; the address is printed by nobody but you.
//! let server = tidemap_live::Server::start(&tidemap_live::ServeOptions::default()).expect("a free port");
//! println!("maps: {}", server.url());
//!
//! // Or keep what happens in a file of at most 64 MiB, for `tidemap watch maps.tmp`.
//! let recorder = tidemap_live::Recorder::start("maps.tmp".as_ref(), &tidemap_live::RecordOptions::default())
//!     .expect("a writable folder");
//! # drop((server, recorder));
//! ```
//!
//! | question | module |
//! |---|---|
//! | where do figures come from? | [`source`] |
//! | what is kept of the past? | [`timeline`] |
//! | which events can be told from two looks? | [`changes`] |
//! | how are maps served in pages? | [`pages`] |
//! | what does the endpoint answer, and whom? | [`serve`] |
//! | what is in a recording? | [`record`] |
//!
//! # Bounds
//!
//! A server has [`serve::CONNECTIONS_MAX`] connections at most, [`serve::STREAMS_MAX`] of them streams of events,
//! each a thread with a few buffers of fixed size; it keeps one snapshot and [`timeline::POINTS_MAX`] points of the
//! past. A recorder holds one snapshot and at most [`record::FRAME_EVENTS_MAX`] events, and its file never
//! exceeds its bound. Whoever reads too slowly loses events, and is told how many.
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `serve` (default) | [`Server`] |
//! | `record` (default) | [`Recorder`], [`Recording`] |

#![forbid(unsafe_code)]

pub mod changes;
pub mod pages;
#[cfg(feature = "record")]
pub mod record;
#[cfg(feature = "serve")]
pub mod serve;
pub mod source;
mod thin;
pub mod timeline;

#[cfg(feature = "record")]
pub use record::{RecordError, RecordOptions, Recorder, Recording};
#[cfg(feature = "serve")]
pub use serve::{ServeError, ServeOptions, Server};
pub use source::{Info, Mode, Source, SourceError, ThisProcess};
pub use thin::is_frequent;
pub use timeline::{Point, Timeline};

/// The examples of the document.
#[cfg(all(doctest, feature = "serve", feature = "record"))]
#[doc = include_str!("../../../docs/probe-live.md")]
struct Manual;
