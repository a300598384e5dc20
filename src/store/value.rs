//! Values on their way into the database and out of it.
//!
//! Both engines hold three kinds: whole numbers (moments in microseconds, 0 and 1 for false and
//! true), texts (names of enums, ids) and bytes.

use std::str::FromStr;

use sqlx::Row as _;

use super::{AuditAction, PurgeProblem, StoreError, engine::Row};
use crate::domain::{
    Assurance, Awaits, BranchId, FindingCode, Fingerprint, Indication, MailId, RetentionReason,
    Role, ServiceId, Severity, Sha256, ShareId, SubIndication, Term, Timestamp, TokenScope,
    TypeCode, TypeSource, Verdict,
};

/// A value for a statement; `None` is NULL, of the kind that the engine is to expect.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Blob(Option<Vec<u8>>),
    Integer(Option<i64>),
    Text(Option<String>),
}

/// The values of a statement: `values![id, at]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::value::ToValue::to_value(&$value)),*]
    };
}
pub(super) use values;

/// What can go into the database.
pub(super) trait ToValue {
    /// No value.
    const NULL: Value;

    /// The value.
    fn to_value(&self) -> Value;
}

impl<T: ToValue> ToValue for Option<T> {
    const NULL: Value = T::NULL;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Self::NULL, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const NULL: Value = T::NULL;

    fn to_value(&self) -> Value {
        T::to_value(self)
    }
}

/// What can come out of the database.
pub(super) trait FromColumn: Sized {
    /// The kind that holds it.
    type Kind: Kind;

    /// The value; `None` when the column holds what we never write.
    fn from_column(raw: Self::Kind) -> Option<Self>;
}

/// One of the three kinds.
pub(super) trait Kind: Sized {
    /// What the row has in a column.
    fn read(row: &Row, column: &str) -> Result<Option<Self>, sqlx::Error>;
}

/// A row and where it came from, so that a value that cannot be read is named exactly.
pub(super) struct Record<'a> {
    row: &'a Row,
    table: &'static str,
    key: &'static str,
}

impl<'a> Record<'a> {
    /// A row of `table`, known by its column `key`.
    pub(super) fn new(row: &'a Row, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// The value in a column.
    pub(super) fn read<T: FromColumn>(&self, column: &'static str) -> Result<T, StoreError> {
        self.read_optional(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// The value in a column that may have none.
    pub(super) fn read_optional<T: FromColumn>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let raw = T::Kind::read(self.row, column).map_err(|_| self.corrupt(column))?;
        raw.map(|raw| T::from_column(raw).ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// The error that says that this row is damaged in that column.
    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        let text = String::read(self.row, self.key).ok().flatten();
        let number = || i64::read(self.row, self.key).ok().flatten().map(|key| key.to_string());
        let row = text.or_else(number).unwrap_or_else(|| "without a key".to_owned());
        StoreError::Corrupt { table: self.table, column, row }
    }
}

macro_rules! kind {
    ($kind:ty, $variant:ident) => {
        impl Kind for $kind {
            fn read(row: &Row, column: &str) -> Result<Option<Self>, sqlx::Error> {
                match row {
                    Row::Postgres(row) => row.try_get(column),
                    Row::Sqlite(row) => row.try_get(column),
                }
            }
        }

        impl ToValue for $kind {
            const NULL: Value = Value::$variant(None);

            fn to_value(&self) -> Value {
                Value::$variant(Some(self.clone()))
            }
        }

        impl FromColumn for $kind {
            type Kind = Self;

            fn from_column(raw: Self) -> Option<Self> {
                Some(raw)
            }
        }
    };
}

kind!(Vec<u8>, Blob);
kind!(i64, Integer);
kind!(String, Text);

/// Types that are a text in the database, which `Display` writes and `FromStr` reads.
macro_rules! text {
    ($($kind:ty),+ $(,)?) => {
        $(
            impl ToValue for $kind {
                const NULL: Value = Value::Text(None);

                fn to_value(&self) -> Value {
                    Value::Text(Some(self.to_string()))
                }
            }

            impl FromColumn for $kind {
                type Kind = String;

                fn from_column(raw: String) -> Option<Self> {
                    Self::from_str(&raw).ok()
                }
            }
        )+
    };
}

text! {
    Assurance, AuditAction, Awaits, BranchId, FindingCode, Indication, MailId, PurgeProblem,
    RetentionReason, Role, ServiceId, Severity, ShareId, SubIndication, Term, TokenScope, TypeCode,
    TypeSource, Verdict,
}

impl ToValue for str {
    const NULL: Value = Value::Text(None);

    fn to_value(&self) -> Value {
        Value::Text(Some(self.to_owned()))
    }
}

impl ToValue for [u8] {
    const NULL: Value = Value::Blob(None);

    fn to_value(&self) -> Value {
        Value::Blob(Some(self.to_vec()))
    }
}

impl ToValue for bool {
    const NULL: Value = Value::Integer(None);

    fn to_value(&self) -> Value {
        i64::from(*self).to_value()
    }
}

impl FromColumn for bool {
    type Kind = i64;

    fn from_column(raw: i64) -> Option<Self> {
        match raw {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Counts and sizes: unsigned here, signed there.
macro_rules! unsigned {
    ($($kind:ty),+) => {
        $(
            impl ToValue for $kind {
                const NULL: Value = Value::Integer(None);

                fn to_value(&self) -> Value {
                    Value::Integer(Some(i64::try_from(*self).unwrap_or(i64::MAX)))
                }
            }

            impl FromColumn for $kind {
                type Kind = i64;

                fn from_column(raw: i64) -> Option<Self> {
                    Self::try_from(raw).ok()
                }
            }
        )+
    };
}

unsigned!(u32, u64, usize);

impl ToValue for Timestamp {
    const NULL: Value = Value::Integer(None);

    fn to_value(&self) -> Value {
        self.as_micros().to_value()
    }
}

impl FromColumn for Timestamp {
    type Kind = i64;

    fn from_column(raw: i64) -> Option<Self> {
        Some(Self::from_micros(raw)).filter(|moment| moment.as_micros() == raw)
    }
}

impl ToValue for Fingerprint {
    const NULL: Value = Value::Blob(None);

    fn to_value(&self) -> Value {
        self.0.as_slice().to_value()
    }
}

impl FromColumn for Fingerprint {
    type Kind = Vec<u8>;

    fn from_column(raw: Vec<u8>) -> Option<Self> {
        raw.try_into().ok().map(Self)
    }
}

impl ToValue for Sha256 {
    const NULL: Value = Value::Blob(None);

    fn to_value(&self) -> Value {
        self.as_bytes().as_slice().to_value()
    }
}

impl FromColumn for Sha256 {
    type Kind = Vec<u8>;

    fn from_column(raw: Vec<u8>) -> Option<Self> {
        raw.try_into().ok().map(Self::from_bytes)
    }
}
