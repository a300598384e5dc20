//! Policies along a path, as far as an authority demands one.
//!
//! RFC 5280 §6.1 keeps a tree; who asks only whether any policy is left needs no more than the
//! set of policies at its lowest level, which is what is kept here. No policy is demanded by
//! this program itself (`user-initial-policy-set` is any-policy).

use std::collections::BTreeSet;

use x509_parser::asn1_rs::{Any, Class};

use super::super::{Certificate, tree};

/// `certificatePolicies` and the extensions that limit them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::trust) struct PolicyLimits {
    /// `certificatePolicies`, without qualifiers; `None`: absent.
    pub(in crate::trust) policies: Option<Vec<String>>,
    /// `policyMappings`: the issuer's policy and the subject's.
    pub(in crate::trust) mappings: Vec<(String, String)>,
    pub(in crate::trust) require_explicit: Option<u32>,
    pub(in crate::trust) inhibit_mapping: Option<u32>,
    pub(in crate::trust) inhibit_any: Option<u32>,
}

const ANY_POLICY: &str = "2.5.29.32.0";
/// The most policies of one certificate; more serve to waste time.
const MOST_POLICIES: usize = 256;

impl PolicyLimits {
    /// `certificatePolicies`.
    pub(in crate::trust) fn take_policies(&mut self, der: &[u8]) -> Option<()> {
        let [list] = tree::elements(der)?.try_into().ok()?;
        let policies = tree::sequence(&list)?;
        let read = policies.iter().map(|policy| {
            let parts = tree::sequence(policy)?;
            tree::object_identifier(parts.first()?)
        });
        let read = read.collect::<Option<Vec<_>>>()?;
        self.policies = (read.len() <= MOST_POLICIES).then_some(read);
        self.policies.as_ref().map(|_| ())
    }

    /// `policyMappings`. RFC 5280 §6.1.4 (a): any-policy is never mapped.
    pub(in crate::trust) fn take_mappings(&mut self, der: &[u8]) -> Option<()> {
        let [list] = tree::elements(der)?.try_into().ok()?;
        let pairs = tree::sequence(&list)?;
        for pair in &pairs {
            let [from, to] = tree::sequence(pair)?.try_into().ok()?;
            let (from, to) = (tree::object_identifier(&from)?, tree::object_identifier(&to)?);
            if from == ANY_POLICY || to == ANY_POLICY {
                return None;
            }
            self.mappings.push((from, to));
        }
        (self.mappings.len() <= MOST_POLICIES).then_some(())
    }

    /// `policyConstraints`.
    pub(in crate::trust) fn take_constraints(&mut self, der: &[u8]) -> Option<()> {
        let [list] = tree::elements(der)?.try_into().ok()?;
        for part in tree::sequence(&list)? {
            match (part.class(), part.tag().0) {
                (Class::ContextSpecific, 0) => self.require_explicit = Some(count(part.data)?),
                (Class::ContextSpecific, 1) => self.inhibit_mapping = Some(count(part.data)?),
                _ => return None,
            }
        }
        Some(())
    }

    /// `inhibitAnyPolicy`.
    pub(in crate::trust) fn take_inhibit_any(&mut self, der: &[u8]) -> Option<()> {
        let [number]: [Any<'_>; 1] = tree::elements(der)?.try_into().ok()?;
        self.inhibit_any = Some(number.as_u32().ok()?);
        Some(())
    }
}

/// The content of a short non-negative INTEGER.
fn count(octets: &[u8]) -> Option<u32> {
    let significant = octets.strip_prefix(&[0]).unwrap_or(octets);
    let negative =
        significant.len() == octets.len() && octets.first().is_none_or(|byte| byte & 0x80 != 0);
    if negative || significant.len() > 4 {
        return None;
    }
    Some(significant.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// The policies that are still valid.
enum Valid {
    Any,
    These(BTreeSet<String>),
}

impl Valid {
    fn is_none(&self) -> bool {
        matches!(self, Self::These(policies) if policies.is_empty())
    }

    /// RFC 5280 §6.1.3 (d) and (e).
    fn narrow(self, policies: Option<&[String]>, any_counts: bool) -> Self {
        let Some(policies) = policies else { return Self::These(BTreeSet::new()) };
        if any_counts && policies.iter().any(|policy| policy == ANY_POLICY) {
            return self;
        }
        let named = policies.iter().filter(|policy| *policy != ANY_POLICY);
        Self::These(match self {
            Self::Any => named.cloned().collect(),
            Self::These(valid) => named.filter(|policy| valid.contains(*policy)).cloned().collect(),
        })
    }

    /// RFC 5280 §6.1.4 (b).
    fn map(self, mappings: &[(String, String)], allowed: bool) -> Self {
        let Self::These(mut valid) = self else { return self };
        let from: BTreeSet<_> = mappings.iter().map(|(from, _)| from.clone()).collect();
        let mapped = mappings.iter().filter(|(from, _)| allowed && valid.contains(from));
        let mapped: Vec<_> = mapped.map(|(_, to)| to.clone()).collect();
        valid.retain(|policy| !from.contains(policy));
        valid.extend(mapped);
        Self::These(valid)
    }
}

/// Whether an authority on `path` (the signer first) demands a policy and none is valid for all
/// of the path.
pub(in crate::trust) fn lacks_policy(path: &[&Certificate]) -> bool {
    let mut valid = Valid::Any;
    // `None`: no demand yet.
    let (mut explicit, mut mapping, mut any) = (None, None, None);
    let top = path.len().saturating_sub(1);
    for (place, certificate) in path.iter().enumerate().rev() {
        let limits = certificate.policy_limits();
        let self_issued = certificate.is_self_issued();
        // A trusted certificate is no part of the path that RFC 5280 §6.1 judges: its policies
        // bind nobody.
        if place < top {
            let any_counts = any != Some(0) || (place > 0 && self_issued);
            valid = valid.narrow(limits.policies.as_deref(), any_counts);
            if explicit == Some(0) && valid.is_none() {
                return true;
            }
        }
        if place == 0 {
            // RFC 5280 §6.1.5 (a) and (b).
            step_down(&mut explicit);
            explicit = if limits.require_explicit == Some(0) { Some(0) } else { explicit };
            break;
        }
        if !limits.mappings.is_empty() {
            valid = valid.map(&limits.mappings, mapping != Some(0));
        }
        if place < top && !self_issued {
            step_down(&mut explicit);
            step_down(&mut mapping);
            step_down(&mut any);
        }
        narrow(&mut explicit, limits.require_explicit);
        narrow(&mut mapping, limits.inhibit_mapping);
        narrow(&mut any, limits.inhibit_any);
    }
    explicit == Some(0) && valid.is_none()
}

fn step_down(counter: &mut Option<u32>) {
    *counter = counter.map(|left| left.saturating_sub(1));
}

fn narrow(counter: &mut Option<u32>, limit: Option<u32>) {
    *counter = match (*counter, limit) {
        (Some(now), Some(limit)) => Some(now.min(limit)),
        (now, limit) => now.or(limit),
    };
}
