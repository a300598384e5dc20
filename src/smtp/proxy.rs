//! The header by which a balancer says who is connected: PROXY protocol, version 2.
//!
//! A pure reader of the header (haproxy's `proxy-protocol.txt`, §2.2) and the loop that takes its
//! bytes from a stream. Version 1 is not read. Only a peer that the settings name may speak it: the
//! peer decides who that is. What stands behind the addresses (TLV records) is passed over, a
//! checksum among them too.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Whom a header speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxySource {
    /// A client of the balancer.
    Client {
        /// Its address.
        address: IpAddr,
        /// The address that it has connected to.
        reached: IpAddr,
    },
    /// The balancer itself (LOCAL, a health check), or a client whose address it does not tell:
    /// the address of the connection counts.
    Connection,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each sentence says what it is about")]
pub enum ProxyError {
    #[error("the command {command} of the PROXY header is unknown")]
    Command {
        /// The lower four bits of byte 13.
        command: u8,
    },
    #[error("the family {family:#04x} of the PROXY header is not one that carries mail")]
    Family {
        /// Byte 14.
        family: u8,
    },
    #[error("the PROXY header is {len} bytes long, at most {max} are read")]
    Long { len: usize, max: usize },
    #[error("the PROXY header has {len} bytes for addresses that take {needed}")]
    Short { len: usize, needed: usize },
    #[error("no PROXY header of version 2")]
    Signature,
}

/// The twelve bytes that each header begins with: no line of SMTP, nor of HTTP.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family, length.
const HEAD_LEN: usize = 16;

/// Addresses and records behind the head. The greatest addresses take 216 bytes; records with the
/// names of a client's certificate some hundred more.
const MAX_BODY_LEN: usize = 4096;

/// Reads a header at the start of `bytes`: whom it speaks for, and its length. `Ok(None)` when
/// more bytes are needed to tell.
///
/// # Errors
/// [`ProxyError`], as soon as the bytes that are there can be no header.
pub fn read_proxy_header(bytes: &[u8]) -> Result<Option<(ProxySource, usize)>, ProxyError> {
    if !bytes.iter().zip(SIGNATURE).all(|(is, should)| is == should) {
        return Err(ProxyError::Signature);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_LEN>() else {
        return Ok(None);
    };
    let [.., version_and_command, family, len_high, len_low] = *head;
    if version_and_command >> 4 != 2 {
        return Err(ProxyError::Signature);
    }
    let len = usize::from(u16::from_be_bytes([len_high, len_low]));
    if len > MAX_BODY_LEN {
        return Err(ProxyError::Long { len, max: MAX_BODY_LEN });
    }
    let is_local = match version_and_command & 0x0f {
        0 => true,
        1 => false,
        command => return Err(ProxyError::Command { command }),
    };
    let needed = match family {
        // Of a LOCAL connection the family says nothing and is not looked at.
        _ if is_local => 0,
        UNSPECIFIED => 0,
        TCP_OVER_IPV4 => 12,
        TCP_OVER_IPV6 => 36,
        UNIX_STREAM => 216,
        family => return Err(ProxyError::Family { family }),
    };
    if len < needed {
        return Err(ProxyError::Short { len, needed });
    }
    let Some(body) = rest.get(..len) else { return Ok(None) };
    let source = if is_local { ProxySource::Connection } else { source(family, body) };
    Ok(Some((source, HEAD_LEN.saturating_add(len))))
}

const UNSPECIFIED: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;

fn source(family: u8, body: &[u8]) -> ProxySource {
    let addresses = match family {
        TCP_OVER_IPV4 => addresses::<4, Ipv4Addr>(body),
        TCP_OVER_IPV6 => addresses::<16, Ipv6Addr>(body),
        _ => None,
    };
    addresses.map_or(ProxySource::Connection, |[address, reached]| ProxySource::Client {
        address: address.to_canonical(),
        reached: reached.to_canonical(),
    })
}

/// The two addresses of `N` bytes that `body` begins with: where from, and where to.
fn addresses<const N: usize, A: From<[u8; N]> + Into<IpAddr>>(body: &[u8]) -> Option<[IpAddr; 2]> {
    let (from, rest) = body.split_first_chunk::<N>()?;
    let to = rest.first_chunk::<N>()?;
    Some([from, to].map(|octets| A::from(*octets).into()))
}

/// Takes a header from `stream`, and not a byte of what follows it.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] with the [`ProxyError`] when it is none, and what the stream says.
pub(super) async fn receive_proxy_header<S>(stream: &mut S) -> io::Result<ProxySource>
where
    S: AsyncRead + Send + Unpin,
{
    let mut bytes = vec![0; HEAD_LEN];
    stream.read_exact(&mut bytes).await?;
    loop {
        let header = read_proxy_header(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if let Some((source, _)) = header {
            return Ok(source);
        }
        let begun = bytes.len();
        bytes.resize(total_len(&bytes), 0);
        match bytes.get_mut(begun..) {
            Some(rest) if !rest.is_empty() => stream.read_exact(rest).await?,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
    }
}

/// The length of the whole header whose head is there.
fn total_len(bytes: &[u8]) -> usize {
    let body = bytes.get(14..HEAD_LEN).and_then(|len| len.try_into().ok());
    let body = body.map_or(0, |len| usize::from(u16::from_be_bytes(len)));
    HEAD_LEN.saturating_add(body)
}

#[cfg(test)]
mod tests;
