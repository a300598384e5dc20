use magma::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use proptest::prelude::*;

use super::{super::substitution::tests::Other, *};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// ГОСТ Р 34.12-2015 is the same cipher with the octets of its words the other way round.
fn swapped_words(mut key: [u8; 32]) -> [u8; 32] {
    key.chunks_mut(4).for_each(<[u8]>::reverse);
    key
}

fn swapped_block(mut block: [u8; 8]) -> [u8; 8] {
    block.reverse();
    block
}

#[test]
fn wraps_and_unwraps_the_published_key() {
    let wrapping =
        [hex("01000000010000000100000001000000"), hex("ffffffffffffffffffffffffffffffff")].concat();
    let key = hex("01020304010203040102030401020304f1f2f3f4f5f6f7f8f1f2f3f4f5f6f7f8");
    let wrapped = hex(
        "52a513f1b4172ca6b5f1b8a03ca9a4e0acb6e00e11e5e9bcdd446222eb97238dc3e4e24d2ec03e05a568ec51",
    );
    let start = hex("f477da7aa6424a88").try_into().unwrap();
    let wrapping = wrapping.try_into().unwrap();
    let key = key.try_into().unwrap();
    let cipher = Gost28147::new(Substitution::standard(), &wrapping);
    assert_eq!(cipher.wrap_key(start, &key)[..], wrapped);
    let wrapped = wrapped.try_into().unwrap();
    assert_eq!(cipher.unwrap_key(&wrapped).as_deref(), Some(&key));
}

#[test]
fn shows_nothing_of_a_key() {
    let cipher = Gost28147::new(Substitution::standard(), &[0x5a; 32]);
    assert_eq!(format!("{cipher:?}"), "Gost28147 { .. }");
}

proptest! {
    #[test]
    fn encrypts_a_block_as_magma_does(key: [u8; 32], block: [u8; 8]) {
        let substitution = Other::substitution();
        let cipher = Gost28147::new(&substitution, &key);
        let encrypted = cipher.encrypt(block);
        let peer = magma::Gost89::<Other>::new(&swapped_words(key).into());
        let mut expected = swapped_block(block).into();
        peer.encrypt_block(&mut expected);
        prop_assert_eq!(swapped_block(encrypted), <[u8; 8]>::from(expected));
        prop_assert_eq!(cipher.decrypt(encrypted), block);
    }

    #[test]
    fn decrypts_what_it_encrypted_with_feedback(
        key: [u8; 32], start: [u8; 8], content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let cipher = Gost28147::new(Substitution::standard(), &key);
        let mut changed = content.clone();
        cipher.encrypt_feedback(start, &mut changed);
        let first: Vec<u8> =
            content.iter().zip(cipher.encrypt(start)).map(|(octet, gamma)| octet ^ gamma).collect();
        prop_assert_eq!(&changed[..first.len()], &first[..]);
        cipher.decrypt_feedback(start, &mut changed);
        prop_assert_eq!(changed, content);
    }

    #[test]
    fn refuses_a_wrapped_key_with_any_bit_changed(
        wrapping: [u8; 32], start: [u8; 8], key: [u8; 32], bit in 0_usize..44 * 8,
    ) {
        let cipher = Gost28147::new(Substitution::standard(), &wrapping);
        let mut wrapped = cipher.wrap_key(start, &key);
        wrapped[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(cipher.unwrap_key(&wrapped), None);
    }
}
