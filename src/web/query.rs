//! The filter of a list of shares, as it stands in an address.
//!
//! The page is lenient, for its form sends empty fields; the API refuses what it does not know,
//! so that a misspelt filter never shows more than was asked for.

use axum::{extract::Query, http::Uri};

use crate::{
    domain::{Date, Fingerprint, Timestamp, Verdict, beginning},
    store::{Cursor, ShareFilter},
};

/// How many shares the API gives at most at a time.
pub(super) const MAX_LIMIT: u32 = 100;
const DEFAULT_LIMIT: u32 = 50;
pub(super) const API_NAMES: [&str; 8] =
    ["branch", "cursor", "from", "limit", "message_id", "service", "to", "verdict"];
const PAGE_NAMES: [&str; 6] = ["branch", "cursor", "from", "service", "to", "verdict"];

/// A filter with its place in the list.
#[derive(Clone, Debug)]
pub(super) struct ShareQuery {
    pub(super) filter: ShareFilter,
    /// The filter's first day as the form has it; empty when open.
    pub(super) from_day: String,
    /// The filter's last day as the form has it; empty when open.
    pub(super) to_day: String,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: u32,
}

/// Why an address holds no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum QueryError {
    /// It is not percent-encoded UTF-8 in the form `name=value&…`.
    #[error("the query is not of the form name=value&name=value in percent-encoded UTF-8")]
    Encoding,
    /// A parameter stands there more than once.
    #[error("{name} is given more than once; give it once")]
    Repeated {
        /// The parameter.
        name: String,
    },
    /// Parameters that this address does not have.
    #[error("unknown query parameters: {}; known are {}", unknown.join(", "), known.join(", "))]
    Unknown {
        /// What was given.
        unknown: Vec<String>,
        /// What there is.
        known: &'static [&'static str],
    },
    /// A value that the parameter cannot have.
    #[error("{name} cannot be {value:?}: {wanted}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// Its value, cut.
        value: String,
        /// What it takes.
        wanted: &'static str,
    },
}

impl ShareQuery {
    /// Reads the address of the list's page. Empty and unknown parameters count as absent.
    pub(super) fn of_page(uri: &Uri) -> Result<Self, QueryError> {
        let mut pairs = pairs(uri)?;
        pairs.retain(|(name, value)| !value.is_empty() && PAGE_NAMES.contains(&name.as_str()));
        Self::read(&pairs, |_| None)
    }

    /// Reads an address of the API. `fingerprint` is the vault's, of a Message-ID.
    pub(super) fn of_api(
        uri: &Uri,
        fingerprint: impl FnOnce(&str) -> Fingerprint,
    ) -> Result<Self, QueryError> {
        let pairs = pairs(uri)?;
        refuse_unknown(&pairs, &API_NAMES)?;
        Self::read(&pairs, |message_id| Some(fingerprint(message_id)))
    }

    fn read(
        pairs: &[(String, String)],
        fingerprint: impl FnOnce(&str) -> Option<Fingerprint>,
    ) -> Result<Self, QueryError> {
        let find = |name: &str| one(pairs, name);
        let from = find("from")?;
        let to = find("to")?;
        let message_id = find("message_id")?;
        let filter = ShareFilter {
            branch: parsed(find("branch")?, "branch", "it takes a branch's id")?,
            service: parsed(find("service")?, "service", "it takes a service's id")?,
            verdict: verdict(find("verdict")?)?,
            message_id: message_id.map(without_brackets).and_then(fingerprint),
            from: from.map(|text| moment("from", text, Edge::First)).transpose()?,
            to: to.map(|text| moment("to", text, Edge::Last)).transpose()?,
        };
        Ok(Self {
            filter,
            from_day: from.unwrap_or_default().to_owned(),
            to_day: to.unwrap_or_default().to_owned(),
            cursor: parsed(
                find("cursor")?,
                "cursor",
                "take the one in \"next\" of the page before, as it is",
            )?,
            limit: limit(find("limit")?)?,
        })
    }

    /// Whether the filter lets everything through.
    pub(super) fn is_all(&self) -> bool {
        self.filter == ShareFilter::default() && self.cursor.is_none()
    }

    /// The same for another verdict, from the start of the list.
    pub(super) fn with_verdict(&self, verdict: Option<Verdict>) -> Self {
        let filter = ShareFilter { verdict, ..self.filter.clone() };
        Self { filter, cursor: None, ..self.clone() }
    }

    /// The address of the list's page from `cursor` on. Everything in it was parsed, so that
    /// nothing is left to encode.
    pub(super) fn link(&self, cursor: Option<Cursor>) -> String {
        let ShareFilter { branch, service, verdict, .. } = &self.filter;
        let values = [
            ("branch", branch.as_ref().map(ToString::to_string)),
            ("service", service.as_ref().map(ToString::to_string)),
            ("verdict", verdict.map(|verdict| verdict.to_string())),
            ("from", self.filter.from.map(|_| self.from_day.clone())),
            ("to", self.filter.to.map(|_| self.to_day.clone())),
            ("cursor", cursor.map(|cursor| cursor.to_string())),
        ];
        let given: Vec<String> = values
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
            .collect();
        if given.is_empty() { "/".to_owned() } else { format!("/?{}", given.join("&")) }
    }
}

/// Refuses an address with parameters that it does not take.
pub(super) fn refuse_parameters(uri: &Uri) -> Result<(), QueryError> {
    refuse_unknown(&pairs(uri)?, &[])
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, QueryError> {
    let Query(pairs) = Query::try_from_uri(uri).map_err(|_| QueryError::Encoding)?;
    Ok(pairs)
}

fn refuse_unknown(
    pairs: &[(String, String)],
    known: &'static [&'static str],
) -> Result<(), QueryError> {
    let mut unknown: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, _)| cut(name))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.sort();
    unknown.dedup();
    unknown.truncate(5);
    Err(QueryError::Unknown { unknown, known })
}

fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, QueryError> {
    let mut values = pairs.iter().filter(|(given, _)| given == name);
    let first = values.next().map(|(_, value)| value.as_str());
    match values.next() {
        Some(_) => Err(QueryError::Repeated { name: name.to_owned() }),
        None => Ok(first),
    }
}

fn parsed<T: std::str::FromStr>(
    text: Option<&str>,
    name: &'static str,
    wanted: &'static str,
) -> Result<Option<T>, QueryError> {
    text.map(|text| text.parse().map_err(|_| QueryError::Value { name, value: cut(text), wanted }))
        .transpose()
}

fn verdict(text: Option<&str>) -> Result<Option<Verdict>, QueryError> {
    const WANTED: &str = "it takes malformed, unrecognised, invalid, undetermined, unsigned, \
                          incomplete or verified";
    parsed(text, "verdict", WANTED)
}

fn limit(text: Option<&str>) -> Result<u32, QueryError> {
    let limit = parsed(text, "limit", "it takes a number from 1 to 100")?.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let value = limit.to_string();
    Err(QueryError::Value { name: "limit", value, wanted: "it takes a number from 1 to 100" })
}

#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

/// A moment, or a day in Kyiv: its beginning, or as the last one its end.
fn moment(name: &'static str, text: &str, edge: Edge) -> Result<Timestamp, QueryError> {
    const WANTED: &str = "it takes a day such as 2026-09-01, or a moment such as \
                          2026-09-01T10:00:00Z";
    let refused = || QueryError::Value { name, value: cut(text), wanted: WANTED };
    if text.len() == "2026-09-01".len() {
        let day: Date = text.parse().map_err(|_| refused())?;
        let first = match edge {
            Edge::First => day,
            Edge::Last => day.tomorrow().map_err(|_| refused())?,
        };
        return Ok(Timestamp::start_of_day_in_kyiv(first));
    }
    text.parse().map_err(|_| refused())
}

fn without_brackets(message_id: &str) -> &str {
    let bare = message_id.trim();
    bare.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(bare)
}

/// A value fit for a sentence.
fn cut(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    beginning(text, MAX_CHARS).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(address: &str) -> Result<ShareQuery, QueryError> {
        ShareQuery::of_api(&address.parse().unwrap(), |id| {
            Fingerprint(*crate::domain::Sha256::of(id.as_bytes()).as_bytes())
        })
    }

    #[test]
    fn the_api_names_the_parameters_it_does_not_know() {
        let error = api("/api/v1/shares?colour=red&branch=a&Verdict=x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown query parameters: Verdict, colour; known are branch, cursor, from, limit, \
             message_id, service, to, verdict"
        );
    }

    #[test]
    fn the_api_refuses_values_in_a_sentence() {
        for address in [
            "/?verdict=green",
            "/?limit=0",
            "/?limit=101",
            "/?limit=many",
            "/?from=yesterday",
            "/?to=2026-02-30",
            "/?from=2026-09-01T10:00:00",
            "/?cursor=1",
            "/?branch=Школа",
            "/?branch=",
            "/?branch=a&branch=b",
            "/?branch=%ff",
        ] {
            let address: String =
                address.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
            assert!(api(&address).is_err(), "{address}");
        }
    }

    #[test]
    fn a_message_id_is_the_same_with_and_without_brackets() {
        let bare = api("/?message_id=a%40b").unwrap().filter;
        assert!(bare.message_id.is_some());
        assert_eq!(bare, api("/?message_id=%3Ca%40b%3E").unwrap().filter);
    }

    #[test]
    fn a_day_is_meant_whole_and_by_the_clock_in_kyiv() {
        let filter = api("/?from=2026-09-01&to=2026-09-01").unwrap().filter;
        assert_eq!(filter.from.unwrap().to_string(), "2026-08-31T21:00:00Z");
        assert_eq!(filter.to.unwrap().to_string(), "2026-09-01T21:00:00Z");
        let filter = api("/?from=2026-09-01T10:00:00%2B03:00").unwrap().filter;
        assert_eq!(filter.from.unwrap().to_string(), "2026-09-01T07:00:00Z");
    }

    #[test]
    fn the_page_takes_empty_fields_as_absent_and_links_to_itself() {
        let uri: Uri =
            "/?branch=&service=&verdict=invalid&from=2026-09-01&to=&x=y".parse().unwrap();
        let query = ShareQuery::of_page(&uri).unwrap();
        assert_eq!(query.filter.verdict, Some(Verdict::Invalid));
        assert_eq!(query.link(None), "/?verdict=invalid&from=2026-09-01");
        assert_eq!(query.with_verdict(None).link(None), "/?from=2026-09-01");
        assert!(ShareQuery::of_page(&"/?branch=".parse().unwrap()).unwrap().is_all());
    }
}
