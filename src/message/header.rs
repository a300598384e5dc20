//! Header blocks: where one ends, and the few fields that matter.
//!
//! The only place that reads with `mail-parser`. It is given no more than [`MAX_REPEATS`] fields
//! of each wanted name, each cut to [`MAX_FIELD`] bytes: joining the pieces of an RFC 2231
//! parameter takes it time in the square of their number.

use bytes::Bytes;
use mail_parser::{
    ContentType, DateTime, Header as Field, HeaderName, HeaderValue, MessageParser,
    parsers::MessageStream,
};

use super::{Limits, MessageError, check_limit, cut, decode::Encoding, name};
use crate::domain::{Timestamp, beginning, legible};

/// The greatest number of bytes of one field that is read.
const MAX_FIELD: usize = 4096;
/// The greatest number of fields of one name that are read, and of boundaries.
const MAX_REPEATS: usize = 4;
/// The greatest length of a subject or Message-ID, in characters.
const MAX_TEXT: usize = 998;
/// The fields that are read at all, in lower case.
const WANTED: [&str; 6] = [
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
    "subject",
    "message-id",
    "date",
];

/// What a header block says, as far as anybody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The media type in lower case; `None` when there is no field that tells.
    pub(super) media_type: Option<String>,
    /// The boundaries named by any Content-Type field.
    pub(super) boundaries: Vec<String>,
    /// The transfer encoding.
    pub(super) encoding: Encoding,
    /// The cleaned file name.
    pub(super) name: Option<String>,
    /// The decoded subject.
    pub(super) subject: Option<String>,
    /// The Message-ID without angle brackets.
    pub(super) message_id: Option<String>,
    /// The Date field.
    pub(super) date: Option<Timestamp>,
}

/// Splits an entity into its header block and its body (RFC 5322 §2.1).
///
/// A block without a single field is no header: then all of it is body.
pub(super) fn split(entity: &Bytes, limits: &Limits) -> Result<(Bytes, Bytes), MessageError> {
    let window = entity.get(..limits.header_bytes.saturating_add(1)).unwrap_or(entity);
    let mut lines = 0_usize;
    let mut offset = 0_usize;
    let mut fields = false;
    for line in window.split_inclusive(|byte| *byte == b'\n') {
        let end = offset.saturating_add(line.len());
        if matches!(line, b"\n" | b"\r\n") {
            if !fields && offset > 0 {
                break;
            }
            return Ok((cut(entity, ..offset), cut(entity, end..)));
        }
        fields = fields || is_field(line);
        lines = lines.saturating_add(1);
        if fields {
            check_limit("header_lines", lines, limits.header_lines)?;
        }
        offset = end;
    }
    if !fields {
        return Ok((Bytes::new(), entity.clone()));
    }
    check_limit("header_bytes", offset, limits.header_bytes)?;
    Ok((entity.clone(), Bytes::new()))
}

/// Whether `content` begins as a message does: with a header field, or with the line that
/// mailbox files put before one.
pub(super) fn begins_message(content: &[u8]) -> bool {
    let line = content.get(..MAX_FIELD).unwrap_or(content);
    is_field(line) || line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// Reads the wanted fields of a header block.
pub(super) fn read(block: &[u8]) -> Header {
    let wanted = wanted_fields(block);
    let parser = MessageParser::new()
        .default_header_ignore()
        .header_content_type(HeaderName::ContentType)
        .header_content_type(HeaderName::ContentDisposition)
        .header_text(HeaderName::ContentTransferEncoding)
        .header_text(HeaderName::Subject)
        .header_id(HeaderName::MessageId)
        .header_date(HeaderName::Date);
    let mut fields = Vec::new();
    MessageStream::new(&wanted).parse_headers(&parser, &mut fields);

    // Of two fields of one name the first tells, as most clients have it, but for the Message-ID;
    // a boundary may be named by any.
    let all = |name| fields.iter().filter(move |field| field.name == name).map(Field::value);
    let first = |name| all(name).next();
    let types: Vec<_> =
        all(HeaderName::ContentType).filter_map(HeaderValue::as_content_type).collect();
    let labelled = types.iter().flat_map(|value| parameters(value, "name"));
    let named = all(HeaderName::ContentDisposition)
        .filter_map(HeaderValue::as_content_type)
        .flat_map(|value| parameters(value, "filename"));
    Header {
        media_type: types.first().map(|value| media_type(value)),
        boundaries: types
            .iter()
            .flat_map(|value| parameters(value, "boundary"))
            .map(|boundary| boundary.trim_end().to_owned())
            .filter(|boundary| !boundary.is_empty())
            .take(MAX_REPEATS)
            .collect(),
        encoding: first(HeaderName::ContentTransferEncoding)
            .and_then(HeaderValue::as_text)
            .map(Encoding::named)
            .unwrap_or_default(),
        name: named.chain(labelled).find_map(name::clean),
        subject: first(HeaderName::Subject).and_then(HeaderValue::as_text).and_then(one_line),
        // The last one here: programs that are told a Message-ID add it below their own.
        message_id: all(HeaderName::MessageId)
            .next_back()
            .and_then(HeaderValue::as_text)
            .and_then(one_line),
        date: first(HeaderName::Date).and_then(HeaderValue::as_datetime).and_then(moment),
    }
}

/// Copies the wanted fields with their folded lines, in order, and an empty line.
fn wanted_fields(block: &[u8]) -> Vec<u8> {
    let mut copy = Vec::new();
    let mut seen = [0_usize; WANTED.len()];
    let mut room = 0_usize;
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            room = 0;
            let wanted = WANTED.iter().position(|name| {
                field_name(line).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            });
            if let Some(count) = wanted.and_then(|index| seen.get_mut(index)) {
                *count = count.saturating_add(1);
                room = if *count > MAX_REPEATS { 0 } else { MAX_FIELD };
            }
        }
        let kept = line.get(..room).unwrap_or(line);
        copy.extend_from_slice(kept);
        if kept.len() < line.len() && !kept.is_empty() {
            copy.push(b'\n');
        }
        room = room.saturating_sub(line.len());
    }
    if !copy.ends_with(b"\n") {
        copy.push(b'\n');
    }
    copy.push(b'\n');
    copy
}

fn is_field(line: &[u8]) -> bool {
    field_name(line).is_some()
}

/// The name of the field that begins on `line`: printable ASCII up to the colon (RFC 5322 §2.2),
/// with space before the colon allowed as in its obsolete form (§4.5).
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr2(b':', b'\n', line)?;
    let (name, rest) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    (rest.starts_with(b":") && printable).then_some(name)
}

fn parameters<'a>(value: &'a ContentType<'_>, name: &str) -> impl Iterator<Item = &'a str> {
    value
        .attributes()
        .unwrap_or_default()
        .iter()
        .filter(move |parameter| parameter.name == name)
        .map(|parameter| parameter.value.as_ref())
}

fn media_type(value: &ContentType<'_>) -> String {
    let label = format!("{}/{}", value.ctype(), value.subtype().unwrap_or_default());
    let plain = label.len() <= 127 && label.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && !label.ends_with('/') {
        label.to_ascii_lowercase()
    } else {
        "application/octet-stream".to_owned()
    }
}

fn one_line(text: &str) -> Option<String> {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = legible(&line);
    let line = beginning(line.trim(), MAX_TEXT).trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

fn moment(date: &DateTime) -> Option<Timestamp> {
    date.is_valid().then(|| Timestamp::from_seconds(date.to_timestamp()))
}
