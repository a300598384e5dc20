//! `subjectDirectoryAttributes` (RFC 5280 §4.2.1.8): where Ukrainian providers put codes of the
//! national registers.

use super::super::tree;

/// The ЄДРПОУ code of the subject's organisation, as the certificates of КНЕДП «Дія» have it.
const NATIONAL_CODE: &str = "1.2.804.2.1.1.1.11.1.4.2.1";

/// `SEQUENCE OF SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }`: every value of the
/// organisation's code; `None` when it is no such thing.
pub(super) fn national_codes(der: &[u8]) -> Option<Vec<String>> {
    let [list] = tree::elements(der)?.try_into().ok()?;
    let mut codes = Vec::new();
    for attribute in tree::sequence(&list)? {
        let [id, values] = tree::sequence(&attribute)?.try_into().ok()?;
        if tree::object_identifier(&id)? == NATIONAL_CODE {
            for value in tree::elements(values.data)? {
                codes.push(std::str::from_utf8(value.data).ok()?.to_owned());
            }
        }
    }
    Some(codes)
}
