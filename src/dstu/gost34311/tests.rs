use gost94::Digest as _;
use proptest::prelude::*;

use super::{super::substitution::tests::Other, *};

/// Digests that BouncyCastle makes.
const KNOWN: &[(&str, &str)] = &[
    ("", "da37bdf41145e39e34111775b40646e8059c2e969c1460bb98abccb26f0f76a5"),
    ("d1", "098e75135951e44fefbf1f01851f9e6cc10bf983cefaae94ce7ce9fea12fa739"),
    (
        "2537834a30e8e41ea38e69d0a669fd8c751c289c8dab3cd4f018e55dc4c74a",
        "8e794150b23898632ea0f31ed23b397e36a560bf7fe3fe6c75408093b01aea83",
    ),
    (
        "c4c1d19ad5f962bb8181c34136743565deab7ce5a46cc5392c0736a84fddb232",
        "3ce940100ec645ca740e516969a2facf0ba657bfc8fbde602c5b867fb574269b",
    ),
    (
        "0f6f1ee50c76bc0a3d559fa1ac5ce625c46f9d13cd9582d46dc9597dfa2e1981b5",
        "7d5b5805ba6b29d01cebda30d0c2457e5aef4b7a16fe2e0efa2c00e6b849daf9",
    ),
];

fn decoded(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn gives_the_known_digests() {
    for (content, digest) in KNOWN {
        assert_eq!(gost34311(&decoded(content))[..], decoded(digest), "{content}");
    }
}

proptest! {
    #[test]
    fn agrees_with_gost94_however_the_content_is_cut(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..8),
    ) {
        let mut hasher = Gost34311::default();
        for piece in &pieces {
            hasher.update(piece);
        }
        let content = pieces.concat();
        prop_assert_eq!(&hasher.finish()[..], &gost94::Gost94UA::digest(&content)[..]);
        prop_assert_eq!(&gost34311(&content)[..], &gost94::Gost94UA::digest(&content)[..]);
    }

    #[test]
    fn agrees_with_gost94_under_another_substitution(
        content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let substitution = Other::substitution();
        let mut hasher = Gost34311::new(&substitution);
        hasher.update(&content);
        let expected = gost94::Gost94::<Other>::digest(&content);
        prop_assert_eq!(&hasher.finish()[..], &expected[..]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn takes_the_same_steps_in_wide_registers(
        packed in prop::array::uniform32(any::<[u8; 2]>()),
        state: Words,
        blocks in prop::collection::vec(any::<[u8; BLOCK]>(), 0..6),
    ) {
        let packed = packed.as_flattened().try_into().unwrap();
        let substitution = Substitution::from_packed(packed);
        let expected = portable_steps(&substitution, &state, &blocks);
        if let Some(after) = vector::steps(&substitution, &state, &blocks) {
            prop_assert_eq!(after, expected);
        }
    }

    #[test]
    fn carries_the_sum_of_blocks_of_ones(blocks in 1_usize..40, rest in 0_usize..32) {
        let content = vec![0xff; blocks * 32 + rest];
        prop_assert_eq!(&gost34311(&content)[..], &gost94::Gost94UA::digest(&content)[..]);
    }
}
