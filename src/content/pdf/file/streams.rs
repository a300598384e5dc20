//! Streams decoded, and the objects inside them (ISO 32000-1 §7.5.7).

use std::rc::Rc;

use super::{Indirect, MAX_OBJECTS, MAX_RATIO, MAX_READINGS, Pdf, Place};
use crate::content::pdf::{
    filter,
    object::{Dictionary, Reader},
};

/// An object stream (ISO 32000-1 §7.5.7), decoded.
pub(super) struct ObjectStream {
    decoded: Vec<u8>,
    /// The number of each object and where it stands.
    objects: Vec<(u32, usize)>,
}

impl Pdf<'_> {
    /// The decoded stream of this number.
    pub(crate) fn stream(&self, number: u32) -> Option<Vec<u8>> {
        let indirect = self.get(number)?;
        self.decode(indirect.object.dictionary()?, indirect.stream.as_ref()?)
    }

    /// The numbers of the objects in an object stream.
    pub(crate) fn numbers_in(&self, dictionary: &Dictionary, stream: &[u8]) -> Option<Vec<u32>> {
        let read = ObjectStream::read(dictionary, self.decode(dictionary, stream)?)?;
        Some(read.objects.iter().map(|(number, _)| *number).collect())
    }

    /// The object that stands in a stream at this index, which has to have this number.
    pub(super) fn read_inside(&self, stream: u32, index: usize, number: u32) -> Option<Indirect> {
        if !matches!(self.places.get(&stream)?, Place::At { .. }) {
            return None;
        }
        let holder = self.get(stream)?;
        let dictionary = holder.object.dictionary()?;
        let known = self.object_streams.borrow().get(&stream).cloned();
        let opened = known.unwrap_or_else(|| {
            let opened = holder
                .stream
                .as_ref()
                .filter(|_| dictionary.is(b"Type", b"ObjStm"))
                .and_then(|bytes| ObjectStream::read(dictionary, self.decode(dictionary, bytes)?))
                .map(Rc::new);
            self.object_streams.borrow_mut().insert(stream, opened.clone());
            opened
        })?;
        let (own, at) = *opened.objects.get(index)?;
        if own != number {
            return None;
        }
        let object = self.object(&mut Reader::new(&opened.decoded, at))?;
        Some(Indirect { object, generation: 0, stream: None, end: 0 })
    }

    pub(super) fn decode(&self, dictionary: &Dictionary, bytes: &[u8]) -> Option<Vec<u8>> {
        let left = self.inflate_left.get();
        let decoded = filter::decode(dictionary, bytes, left);
        // What cannot be decoded may have taken as much.
        let most = bytes.len().saturating_mul(MAX_RATIO);
        let taken = decoded.as_ref().map_or(most, Vec::len);
        self.inflate_left.set(left.saturating_sub(taken));
        self.spend(0, taken.min(left))?;
        let more = decoded.as_ref().map_or(0, Vec::len).saturating_mul(MAX_READINGS);
        self.bytes_left.set(self.bytes_left.get().saturating_add(more));
        decoded
    }
}

impl ObjectStream {
    fn read(dictionary: &Dictionary, decoded: Vec<u8>) -> Option<Self> {
        let first = dictionary.integer(b"First")?;
        let count = dictionary.integer(b"N").filter(|count| *count <= MAX_OBJECTS)?;
        let mut table = Reader::new(&decoded, 0);
        let mut objects = Vec::new();
        for _ in 0..count {
            let number = u32::try_from(table.number()?).ok()?;
            objects.push((number, first.checked_add(table.number()?)?));
        }
        Some(Self { decoded, objects })
    }
}
