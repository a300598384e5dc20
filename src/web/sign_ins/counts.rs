//! Under whose name failures are counted, and the mark of a device that a user signed in from.
//!
//! A name is counted for each network apart, so that who guesses at it elsewhere keeps nobody out.
//! Over all networks it has a count of its own with a far limit (NIST SP 800-63B §5.2.2 allows 100),
//! and so has a network over all names. A device with a mark is counted alone and passes both.
//!
//! The password's hash is part of each name's count and of each mark: a new password lifts what was
//! counted, and forgets the devices.

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;

use super::Asker;
use crate::{
    domain::{Fingerprint, customer_of, from_hex, hex},
    store::LoginCount,
    vault::Vault,
};

const DAY: i64 = 24 * 60 * 60;
const QUARTER_HOUR: i64 = 15 * 60;

/// A computer at a counter has several users; as many marks are kept.
const MAX_MARKS: usize = 4;
/// A mark: the device's random id and its seal.
const MARK_LEN: usize = 2 * (16 + 32);

/// A device's random id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::web) struct Device([u8; 16]);

impl From<[u8; 16]> for Device {
    fn from(id: [u8; 16]) -> Self {
        Self(id)
    }
}

/// An attempt to sign in: as whom, from where, on what.
pub(in crate::web) struct Attempt<'a> {
    vault: &'a Vault,
    name: &'a str,
    /// The password's hash of the user with that name.
    hash: Option<&'a str>,
    network: Option<IpAddr>,
    device: Option<Device>,
    /// The marks of other users of the device.
    others: Vec<&'a str>,
}

impl<'a> Attempt<'a> {
    /// An attempt from this address, on a device with these `marks`.
    pub(in crate::web) fn new(
        vault: &'a Vault,
        name: &'a str,
        hash: Option<&'a str>,
        from: Option<IpAddr>,
        marks: &'a str,
    ) -> Self {
        let network = from.map(customer_of);
        let mut attempt = Self { vault, name, hash, network, device: None, others: Vec::new() };
        for mark in marks.split('.').filter(|mark| mark.len() == MARK_LEN).take(MAX_MARKS) {
            match attempt.device_of(mark) {
                Some(device) => attempt.device = Some(device),
                None => attempt.others.push(mark),
            }
        }
        attempt
    }

    /// Who wants the password looked at.
    pub(in crate::web) fn asker(&self) -> Asker {
        self.device.map_or(Asker::Stranger(self.network), Asker::Known)
    }

    /// What the attempt counts under, the narrowest first.
    pub(in crate::web) fn counts(&self) -> Vec<LoginCount> {
        let count = |limit, memory_seconds, of| LoginCount { of, limit, memory_seconds };
        if let Some(device) = self.device {
            return vec![count(5, DAY, self.fingerprint("device", &device.0))];
        }
        let text = self.network.map(|network| network.to_string()).unwrap_or_default();
        let mut counts = vec![
            count(5, DAY, self.fingerprint("network", text.as_bytes())),
            count(100, DAY, self.fingerprint("name", &[])),
        ];
        if self.network.is_some() {
            let of = self.vault.fingerprint("sign-in network", text.as_bytes());
            counts.push(count(50, QUARTER_HOUR, of));
        }
        counts
    }

    /// The counts that a right password ends: a network has other users.
    pub(in crate::web) fn forgiven(&self) -> Vec<LoginCount> {
        let mut counts = self.counts();
        counts.truncate(2);
        counts
    }

    /// The marks for the device from now on: the user's own, new where there was none, and those of
    /// the others.
    pub(in crate::web) fn marks(&self) -> Result<String, getrandom::Error> {
        let device = if let Some(device) = self.device {
            device
        } else {
            let mut id = [0; 16];
            getrandom::fill(&mut id)?;
            Device(id)
        };
        let own = format!("{}{}", hex(&device.0), hex(&self.seal(device).0));
        let others = self.others.iter().take(MAX_MARKS - 1).map(|mark| format!(".{mark}"));
        Ok(others.fold(own, |all, mark| all + &mark))
    }

    /// The device of this mark, when it is one of the user's.
    fn device_of(&self, mark: &str) -> Option<Device> {
        // A name of nobody has no devices.
        self.hash?;
        let (id, seal) = mark.split_at_checked(32)?;
        let device = Device(from_hex(id)?.try_into().ok()?);
        let same = hex(&self.seal(device).0).as_bytes().ct_eq(seal.as_bytes());
        bool::from(same).then_some(device)
    }

    fn seal(&self, device: Device) -> Fingerprint {
        self.fingerprint("mark", &device.0)
    }

    /// Of the user with this password, for one purpose.
    fn fingerprint(&self, purpose: &str, of: &[u8]) -> Fingerprint {
        let name = (self.name, self.hash.unwrap_or_default());
        // The form of Rust's own text tells where each part ends.
        self.vault.fingerprint("sign-in", format!("{purpose} {name:?} {of:?}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sealing::MasterKey;

    fn with_vault(test: impl FnOnce(&Vault)) {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::make(directory.path(), &MasterKey::generate().unwrap()).unwrap();
        test(&vault);
    }

    fn from(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn each_name_password_and_network_has_counts_of_its_own() {
        with_vault(|vault| {
            let narrowest = [
                ("olena", Some("hash"), Some(from(1))),
                ("olena", Some("hash"), Some(from(2))),
                ("olena", Some("hash"), None),
                ("olena", Some("another"), Some(from(1))),
                ("olena", None, Some(from(1))),
                ("petro", Some("hash"), Some(from(1))),
            ]
            .map(|(name, hash, from)| Attempt::new(vault, name, hash, from, "").counts()[0].of);
            assert_eq!(narrowest.iter().collect::<HashSet<_>>().len(), narrowest.len());
        });
    }

    #[test]
    fn a_mark_is_of_one_user_with_one_password_and_cannot_be_made() {
        with_vault(|vault| {
            let olena = |marks| Attempt::new(vault, "olena", Some("hash"), Some(from(1)), marks);
            let marks = olena("").marks().unwrap();
            assert!(matches!(olena(&marks).asker(), Asker::Known(_)));
            assert_eq!(olena(&marks).marks().unwrap(), marks, "one mark for one device");
            let strangers = [
                ("petro", Some("hash"), marks.clone()),
                ("olena", Some("another"), marks.clone()),
                ("olena", None, marks.clone()),
                ("olena", Some("hash"), "0".repeat(96)),
                ("olena", Some("hash"), marks[..95].to_owned()),
                ("olena", Some("hash"), "є".repeat(48)),
            ];
            for (name, hash, marks) in &strangers {
                let attempt = Attempt::new(vault, name, *hash, Some(from(1)), marks);
                assert_eq!(
                    attempt.asker(),
                    Asker::Stranger(Some(from(1))),
                    "{name} {hash:?} {marks}"
                );
            }
        });
    }

    #[test]
    fn a_device_of_several_users_knows_each_and_not_without_end() {
        with_vault(|vault| {
            let names = ["olena", "petro", "ivan", "maria", "taras"];
            let mut marks = String::new();
            for name in names {
                marks = Attempt::new(vault, name, Some("hash"), None, &marks).marks().unwrap();
            }
            let known = |name| {
                let attempt = Attempt::new(vault, name, Some("hash"), None, &marks);
                matches!(attempt.asker(), Asker::Known(_))
            };
            assert_eq!(names.map(known), [false, true, true, true, true]);
        });
    }
}
