//! Revisions as rows of objects without a gap: any such row passes, and no byte more.

use std::sync::LazyLock;

use super::*;

/// Writes revisions, and one byte too many where it is told.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    last: usize,
    /// How many places were passed where a byte might stand.
    gaps: usize,
    stray: Option<(usize, u8)>,
    /// Where a comment may stand.
    comment: Vec<usize>,
}

/// One revision.
#[derive(Clone, Debug)]
struct Row {
    /// Each with what stands behind it.
    objects: Vec<(u32, Body, &'static str)>,
    is_table: bool,
    has_head: bool,
}

#[derive(Clone, Debug)]
enum Body {
    Dictionary,
    Null,
    Stream(Vec<u8>),
    Text(String),
}

const SPACES: [&str; 5] = ["\n", "\r\n", "\r", " \t\n", "\n\n"];

impl Writer {
    fn new(stray: Option<(usize, u8)>) -> Self {
        static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| signed().bytes);
        let bytes = SIGNED.clone();
        let last = memchr::memmem::rfind(&bytes, b"\nxref\n").unwrap() + 1;
        Self { bytes, last, stray, ..Self::default() }
    }

    /// Writes `text` behind a place where a byte might stand; where it begins.
    fn put(&mut self, text: impl AsRef<[u8]>) -> usize {
        if let Some((_, byte)) = self.stray.filter(|(gap, _)| *gap == self.gaps) {
            self.bytes.push(byte);
        }
        self.gaps += 1;
        let at = self.bytes.len();
        self.bytes.extend_from_slice(text.as_ref());
        at
    }

    fn row(&mut self, row: &Row) {
        let mut places = Vec::new();
        for (number, body, space) in &row.objects {
            places.push((*number, self.put(format!("{number}"))));
            self.put(" 0");
            self.put(" obj");
            self.put("\n");
            match body {
                Body::Dictionary => drop(self.put("<</A[1 0 R<00>/B]>>")),
                // A name is an object too, so nothing bare.
                Body::Null => drop(self.put("[null]")),
                Body::Text(text) => drop(self.put(format!("({text})"))),
                Body::Stream(data) => {
                    let head = format!("<</Length {}>>", data.len());
                    self.put(head);
                    self.put("stream\r\n");
                    self.put(data);
                    self.put("\n");
                    self.put("endstream");
                }
            }
            self.put("\nendobj");
            self.put(space);
        }
        places.sort_unstable();
        let at = if row.is_table { self.table(row, &places) } else { self.stream(row, &places) };
        self.comment.push(self.gaps);
        self.put("\n");
        self.put("startxref");
        self.put("\n");
        self.put(at.to_string());
        self.put("\n");
        self.put("%%EOF");
        self.put("\n");
        self.last = at;
    }

    fn table(&mut self, row: &Row, places: &[(u32, usize)]) -> usize {
        let at = self.put("xref");
        self.put("\n");
        if row.has_head || places.is_empty() {
            self.put("0 1");
            self.put("\n0000000000 65535 f \n");
        }
        for (number, place) in places {
            self.put(format!("{number} 1"));
            self.put(" \n");
            self.put(format!("{place:010} 00000 n"));
            self.put("\r\n");
        }
        self.put("trailer");
        self.put("\n");
        let last = self.last;
        self.put(format!("<</Size 99/Root 1 0 R/Prev {last}"));
        self.put(">>");
        at
    }

    fn stream(&mut self, row: &Row, places: &[(u32, usize)]) -> usize {
        let line = |kind: u8, place: usize| {
            let [.., a, b, c, d] = place.to_be_bytes();
            [kind, a, b, c, d, 0]
        };
        let at = self.put("98");
        let free = row.has_head.then_some((0, line(0, 0)));
        // An index without rows is another one for some readers.
        let names_itself = row.has_head || places.is_empty();
        let own = names_itself.then_some((98, line(1, at)));
        let used = places.iter().map(|(number, place)| (*number, line(1, *place)));
        let lines: Vec<(u32, [u8; 6])> = free.into_iter().chain(used).chain(own).collect();
        let index: String = lines.iter().flat_map(|(number, _)| [format!("{number} 1 ")]).collect();
        let data: Vec<u8> = lines.iter().flat_map(|(_, line)| *line).collect();
        let last = self.last;
        self.put(" 0");
        self.put(" obj");
        self.put("\n");
        self.put(format!(
            "<</Type/XRef/Size 99/Root 1 0 R/Prev {last}/W[1 4 1]/Index[{index}]/Length {}>>",
            data.len()
        ));
        self.put("stream\n");
        self.put(data);
        self.put("\n");
        self.put("endstream");
        self.put("\nendobj");
        at
    }
}

fn write(rows: &[Row], stray: Option<(usize, u8)>) -> Writer {
    let mut writer = Writer::new(stray);
    for row in rows {
        writer.row(row);
    }
    // What stands after the last end mark.
    writer.put("");
    writer
}

fn body() -> impl Strategy<Value = Body> {
    let body = prop_oneof![
        Just(Body::Dictionary),
        Just(Body::Null),
        // What ends with a line end is as right when it is one byte shorter.
        prop::collection::vec(any::<u8>(), 0..200)
            .prop_map(|data| Body::Stream([data, b".".to_vec()].concat())),
        "[ -'*-\\[\\]-~]{0,20}".prop_map(Body::Text),
    ];
    body.prop_filter("spells by chance what readers look for that repair a file", |body| {
        let bytes = match body {
            Body::Dictionary | Body::Null => return true,
            Body::Stream(data) => data.as_slice(),
            Body::Text(text) => text.as_bytes(),
        };
        let spells = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
        ![&b"obj"[..], b"xref", b"/XRef", b"%%EOF"].into_iter().any(spells)
    })
}

/// What the filter of [`body`] leaves out: somebody's text may well say it.
#[test]
fn a_word_that_readers_look_for_may_not_be_spelled() {
    for (text, passes) in [
        ("an obj", true),
        ("4 objects", false),
        ("xref", false),
        ("/XRef", false),
        ("%%EOF", false),
    ] {
        let objects = vec![(50, Body::Text(text.to_owned()), "\n")];
        let row = Row { objects, is_table: true, has_head: true };
        let examined = judge(write(std::slice::from_ref(&row), None).bytes);
        assert_eq!(outcome(&examined) == PASSED, passes, "{text}");
    }
}

prop_compose! {
    fn row()(
        bodies in prop::collection::btree_map(50..90_u32, (body(), prop::sample::select(&SPACES[..])), 0..5),
        is_table in any::<bool>(),
        has_head in any::<bool>(),
        order in any::<bool>(),
    ) -> Row {
        let mut objects: Vec<_> =
            bodies.into_iter().map(|(number, (body, space))| (number, body, space)).collect();
        if order {
            objects.reverse();
        }
        Row { objects, is_table, has_head }
    }
}

/// The signed revision has a table. None follows a stream.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 1..4).prop_map(|mut rows| {
        rows.sort_by_key(|row| !row.is_table);
        rows
    })
}

proptest! {
    #[test]
    fn a_row_of_objects_that_its_section_names_passes(rows in rows()) {
        let examined = judge(write(&rows, None).bytes);
        let reason = examined.report().signatures[0].reason.clone();
        prop_assert_eq!(outcome(&examined), PASSED, "{:?}", reason);
    }

    /// Everything after it moves, and every place is told rightly.
    #[test]
    fn no_byte_stands_between(rows in rows(), at in any::<prop::sample::Index>(), byte: u8) {
        let plain = write(&rows, None);
        let gap = at.index(plain.gaps);
        prop_assume!(!b"\t\n\r ".contains(&byte));
        prop_assume!(byte != b'%' || !plain.comment.contains(&gap));
        let examined = judge(write(&rows, Some((gap, byte))).bytes);
        prop_assert_ne!(examined.report().indication, PASSED.0);
    }
}

/// ISO 32000-1 §7.2.3: a comment is white space. iText writes its name in one.
#[test]
fn a_comment_stands_before_the_end_alone() {
    let row = Row {
        objects: vec![(50, Body::Dictionary, "\n"), (51, Body::Stream(b"0".to_vec()), "\n")],
        is_table: true,
        has_head: true,
    };
    let plain = write(std::slice::from_ref(&row), None);
    for gap in 0..plain.gaps {
        let examined = judge(write(std::slice::from_ref(&row), Some((gap, b'%'))).bytes);
        assert_eq!(outcome(&examined) == PASSED, plain.comment.contains(&gap), "{gap}");
    }
    let end = memchr::memmem::rfind(&plain.bytes, b"startxref").unwrap();
    let (before, after) = plain.bytes.split_at(end);
    for (comment, is_right) in [
        ("%iText-Core-8.0.4\n", true),
        ("%iText\u{ae}\n", false),
        ("%4 0 obj\n", false),
        ("% trailer\n", false),
        ("%a\n%b\n", false),
        ("%%EOF\n", false),
    ] {
        let file = [before, comment.as_bytes(), after].concat();
        assert_eq!(outcome(&judge(file)) == PASSED, is_right, "{comment}");
    }
}
