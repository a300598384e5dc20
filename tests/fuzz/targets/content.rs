#![no_main]
//! What some bytes are: a document, or something else. The first byte chooses how they begin, so
//! that each reader is reached.

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use skrynka::{
    content::{self, FileKind, Form, Purse},
    domain::DocumentForm,
};

/// As much as a mail may cost, in short.
struct Bytes(Cell<usize>);

impl Purse for Bytes {
    fn spend(&self, bytes: usize) -> bool {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }

    fn affords(&self, bytes: usize) -> bool {
        self.0.get() >= bytes
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let head: &[u8] = match choice % 4 {
        0 => b"",
        1 => b"%PDF-1.7\n",
        2 => b"\xff\xd8\xff",
        _ => b"\x89PNG\r\n\x1a\n",
    };
    let file = [head, bytes].concat();
    let judged = content::document(&file, &Bytes(Cell::new(64 << 20)));
    let kind = match judged {
        Ok(DocumentForm::Pdf) => Some(FileKind::Pdf),
        Ok(DocumentForm::Jpeg) => Some(FileKind::Jpeg),
        Ok(DocumentForm::Png) => Some(FileKind::Png),
        Err(_) => None,
    };
    // A document is handed out as what it is.
    assert!(kind.is_none_or(|kind| kind == FileKind::of(&file)));
    assert!(judged != Ok(DocumentForm::Pdf) || Form::of(&file) == Form::Pdf);
});
