//! The example as a whole: a service that answers, load that is checked, bad guests, the incident, and what watches it.

mod expressions;
mod faults;
mod observability;
mod processes;
mod prometheus;
mod serving;
mod support;
