//! What a container holds, before anything in it is judged: the document, and each signature with
//! the bytes that it is over.

use bytes::{Bytes, BytesMut};

use super::{
    Budget, Form, asic,
    best_time::{Over, Scope},
    pades,
    problem::Problems,
};
use crate::{
    algorithms::Used,
    domain::{BestTimeSource, Container, Indication, Level, Timestamp, TimestampReport, Warning},
    trust::Certificate,
};

/// An opened container.
pub(super) struct Unpacked {
    pub(super) container: Container,
    /// The document in it; the container's own file when there is not exactly one.
    pub(super) document: Bytes,
    pub(super) signatures: Vec<Enclosed>,
    /// Whether there are more of them, which are not judged.
    pub(super) has_more: bool,
    /// What no signature here covers, named for people.
    pub(super) not_covered: Vec<String>,
    /// Certificates and revocation data that lie beside the signatures.
    pub(super) embedded: Embedded,
}

/// One signature in a container.
#[derive(Clone, Default)]
pub(super) struct Enclosed {
    /// The CMS file; `None` when there is nothing that could be read, and `known` says why.
    pub(super) file: Option<Bytes>,
    /// The pieces of what it is over; none when it is not at hand.
    pub(super) over: Vec<Bytes>,
    /// What is known to be wrong before it is judged.
    pub(super) known: Problems,
    /// The digests that bind it to what it covers.
    pub(super) binding: Vec<Used>,
    /// What it covers, named for people.
    pub(super) covers: Vec<String>,
    /// The documents that it covers by way of a manifest; none when it is over them directly.
    pub(super) documents: Vec<Bytes>,
    /// When it was made, by the word of its container. A claim, and no proof.
    pub(super) claimed: Option<Timestamp>,
    /// Time-stamps around the signature, the outermost first.
    pub(super) stamps: Vec<Stamp>,
    pub(super) warnings: Vec<Warning>,
    /// What stands in a PDF file with the signature; `None` elsewhere.
    pub(super) kept: Option<Kept>,
    /// How many bytes of a PDF file are the revision that it is over, where more were added; `None` where it
    /// is over all of the document.
    pub(super) revision: Option<usize>,
    /// Whether some readers that repair the file may miss a part of it.
    pub(super) is_hidden_from_some: bool,
}

/// A time-stamp over a signature and what it is over.
#[derive(Clone)]
pub(super) struct Stamp {
    /// What reports call it.
    pub(super) name: String,
    /// The token (RFC 3161); `None` when there is nothing that could be read.
    pub(super) token: Option<Bytes>,
    /// The pieces of what it is over.
    pub(super) over: Vec<Bytes>,
    /// What is known to be wrong before it is judged: then it proves nothing.
    pub(super) known: Problems,
    /// The digest that binds it to the signature, where a manifest stands between the two.
    pub(super) binding: Option<Used>,
    /// How a moment that it proves is known.
    pub(super) source: BestTimeSource,
    /// The time-stamps after it that it is over too.
    pub(super) around: Vec<Inner>,
}

/// A time-stamp that another one is over.
#[derive(Clone)]
pub(super) struct Inner {
    /// Its place among the time-stamps around the signature.
    pub(super) place: usize,
    /// The digests that bind it to the other, where a manifest stands between the two.
    pub(super) binding: Vec<Used>,
}

/// What a PDF file keeps to prove a signature later (ETSI EN 319 142-1 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// A document security store.
    pub(super) store: bool,
    /// A document time-stamp over the signature.
    pub(super) stamp: bool,
    /// A document time-stamp over the signature and the document security store.
    pub(super) stamp_over_store: bool,
}

/// Certificates and revocation data, each in DER, as a container brings them: no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Embedded {
    /// X.509 certificates.
    pub(super) certificates: Vec<Bytes>,
    /// Revocation lists.
    pub(super) crls: Vec<Bytes>,
    /// OCSP responses.
    pub(super) ocsp: Vec<Bytes>,
}

impl Embedded {
    /// Those of the certificates that can be read.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        self.certificates.iter().filter_map(|der| Certificate::parse(der).ok()).collect()
    }
}

impl Stamp {
    /// Time-stamps each of which is over all of the file before it, the outermost first: so over
    /// all that come after it here.
    pub(super) fn nested(mut stamps: Vec<Self>) -> Vec<Self> {
        let count = stamps.len();
        for (place, stamp) in stamps.iter_mut().enumerate() {
            let inside = place.saturating_add(1)..count;
            stamp.around = inside.map(|place| Inner { place, binding: Vec::new() }).collect();
        }
        stamps
    }

    /// What it is over, where the digests that the manifests give bind that.
    pub(super) fn scope(&self, binds: impl Fn(&Used) -> bool) -> Scope {
        let bound = self.around.iter().filter(|inner| inner.binding.iter().all(&binds));
        Scope {
            over: Over::Signature(self.source),
            around: bound.map(|inner| inner.place).collect(),
        }
    }

    /// The report on a time-stamp with which something is wrong before it is judged.
    pub(super) fn unjudged(&self, known: &Problems) -> TimestampReport {
        let (indication, sub_indication, reason) = known.conclusion();
        TimestampReport {
            kind: self.name.clone(),
            // Nothing is proved here, whatever is known.
            indication: indication.max(Indication::Indeterminate),
            sub_indication,
            reason,
            time: None,
            policy: None,
            algorithm: None,
            digest_algorithm: None,
            authority: None,
            chain: Vec::new(),
            qualified: None,
            warnings: Vec::new(),
        }
    }
}

/// Opens a document that holds signatures of its own, and the PDF file that a container holds;
/// the outermost first. Nothing for a document that holds none.
pub(super) fn open_all(document: &Bytes, budget: &Budget) -> Vec<Unpacked> {
    let open = |file: &Bytes| match Form::of(file) {
        Form::Asic => Some(asic::open(file, budget)),
        Form::Pdf => pades::open(file, budget),
        Form::Envelope | Form::Other | Form::SignedData | Form::Zip => None,
    };
    let Some(outer) = open(document) else { return Vec::new() };
    let is_asic = matches!(outer.container, Container::AsicE | Container::AsicS);
    let inner = Some(&outer.document)
        .filter(|inner| is_asic && Form::of(inner) == Form::Pdf)
        .and_then(|inner| pades::open(inner, budget));
    [Some(outer), inner].into_iter().flatten().collect()
}

impl Enclosed {
    /// What the signature is over, in one piece.
    pub(super) fn content(&self) -> Option<Bytes> {
        match self.over.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            pieces => {
                let mut content = BytesMut::new();
                for piece in pieces {
                    content.extend_from_slice(piece);
                }
                Some(content.freeze())
            }
        }
    }
}

impl Kept {
    /// The level in a PDF file of a signature that is of this level as a CMS file.
    pub(super) fn level(self, level: Level) -> Level {
        if level == Level::Cms {
            Level::Cms
        } else if self.stamp_over_store {
            Level::PadesLta
        } else if level == Level::CadesBes && !self.stamp {
            Level::PadesB
        } else if self.store {
            Level::PadesLt
        } else {
            Level::PadesT
        }
    }
}
