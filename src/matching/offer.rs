//! Which of a branch's services a share is for.

use crate::{
    domain::{ServiceId, TypeCode},
    registry::{Branch, Service},
};

/// The service that a share is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// The service; `None` when it cannot be told.
    pub(super) service: Option<&'a Service>,
    /// The other services that would fit as well. The sender chose among them, by what he sent and
    /// how he named it, so that he must not win anything by it.
    pub(super) others: Vec<&'a Service>,
    /// Whether the service is not offered any more.
    pub(super) is_retired: bool,
}

/// The service that the recipient's sub-address names; else the only one that is offered; else the
/// one that the types of the documents fit best, when there is just one such.
///
/// Documents of unknown type tell nothing. Which service fits: one that gets all it must have; of
/// several, the one that must have everything that came; failing that, the one that asks for every
/// type that came. Two that fit equally are as good as none: what a service may have and need not
/// tells nothing, for the sender can add it at will.
pub(super) fn choose<'a>(
    branch: &'a Branch,
    named: Option<&ServiceId>,
    types: &[&TypeCode],
) -> Choice<'a> {
    if let Some(named) = named.and_then(|id| branch.service(id)) {
        return Choice { service: Some(named), others: Vec::new(), is_retired: !named.active };
    }
    let offered: Vec<&Service> = branch.active_services().collect();
    if let [only] = offered.as_slice() {
        return Choice { service: Some(only), ..Choice::default() };
    }
    let types: Vec<&TypeCode> = types.iter().copied().filter(|code| !code.is_unknown()).collect();
    let fitting: Vec<&Service> = if types.is_empty() {
        Vec::new()
    } else {
        offered.iter().copied().filter(|service| has_all(service, &types)).collect()
    };
    let exact = || fitting.iter().copied().filter(|service| must_have_all(service, &types));
    let asking = || offered.iter().copied().filter(|service| asks_for_all(service, &types));
    let service = match fitting.as_slice() {
        _ if types.is_empty() => None,
        [] => only(asking()),
        [fitting] => Some(*fitting),
        _ => only(exact()),
    };
    let is_other = |other: &&Service| service.is_some_and(|service| service.id != other.id);
    Choice { service, others: fitting.into_iter().filter(is_other).collect(), is_retired: false }
}

fn only<'a>(mut services: impl Iterator<Item = &'a Service>) -> Option<&'a Service> {
    services.next().filter(|_| services.next().is_none())
}

/// Whether everything that the service must have came.
fn has_all(service: &Service, types: &[&TypeCode]) -> bool {
    required(service).all(|requirement| types.iter().any(|code| requirement.accepts(code)))
}

/// Whether the service must have everything that came.
fn must_have_all(service: &Service, types: &[&TypeCode]) -> bool {
    types.iter().all(|code| required(service).any(|requirement| requirement.accepts(code)))
}

/// Whether the service asks for everything that came.
fn asks_for_all(service: &Service, types: &[&TypeCode]) -> bool {
    types.iter().all(|code| service.requirement(code).is_some())
}

fn required(service: &Service) -> impl Iterator<Item = &crate::registry::Requirement> {
    service.documents.iter().filter(|requirement| !requirement.optional)
}
