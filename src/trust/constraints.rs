//! Limits that authorities set on what stands below them on a path: names (RFC 5280 §4.2.1.10,
//! §6.1.3 (b) (c)) and policies (§4.2.1.4, §4.2.1.5, §4.2.1.11, §4.2.1.14, §6.1).
//!
//! Stricter than the text in one thing: the limits of the trusted certificate count too.

#[cfg(test)]
mod tests;

mod names;
mod policies;

pub(super) use self::{
    names::{GeneralName, NameConstraints, general_names, violated_name},
    policies::{PolicyLimits, lacks_policy},
};
