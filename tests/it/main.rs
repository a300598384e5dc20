//! Tests from the outside, in one binary.
