//! `ASiC-S` containers (ETSI EN 319 162-1 §4.3), packed in more than one way.

use miniz_oxide::deflate::compress_to_vec;

/// A container of one document and its detached CMS signature, deflated at this level: of two
/// levels the bytes differ and nothing else.
pub(crate) fn simple(name: &str, content: &[u8], signature: &[u8], level: u8) -> Vec<u8> {
    let files = [
        ("mimetype", b"application/vnd.etsi.asic-s+zip".as_slice()),
        (name, content),
        ("META-INF/signature.p7s", signature),
    ];
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let place = number(archive.len());
        // EN 319 162-1 §A.1: the first file lies there as it is.
        let (method, packed) = match place {
            [0, 0, 0, 0] => (0, content.to_vec()),
            _ => (8, compress_to_vec(content, level)),
        };
        // Version, flags (names are UTF-8), method, time and day.
        let head = [20, 0, 0, 8, method, 0, 0, 0, 0x21, 0x5b];
        let sizes = [crc32(content).to_le_bytes(), number(packed.len()), number(content.len())];
        let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let head = [head.as_slice(), sizes.as_flattened(), &name_len, &[0, 0]].concat();
        archive.extend([b"PK\x03\x04", head.as_slice(), name.as_bytes(), &packed].concat());
        let rest = [0; 10];
        directory.extend(
            [b"PK\x01\x02\x14\0", head.as_slice(), &rest, &place, name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (place, size) = (number(archive.len()), number(directory.len()));
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &place, &[0, 0]].concat();
    [archive, directory, end].concat()
}

/// The checksum of ZIP (ISO/IEC 13239), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
