//! The walk over a mail's structure, from the outside in.
//!
//! A multipart is cut at its own boundary before anything inside is looked at, so an inner part
//! without an end cannot swallow its neighbours (RFC 2046 §5.1.2). The stack is a list on the
//! heap: depth costs a count, never the program's stack.

use bytes::Bytes;
use memchr::memmem;

use super::{
    Limits, MessageError, Part, check_limit, cut,
    decode::Encoding,
    header::{self, Header},
    prescan,
};

/// Every part of `raw` that holds no other parts, in order.
pub(super) fn collect(raw: Bytes, limits: &Limits) -> Result<Vec<Part>, MessageError> {
    let mut walk = Walk { limits, parts: Vec::new(), seen: 0, decoded_bytes: 0, ahead: Vec::new() };
    walk.ahead.push(Entity { bytes: raw, nesting: 0, forwarded: 0, in_digest: false });
    while let Some(entity) = walk.ahead.pop() {
        walk.visit(&entity)?;
    }
    Ok(walk.parts)
}

/// A message or a part with its header.
struct Entity {
    bytes: Bytes,
    nesting: usize,
    forwarded: usize,
    /// Whether its parent is a `multipart/digest`, whose parts are messages unless they say
    /// otherwise (RFC 2046 §5.1.5).
    in_digest: bool,
}

struct Walk<'a> {
    limits: &'a Limits,
    parts: Vec<Part>,
    seen: usize,
    decoded_bytes: usize,
    /// What is still to be visited, the next one last.
    ahead: Vec<Entity>,
}

impl Walk<'_> {
    fn visit(&mut self, entity: &Entity) -> Result<(), MessageError> {
        self.seen = self.seen.saturating_add(1);
        check_limit("parts", self.seen, self.limits.parts)?;
        let (block, body) = header::split(&entity.bytes, self.limits)?;
        let header = header::read(&block);
        let media_type = header.media_type.as_deref().unwrap_or(if entity.in_digest {
            "message/rfc822"
        } else {
            "text/plain"
        });

        if media_type.starts_with("multipart/") {
            let inner = split_parts(&body, &header.boundaries);
            if !inner.is_empty() {
                return self.enter(inner, entity, media_type == "multipart/digest");
            }
        }
        let content = self.decode(&header, &body)?;
        if is_message(media_type, header.name.as_deref()) && header::begins_message(&content) {
            if header.encoding != Encoding::Identity {
                prescan::check(&content, self.limits)?;
            }
            return self.open_forwarded(content, entity);
        }
        let media_type = media_type.to_owned();
        let inline_text =
            header.name.is_none() && media_type.starts_with("text/") && is_text(&content);
        self.parts.push(Part { name: header.name, media_type, content, inline_text });
        Ok(())
    }

    fn enter(
        &mut self,
        inner: Vec<Bytes>,
        parent: &Entity,
        in_digest: bool,
    ) -> Result<(), MessageError> {
        let nesting = parent.nesting.saturating_add(1);
        check_limit("nesting", nesting, self.limits.nesting)?;
        check_limit("parts", self.seen.saturating_add(inner.len()), self.limits.parts)?;
        let forwarded = parent.forwarded;
        self.ahead.extend(inner.into_iter().rev().map(|bytes| Entity {
            bytes,
            nesting,
            forwarded,
            in_digest,
        }));
        Ok(())
    }

    fn open_forwarded(&mut self, content: Bytes, parent: &Entity) -> Result<(), MessageError> {
        let nesting = parent.nesting.saturating_add(1);
        let forwarded = parent.forwarded.saturating_add(1);
        check_limit("nesting", nesting, self.limits.nesting)?;
        check_limit("forwarded_depth", forwarded, self.limits.forwarded_depth)?;
        self.ahead.push(Entity { bytes: content, nesting, forwarded, in_digest: false });
        Ok(())
    }

    fn decode(&mut self, header: &Header, body: &Bytes) -> Result<Bytes, MessageError> {
        let content = header.encoding.decode(body);
        if header.encoding != Encoding::Identity {
            self.decoded_bytes = self.decoded_bytes.saturating_add(content.len());
            check_limit("decoded_bytes", self.decoded_bytes, self.limits.decoded_bytes)?;
        }
        Ok(content)
    }
}

fn is_message(media_type: &str, name: Option<&str>) -> bool {
    let saved_mail = name.and_then(|name| name.rsplit_once('.'));
    matches!(media_type, "message/rfc822" | "message/global" | "message/news")
        || saved_mail.is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("eml"))
}

/// Whether `content` may be what somebody typed: no sign of a PDF, and no NUL, which every
/// binary format that matters has early on.
fn is_text(content: &[u8]) -> bool {
    let start = content.get(..1024).unwrap_or(content);
    !start.contains(&0) && memmem::find(start, b"%PDF-").is_none()
}

/// Cuts a multipart's body at the lines that are `--` and one of `boundaries` (RFC 2046 §5.1.1).
///
/// Text before the first such line and after the closing one is dropped, as the standard says;
/// but a further boundary after the closing one opens a part again, so that nothing hides there.
fn split_parts(body: &Bytes, boundaries: &[String]) -> Vec<Bytes> {
    let mut parts = Vec::new();
    let mut open = None;
    let first = body.starts_with(b"--").then_some(0);
    let others = memmem::find_iter(body, b"\n--").map(|line_break| line_break.saturating_add(1));
    for start in first.into_iter().chain(others) {
        let rest = body.get(start..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at.saturating_add(1));
        let line = rest.get(..length).unwrap_or(rest);
        let Some(delimiter) = delimiter(line, boundaries) else { continue };
        if let Some(from) = open.take() {
            parts.push(part(body, from, start));
        }
        if delimiter == Delimiter::Next {
            open = Some(start.saturating_add(length));
        }
    }
    if let Some(from) = open {
        parts.push(cut(body, from..));
    }
    parts
}

/// The bytes between two delimiter lines; the line break before the second one belongs to it.
fn part(body: &Bytes, from: usize, to: usize) -> Bytes {
    let bytes = cut(body, from..to);
    let end = bytes.strip_suffix(b"\n").map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    end.map_or_else(|| bytes.clone(), |end| bytes.slice_ref(end))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Next,
    Close,
}

fn delimiter(line: &[u8], boundaries: &[String]) -> Option<Delimiter> {
    let line = line.trim_ascii_end();
    let rest = line.strip_prefix(b"--")?;
    boundaries.iter().map(String::as_bytes).find_map(|boundary| {
        match rest.strip_prefix(boundary)? {
            b"" => Some(Delimiter::Next),
            b"--" => Some(Delimiter::Close),
            _ => None,
        }
    })
}
