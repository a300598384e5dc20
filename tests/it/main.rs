//! Tests from the outside, in one binary.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod acme;
mod architecture;
mod browser;
mod clock;
mod commands;
mod conformance;
mod content;
mod cost;
mod exit_code;
mod faults;
mod field;
mod flood;
mod https;
mod interop;
mod interop_container;
mod interop_digests;
mod interop_encrypted;
mod interop_envelope;
mod interop_moments;
mod interop_policy;
mod interop_revocation;
mod interop_signature;
mod interop_table;
mod interop_timestamp;
mod interop_trust;
mod interop_vectors;
mod kill;
mod log;
mod metrics_table;
mod readiness;
mod refusals;
mod replay;
mod report_schema;
mod revocation;
mod sender;
mod smtp;
mod soak;
mod store;
mod support;
mod trust_list;
mod users;
mod web;
