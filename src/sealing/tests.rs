//! Claims about sealing.

use proptest::prelude::*;

use super::*;

fn key(fill: u8) -> Key {
    Key(Zeroizing::new([fill; 32]))
}

fn counting_key() -> Key {
    Key(Zeroizing::new(std::array::from_fn(|n| u8::try_from(n).unwrap())))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn opens_the_test_vectors_of_xaes() {
    // C2SP, XAES-256-GCM; the second one's subkey has the carry that the first one's has not.
    let vectors = [
        (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ];
    for (fill, context, ciphertext) in vectors {
        let sealed =
            [&[VERSION], b"ABCDEFGHIJKLMNOPQRSTUVWX".as_slice(), &bytes(ciphertext)].concat();
        let plain = key(fill).open(context.as_bytes(), &sealed).unwrap();
        assert_eq!(plain, b"XAES-256-GCM", "key {fill}");
    }
}

#[test]
fn derived_values_never_change_between_versions() {
    // Computed with Python's hmac module: data kept today must open tomorrow.
    let key = counting_key();
    let spool = bytes("080d5df97966c1e62ae85976773a243d21482e1675158198099e975e7a21494e");
    assert_eq!(key.derive("spool").0.as_slice(), spool);
    assert_eq!(key.check_value(), "152916adb5cc6d28");
    let print = bytes("b3fb5c55cf22a8255c13a801f9d3d8eb785dfe88883370de0e3838d3a04d7197");
    assert_eq!(key.fingerprint(b"abc").0.as_slice(), print);
}

#[test]
fn keys_for_two_purposes_differ() {
    assert_ne!(key(1).derive("spool"), key(1).derive("vault"));
    assert_ne!(key(1).derive("spool"), key(2).derive("spool"));
    assert_eq!(key(1).derive("spool"), key(1).derive("spool"));
}

#[test]
fn the_same_content_is_sealed_differently_each_time() {
    let key = key(1);
    assert_ne!(key.seal(b"c", b"content").unwrap(), key.seal(b"c", b"content").unwrap());
}

#[test]
fn refuses_another_key_another_context_and_every_changed_byte() {
    let sealed = key(1).seal(b"here", b"content").unwrap();
    assert_eq!(key(1).open(b"here", &sealed).unwrap(), b"content");
    assert!(matches!(key(2).open(b"here", &sealed), Err(SealingError::DoesNotOpen)));
    assert!(matches!(key(1).open(b"there", &sealed), Err(SealingError::DoesNotOpen)));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key(1).open(b"here", &changed).is_err(), "byte {at}");
    }
    for length in 0..sealed.len() {
        assert!(key(1).open(b"here", &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn leaves_no_content_behind_when_it_does_not_open() {
    let mut sealed = key(1).seal(b"here", b"content").unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    assert!(key(1).open_in_place(b"here", &mut sealed).is_err());
    assert!(!sealed.windows(7).any(|window| window == b"content"));
}

#[test]
fn a_newer_version_is_named() {
    let mut sealed = key(1).seal(b"here", b"content").unwrap();
    sealed[0] = 3;
    assert!(matches!(
        key(1).open(b"here", &sealed),
        Err(SealingError::UnknownVersion { found: 3, known: 2 })
    ));
}

#[test]
fn wraps_a_key_for_its_context_only() {
    let inner = Key::random().unwrap();
    let wrapped = key(1).wrap(b"share 1", &inner).unwrap();
    assert_eq!(key(1).unwrap_key(b"share 1", &wrapped).unwrap(), inner);
    assert!(key(1).unwrap_key(b"share 2", &wrapped).is_err());
    let not_a_key = key(1).seal(b"share 1", &[0; 31]).unwrap();
    assert!(matches!(key(1).unwrap_key(b"share 1", &not_a_key), Err(SealingError::DoesNotOpen)));
}

#[test]
fn compares_secrets_by_all_their_bytes() {
    assert!(same_secret(b"token", b"token"));
    assert!(!same_secret(b"token", b"tokem"));
    assert!(!same_secret(b"token", b"token1"));
    assert!(!same_secret(b"", b"t"));
}

proptest! {
    #[test]
    fn opens_whatever_it_seals(plain: Vec<u8>, context: Vec<u8>) {
        let sealed = key(1).seal(&context, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        prop_assert_eq!(&key(1).open(&context, &sealed).unwrap(), &plain);

        let mut in_place = plain.clone();
        let prefix = key(1).seal_in_place(&context, &mut in_place).unwrap();
        let joined = [prefix.as_slice(), in_place.as_slice()].concat();
        prop_assert_eq!(key(1).open(&context, &joined).unwrap(), plain);
    }

    #[test]
    fn survives_arbitrary_bytes(sealed: Vec<u8>) {
        prop_assert!(key(1).open(b"here", &sealed).is_err());
    }
}
