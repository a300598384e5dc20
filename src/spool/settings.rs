//! What the configuration says of the spool.

use crate::domain::section::{GIBIBYTE, section};

section! {
    /// How the spool uses its disk.
    #[derive(Debug)]
    pub struct SpoolSettings {
        /// The size at which a segment is closed and a new one made, in bytes; so much is
        /// allocated at a time.
        pub segment_bytes: u64 = 64 << 20, 65_536..=16 * GIBIBYTE;
        /// Mails are refused for lack of space while fewer bytes than these are free on the disk.
        pub reserve_bytes: u64 = 256 << 20, 0..=1_048_576 * GIBIBYTE;
    }
}
