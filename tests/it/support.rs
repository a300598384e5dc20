//! What several tests stand on: an installation in a directory of its own, a real server process
//! in it, a client that speaks SMTP byte by byte, one that shakes hands, and a real browser.

pub(crate) mod authority_server;
pub(crate) mod certificate;
pub(crate) mod clock;
pub(crate) mod container;
pub(crate) mod cpu;
pub(crate) mod installation;
pub(crate) mod interop;
pub(crate) mod ledger;
pub(crate) mod registries;
pub(crate) mod smtp_client;
pub(crate) mod tls_client;
pub(crate) mod webdriver;
pub(crate) mod zone;
