//! The receiver, spoken to over real sockets.

mod attacks;
mod conversation;
mod crowd;
mod extensions;
mod lifecycle;
mod limits;
mod listeners;
mod office;
mod process;
mod rfc2033;
mod rfc5321;
mod server_certificate;
mod simulated;
mod smuggling;
mod tls;
