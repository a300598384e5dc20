use proptest::prelude::*;

use super::*;

impl Policy {
    /// The one that is built in, with other ends for the algorithms of these names.
    pub(crate) fn built_in_but(ends: &[(&str, &str)]) -> Arc<Self> {
        let mut policy = Self::clone(&Self::built_in());
        for (name, end) in ends {
            let mut found = false;
            for line in policy.lines.iter_mut().filter(|line| line.name == *name) {
                line.accepted = Accepted::Until(end.parse().unwrap());
                found = true;
            }
            assert!(found, "{name}");
        }
        Arc::new(policy)
    }
}

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn check(mechanism: Mechanism, moment: &str) -> Result<(), Refused> {
    Policy::built_in().check(&Used(vec![mechanism]), at(moment))
}

const TODAY: &str = "2026-11-29T12:00:00Z";

#[test]
fn every_algorithm_that_is_computed_has_a_line() {
    let policy = Policy::built_in();
    let digests = DigestAlgorithm::ALL.into_iter().map(DigestAlgorithm::name);
    for name in COMPUTED.into_iter().chain(digests).chain(NOT_COMPUTED) {
        assert!(policy.lines().iter().any(|line| line.name == name), "{name}");
    }
    assert!(policy.lines().iter().all(|line| line.source.len() > 5));
}

/// ETSI TS 119 312 V1.5.1, SOG-IS 1.3 and the national standards, as `policy.toml` cites them.
#[test]
fn says_what_counts_today_by_kind_and_length() {
    for (name, bits, expected) in [
        (DSTU_4145, 163, false),
        (DSTU_4145, 167, false),
        (DSTU_4145, 173, false),
        (DSTU_4145, 179, false),
        (DSTU_4145, 191, false),
        (DSTU_4145, 233, false),
        (DSTU_4145, 257, true),
        (DSTU_4145, 307, true),
        (DSTU_4145, 367, true),
        (DSTU_4145, 431, true),
        (RSA, 512, false),
        (RSA, 1023, false),
        (RSA, 1024, false),
        (RSA, 1536, false),
        (RSA, 2046, false),
        (RSA, 2047, true),
        (RSA, 2048, true),
        (RSA, 2999, true),
        (RSA, 3000, true),
        (RSA, 8192, true),
    ] {
        assert_eq!(check(Mechanism::sized(name, bits), TODAY).is_ok(), expected, "{name} {bits}");
    }
    for digest in DigestAlgorithm::ALL {
        let expected = digest != DigestAlgorithm::Sha1;
        assert_eq!(check(Mechanism::digest(digest), TODAY).is_ok(), expected, "{digest:?}");
    }
    for name in COMPUTED.into_iter().filter(|name| ![DSTU_4145, RSA].contains(name)) {
        assert_eq!(check(Mechanism::named(name), TODAY), Ok(()), "{name}");
    }
}

#[test]
fn the_last_day_counts_to_its_end() {
    for (mechanism, last, first) in [
        (
            Mechanism::digest(DigestAlgorithm::Sha1),
            "2012-07-31T23:59:59.999999Z",
            "2012-08-01T00:00:00Z",
        ),
        (Mechanism::sized(RSA, 1024), "2013-12-31T23:59:59Z", "2014-01-01T00:00:00Z"),
        (Mechanism::sized(RSA, 2048), "2028-12-31T23:59:59Z", "2029-01-01T00:00:00Z"),
        (Mechanism::named(RSA_PKCS1), "2028-12-31T23:59:59Z", "2029-01-01T00:00:00Z"),
        (
            Mechanism::digest(DigestAlgorithm::Sha224),
            "2028-12-31T23:59:59Z",
            "2029-01-01T00:00:00Z",
        ),
    ] {
        assert_eq!(check(mechanism.clone(), last), Ok(()), "{mechanism}");
        let refused = check(mechanism.clone(), first).unwrap_err();
        assert!(refused.to_string().contains(&mechanism.to_string()), "{refused}");
        assert!(refused.to_string().contains(first), "{refused}");
    }
    for digest in [DigestAlgorithm::Gost34311, DigestAlgorithm::Kupyna256, DigestAlgorithm::Sha256]
    {
        assert_eq!(check(Mechanism::digest(digest), "2099-01-01T00:00:00Z"), Ok(()), "{digest:?}");
    }
}

/// ETSI EN 319 102-1 table 6: a proof of existence helps only where the thing can be that old.
#[test]
fn a_proof_that_it_is_older_is_asked_for_only_where_it_can_be() {
    use SubIndication::{
        CryptoConstraintsFailure as Never, CryptoConstraintsFailureNoPoe as NoPoe,
    };
    let sha1 = check(Mechanism::digest(DigestAlgorithm::Sha1), TODAY).unwrap_err();
    let small = check(Mechanism::sized(DSTU_4145, 163), TODAY).unwrap_err();
    for (refused, made, expected) in [
        (&sha1, "2012-07-31T23:59:59Z", NoPoe),
        (&sha1, "2012-08-01T00:00:00Z", Never),
        (&sha1, "2026-01-01T00:00:00Z", Never),
        (&small, "1999-01-01T00:00:00Z", Never),
    ] {
        assert_eq!(refused.sub_indication(at(made)), expected, "{refused}, {made}");
    }
}

#[test]
fn of_several_the_one_that_was_refused_first_is_told() {
    let (old, older) = (Mechanism::sized(RSA, 1024), Mechanism::digest(DigestAlgorithm::Sha1));
    let never = Mechanism::sized(RSA, 600);
    for (parts, told) in [
        (vec![old.clone(), older.clone()], "SHA-1"),
        (vec![older.clone(), old.clone()], "SHA-1"),
        (vec![old, older, never], "RSA of 600 bits"),
    ] {
        let refused = Policy::built_in().check(&Used(parts), at(TODAY)).unwrap_err();
        assert!(refused.to_string().contains(told), "{refused}");
    }
}

const HEAD: &str = "name = \"Own\"\nversion = 3\nissued = \"2026-01-02\"\n";

fn entry(body: &str) -> String {
    format!("{HEAD}\n[[algorithm]]\n{body}\n")
}

#[test]
fn reads_a_file_of_ones_own_and_refuses_what_it_does_not_name() {
    let policy = Policy::parse(&entry(
        "name = \"RSA\"\nbits_at_least = 3000\naccepted_until = \"no end\"\nsource = \"ours\"",
    ))
    .unwrap();
    assert_eq!((policy.name(), policy.version()), ("Own", 3));
    assert_eq!(policy.issued().to_string(), "2026-01-02");
    let check = |mechanism| policy.check(&Used(vec![mechanism]), at(TODAY));
    assert_eq!(check(Mechanism::sized(RSA, 3000)), Ok(()));
    for unnamed in [Mechanism::sized(RSA, 2999), Mechanism::digest(DigestAlgorithm::Sha256)] {
        let refused = check(unnamed.clone()).unwrap_err();
        let words = format!("the algorithm policy has no line for {unnamed}");
        assert_eq!(refused.to_string(), words);
        let sub_indication = refused.sub_indication(at("1999-01-01T00:00:00Z"));
        assert_eq!(sub_indication, SubIndication::CryptoConstraintsFailure);
    }
}

#[test]
fn says_what_is_wrong_with_a_file_where_and_what_to_do() {
    let right = "name = \"SHA-1\"\naccepted_until = \"2012-07-31\"\nsource = \"ours\"";
    let twice = format!("{}\n[[algorithm]]\n{right}", entry(right));
    for (text, words) in [
        (String::new(), "line 1: missing field"),
        ("name = ".to_owned(), "line 1: "),
        (format!("surprise = 1\n{}", entry(right)), "line 1: unknown field `surprise`"),
        (entry(&format!("{right}\nuntil = 1")), "line 9: unknown field `until`"),
        (entry(&right.replace("2012-07-31", "soon")), "line 7: \"soon\" is no end: write the last"),
        (entry(&right.replace("2012-07-31", "2012-02-31")), "line 7: \"2012-02-31\" is no end"),
        (entry(&right.replace("ours", " ")), "line 8: source is empty: say which standard"),
        (
            entry(&right.replace("SHA-1", "SHA1")),
            "line 6: the algorithm \"SHA1\" is not known; known",
        ),
        (
            entry(&right.replace("SHA-1", "MD5")),
            "line 7: MD5 is not computed by this program: it can only be \"never\"",
        ),
        (entry(&format!("{right}\nbits_at_least = 1")), "line 9: SHA-1 has one length only: leave"),
        (entry(&format!("{right}\nbits_at_least = -1")), "line 9: "),
        (twice, "line 11: SHA-1 has a line of the same length already: leave one"),
        (entry(right).replace("2026-01-02", "x"), "line 3: \"x\" is no end"),
        (entry(right).replace("Own", ""), "line 1: name is empty"),
    ] {
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}\n{text}");
    }
}

proptest! {
    /// Once refused, an algorithm does not come back, and a longer key is not weaker.
    #[test]
    fn only_loses_with_time_and_only_gains_with_length(
        days in [0_u32..40_000, 0..40_000],
        bits in [0_usize..9000, 0..9000],
        name in prop::sample::select(vec![RSA, DSTU_4145]),
    ) {
        let moment = |days: u32| at("1990-01-01T00:00:00Z").plus_days(days);
        let is_accepted = |bits, days| {
            let used = Used(vec![Mechanism::sized(name, bits)]);
            Policy::built_in().check(&used, moment(days)).is_ok()
        };
        let [earlier, later] = [days[0].min(days[1]), days[0].max(days[1])];
        let [shorter, longer] = [bits[0].min(bits[1]), bits[0].max(bits[1])];
        prop_assert!(is_accepted(shorter, earlier) || !is_accepted(shorter, later));
        prop_assert!(is_accepted(longer, later) || !is_accepted(shorter, later));
    }

    #[test]
    fn never_panics(text in ".{0,200}", end in "[0-9-]{0,12}") {
        let _ = Policy::parse(&text);
        let line = format!("name = \"SHA-1\"\naccepted_until = \"{end}\"\nsource = \"ours\"");
        if let Ok(policy) = Policy::parse(&entry(&line)) {
            let used = Used::digest(DigestAlgorithm::Sha1);
            let _ = policy.check(&used, at(TODAY)).map_err(|refused| refused.to_string());
        }
    }
}
