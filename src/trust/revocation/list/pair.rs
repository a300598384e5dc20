//! How two lists stand to each other.

use super::{Facts, List};

impl List {
    /// Whether both say that they are by the same key of the same issuer.
    pub(in crate::trust::revocation) fn is_by_key_of(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.facts.authority_key_id, &other.facts.authority_key_id);
        self.issuer.matches(&other.issuer) && own.is_some() && own == theirs
    }

    /// Whether both say of the same certificates that they are of, if any of both says so.
    pub(in crate::trust::revocation) fn has_scope_of(&self, other: &Self) -> bool {
        self.facts.scope.der == other.facts.scope.der
    }

    /// Whether what refuses the algorithm of one of both refuses the other.
    pub(in crate::trust::revocation) fn is_signed_like(&self, other: &Self) -> bool {
        self.signature.is_like(&other.signature)
    }

    /// Whether this delta list continues `full` (RFC 5280 §5.2.4).
    pub(in crate::trust::revocation) fn continues(&self, full: &Self) -> bool {
        let (Facts { number, base, .. }, whole) = (&self.facts, &full.facts);
        let (Some(number), Some(base), Some(from)) = (number, base, &whole.number) else {
            return false;
        };
        !full.is_delta()
            && base <= from
            && number >= from
            && self.this_update >= full.this_update
            && self.issuer.matches(&full.issuer)
            && self.facts.authority_key_id == whole.authority_key_id
            && self.facts.scope.der == whole.scope.der
    }
}
