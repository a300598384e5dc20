//! Parameters as certificates write them, and as they must not.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics is a test that fails"
)]

use super::{OctetOrder, Parameters, ParametersError, compressed_base};
use crate::dstu::{Curve, scalar::to_little_endian};

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(0);
    let header = match content.len() {
        0..0x80 => vec![tag, length],
        0x80..0x100 => vec![tag, 0x81, length],
        long => [&[tag, 0x82][..], &u16::try_from(long).unwrap().to_be_bytes()].concat(),
    };
    [header, content.to_vec()].concat()
}

fn number(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

fn unsigned(octets: &[u8]) -> Vec<u8> {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count().min(octets.len() - 1);
    let mut octets = octets[zeros..].to_vec();
    if octets[0] >= 0x80 {
        octets.insert(0, 0);
    }
    element(2, &octets)
}

/// The parts of a curve written out, each as DER.
fn parts(curve: Curve, order: OctetOrder) -> [Vec<u8>; 5] {
    let turned = |mut octets: Vec<u8>| {
        if order == OctetOrder::MostFirst {
            octets.reverse();
        }
        element(4, &octets)
    };
    let mut taps: Vec<u8> =
        curve.taps().iter().rev().flat_map(|tap| number(u64::from(*tap))).collect();
    if curve.taps().len() > 1 {
        taps = element(0x30, &taps);
    }
    let field = element(0x30, &[number(u64::from(curve.degree())), taps].concat());
    let mut n = to_little_endian(curve.order(), 56);
    n.reverse();
    [
        field,
        number(u64::from(curve.a())),
        turned(to_little_endian(curve.b(), curve.field_octets())),
        unsigned(&n),
        turned(compressed_base(curve)),
    ]
}

fn written(curve: Curve) -> Vec<u8> {
    element(0x30, &element(0x30, &parts(curve, OctetOrder::LeastFirst).concat()))
}

fn named(index: u8) -> Vec<u8> {
    element(6, &[&super::NAMED[..], &[index]].concat())
}

#[test]
fn reads_named_curves_and_those_written_out_with_and_without_a_table() {
    let table = element(4, &[0xA9; 64]);
    for (index, curve) in (0..).zip(Curve::ALL) {
        let out = element(0x30, &parts(curve, OctetOrder::LeastFirst).concat());
        let version = [&[0xA0, 3, 2, 1, 0][..], &parts(curve, OctetOrder::LeastFirst).concat()];
        for form in [named(index), out, element(0x30, &version.concat())] {
            let bare = Parameters { curve, substitution: None };
            assert_eq!(Parameters::read(&element(0x30, &form)), Ok(bare));
            let full = Parameters { curve, substitution: Some([0xA9; 64]) };
            assert_eq!(Parameters::read(&element(0x30, &[form, table.clone()].concat())), Ok(full));
        }
    }
}

#[test]
fn reads_the_other_octet_order_only_when_told() {
    for curve in Curve::ALL {
        let der = element(0x30, &element(0x30, &parts(curve, OctetOrder::MostFirst).concat()));
        let read = Parameters::read_in(OctetOrder::MostFirst, &der);
        assert_eq!(read, Ok(Parameters { curve, substitution: None }));
        assert!(Parameters::read(&der).is_err());
    }
    let orders = ["1.2.804.2.1.1.1.1.3.1.1", "1.2.804.2.1.1.1.1.3.1.1.1.1", "1.2.840.10045.2.1"];
    assert_eq!(
        orders.map(OctetOrder::of_algorithm),
        [Some(OctetOrder::LeastFirst), Some(OctetOrder::MostFirst), None]
    );
}

#[test]
fn refuses_every_prefix_every_suffix_and_every_changed_octet_of_the_curve() {
    for curve in [Curve::M257, Curve::M431] {
        let der = written(curve);
        for end in 0..der.len() {
            assert!(Parameters::read(&der[..end]).is_err(), "{end} octets");
        }
        assert!(Parameters::read(&[&der[..], &[0]].concat()).is_err());
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut changed = der.clone();
                changed[at] ^= 1 << bit;
                assert!(Parameters::read(&changed).is_err(), "octet {at} bit {bit}");
            }
        }
    }
}

#[test]
fn says_what_differs_from_the_recommended_curve() {
    let curve = Curve::M257;
    let parts = parts(curve, OctetOrder::LeastFirst);
    let changed = |index: usize, with: Vec<u8>| {
        let mut parts = parts.clone();
        parts[index] = with;
        Parameters::read(&element(0x30, &element(0x30, &parts.concat())))
    };
    let field = |degree, tap| element(0x30, &[number(degree), number(tap)].concat());
    let cases = [
        (changed(0, field(257, 41)), 257, "polynomial"),
        (changed(0, field(283, 12)), 283, "degree"),
        (changed(1, number(1)), 257, "coefficient a"),
        (changed(2, element(4, &[7; 33])), 257, "coefficient b"),
        (changed(3, number(65_537)), 257, "order"),
        (changed(4, element(4, &[7; 33])), 257, "base point"),
    ];
    for (read, degree, part) in cases {
        assert_eq!(read, Err(ParametersError::UnknownCurve { degree, part }));
    }
}

#[test]
fn refuses_unknown_names_tables_of_another_size_and_loose_encodings() {
    let unknown = Parameters::read(&element(0x30, &named(10)));
    assert!(matches!(unknown, Err(ParametersError::UnknownName { .. })));
    let short = element(0x30, &[named(6), element(4, &[1; 63])].concat());
    assert_eq!(Parameters::read(&short), Err(ParametersError::Substitution { found: 63 }));
    let twice = [named(6), element(4, &[1; 64]), element(4, &[1; 64])].concat();
    assert!(Parameters::read(&element(0x30, &twice)).is_err());
    let long_length = [&[0x30, 0x81, 15][..], &named(6)].concat();
    assert!(Parameters::read(&long_length).is_err());
    let indefinite = [&[0x30, 0x80][..], &named(6), &[0, 0]].concat();
    assert!(Parameters::read(&indefinite).is_err());
    let padded = [&[2, 2, 0, 1][..]].concat();
    let mut loose = parts(Curve::M163, OctetOrder::LeastFirst);
    loose[1] = padded;
    assert!(Parameters::read(&element(0x30, &element(0x30, &loose.concat()))).is_err());
    assert!(Parameters::read(&[]).is_err());
}
