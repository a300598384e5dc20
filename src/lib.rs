//! Skrynka receives copies of digital documents that visitors share with an organisation from
//! the Diia app, proves the signatures on them, checks that the bundle is what the service asked
//! for, keeps verified copies exactly as long as policy allows, and shows a branch's staff the
//! state.
//!
//! # Map
//! A share goes through the modules in this order:
//!
//! | step | module | makes |
//! |---|---|---|
//! | receive | [`smtp`], [`spool`] | raw bytes on disk, then `250` |
//! | open | [`message`] | raw bytes → `Message` |
//! | pair | [`bundle`] | → `Bundle` of documents and their signatures |
//! | prove | [`signature`], [`trust`], [`content`] | → `Examined` |
//! | match | [`registry`], [`matching`] | → `Judgement` with a verdict |
//! | note | [`sender`] | → findings about the mail's way |
//! | keep | [`archive`], over [`vault`] and [`store`]; [`retention`] | sealed objects, rows, and their end |
//! | show | [`web`], [`metrics`] | pages, API, numbers |
//!
//! Below them stand [`algorithms`] and the national signature's arithmetic, [`dstu`]; [`tls`] has the
//! certificate that the server shows.
//! [`pipeline`] strings these together, [`app`] wires everything, `cli` is the command line.
//! `ARCHITECTURE.md` draws who may import whom; `tests/it/architecture.rs` enforces it.

pub mod algorithms;
pub mod app;
pub mod archive;
pub mod asn1;
pub mod bundle;
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod domain;
pub mod dstu;
pub mod envelope;
pub mod matching;
pub mod message;
pub mod metrics;
pub mod pipeline;
pub mod registry;
pub mod retention;
pub mod sample;
pub mod sealing;
pub mod sender;
pub mod signature;
pub mod smtp;
pub mod spool;
pub mod store;
pub mod tls;
pub mod trust;
pub mod vault;
pub mod web;
mod xml;
