//! The curve in the algorithm of a national key.

use super::{
    error::{KeyFileError, Part as _},
    structure::Algorithm,
};
use crate::{
    asn1::Broken,
    dstu::{Curve, Parameters, ParametersError},
};

/// Whether the algorithm is that of a ДСТУ 4145 key in polynomial basis.
pub(super) fn is_national(algorithm: &Algorithm<'_>) -> bool {
    ["1.2.804.2.1.1.1.1.3.1.1", "1.2.804.2.1.1.1.1.3.1.1.1.1"].contains(&algorithm.oid.as_str())
}

/// The curve, one of those that the standard recommends.
pub(super) fn curve(algorithm: &Algorithm<'_>) -> Result<Curve, KeyFileError> {
    let part = "curve";
    let parameters = algorithm.parameters.ok_or(Broken::Malformed).key_part(part)?;
    match Parameters::read(parameters.raw) {
        Ok(parameters) => Ok(parameters.curve),
        Err(
            error @ (ParametersError::UnknownCurve { .. } | ParametersError::UnknownName { .. }),
        ) => Err(KeyFileError::Unsupported { name: error.to_string() }),
        Err(_) => Err(KeyFileError::Malformed { part }),
    }
}
