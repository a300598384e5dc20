//! Who issued a certificate that is trusted itself, and of which no path tells it.

use super::{Certificate, TrustStore};
use crate::{algorithms::Used, domain::Timestamp};

/// Authorities of one name whose keys are tried.
const MOST_KEYS: usize = 8;

/// Those of `all` by name and key identifier that may have issued `certificate`: at most eight. That
/// one has, [`proved_issuer`] tells.
pub(super) fn named_issuers<'a>(
    certificate: &Certificate,
    all: impl Iterator<Item = &'a Certificate>,
) -> impl Iterator<Item = &'a Certificate> {
    let is_named = |issuer: &&Certificate| {
        certificate.names_issuer(issuer) && certificate.names_key_of(issuer)
    };
    all.filter(is_named).take(MOST_KEYS)
}

/// The first of `named` whose key has signed `certificate`, and what that rests on.
pub(super) fn proved_issuer<'a>(
    certificate: &Certificate,
    mut named: impl Iterator<Item = &'a Certificate>,
) -> Option<(&'a Certificate, Used)> {
    named.find_map(|issuer| Some((issuer, certificate.verify_issued_by(issuer).ok()?)))
}

/// The authority that issued `certificate`, which is trusted itself: one that `trust` knows, or one
/// of those brought along that such a one has issued. Keys have signed by what the algorithm policy
/// accepts at `at`.
///
/// One that is only brought does not count: to a signature there are other keys that fit it, and
/// whoever makes one up would be asked about in the name of the authority.
///
/// `spend` is asked before each check with a key, and ends the search by `false`. `None` also for
/// a self-signed certificate, of which no authority says anything.
pub fn issuer_of_trusted(
    certificate: &Certificate,
    brought: &[Certificate],
    trust: &TrustStore,
    at: Timestamp,
    mut spend: impl FnMut() -> bool,
) -> Option<Certificate> {
    if certificate.is_self_signed() {
        return None;
    }
    let listed = trust.services().iter().flat_map(|service| &service.certificates);
    let known: Vec<&Certificate> = trust.certificates().iter().chain(listed).collect();
    let mut find = |certificate: &Certificate, among: &[&Certificate]| {
        let authorities = among.iter().copied().filter(|issuer| issuer.is_authority());
        let named = named_issuers(certificate, authorities).take_while(|_| spend());
        let (issuer, used) = proved_issuer(certificate, named)?;
        trust.algorithms().check(&used, at).ok()?;
        Some(issuer.clone())
    };
    find(certificate, &known).or_else(|| {
        let brought: Vec<&Certificate> = brought.iter().collect();
        let issuer = find(certificate, &brought)?;
        find(&issuer, &known)?;
        Some(issuer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{algorithms::Policy, trust::sample::Draft};

    /// A certificate is by «Issuer», whose key has the seed 1, and that is by «Root».
    #[test]
    fn the_issuer_of_a_trusted_certificate_is_one_that_is_known() {
        let signer = Draft::signer("Тестова Особа", 9, ("Issuer", 1)).make();
        let issuer = Draft::authority("Issuer", 1, ("Root", 2)).make();
        let root = Draft::authority("Root", 2, ("Root", 2)).make();
        let no_authority = Draft::signer("Issuer", 1, ("Root", 2)).make();
        let namesake = Draft::authority("Issuer", 7, ("Root", 2)).make();
        let made_up = Draft::authority("Issuer", 1, ("Somebody", 8)).make();
        let at = "2026-06-15T12:00:00Z".parse().unwrap();
        let find = |trusted: &[&Certificate], brought: &[&Certificate]| {
            let all = |list: &[&Certificate]| list.iter().copied().cloned().collect::<Vec<_>>();
            let trust = TrustStore::new(all(trusted));
            issuer_of_trusted(&signer, &all(brought), &trust, at, || true)
        };
        for (what, trusted, brought, expected) in [
            ("nobody", vec![&signer], vec![], None),
            ("trusted", vec![&signer, &issuer], vec![], Some(&issuer)),
            ("brought, below a trusted one", vec![&signer, &root], vec![&issuer], Some(&issuer)),
            ("brought alone", vec![&signer], vec![&issuer, &root], None),
            ("brought, and made up", vec![&signer, &root], vec![&made_up], None),
            ("another key of the name", vec![&signer, &namesake], vec![&namesake], None),
            ("no authority", vec![&signer, &no_authority], vec![], None),
            ("one of several", vec![&signer, &namesake, &issuer], vec![], Some(&issuer)),
        ] {
            assert_eq!(find(&trusted, &brought).as_ref(), expected, "{what}");
        }
        let trust = TrustStore::new(vec![root.clone(), issuer]);
        assert_eq!(issuer_of_trusted(&root, &[], &trust, at, || true), None, "self-issued");
        assert_eq!(issuer_of_trusted(&signer, &[], &trust, at, || false), None, "no checks left");
        let weak = trust.with_algorithms(Policy::built_in_but(&[("Ed25519", "2026-01-01")]));
        assert_eq!(issuer_of_trusted(&signer, &[], &weak, at, || true), None, "weak");
    }
}
