//! Where a certificate says that more about it can be found (RFC 5280 §4.2.1.13, §4.2.1.15 and
//! §4.2.2.1).

use der::Tag;

use crate::asn1::{Broken, Element, Elements, constructed, primitive};

/// `CRLDistributionPoints`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Points {
    /// The URLs that can be fetched from.
    pub(super) urls: Vec<String>,
    /// The full names of the points, each the DER of a `GeneralName`: a list that names a point is
    /// only for the certificates that name it too.
    pub(super) names: Vec<Vec<u8>>,
}

/// The most of each kind that is kept.
const MAX_URLS: usize = 8;
const MAX_URL_LEN: usize = 2048;
const MAX_NAMES: usize = 32;

impl Points {
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        Self::read_all(der).ok()
    }

    fn read_all(der: &[u8]) -> Result<Self, Broken> {
        let mut read = Self::default();
        let mut points = Element::only(der)?.of(Tag::Sequence)?.inside()?;
        while !points.is_finished() {
            let mut point = points.expect(Tag::Sequence)?.inside()?;
            if let Some(name) = point.optional(constructed(0))? {
                for general_name in full_names(&name)? {
                    read.urls.extend(url(&general_name));
                    read.names.push(general_name.raw.to_vec());
                }
            }
        }
        read.urls.truncate(MAX_URLS);
        read.names.truncate(MAX_NAMES);
        Ok(read)
    }
}

/// The `fullName` in a `DistributionPointName` with its tag around it; empty when it is a name
/// relative to the issuer's, which nobody in use writes.
pub(super) fn full_names<'a>(name: &Element<'a>) -> Result<Vec<Element<'a>>, Broken> {
    let mut choice = name.inside()?;
    let mut names = Vec::new();
    if let Some(full) = choice.optional(constructed(0))? {
        let mut all = full.inside()?;
        while !all.is_finished() {
            names.push(all.next()?);
        }
    }
    Ok(names)
}

/// The OCSP responders and the issuer's certificates in `AuthorityInfoAccessSyntax`.
pub(super) fn access(der: &[u8]) -> Option<(Vec<String>, Vec<String>)> {
    read_access(der).ok()
}

fn read_access(der: &[u8]) -> Result<(Vec<String>, Vec<String>), Broken> {
    let (mut responders, mut issuers) = (Vec::new(), Vec::new());
    let mut all = Element::only(der)?.of(Tag::Sequence)?.inside()?;
    while !all.is_finished() {
        let mut description: Elements<'_> = all.expect(Tag::Sequence)?.inside()?;
        let method = description.next()?.object_identifier()?;
        let location = description.next()?;
        description.finish()?;
        match method.as_str() {
            "1.3.6.1.5.5.7.48.1" => responders.extend(url(&location)),
            "1.3.6.1.5.5.7.48.2" => issuers.extend(url(&location)),
            _ => {}
        }
    }
    responders.truncate(MAX_URLS);
    issuers.truncate(MAX_URLS);
    Ok((responders, issuers))
}

/// A `uniformResourceIdentifier` that can be fetched over HTTP.
fn url(general_name: &Element<'_>) -> Option<String> {
    let value = general_name.of(primitive(6)).ok()?.value;
    let text = std::str::from_utf8(value).ok()?.trim();
    let (scheme, rest) = text.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_http && is_plain && !rest.is_empty() && text.len() <= MAX_URL_LEN).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::sample::{object_identifier, tlv};

    fn uri(text: &str) -> Vec<u8> {
        tlv(0x86, &[text.as_bytes().to_vec()])
    }

    fn point(names: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &[tlv(0xa0, &[tlv(0xa0, names)])])
    }

    #[test]
    fn reads_the_urls_of_every_point_and_keeps_every_name() {
        let directory = tlv(0xa4, &[tlv(0x30, &[])]);
        let points = tlv(
            0x30,
            &[
                point(&[uri("ldap://ca.example/x"), directory.clone()]),
                point(&[uri("http://ca.example/full.crl")]),
                tlv(0x30, &[tlv(0x81, &[vec![1, 2]])]),
            ],
        );
        let read = Points::read(&points).unwrap();
        assert_eq!(read.urls, ["http://ca.example/full.crl"]);
        let names = [uri("ldap://ca.example/x"), directory, uri("http://ca.example/full.crl")];
        assert_eq!(read.names, names);
    }

    #[test]
    fn tells_responders_from_issuers() {
        let at = |method: &str, url: &str| tlv(0x30, &[object_identifier(method), uri(url)]);
        let information = tlv(
            0x30,
            &[
                at("1.3.6.1.5.5.7.48.1", "http://ca.example/ocsp/"),
                at("1.3.6.1.5.5.7.48.2", "HTTPS://ca.example/ca.p7b"),
                at("1.3.6.1.5.5.7.48.9", "http://ca.example/other"),
            ],
        );
        let (responders, issuers) = access(&information).unwrap();
        assert_eq!(responders, ["http://ca.example/ocsp/"]);
        assert_eq!(issuers, ["HTTPS://ca.example/ca.p7b"]);
    }

    #[test]
    fn keeps_no_url_that_cannot_be_fetched_over_http() {
        let long = format!("http://ca.example/{}", "x".repeat(MAX_URL_LEN));
        for refused in ["ftp://ca.example/a", "http://", "http://a b", "ca.example", "", &long] {
            let points = tlv(0x30, &[point(&[uri(refused)])]);
            assert!(Points::read(&points).unwrap().urls.is_empty(), "{refused}");
        }
        let many: Vec<_> = (0..20).map(|n| uri(&format!("http://ca.example/{n}"))).collect();
        assert_eq!(Points::read(&tlv(0x30, &[point(&many)])).unwrap().urls.len(), MAX_URLS);
    }

    #[test]
    fn refuses_what_is_not_a_list_of_points() {
        for der in [&b""[..], b"\x30\x01\x05", b"\x04\x00", b"\x30\x02\x04\x00", b"\x30\x00\x00"] {
            assert!(Points::read(der).is_none(), "{der:02x?}");
            assert!(access(der).is_none(), "{der:02x?}");
        }
    }
}
