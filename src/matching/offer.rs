//! Which of a branch's services a share is for.

use crate::{
    domain::{ServiceId, TypeCode},
    registry::{Branch, Service},
};

/// The service that the recipient's sub-address names; else the only active one; else the one
/// that the types of the documents fit best, when there is just one such.
///
/// Documents of unknown type tell nothing. Which service fits: the one that gets all it must have
/// and nothing else; failing that, the one that gets all it must have; failing that, the one that
/// asks for every type that came. Two that fit equally are as good as none.
pub(super) fn choose<'a>(
    branch: &'a Branch,
    hint: Option<&ServiceId>,
    types: &[&TypeCode],
) -> Option<&'a Service> {
    if let Some(named) = hint.and_then(|id| branch.service(id)) {
        return Some(named);
    }
    let services: Vec<&Service> = branch.active_services().collect();
    if let [only] = services.as_slice() {
        return Some(only);
    }
    let types: Vec<&TypeCode> = types.iter().copied().filter(|code| !code.is_unknown()).collect();
    if types.is_empty() {
        return None;
    }
    let fits: [fn(&Service, &[&TypeCode]) -> bool; 3] = [
        |service, types| has_all(service, types) && asks_for_all(service, types),
        has_all,
        asks_for_all,
    ];
    fits.iter().find_map(|fit| {
        let fitting: Vec<_> = services.iter().filter(|service| fit(service, &types)).collect();
        match fitting.as_slice() {
            [] => None,
            [only] => Some(Some(**only)),
            _ => Some(None),
        }
    })?
}

/// Whether everything that the service must have came.
fn has_all(service: &Service, types: &[&TypeCode]) -> bool {
    service
        .documents
        .iter()
        .filter(|requirement| !requirement.optional)
        .all(|requirement| types.iter().any(|code| requirement.accepts(code)))
}

/// Whether the service asks for everything that came.
fn asks_for_all(service: &Service, types: &[&TypeCode]) -> bool {
    types.iter().all(|code| service.requirement(code).is_some())
}
