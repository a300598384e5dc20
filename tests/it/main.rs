//! Tests from the outside, in one binary.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod architecture;
mod browser;
mod commands;
mod interop;
mod interop_signature;
mod interop_trust;
mod kill;
mod replay;
mod smtp;
mod store;
mod support;
mod web;
