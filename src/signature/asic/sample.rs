//! Archives made for tests, the wrong ones above all.

use miniz_oxide::deflate::compress_to_vec;

use crate::algorithms::DigestAlgorithm;

/// One file as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a [u8],
    pub(crate) deflated: bool,
    pub(crate) descriptor: bool,
    pub(crate) extra: Vec<u8>,
    /// Bytes before the local header that nothing accounts for.
    pub(crate) gap: usize,
    /// Bytes after the packed data that its size includes.
    pub(crate) trailing: usize,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(name: &'a str, content: &'a [u8]) -> Self {
        Self {
            name,
            content,
            deflated: false,
            descriptor: false,
            extra: Vec::new(),
            gap: 0,
            trailing: 0,
        }
    }
}

/// A manifest that names these files and their digests.
pub(crate) fn manifest(signature: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    use base64ct::{Base64, Encoding as _};
    let mut body = format!("<SigReference URI='{signature}'/>");
    for (name, content) in files {
        let digest = Base64::encode_string(&DigestAlgorithm::Sha256.digest(content));
        body.extend([format!(
            "<DataObjectReference URI='{name}'><d:DigestMethod \
             Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>\
             <d:DigestValue>{digest}</d:DigestValue></DataObjectReference>"
        )]);
    }
    format!(
        "<ASiCManifest xmlns='http://uri.etsi.org/02918/v1.2.1#' \
         xmlns:d='http://www.w3.org/2000/09/xmldsig#'>{body}</ASiCManifest>"
    )
    .into_bytes()
}

/// An archive of these files in this order.
pub(crate) fn archive(plans: &[Plan<'_>]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for plan in plans {
        file.extend(vec![b'?'; plan.gap]);
        let at = file.len();
        let mut packed =
            if plan.deflated { compress_to_vec(plan.content, 6) } else { plan.content.to_vec() };
        packed.extend(vec![0; plan.trailing]);
        let flags = if plan.descriptor { 0x0808_u16 } else { 0x0800 }.to_le_bytes();
        let method = short(if plan.deflated { 8 } else { 0 });
        let crc = crate::content::crc32(plan.content).to_le_bytes();
        let sizes = [crc, number(packed.len()), number(plan.content.len())].concat();
        let lengths = [short(plan.name.len()), short(plan.extra.len())].concat();
        let time = [0_u8; 4];
        let told = if plan.descriptor { vec![0; 12] } else { sizes.clone() };
        let name = plan.name.as_bytes();
        for part in
            [b"PK\x03\x04\x14\0", &flags[..], &method, &time, &told, &lengths, name, &plan.extra]
        {
            file.extend_from_slice(part);
        }
        file.extend(packed);
        if plan.descriptor {
            file.extend_from_slice(b"PK\x07\x08");
            file.extend_from_slice(&sizes);
        }
        for part in [
            b"PK\x01\x02\x14\0\x14\0",
            &flags[..],
            &method,
            &time,
            &sizes,
            &lengths,
            &[0; 10],
            &number(at),
            name,
            &plan.extra,
        ] {
            directory.extend_from_slice(part);
        }
    }
    let at = file.len();
    let count = short(plans.len());
    for part in [
        &directory[..],
        b"PK\x05\x06\0\0\0\0",
        &count,
        &count,
        &number(directory.len()),
        &number(at),
        &[0, 0],
    ] {
        file.extend_from_slice(part);
    }
    file
}
