//! Plain values that every other module speaks in: ids, moments, addresses, type codes,
//! verdicts and findings.
//!
//! Pure: no async, no clock, no environment, no files. Values with a rule have private fields and
//! one way in (`FromStr` or a named constructor), so a value that exists is a valid one.

mod address;
mod clock_state;
mod content;
mod digest;
mod document_type;
mod finding;
mod hex;
mod id;
mod indication;
mod language;
mod legible;
mod mail;
mod named;
mod network;
mod organisation;
mod password;
mod report;
pub(crate) mod section;
mod sender_result;
mod share;
mod time;
mod user;
mod verdict;

pub use address::{AddressError, MailAddress};
pub use clock_state::{CLOCK_LEAP_SECONDS, ClockStanding, ClockState, ClockWitness};
pub use content::{DocumentForm, NotADocument};
pub use digest::{DigestError, Sha256};
pub use document_type::{TypeCode, TypeCodeError, TypeSource};
pub use finding::{Finding, FindingCode, FirstReceipt, Severity};
pub use hex::{from_hex, hex};
pub use id::{BranchId, IdError, MailId, ServiceId, ShareId};
pub use indication::{Indication, SubIndication};
pub use language::Language;
pub use legible::{beginning, legibility, legible, whole_until};
pub use mail::{Envelope, TransmissionType, without_trace};
pub(crate) use named::named;
pub use network::{Network, NetworkError, customer_of};
pub use organisation::{OrganisationId, OrganisationIdError};
pub use password::normal_password;
pub use report::{
    AttributeReport, BestTimeSource, CertificateReport, CertificateRole, CertificateSource,
    Container, DocumentReport, Level, ListReport, Qualification, QualificationReport,
    RevocationKind, RevocationPolicy, RevocationReport, RevocationSource, RevocationStatus,
    SignatureReport, SignerKind, SignerReport, TimestampReport, Warning, WarningCode,
};
pub use sender_result::SenderResult;
pub use share::{
    Awaits, DocumentDetails, DocumentRow, Fingerprint, Retention, RetentionReason, Sha256Hex,
    ShareDetails, ShareRow, Term, VerdictChange,
};
pub use time::{CLOCK_TOLERANCE_SECONDS, Date, Timestamp, TimestampError};
pub use user::{Actor, BranchScope, Role, TokenScope};
pub use verdict::{Assurance, Verdict};
