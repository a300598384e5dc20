//! Bending files: bytes, DER elements with the lengths around them kept right, entries of ZIP
//! archives and words of PDF files.

/// A generator of numbers (SplitMix64): the same seed gives the same numbers everywhere.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers for one mutant.
    pub(crate) fn new(seed: usize, index: usize) -> Self {
        let (seed, index) = (u64::try_from(seed).unwrap(), u64::try_from(index).unwrap());
        let mut random = Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ index);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap().max(1);
        usize::try_from(self.next() % end).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    pub(crate) fn choose<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// One element of DER in a file: where it begins, where its content does, and where both end.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    content: usize,
    end: usize,
    /// The element that it lies in.
    parent: Option<usize>,
}

/// All files, and the elements in them.
pub(crate) struct Material {
    files: Vec<Vec<u8>>,
    elements: Vec<Vec<Place>>,
}

/// Values that readers like to stumble over.
const EDGES: [u8; 8] = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x84, 0xfe, 0xff];
/// Object identifiers that are known where signatures are read.
const IDENTIFIERS: [&[u8]; 10] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x06],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x30],
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    &[0x2a, 0x86, 0x24, 0x02, 0x01, 0x01, 0x01, 0x01, 0x02, 0x01],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    &[0x2b, 0x65, 0x70],
];
/// Words of PDF files, of the directory of a ZIP archive, and of what stands around signatures.
const WORDS: [&[u8]; 16] = [
    b"/ByteRange",
    b"/Contents",
    b"/SubFilter",
    b"/Type",
    b"/Sig",
    b"/Prev",
    b"/Root",
    b"/Kids",
    b"/Length",
    b"endobj",
    b"stream",
    b"%%EOF",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"META-INF/",
];

impl Material {
    pub(crate) fn new(files: Vec<Vec<u8>>) -> Self {
        let elements = files.iter().map(|file| elements(file)).collect();
        Self { files, elements }
    }

    /// `file` with one to four things bent.
    pub(crate) fn mutate(&self, file: &[u8], random: &mut Random) -> Vec<u8> {
        let mut file = file.to_vec();
        // Most mutants differ in one thing: many at once are mostly not read at all.
        let rounds = [1, 1, 1, 1, 2, 3, 4].get(random.below(7)).copied().unwrap_or(1);
        for _ in 0..rounds {
            match random.below(10) {
                0..=2 => bytes(&mut file, random),
                3 => word(&mut file, random),
                _ => self.element(&mut file, random),
            }
        }
        file
    }

    fn element(&self, file: &mut Vec<u8>, random: &mut Random) {
        let all = elements(file);
        let Some(at) = (!all.is_empty()).then(|| random.below(all.len())) else {
            return bytes(file, random);
        };
        let place = all[at];
        let own = file[place.start..place.end].to_vec();
        let new = match random.below(8) {
            0 => Vec::new(),
            1 => [&own[..], &own[..]].concat(),
            // Swaps two neighbours.
            2 => {
                let Some(next) =
                    all.iter().find(|next| next.start == place.end && next.parent == place.parent)
                else {
                    return bytes(file, random);
                };
                let swapped = [&file[next.start..next.end], &own].concat();
                return replace(file, &all, place.parent, (place.start, next.end), &swapped);
            }
            // An element of any file here.
            3 => {
                let from = random.below(self.files.len());
                let Some(other) = random.choose(&self.elements[from]) else { return };
                self.files[from][other.start..other.end].to_vec()
            }
            // Another tag.
            4 => {
                let mut new = own;
                new[0] ^= [0x20, 0x80, 0xa0, 0x01, 0x04, 0x11][random.below(6)];
                new
            }
            // Another length than there is.
            5 => {
                file[place.start + 1] = if random.below(2) == 0 {
                    EDGES[random.below(8)]
                } else {
                    file[place.start + 1].wrapping_add(1)
                };
                return;
            }
            // Another identifier, or another value.
            6 if own[0] == 6 => header(6, IDENTIFIERS[random.below(10)]),
            6 => {
                let mut value = file[place.content..place.end].to_vec();
                bytes(&mut value, random);
                header(own[0], &value)
            }
            // BER: an indefinite length.
            _ if own[0] & 0x20 != 0 => {
                let inside = &file[place.content..place.end];
                [&[own[0], 0x80], inside, &[0, 0]].concat()
            }
            _ => header(own[0] | 0x20, &own),
        };
        replace(file, &all, place.parent, (place.start, place.end), &new);
    }
}

/// Flips, replaces, inserts, deletes or repeats bytes.
fn bytes(file: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(file.len());
    let some = random.below(16).saturating_add(1).min(file.len() - at.min(file.len()));
    match random.below(6) {
        _ if file.is_empty() => file.push(random.byte()),
        0 | 1 => file[at] ^= 1 << random.below(8),
        2 => file[at] = if random.below(2) == 0 { random.byte() } else { EDGES[random.below(8)] },
        3 => file.insert(at, random.byte()),
        4 => drop(file.drain(at..at + some)),
        _ => {
            let repeated = file[at..at + some].to_vec();
            file.splice(at..at, repeated);
        }
    }
}

/// Puts a word over another, or deletes, copies or moves what lies between two of them.
fn word(file: &mut Vec<u8>, random: &mut Random) {
    let places: Vec<(usize, usize)> = (0..file.len())
        .filter_map(|at| {
            let word = WORDS.iter().find(|word| file[at..].starts_with(word))?;
            Some((at, word.len()))
        })
        .collect();
    let (Some(&(at, length)), Some(&(other, _))) = (random.choose(&places), random.choose(&places))
    else {
        return bytes(file, random);
    };
    let between = at.min(other)..at.max(other);
    match random.below(5) {
        0 => drop(file.splice(at..at + length, WORDS[random.below(16)].to_vec())),
        1 => drop(file.drain(between)),
        2 => {
            let copied = file[between].to_vec();
            file.splice(at..at, copied);
        }
        // The fields of a ZIP header and the values of a dictionary stand right behind the word.
        3 => {
            let field = (at + length + random.below(46)).min(file.len() - 1);
            file[field] = if random.below(2) == 0 { random.byte() } else { EDGES[random.below(8)] };
        }
        _ => {
            let digit = (at..file.len()).find(|at| file[*at].is_ascii_digit()).unwrap_or(at);
            file[digit] = b"0123456789"[random.below(10)];
        }
    }
}

/// Puts `new` in place of some bytes, and mends the lengths of everything around them.
fn replace(
    file: &mut Vec<u8>,
    all: &[Place],
    parent: Option<usize>,
    (start, end): (usize, usize),
    new: &[u8],
) {
    let (mut start, mut end, mut new) = (start, end, new.to_vec());
    let mut around = parent;
    while let Some(at) = around {
        let outer = all[at];
        let value = [&file[outer.content..start], &new, &file[end..outer.end]].concat();
        new = header(file[outer.start], &value);
        (start, end, around) = (outer.start, outer.end, outer.parent);
    }
    file.splice(start..end, new);
}

/// An element with its length in the shortest form.
fn header(tag: u8, value: &[u8]) -> Vec<u8> {
    let octets = value.len().to_be_bytes();
    let octets = &octets[octets.iter().position(|octet| *octet != 0).unwrap_or(7)..];
    let mut element = vec![tag];
    if value.len() >= 0x80 {
        element.push(0x80 | u8::try_from(octets.len()).unwrap());
    }
    element.extend(octets);
    element.extend(value);
    element
}

/// The elements of a file in DER, also those inside octet strings; of other files none.
fn elements(file: &[u8]) -> Vec<Place> {
    const MOST: usize = 1 << 12;
    let mut all = Vec::new();
    let mut todo = vec![(0, file.len(), None)];
    while let Some((mut at, end, parent)) = todo.pop() {
        while at < end && all.len() < MOST {
            let Some(place) = element(file, at, end, parent) else { break };
            at = place.end;
            let opaque = place.content + usize::from(file[place.start] == 3);
            let holds = match file[place.start] {
                3 | 4 => element(file, opaque, place.end, None)
                    .is_some_and(|inner| inner.end == place.end && inner.content > inner.start),
                tag => tag & 0x20 != 0,
            };
            all.push(place);
            // The first byte of a BIT STRING is no element: its inside is looked at and not bent.
            if holds && file[place.start] != 3 {
                todo.push((place.content, place.end, Some(all.len() - 1)));
            }
        }
    }
    all
}

fn element(file: &[u8], start: usize, end: usize, parent: Option<usize>) -> Option<Place> {
    let first = usize::from(*file.get(start.checked_add(1)?)?);
    let (content, length) = if first < 0x80 {
        (start + 2, first)
    } else {
        let octets = file.get(start + 2..start + 2 + (first & 0x7f))?;
        if octets.is_empty() || octets.len() > 4 {
            return None;
        }
        let length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
        (start + 2 + octets.len(), length)
    };
    let own = content.checked_add(length).filter(|own| *own <= end)?;
    Some(Place { start, content, end: own, parent })
}
