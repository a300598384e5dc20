//! Verification of a signature (DSTU 4145-2002, section 13).

use super::{
    Backend, Curve, PublicKey,
    field::{Dispatch, Field, Words, enter},
    point::{Affine, Projective, normalize},
    scalar::{bit, from_little_endian, is_zero, less, sparse_digits, truncate},
    table::{Odd, Table, one_product, two_products},
};

/// Whether a signature over a digest was made with the private half of a key.
///
/// The digest is the hash's octets as the hash function gives them; the standard's integer is
/// those octets with the least significant first, cut to the field's degree, and 1 if that is 0.
///
/// The signature is r ‖ s, each [`Curve::order_octets`] octets with the least significant first,
/// bare (as in CMS) or wrapped in a DER OCTET STRING (as in certificates). Any other length is
/// refused, as is r or s that is 0 or not below the order.
#[must_use]
pub fn verify(key: &PublicKey, digest: &[u8], signature: &[u8]) -> bool {
    verify_on(Backend::best(), key, digest, signature)
}

/// [`verify`] on a chosen backend; one the processor lacks is replaced by the portable one.
#[must_use]
pub fn verify_on(backend: Backend, key: &PublicKey, digest: &[u8], signature: &[u8]) -> bool {
    verify_with(backend, key, None, digest, signature)
}

/// [`verify_on`], with the key's table if there is one.
pub(super) fn verify_with(
    backend: Backend,
    key: &PublicKey,
    table: Option<&Table>,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let curve = key.curve();
    let Some((r, s)) = halves(curve, signature) else { return false };
    let hash = hash_element(curve, digest);
    let base = Table::base(curve, backend);
    enter(backend, curve, Verify { key, table, base, hash, r, s })
}

/// r and s of a signature, both within 0 < … < n.
fn halves(curve: Curve, signature: &[u8]) -> Option<(Words, Words)> {
    let half = curve.order_octets();
    let bare = match signature {
        [0x04, length, bare @ ..]
            if usize::from(*length) == bare.len() && bare.len() == 2 * half =>
        {
            bare
        }
        _ => signature,
    };
    if bare.len() != 2 * half {
        return None;
    }
    let (r, s) = bare.split_at(half);
    let (r, s) = (from_little_endian(r)?, from_little_endian(s)?);
    let fits = |value: &Words| !is_zero(value) && less(value, curve.order());
    (fits(&r) && fits(&s)).then_some((r, s))
}

/// The field element of a digest (5.9 and 12.1 of the standard).
pub(super) fn hash_element(curve: Curve, digest: &[u8]) -> Words {
    let octets = &digest[..digest.len().min(curve.field_octets())];
    let words = from_little_endian(octets).unwrap_or_default();
    let mut element = truncate(&words, usize::from(curve.degree()));
    if is_zero(&element) {
        element[0] = 1;
    }
    element
}

struct Verify<'a> {
    key: &'a PublicKey,
    table: Option<&'a Table>,
    base: &'a Table,
    hash: Words,
    r: Words,
    s: Words,
}

impl Dispatch for Verify<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<F: Field>(self) -> bool {
        let curve = self.key.curve();
        let sum = self.sum::<F>(curve);
        if sum.is_infinity() {
            return false;
        }
        is_truncation::<F>(curve, &sum, &self.hash, &self.r)
    }
}

impl Verify<'_> {
    /// R = s · P + r · Q.
    #[inline(always)]
    fn sum<F: Field>(&self, curve: Curve) -> Projective<F> {
        let s = Odd::new(&self.s, curve);
        if let Some(table) = self.table {
            let r = Odd::new(&self.r, curve);
            if let Some(sum) = two_products((self.base, &s), (table, &r), curve) {
                return sum;
            }
        }
        let point = Affine::from_words(self.key.x(), self.key.lambda());
        let of_key = product::<F>(point, &self.r, curve.a());
        let of_base = one_product((self.base, &s), curve)
            .unwrap_or_else(|| product::<F>(self.base.point::<F>(), &self.s, curve.a()));
        of_key.add(of_base, curve.a())
    }
}

/// k · P by the non-adjacent form of width 5.
pub(super) fn product<F: Field>(point: Affine<F>, k: &Words, a: bool) -> Projective<F> {
    F::outline(
        #[inline(always)]
        || product_here(point, k, a),
    )
}

#[inline(always)]
fn product_here<F: Field>(point: Affine<F>, k: &Words, a: bool) -> Projective<F> {
    const WIDTH: usize = 5;
    const ODD: usize = 1 << (WIDTH - 2);
    let doubled = [point.projective().double(a)];
    let mut affine = Vec::with_capacity(1 + ODD);
    normalize(&doubled, &mut affine);
    let step = affine[0];
    affine.clear();
    let mut multiples = [point.projective(); ODD];
    for at in 1..ODD {
        multiples[at] = multiples[at - 1].add_affine(step, a);
    }
    normalize(&multiples, &mut affine);

    let digits = sparse_digits(k, WIDTH);
    let top = digits.iter().rposition(|digit| *digit != 0).unwrap_or(0);
    let mut sum = Projective::infinity();
    for digit in digits[..=top].iter().rev() {
        sum = sum.double(a);
        if *digit != 0 {
            let multiple = affine[usize::from(digit.unsigned_abs() / 2)];
            sum = sum.add_affine(multiple.negated_if(*digit < 0), a);
        }
    }
    sum
}

/// Whether the low bits of hash · x(R) are r (5.8), without computing x(R) = X / Z: the product
/// hash · X has to be (r + c) · Z, where c runs over the bits that the cut leaves out.
#[inline(always)]
pub(super) fn is_truncation<F: Field>(
    curve: Curve,
    sum: &Projective<F>,
    hash: &Words,
    r: &Words,
) -> bool {
    let kept = curve.order_bits() - 1;
    if (kept..curve.order_bits()).any(|at| bit(r, at)) {
        return false;
    }
    let difference = F::add(F::multiply(F::load(hash), sum.x), F::multiply(F::load(r), sum.z));
    // One or two bits are left out: the order has one bit less than the field, or as many.
    let cut = usize::from(curve.degree()) - kept;
    let mut found = false;
    for choice in 0..1_u64 << cut {
        let mut left_out = [0; super::field::LIMBS];
        for at in 0..cut {
            let place = kept + at;
            left_out[place / 64] |= (choice >> at & 1) << (place % 64);
        }
        let candidate = F::multiply(F::load(&left_out), sum.z);
        found |= F::is_zero(F::add(difference, candidate));
    }
    found
}
