//! Pictures, made and bent.

use super::*;

const BASELINE: &[u8] = include_bytes!("../../../tests/fixtures/content/baseline.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/fixtures/content/progressive.jpg");

pub(super) fn jpeg() -> Vec<u8> {
    BASELINE.to_vec()
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let checked = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &checked, &crc32(&checked).to_be_bytes()].concat()
}

fn header(width: u32, height: u32, color: u8, depth: u8, interlace: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[&sides[..], &[depth, color, 0, 0, interlace]].concat())
}

fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n", &chunks.concat()[..]].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    chunk(b"IDAT", &miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6))
}

/// The picture with a comment behind its head.
pub(super) fn commented(picture: &[u8], comment: &[u8]) -> Vec<u8> {
    let (head, comment) = if picture.starts_with(b"\xff\xd8") {
        let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
        (2, [b"\xff\xfe", &length[..], comment].concat())
    } else {
        (8 + 25, chunk(b"tEXt", &[b"Comment\0", comment].concat()))
    };
    [&picture[..head], &comment, &picture[head..]].concat()
}

fn end() -> Vec<u8> {
    chunk(b"IEND", b"")
}

/// A picture of 5 by 3 pixels of this colour type and depth.
pub(super) fn png(color: u8, depth: u8, interlace: u8) -> Vec<u8> {
    let samples = [1, 0, 3, 1, 2, 0, 4][usize::from(color)];
    let row = |pixels: usize| 1 + (pixels * samples * usize::from(depth)).div_ceil(8);
    // PNG §8.2: rows and pixels of each pass over 5 by 3 pixels; the third has no row.
    let adam: &[(usize, usize)] = &[(1, 1), (1, 1), (1, 1), (1, 3), (2, 2), (1, 5)];
    let rows = if interlace == 0 { &[(3, 5)] } else { adam };
    // Nothing is transparent.
    let filled =
        |bytes: usize| [vec![0], vec![if samples % 2 == 0 { 255 } else { 0 }; bytes - 1]].concat();
    let data: Vec<_> =
        rows.iter().flat_map(|(rows, pixels)| filled(row(*pixels)).repeat(*rows)).collect();
    let palette = if color == 3 { chunk(b"PLTE", &[0, 0, 0, 9, 9, 9]) } else { Vec::new() };
    let head = header(5, 3, color, depth, interlace);
    png_of(&[head, palette, chunk(b"tEXt", b"a\0b"), packed(&data), end()])
}

const FORMATS: [(u8, &[u8]); 5] =
    [(0, &[1, 2, 4, 8, 16]), (2, &[8, 16]), (3, &[1, 2, 4, 8]), (4, &[8, 16]), (6, &[8, 16])];

#[test]
fn every_kind_of_png_is_decoded() {
    for (color, depths) in FORMATS {
        for depth in depths {
            for interlace in [0, 1] {
                let file = png(color, *depth, interlace);
                let judged = judge(&file);
                assert_eq!(judged, Ok(DocumentForm::Png), "{color} {depth} {interlace}");
                let with_junk = [&file[..], b"more"].concat();
                assert_eq!(judge(&with_junk), Ok(DocumentForm::Png));
            }
        }
    }
}

#[test]
fn a_png_that_cannot_be_decoded_whole_is_none() {
    let head = || header(5, 3, 0, 8, 0);
    let data = || packed(&[0; 18]);
    let two = miniz_oxide::deflate::compress_to_vec_zlib(&[0; 18], 6);
    let (first, second) = two.split_at(4);
    let in_two = [chunk(b"IDAT", first), chunk(b"IDAT", second)].concat();
    assert_eq!(judge(&png_of(&[head(), in_two, end()])), Ok(DocumentForm::Png));
    let apart = [chunk(b"IDAT", first), chunk(b"tEXt", b"a"), chunk(b"IDAT", second)].concat();
    let mut wrong_sum = png_of(&[head(), data(), end()]);
    let last = wrong_sum.len() - 1;
    wrong_sum[last] ^= 1;
    for (what, file) in [
        ("the head alone", png_of(&[head()])),
        ("no head", png_of(&[data(), end()])),
        ("no data", png_of(&[head(), end()])),
        ("no end", png_of(&[head(), data()])),
        ("a row too few", png_of(&[head(), packed(&[0; 12]), end()])),
        ("a byte too few", png_of(&[head(), packed(&[0; 17]), end()])),
        ("a byte too many", png_of(&[head(), packed(&[0; 19]), end()])),
        ("no such filter", png_of(&[head(), packed(&[5; 18]), end()])),
        ("data apart", png_of(&[head(), apart, end()])),
        ("data cut", png_of(&[head(), chunk(b"IDAT", first), end()])),
        ("no palette", png_of(&[header(5, 3, 3, 8, 0), data(), end()])),
        ("no such depth", png_of(&[header(5, 3, 2, 4, 0), data(), end()])),
        ("no width", png_of(&[header(0, 3, 0, 8, 0), data(), end()])),
        ("an unknown chunk", png_of(&[head(), chunk(b"ABCD", b""), data(), end()])),
        ("a wrong check sum", wrong_sum),
        ("no deflated data", png_of(&[head(), chunk(b"IDAT", b"abcdefgh"), end()])),
    ] {
        assert_eq!(judge(&file), Err(NotADocument::ImageUnreadable), "{what}");
    }
}

/// Browsers show the frames of an animation, other programs the picture before them.
#[test]
fn a_picture_that_moves_is_none() {
    let control = chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    let frame = chunk(b"fcTL", &[0; 26]);
    let data = chunk(b"fdAT", &[0; 22]);
    let still = || [header(5, 3, 0, 8, 0), packed(&[0; 18])];
    for moving in [vec![control, frame.clone(), data.clone()], vec![frame], vec![data]] {
        let [head, picture] = still();
        for chunks in [
            [vec![head.clone()], moving.clone(), vec![picture.clone(), end()]].concat(),
            [vec![head, picture], moving, vec![end()]].concat(),
        ] {
            assert_eq!(judge(&png_of(&chunks)), Err(NotADocument::ImageAmbiguous));
        }
    }
}

/// Behind what is transparent each program shows what it likes, and not all heed what colours are said to be.
#[test]
fn a_picture_that_shows_through_or_says_how_to_be_shown_is_none() {
    let ambiguous = Err(NotADocument::ImageAmbiguous);
    // Two rows of two pixels in each filter (PNG §9.2), by hand: bytes are as the row before and the pixel
    // before them make them 255 again.
    let opaque = |filter: u8| -> [u8; 16] {
        let full = [255; 16];
        match filter {
            0 => full,
            1 => [[255; 4], [0; 4], [255; 4], [0; 4]].concat().try_into().unwrap(),
            2 => [[255; 8], [0; 8]].concat().try_into().unwrap(),
            3 => [[255; 4], [128; 4], [128; 4], [0; 4]].concat().try_into().unwrap(),
            _ => [[255; 4], [0; 4], [0; 4], [0; 4]].concat().try_into().unwrap(),
        }
    };
    for filter in 0..5 {
        let picture = |pixels: [u8; 16]| {
            let data = [&[filter], &pixels[..8], &[filter], &pixels[8..]].concat();
            judge(&png_of(&[header(2, 2, 6, 8, 0), packed(&data), end()]))
        };
        assert_eq!(picture(opaque(filter)), Ok(DocumentForm::Png), "filter {filter}");
        for alpha in [3, 7, 11, 15] {
            let mut pixels = opaque(filter);
            pixels[alpha] = pixels[alpha].wrapping_sub(1);
            assert_eq!(picture(pixels), ambiguous, "filter {filter}, byte {alpha}");
        }
        let mut colored = opaque(filter);
        colored[0] = 1;
        assert_eq!(picture(colored), Ok(DocumentForm::Png));
    }
    let numbers = |all: &[u32]| all.iter().flat_map(|one| one.to_be_bytes()).collect::<Vec<_>>();
    let usual = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    let mut swapped = usual;
    swapped.swap(2, 4);
    for (kind, data, color, expected) in [
        (b"gAMA", numbers(&[45_455]), 2, Ok(DocumentForm::Png)),
        (b"gAMA", numbers(&[55_556]), 2, Ok(DocumentForm::Png)),
        (b"gAMA", numbers(&[200]), 2, ambiguous),
        (b"gAMA", numbers(&[100_000]), 2, ambiguous),
        (b"gAMA", vec![], 2, ambiguous),
        (b"cHRM", numbers(&usual), 2, Ok(DocumentForm::Png)),
        (b"cHRM", numbers(&swapped), 2, ambiguous),
        (b"cHRM", numbers(&usual[..4]), 2, ambiguous),
        (b"cICP", vec![1, 13, 0, 1], 2, Ok(DocumentForm::Png)),
        (b"cICP", vec![9, 16, 0, 1], 2, ambiguous),
        (b"tRNS", vec![0; 6], 2, ambiguous),
        (b"tRNS", vec![0, 0], 0, ambiguous),
        (b"tRNS", vec![255, 254], 3, ambiguous),
        (b"tRNS", vec![255, 255], 3, Ok(DocumentForm::Png)),
    ] {
        // Behind the head, and a palette where there is one.
        let mut file = png(color, 8, 0);
        let place = 8 + 25 + if color == 3 { 18 } else { 0 };
        file.splice(place..place, chunk(kind, &data));
        assert_eq!(judge(&file), expected, "{} {data:?}", kind.escape_ascii());
    }
}

#[test]
fn a_jpeg_that_cannot_be_decoded_whole_is_none() {
    for file in [BASELINE, PROGRESSIVE] {
        assert_eq!(judge(file), Ok(DocumentForm::Jpeg));
        // Telephones put a second picture behind the first.
        assert_eq!(judge(&[file, file].concat()), Ok(DocumentForm::Jpeg));
        for kept in [3, 20, file.len() / 2, file.len() - 30] {
            let judged = judge(&file[..kept]);
            assert_eq!(judged, Err(NotADocument::ImageUnreadable), "{kept} bytes");
        }
    }
    let head_alone = b"\xff\xd8\xff\xd9";
    assert_eq!(judge(head_alone), Err(NotADocument::ImageUnreadable));
}

/// Decoders fill what is missing with grey.
#[test]
fn a_jpeg_of_which_a_part_is_missing_is_none() {
    const END: &[u8] = b"\xff\xd9";
    let scans = |file: &[u8]| memchr::memmem::find_iter(file, b"\xff\xda").collect::<Vec<_>>();
    let first = scans(BASELINE)[0];
    let middle = first.midpoint(BASELINE.len());
    let taller = |file: &[u8], frame: u8| {
        let mut taller = file.to_vec();
        let frame = memchr::memmem::find(&taller, &[0xff, frame]).unwrap();
        taller[frame + 5..frame + 7].copy_from_slice(&2000_u16.to_be_bytes());
        taller
    };
    let mut bent = BASELINE.to_vec();
    bent[middle..middle + 20].fill(0x55);
    let mut cases = vec![
        ("half of the data", [&BASELINE[..middle], END].concat()),
        ("the end in the middle", [&BASELINE[..middle], END, &BASELINE[middle..]].concat()),
        ("a byte too many", [&BASELINE[..BASELINE.len() - 2], b"\0", END].concat()),
        ("a height without data", taller(BASELINE, 0xc0)),
        ("a height without data", taller(PROGRESSIVE, 0xc2)),
        ("a restart", [&BASELINE[..middle], b"\xff\xd0", &BASELINE[middle..]].concat()),
        ("other data", bent),
    ];
    // Each scan but the last begins behind tables of its own.
    let starts = scans(PROGRESSIVE);
    assert!(starts.len() > 2);
    for start in &starts[1..] {
        let tables = memchr::memmem::rfind(&PROGRESSIVE[..*start], b"\xff\xc4").unwrap_or(*start);
        cases.push(("the first scans alone", [&PROGRESSIVE[..tables], END].concat()));
    }
    for (what, file) in cases {
        assert_eq!(judge(&file), Err(NotADocument::ImageUnreadable), "{what}");
    }
}

#[test]
fn a_picture_is_not_unpacked_when_it_is_too_large() {
    let mut wide = BASELINE.to_vec();
    let frame = memchr::memmem::find(&wide, b"\xff\xc0").unwrap();
    // T.81 §B.2.2: height and width stand behind length and precision.
    wide[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let scans = [PROGRESSIVE, &b"\xff\xda".repeat(40)[..]].concat();
    let huge = png_of(&[header(1 << 16, 1 << 16, 0, 8, 0), packed(&[0; 18]), end()]);
    let endless = png_of(&[header(u32::MAX, u32::MAX, 6, 16, 1), packed(&[0; 18]), end()]);
    for file in [wide, scans, huge, endless] {
        let mail = purse();
        assert_eq!(document(&file, &mail), Err(NotADocument::TooLarge));
        assert_eq!(mail.0.get(), 512 << 20, "what is not read costs nothing");
    }
    let poor = Bytes(Cell::new(100));
    assert_eq!(document(BASELINE, &poor), Err(NotADocument::TooLarge));
    assert_eq!(poor.0.get(), 100);
}
