//! Of which part of its issuer's certificates a list is.
//!
//! By RFC 5280 §5.2.5 a list that names no distribution point is of all certificates of its issuer.
//! Authorities in use divide theirs among several lists that do not say so: the certificates alone
//! do, by the addresses that they name. So it matters where such a list was fetched from.

use super::{
    RevocationError,
    claim::{By, Claim},
    list::List,
    parts::State,
    store::Origin,
};
use crate::{domain::RevocationSource, trust::Certificate};

/// A list at hand.
#[derive(Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) list: &'a List,
    pub(super) origin: &'a Origin,
    pub(super) source: RevocationSource,
}

impl<'a> Listed<'a> {
    /// What it says of `certificate`, of the same issuer. Whether it may clear it is not asked.
    pub(super) fn claim(&self, certificate: &Certificate) -> Result<Claim<'a>, RevocationError> {
        let Self { list, origin, source } = *self;
        let state = list.says_of(certificate)?;
        let is_continuation = list.is_delta() && state == State::Good;
        let by = if is_continuation { By::Continuation(list, origin) } else { By::List(list) };
        let is_of_part = self.is_of_part(certificate)
            || list.lists(certificate.serial_octets())
            || list.is_delta() && source == RevocationSource::Cache;
        let List { this_update, next_update, .. } = *list;
        Ok(Claim {
            state,
            this_update,
            next_update,
            source,
            is_of_part,
            responder: None,
            continues: None,
            by,
        })
    }

    /// Whether its silence says something of `certificate`. Of a delta list that is asked with the
    /// full list before it.
    ///
    /// A full list that came with a signature counts by the standard: long-term validation rests on
    /// it, for of a certificate that has ended nobody can be asked any more, and of another it never
    /// ends the question.
    pub(super) fn may_clear(&self, certificate: &Certificate) -> Result<(), RevocationError> {
        if self.list.is_delta() || self.source == RevocationSource::Signature {
            return Ok(());
        }
        self.check_part(certificate, certificate.crl_urls())
    }

    /// Whether it is certainly of the part that `certificate` belongs to.
    fn is_of_part(&self, certificate: &Certificate) -> bool {
        let is_fetched = self.source == RevocationSource::Cache;
        self.list.states_its_part()
            || is_fetched && self.check_part(certificate, certificate.crl_urls()).is_ok()
    }

    /// Whether this delta list and `full` are of the part that `certificate` belongs to.
    pub(super) fn check_parts(
        &self,
        full: &Self,
        certificate: &Certificate,
    ) -> Result<(), RevocationError> {
        full.check_part(certificate, certificate.crl_urls())?;
        let urls = certificate.delta_crl_urls().iter().chain(full.list.delta_urls());
        self.check_part(certificate, urls)
    }

    /// Whether it says itself of which part it is, or was fetched from one of `urls`. Where the
    /// certificate names no address that can be fetched from, nothing tells parts apart.
    fn check_part<'u>(
        &self,
        certificate: &Certificate,
        urls: impl IntoIterator<Item = &'u String>,
    ) -> Result<(), RevocationError> {
        let is_undivided =
            certificate.crl_urls().is_empty() && certificate.delta_crl_urls().is_empty();
        let is_known = match (self.source, self.origin) {
            _ if is_undivided || self.list.states_its_part() => true,
            (RevocationSource::Signature, _) => false,
            (RevocationSource::Cache, Origin::Chosen) => true,
            (RevocationSource::Cache, Origin::Fetched(from)) => {
                urls.into_iter().any(|url| from.contains(url))
            }
        };
        if is_known {
            return Ok(());
        }
        Err(RevocationError::NotAbout {
            problem: "the list does not say of which certificates it is, and was not fetched from \
                      an address that the certificate names"
                .to_owned(),
        })
    }
}
