//! What the dashboard and the API promise, asked of the router itself over a real database and
//! a real vault.

#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod api;
mod files;
mod headers;
mod house;
mod pages;
mod sessions;

use house::{Answer, Copy, House, PASSWORD};
