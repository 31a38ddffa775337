//! Tests over sockets and files: the endpoint, and recordings.

mod client;
mod recording;
mod serving;
