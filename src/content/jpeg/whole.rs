//! Whether a picture is whole: each scan brings every block that its frame has, to the last bit, and all of
//! them every coefficient (ITU-T T.81 annexes A, F and G). Decoders fill what is missing with grey.

use std::ops::Range;

use super::entropy::{Bits, Codes};

const COEFFICIENTS: u8 = 64;
/// Of a coefficient that no scan has brought yet.
const NOTHING: u8 = u8::MAX;
/// Blocks in a unit of several components (§B.2.3).
const MAX_BLOCKS: usize = 10;

/// Where the data of its scans stand, and, with nothing in it, the end of the picture; `None` when something
/// is missing or too much. What is read has been decoded, so its sides and scans are bounded.
pub(super) fn data(file: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut picture = Picture::default();
    let mut at = b"\xff\xd8".len();
    loop {
        let (&[mark], rest) = file.get(at..)?.split_first_chunk()?;
        let (&kind, rest) = rest.split_first().filter(|_| mark == 0xff)?;
        match kind {
            // A byte that fills up (§B.1.1.2).
            0xff => at = at.checked_add(1)?,
            0xd9 => {
                let end = at.checked_add(2)?;
                found.push(end..end);
                return picture.frame.is_some_and(|frame| frame.is_whole()).then_some(found);
            }
            _ => {
                let (length, _) = rest.split_first_chunk()?;
                let length = usize::from(u16::from_be_bytes(*length));
                let segment = rest.get(2..length)?;
                at = at.checked_add(2)?.checked_add(length)?;
                picture.take(kind, segment)?;
                if kind == 0xda {
                    let end = end_of_scan(file, at)?;
                    picture.scan(segment, file.get(at..end)?)?;
                    found.push(at..end);
                    at = end;
                }
            }
        }
    }
}

/// Where the first marker behind the data of a scan stands that is none of a restart (§F.1.2.3).
fn end_of_scan(file: &[u8], start: usize) -> Option<usize> {
    let is_end = |at: &usize| {
        let next = at.checked_add(1).and_then(|next| file.get(next));
        next.is_some_and(|next| !matches!(next, 0 | 0xd0..=0xd7 | 0xff))
    };
    let places = memchr::memchr_iter(0xff, file.get(start..)?);
    places.map(|at| start.saturating_add(at)).find(is_end)
}

/// What the segments up to a scan have said.
#[derive(Default)]
struct Picture {
    frame: Option<Frame>,
    /// Those of the first coefficients, and of the others.
    codes: [[Option<Codes>; 4]; 2],
    restart_interval: usize,
}

struct Frame {
    is_progressive: bool,
    width: usize,
    height: usize,
    most: [usize; 2],
    components: Vec<Component>,
}

struct Component {
    id: u8,
    /// Blocks in a unit, across and down.
    sampling: [usize; 2],
    /// Of each coefficient the lowest bit that came.
    bits: [u8; 64],
    /// Of each block those coefficients that are not zero: a progressive scan has a bit for each.
    blocks: Vec<u64>,
    /// Blocks in a row, up to the last whole unit.
    stride: usize,
}

impl Picture {
    fn take(&mut self, kind: u8, segment: &[u8]) -> Option<()> {
        match kind {
            0xc0..=0xc2 if self.frame.is_none() => self.frame = Some(Frame::read(kind, segment)?),
            0xc4 => {
                let mut rest = segment;
                while let Some((place, after)) = rest.split_first() {
                    rest = after;
                    let of = self.codes.get_mut(usize::from(place >> 4))?;
                    *of.get_mut(usize::from(place & 15))? = Some(Codes::read(&mut rest)?);
                }
            }
            0xdd => self.restart_interval = u16::from_be_bytes(segment.try_into().ok()?).into(),
            // Another frame, or the height of this one behind its scan.
            0xc0..=0xcf | 0xd8 | 0xdc | 0xde | 0xdf => return None,
            _ => {}
        }
        Some(())
    }

    fn scan(&mut self, header: &[u8], data: &[u8]) -> Option<()> {
        let (count, rest) = header.split_first()?;
        let (parts, rest) = rest.split_at_checked(usize::from(*count).checked_mul(2)?)?;
        let &[from, to, depth] = rest else { return None };
        let frame = self.frame.as_mut()?;
        let band = Band { from, to, high: depth >> 4, low: depth & 15 };
        let mut parts: Vec<_> = parts.chunks_exact(2).collect();
        let mut taken = Vec::new();
        for component in &mut frame.components {
            let Some(place) = parts.iter().position(|part| part.first() == Some(&component.id))
            else {
                continue;
            };
            // §B.2.3: in the order of the frame.
            (place == 0).then_some(())?;
            let tables = *parts.remove(place).last()?;
            component.bring(band, frame.is_progressive)?;
            let [first, others] = &self.codes;
            let first = first.get(usize::from(tables >> 4))?.as_ref();
            let others = others.get(usize::from(tables & 15))?.as_ref();
            taken.push((component, Tables { first, others }));
        }
        let is_right = parts.is_empty() && !taken.is_empty() && (from == 0 || taken.len() == 1);
        is_right.then_some(())?;
        let mut reader = Reader {
            bits: Bits::new(data),
            band,
            is_progressive: frame.is_progressive,
            empty_blocks: 0,
        };
        let sides = [frame.width, frame.height];
        let units = |axis: usize| -> Option<usize> {
            let (side, most) = (*sides.get(axis)?, *frame.most.get(axis)?);
            match taken.as_slice() {
                // §A.2.2: one component alone goes block by block, and has none beyond its edge.
                [(one, _)] => {
                    let side = side.checked_mul(*one.sampling.get(axis)?)?.div_ceil(most);
                    Some(side.div_ceil(8))
                }
                _ => Some(side.div_ceil(most.checked_mul(8)?)),
            }
        };
        let (across, down) = (units(0)?, units(1)?);
        let is_alone = taken.len() == 1;
        let blocks = taken.iter().map(|(one, _)| one.sampling.iter().product::<usize>());
        (is_alone || blocks.sum::<usize>() <= MAX_BLOCKS).then_some(())?;
        let (mut left, mut restarts) = (self.restart_interval, 0_u8);
        for row in 0..down {
            for column in 0..across {
                if self.restart_interval > 0 {
                    if left == 0 {
                        reader.restart(restarts)?;
                        restarts = restarts.wrapping_add(1);
                        left = self.restart_interval;
                    }
                    left = left.checked_sub(1)?;
                }
                for (component, tables) in &mut taken {
                    let [wide, high] = if is_alone { [1, 1] } else { component.sampling };
                    for line in 0..high {
                        let line = row
                            .checked_mul(high)?
                            .checked_add(line)?
                            .checked_mul(component.stride)?;
                        for place in 0..wide {
                            let place = column.checked_mul(wide)?.checked_add(place)?;
                            let mut none = 0;
                            let block = if frame.is_progressive {
                                component.blocks.get_mut(line.checked_add(place)?)?
                            } else {
                                &mut none
                            };
                            reader.block(tables, block)?;
                        }
                    }
                }
            }
        }
        (reader.empty_blocks == 0 && reader.bits.is_over()).then_some(())
    }
}

impl Frame {
    fn read(kind: u8, segment: &[u8]) -> Option<Self> {
        let (&[8, high, low, wide_high, wide_low, count], rest) = segment.split_first_chunk()?
        else {
            return None;
        };
        let side = |bytes| Some(usize::from(u16::from_be_bytes(bytes))).filter(|side| *side > 0);
        let (height, width) = (side([high, low])?, side([wide_high, wide_low])?);
        (rest.len() == usize::from(count).checked_mul(3)?).then_some(())?;
        let read = rest.chunks_exact(3).map(|part| {
            let &[id, sampling, _] = part else { return None };
            let sampling = [sampling >> 4, sampling & 15].map(usize::from);
            sampling.iter().all(|count| (1..=4).contains(count)).then_some((id, sampling))
        });
        let read: Vec<_> = read.collect::<Option<_>>()?;
        let most = |of: fn(&[usize; 2]) -> usize| read.iter().map(|(_, count)| of(count)).max();
        let most = [most(|[wide, _]| *wide)?, most(|[_, high]| *high)?];
        let is_progressive = kind == 0xc2;
        let units = |side: usize, most: usize| Some(side.div_ceil(most.checked_mul(8)?));
        let (across, down) = (units(width, most[0])?, units(height, most[1])?);
        let mut components = Vec::new();
        for (id, sampling @ [wide, high]) in read {
            let stride = across.checked_mul(wide)?;
            let blocks =
                if is_progressive { stride.checked_mul(down.checked_mul(high)?)? } else { 0 };
            let (bits, blocks) = ([NOTHING; 64], vec![0; blocks]);
            components.push(Component { id, sampling, bits, blocks, stride });
        }
        Some(Self { is_progressive, width, height, most, components })
    }

    fn is_whole(&self) -> bool {
        self.components.iter().all(|one| one.bits.iter().all(|lowest| *lowest == 0))
    }
}

impl Component {
    /// Notes what a scan brings. Nothing is brought twice, and bits come one by one from the highest (§G.1.1.1).
    fn bring(&mut self, band: Band, is_progressive: bool) -> Option<()> {
        let Band { from, to, high, low } = band;
        let is_right =
            if is_progressive { (from == 0) == (to == 0) } else { (from, to, low) == (0, 63, 0) };
        (is_right && to < COEFFICIENTS).then_some(())?;
        let before =
            if high == 0 { NOTHING } else { low.checked_add(1).filter(|one| *one == high)? };
        for lowest in self.bits.get_mut(from.into()..=to.into())? {
            (*lowest == before).then_some(())?;
            *lowest = low;
        }
        Some(())
    }
}

/// Which coefficients a scan brings, and which bits of them.
#[derive(Clone, Copy)]
struct Band {
    from: u8,
    to: u8,
    high: u8,
    low: u8,
}

struct Tables<'a> {
    first: Option<&'a Codes>,
    others: Option<&'a Codes>,
}

struct Reader<'a> {
    bits: Bits<'a>,
    band: Band,
    is_progressive: bool,
    /// Blocks that bring nothing new (§G.1.2.2).
    empty_blocks: u32,
}

impl Reader<'_> {
    fn restart(&mut self, number: u8) -> Option<()> {
        (self.empty_blocks == 0).then_some(())?;
        self.bits.restart(number)
    }

    fn block(&mut self, tables: &Tables<'_>, block: &mut u64) -> Option<()> {
        let refines = self.band.high > 0;
        let mut at = self.band.from;
        if at == 0 {
            if refines {
                self.bits.next()?;
            } else {
                let size = tables.first?.next(&mut self.bits).filter(|size| *size <= 16)?;
                self.bits.skip(size.into())?;
            }
            at = 1;
        }
        if self.empty_blocks == 0 && at <= self.band.to {
            let codes = tables.others?;
            if refines {
                self.refine(codes, block, &mut at)?;
            } else {
                self.bring(codes, block, &mut at)?;
            }
        }
        if self.empty_blocks > 0 {
            self.empty_blocks = self.empty_blocks.checked_sub(1)?;
            if refines {
                // A bit for each that is not zero.
                let rest = u64::MAX.checked_shl(at.into()).unwrap_or(0);
                let up_to = u64::MAX.checked_shr(63_u32.checked_sub(self.band.to.into())?)?;
                self.bits.skip((*block & rest & up_to).count_ones())?;
            }
        }
        Some(())
    }

    /// What ends a block: nothing but zeros follow, in it and in so many behind it.
    fn end_of_band(&mut self, run: u8) -> Option<()> {
        (run == 0 || self.is_progressive).then_some(())?;
        self.empty_blocks = 1_u32.checked_shl(run.into())?.checked_add(self.bits.number(run)?)?;
        Some(())
    }

    fn bring(&mut self, codes: &Codes, block: &mut u64, at: &mut u8) -> Option<()> {
        while *at <= self.band.to {
            let code = codes.next(&mut self.bits)?;
            match (code >> 4, code & 15) {
                (15, 0) => *at = at.checked_add(16)?,
                (run, 0) => return self.end_of_band(run),
                (zeros, size) => {
                    *at = at.checked_add(zeros).filter(|at| *at <= self.band.to)?;
                    self.bits.skip(size.into())?;
                    *block |= 1_u64.checked_shl((*at).into())?;
                    *at = at.checked_add(1)?;
                }
            }
        }
        Some(())
    }

    fn refine(&mut self, codes: &Codes, block: &mut u64, at: &mut u8) -> Option<()> {
        while *at <= self.band.to {
            let code = codes.next(&mut self.bits)?;
            let (mut zeros, size) = (code >> 4, code & 15);
            match size {
                0 if zeros < 15 => return self.end_of_band(zeros),
                0 => {}
                1 => self.bits.skip(1)?,
                _ => return None,
            }
            while *at <= self.band.to {
                if *block & 1_u64.checked_shl((*at).into())? != 0 {
                    self.bits.skip(1)?;
                } else if let Some(less) = zeros.checked_sub(1) {
                    zeros = less;
                } else {
                    break;
                }
                *at = at.checked_add(1)?;
            }
            if size == 1 {
                (*at <= self.band.to).then_some(())?;
                *block |= 1_u64.checked_shl((*at).into())?;
            }
            *at = at.checked_add(1)?;
        }
        Some(())
    }
}
