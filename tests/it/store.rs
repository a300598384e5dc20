//! What the database promises, each promise on both engines.
//!
//! SQLite always; PostgreSQL when `TEST_POSTGRES_URL` names a server where databases may be made
//! (`ci/with-postgres` starts one). `REQUIRE_POSTGRES` makes its absence a failure.

mod clock;
mod database;
mod duplicates;
mod opening;
mod purge;
mod registry;
mod rejudging;
mod sample;
mod shares;
mod staff;

use database::{Database, moment, on_each_engine};
