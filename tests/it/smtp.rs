//! The receiver, spoken to over real sockets.

mod certificate;
mod conversation;
mod lifecycle;
mod limits;
mod office;
mod smuggling;
mod tls;
