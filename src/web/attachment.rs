//! Bytes from strangers, handed out so that no browser opens them by itself.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{disclosure::File, refusal::Refusal};

const POLICY: &str = "default-src 'none'; sandbox";

/// The answer that makes a browser save `file` under its own name. `fallback` names it when that
/// name is empty, and for browsers that read ASCII alone.
pub(super) fn attachment(file: File, fallback: &str) -> Result<Response, Refusal> {
    let media_type = if file.content.starts_with(b"%PDF-") {
        "application/pdf"
    } else {
        "application/octet-stream"
    };
    let disposition = HeaderValue::try_from(disposition(&file.name, fallback))
        .map_err(|error| Refusal::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, file.content).into_response())
}

/// `attachment` with the name in both forms of RFC 6266 §4.3, the second encoded by RFC 8187.
fn disposition(name: &str, fallback: &str) -> String {
    let name = if name.trim().is_empty() { fallback } else { name };
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Whether the sign is the same to every reader of a quoted string. `%` is not: some decode it.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.() ".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_in_ascii_and_in_full() {
        for (name, expected) in [
            (
                "taxpayer-card-1.pdf",
                "attachment; filename=\"taxpayer-card-1.pdf\"; \
                 filename*=UTF-8''taxpayer-card-1.pdf",
            ),
            (
                "Є \"%41\"\r\n.pdf",
                "attachment; filename=\"_ __41___.pdf\"; \
                 filename*=UTF-8''%D0%84%20%22%2541%22%0D%0A.pdf",
            ),
            ("  ", "attachment; filename=\"document-1\"; filename*=UTF-8''document-1"),
        ] {
            assert_eq!(disposition(name, "document-1"), expected);
            assert!(HeaderValue::try_from(disposition(name, "x")).is_ok());
        }
    }
}
