//! Which part each copy of a share has in its judgement.

use std::cmp::Reverse;

use super::{
    copy::{Copy, Grade},
    signer::Rules,
};
use crate::{
    domain::{TypeCode, Verdict},
    registry::{Requirement, Service},
};

/// A copy with its grade, and its part.
pub(super) struct Role<'c, 'd> {
    pub(super) copy: &'c Copy<'d>,
    pub(super) grade: &'c Grade,
    /// Whether the service asks for its type; where no service is known, whatever came counts.
    pub(super) asked_for: bool,
    /// Whether the service does not ask for its type, so that operators do not see it.
    pub(super) excess: bool,
    /// The number of the copy that is the same document and counts for both.
    pub(super) repeats: Option<u32>,
    /// Whether the verdict rests on it.
    pub(super) decides: bool,
}

/// One for each copy, in their order, `by` the rules of the service.
pub(super) fn of<'c, 'd>(
    copies: &'c [Copy<'d>],
    grades: &'c [Grade],
    service: Option<&Service>,
    by: Option<&Rules<'_>>,
) -> Vec<Role<'c, 'd>> {
    let images = service.map(|service| service.accept_images).unwrap_or_default();
    let is_asked_for =
        |code: &TypeCode| service.is_none_or(|service| service.requirement(code).is_some());
    let role = |(copy, grade): (&'c Copy<'d>, &'c Grade)| {
        let asked_for = is_asked_for(copy.type_code);
        Role { copy, grade, asked_for, excess: false, repeats: None, decides: false }
    };
    let mut roles: Vec<Role<'c, 'd>> = copies.iter().zip(grades).map(role).collect();
    tell_repeated(&mut roles, by);
    let is_complete = {
        let there = types_there(&roles);
        service.is_some_and(|service| missing(service, &there).next().is_none())
    };
    for role in &mut roles {
        // A copy whose name was lost on the way may be the one that is missing: staff must see it.
        role.excess = !role.asked_for && (is_complete || !role.copy.type_code.is_unknown());
        // Beside the documents themselves, a signature of something that was not sent says nothing
        // against them. The same document again says something only when it is broken there, or is
        // no document in that form.
        let is_same_again = role.repeats.is_some()
            && role.grade.verdict > Verdict::Invalid
            && role.copy.not_a_document(images).is_none();
        let is_stray = is_complete && role.copy.is_orphan();
        role.decides = !role.excess && !is_stray && !is_same_again;
    }
    // Other files beside the requested documents do not change the verdict. When no requested
    // document came, all files are judged: a forgery alone is `invalid`, not `incomplete`.
    if !roles.iter().any(|role| role.decides) {
        for role in &mut roles {
            role.decides = true;
        }
    }
    roles
}

/// Of several copies of one document one counts that was asked for, and of those the one that is
/// proved best.
fn tell_repeated(roles: &mut [Role<'_, '_>], by: Option<&Rules<'_>>) {
    let mut order: Vec<&mut Role<'_, '_>> = roles.iter_mut().collect();
    order.sort_by_key(|role| (!role.asked_for, Reverse(role.grade.verdict), role.copy.number));
    let mut counted: Vec<&Copy<'_>> = Vec::new();
    for role in order {
        match counted.iter().find(|one| role.copy.repeats(one, by)) {
            Some(of) => role.repeats = Some(of.number),
            None => counted.push(role.copy),
        }
    }
}

/// The types of the documents that came: one document is one, under however many names, and a
/// signature is none.
pub(super) fn types_there<'d>(roles: &[Role<'_, 'd>]) -> Vec<&'d TypeCode> {
    let there = roles.iter().filter(|role| !role.copy.is_orphan() && role.repeats.is_none());
    there.map(|role| role.copy.type_code).collect()
}

/// What the service asks for and none of `types` is.
pub(super) fn missing<'a>(
    service: &'a Service,
    types: &'a [&TypeCode],
) -> impl Iterator<Item = &'a Requirement> {
    service.documents.iter().filter(|requirement| {
        !requirement.optional && !types.iter().any(|code| requirement.accepts(code))
    })
}
