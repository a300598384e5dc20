//! How a connection within TLS begins, and what is said to a client that speaks HTTP without it.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::server::TlsStream;

use super::{HEAD_LIMIT, paced::Paced};
use crate::tls::TlsConfig;

/// The first byte of a connection within TLS: the type of a record with a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// What is said to a client that does not speak TLS.
const SPEAK_TLS: &[u8] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 207\r\n\r\n\
    Цей порт приймає лише HTTPS: відкрийте ту саму адресу, що починається з https://\n\
    This port takes HTTPS only: open the same address with https:// in front\n"
    .as_bytes();

/// The connection within TLS; `None` when it came to nothing.
pub(super) async fn begin(mut stream: Paced, tls: &TlsConfig) -> Option<TlsStream<Paced>> {
    match stream.first_byte().await {
        Ok(HANDSHAKE) => tls.accept(stream).await,
        Ok(_) => {
            // Whoever does not take it has it not.
            let _ = refuse(&mut stream).await;
            None
        }
        Err(_) => None,
    }
}

/// What a client still sends is taken as far as a request goes, for an end with bytes unread takes the
/// answer away from it.
async fn refuse(stream: &mut Paced) -> io::Result<()> {
    stream.write_all(SPEAK_TLS).await?;
    stream.shutdown().await?;
    let mut left = vec![0; HEAD_LIMIT];
    let mut taken = 0;
    while taken < HEAD_LIMIT {
        match stream.read(&mut left).await? {
            0 => break,
            count => taken += count,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(SPEAK_TLS).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head} {}", body.len());
    }
}
