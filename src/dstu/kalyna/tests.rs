use dstu_core::hazmat::{kalyna::Kalyna256_256, kalyna_cfb::Kalyna256_256Cfb};
use proptest::prelude::*;

use super::*;

fn counting(from: u8) -> [u8; 32] {
    std::array::from_fn(|at| from + u8::try_from(at).unwrap())
}

#[test]
fn wraps_and_unwraps_the_key_that_uapki_wraps() {
    let cipher = Kalyna::new(&counting(0));
    let mut key = counting(0);
    key.reverse();
    let wrapped = cipher.wrap_key(&counting(0x20), &key);
    let expected = "7b74fcbf080464f81bf8eaf10621b624a4f053446128396cc2f529bd3e2078da\
                    d6bc0b4c5aaf47711d1be5cdc0d4849ec50dc4484f7cf393bc7f5f3e8a8728ca\
                    13ddaee30c297d6c82c8751e533a3e7591e7d400b89ae64237f692ec892333cd";
    let hex = wrapped.iter().fold(String::new(), |text, octet| format!("{text}{octet:02x}"));
    assert_eq!(hex, expected);
    assert_eq!(cipher.unwrap_key(&wrapped).as_deref(), Some(&key));
}

#[test]
fn shows_nothing_of_a_key() {
    assert_eq!(format!("{:?}", Kalyna::new(&[0x5a; 32])), "Kalyna { .. }");
}

proptest! {
    #[test]
    fn encrypts_a_block_as_dstu_core_does(key: [u8; 32], block: [u8; 32]) {
        prop_assert_eq!(Kalyna::new(&key).encrypt(&block), Kalyna256_256::encrypt(&key, &block));
    }

    #[test]
    fn feeds_back_as_dstu_core_does(
        key: [u8; 32], start: [u8; 32], content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let cipher = Kalyna::new(&key);
        let mut encrypted = content.clone();
        cipher.encrypt_feedback(&start, &mut encrypted);
        let mut expected = content.clone();
        let mut peer = Kalyna256_256Cfb::new(&key, &start, 32).unwrap();
        peer.encrypt_in_place(&mut expected).unwrap();
        prop_assert_eq!(&encrypted, &expected);
        cipher.decrypt_feedback(&start, &mut encrypted);
        prop_assert_eq!(encrypted, content);
    }

    #[test]
    fn refuses_a_wrapped_key_with_any_bit_changed(
        wrapping: [u8; 32], start: [u8; 32], key: [u8; 32], bit in 0_usize..96 * 8,
    ) {
        let cipher = Kalyna::new(&wrapping);
        let mut wrapped = cipher.wrap_key(&start, &key);
        wrapped[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(cipher.unwrap_key(&wrapped), None);
    }
}
