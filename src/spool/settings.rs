//! What the configuration says of the spool.

use serde::Deserialize;

/// How the spool uses its disk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolSettings {
    /// The size at which a segment is closed and a new one made, in bytes; so much is allocated
    /// at a time. Default: 64 MiB.
    pub segment_bytes: u64,
    /// Mails are refused for lack of space while fewer bytes than these are free on the disk.
    /// Default: 256 MiB.
    pub reserve_bytes: u64,
}

impl Default for SpoolSettings {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, reserve_bytes: 256 << 20 }
    }
}
