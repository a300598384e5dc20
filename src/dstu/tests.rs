//! Claims about the whole of the signature, on every backend this processor has.

use std::iter;

use super::{
    Backend, Curve, KeyCache, KeyError, PreparedKey, PrivateKey, PublicKey, scalar,
    scalar::{is_zero, less, subtract, to_little_endian},
    table::Table,
    verify::verify_with,
    verify_on,
};

mod arithmetic;

/// Octets that look random and are the same each time.
pub(super) fn octets(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
    .take(count)
    .collect()
}

fn private(curve: Curve, seed: u64) -> PrivateKey {
    let mut octets = octets(seed, curve.order_octets());
    octets.truncate(curve.order_octets() - 1);
    PrivateKey::read(curve, &octets).unwrap()
}

fn signed(curve: Curve, seed: u64) -> (PublicKey, Vec<u8>, Vec<u8>) {
    let key = private(curve, seed);
    let digest = octets(seed + 1, [32, 48, 64][usize::try_from(seed % 3).unwrap()]);
    let signature = key.sign(&digest, &octets(seed + 2, PrivateKey::nonce_octets(curve))).unwrap();
    (key.public_key(), digest, signature)
}

#[test]
fn a_signature_holds_on_every_backend_and_with_a_table() {
    for curve in Curve::ALL {
        for seed in 0..2 {
            let (key, digest, signature) = signed(curve, 1000 * seed);
            let prepared = (seed == 0).then(|| PreparedKey::new(&key));
            let mut other = digest.clone();
            other[3] ^= 4;
            for backend in Backend::available() {
                assert_eq!(PublicKey::read_on(backend, curve, key.octets()), Ok(key.clone()));
                assert!(verify_on(backend, &key, &digest, &signature), "{curve:?} {backend:?}");
                assert!(!verify_on(backend, &key, &other, &signature));
                if let Some(prepared) = &prepared {
                    assert!(prepared.verify_on(backend, &digest, &signature));
                    assert!(!prepared.verify_on(backend, &other, &signature));
                }
            }
        }
    }
}

#[test]
fn all_backends_sign_alike() {
    for curve in Curve::ALL {
        let key = private(curve, 77);
        let nonce = octets(5, PrivateKey::nonce_octets(curve));
        let signatures: Vec<_> =
            Backend::available().map(|backend| key.sign_on(backend, &[1; 32], &nonce)).collect();
        assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]), "{curve:?}");
    }
}

#[test]
fn refuses_numbers_out_of_range_and_lengths_that_do_not_fit() {
    for curve in Curve::ALL {
        let (key, digest, signature) = signed(curve, 31);
        let half = curve.order_octets();
        let (r, s) = signature.split_at(half);
        let order = to_little_endian(curve.order(), half);
        let zero = vec![0; half];
        let refused = [
            [&zero[..], s].concat(),
            [r, &zero[..]].concat(),
            [&order[..], s].concat(),
            [r, &order[..]].concat(),
            [r, &vec![0xFF; half][..]].concat(),
            [s, r].concat(),
            signature[..2 * half - 1].to_vec(),
            signature[1..].to_vec(),
            [&signature[..], &[0]].concat(),
            [&signature[..], &[0, 0]].concat(),
            [r, &[0], s, &[0]].concat(),
            Vec::new(),
            vec![4],
            vec![4, 0],
            [&[4, u8::try_from(2 * half - 1).unwrap()], &signature[..]].concat(),
        ];
        for signature in refused {
            assert!(!super::verify(&key, &digest, &signature), "{curve:?} {signature:02x?}");
        }
        let wrapped = [&[4, u8::try_from(2 * half).unwrap()], &signature[..]].concat();
        assert!(super::verify(&key, &digest, &wrapped));
    }
}

#[test]
fn refuses_a_signature_whose_point_is_infinity() {
    // Q = −d · P: with s = d · r the sum s · P + r · Q is infinity.
    for curve in Curve::ALL {
        let key = private(curve, 9);
        let public = key.public_key();
        let table = Table::of(curve, Backend::best(), public.x(), public.lambda());
        let d = scalar::from_little_endian(&octets(9, curve.order_octets() - 1)).unwrap();
        let r = [0x1234_5678_9ABC_DEF1, 0, 0, 0, 0, 0, 0];
        let s = scalar::multiply_modulo(&d, &r, curve.order());
        let half = curve.order_octets();
        let signature = [to_little_endian(&r, half), to_little_endian(&s, half)].concat();
        for backend in Backend::available() {
            assert!(!verify_on(backend, &public, &[1; 32], &signature));
            assert!(!verify_with(backend, &public, Some(&table), &[1; 32], &signature));
        }
    }
}

#[test]
fn keys_equal_to_the_base_point_and_its_negative_work() {
    for curve in Curve::ALL {
        let (largest, _) = subtract(curve.order(), &[1, 0, 0, 0, 0, 0, 0]);
        for d in [vec![1], to_little_endian(&largest, curve.order_octets()), vec![2]] {
            let key = PrivateKey::read(curve, &d).unwrap();
            let public = key.public_key();
            assert_eq!(PublicKey::read(curve, public.octets()), Ok(public.clone()));
            let table = Table::of(curve, Backend::best(), public.x(), public.lambda());
            let nonce = octets(3, PrivateKey::nonce_octets(curve));
            let signature = key.sign(&[5; 32], &nonce).unwrap();
            let backend = Backend::best();
            assert!(verify_on(backend, &public, &[5; 32], &signature), "{curve:?} {d:?}");
            assert!(verify_with(backend, &public, Some(&table), &[5; 32], &signature));
        }
    }
}

#[test]
fn refuses_keys_that_are_no_points_of_the_subgroup() {
    for curve in Curve::ALL {
        let length = curve.field_octets();
        let zero = vec![0; length];
        assert_eq!(PublicKey::read(curve, &zero), Err(KeyError::OutsideSubgroup { curve }));
        let mut high = vec![0xFF; length];
        if curve.degree() % 8 != 0 {
            let degree = curve.degree();
            assert_eq!(PublicKey::read(curve, &high), Err(KeyError::Oversized { degree }));
        }
        high.push(0);
        assert!(matches!(PublicKey::read(curve, &high), Err(KeyError::Length { .. })));
        let mut reasons = Vec::new();
        for seed in 0..40 {
            let mut octets = octets(seed, length);
            octets[length - 1] = 0;
            match PublicKey::read(curve, &octets) {
                Ok(key) => assert_eq!(key.octets(), octets, "{curve:?}"),
                Err(reason) => reasons.push(reason),
            }
        }
        assert!(reasons.contains(&KeyError::OffCurve { curve }), "{curve:?}");
        let outside = reasons.contains(&KeyError::OutsideSubgroup { curve });
        assert_eq!(outside, !curve.a(), "{curve:?}: with cofactor 2 the form itself excludes them");
    }
}

#[test]
fn the_integer_of_a_digest_is_cut_and_never_zero() {
    for curve in Curve::ALL {
        let key = private(curve, 4);
        let public = key.public_key();
        let nonce = octets(6, PrivateKey::nonce_octets(curve));
        let of_zero = key.sign(&[0; 32], &nonce).unwrap();
        let mut one = [0; 32];
        one[0] = 1;
        assert!(super::verify(&public, &one, &of_zero), "{curve:?}: zero counts as one");
        let long = octets(8, 64);
        let signature = key.sign(&long, &nonce).unwrap();
        let mut cut = long[..curve.field_octets()].to_vec();
        let spare = u32::from(curve.degree()) % 8;
        cut[curve.field_octets() - 1] &= 0xFF >> (8 - spare);
        assert!(super::verify(&public, &cut, &signature), "{curve:?}");
    }
}

#[test]
fn both_sides_agree_and_only_on_one_curve() {
    for curve in Curve::ALL {
        let (one, two) = (private(curve, 1), private(curve, 2));
        let shared = one.agree(&two.public_key()).unwrap();
        assert_eq!(shared, two.agree(&one.public_key()).unwrap());
        assert_eq!(shared.len(), curve.field_octets());
    }
    let other = private(Curve::M431, 1).public_key();
    let refused = private(Curve::M257, 1).agree(&other);
    assert!(matches!(refused, Err(KeyError::OtherCurve { .. })));
}

#[test]
fn private_keys_out_of_range_and_short_nonces_are_refused() {
    for curve in Curve::ALL {
        let order = to_little_endian(curve.order(), curve.order_octets());
        assert!(PrivateKey::read(curve, &order).is_err());
        assert!(PrivateKey::read(curve, &[]).is_err());
        assert!(PrivateKey::read(curve, &[0; 20]).is_err());
        assert!(PrivateKey::read(curve, &[1; 65]).is_err());
        let key = private(curve, 3);
        let short = vec![7; PrivateKey::nonce_octets(curve) - 1];
        assert!(matches!(key.sign(&[1; 32], &short), Err(KeyError::NonceLength { .. })));
        let zero = vec![0; PrivateKey::nonce_octets(curve)];
        assert_eq!(key.sign(&[1; 32], &zero), Err(KeyError::NonceUnfit));
    }
}

#[test]
fn debug_of_a_private_key_shows_the_curve_only() {
    let shown = format!("{:?}", private(Curve::M257, 3));
    assert_eq!(shown, "PrivateKey(M257, [redacted])");
}

#[test]
fn the_cache_answers_as_the_plain_verification_does() {
    let cache = KeyCache::new();
    let (key, digest, signature) = signed(Curve::M257, 12);
    let mut forged = signature.clone();
    forged[2] ^= 1;
    for _ in 0..30 {
        assert_eq!(cache.verify(Curve::M257, key.octets(), &digest, &forged), Ok(false));
    }
    assert_eq!(cache.tables().0, 0, "signatures that fail build no table");
    for _ in 0..30 {
        assert_eq!(cache.verify(Curve::M257, key.octets(), &digest, &signature), Ok(true));
        assert_eq!(cache.verify(Curve::M257, key.octets(), &digest, &forged), Ok(false));
    }
    assert_eq!(cache.tables().0, 1);
    assert!(cache.verify(Curve::M257, &[0; 33], &digest, &signature).is_err());
    assert!(cache.verify(Curve::M431, key.octets(), &digest, &signature).is_err());
}

#[test]
fn the_orders_are_above_any_single_word() {
    for curve in Curve::ALL {
        assert!(less(&[u64::MAX, 0, 0, 0, 0, 0, 0], curve.order()));
        assert!(!is_zero(curve.order()));
    }
}
