//! The ten recommended curves y² + xy = x³ + ax² + b of DSTU 4145-2002, polynomial basis.
//!
//! The coefficients and orders are those of annex Г of the standard, the base points the ones in
//! use in Ukrainian certificates. The unit tests prove each row.

#![expect(clippy::as_conversions, reason = "constants are computed by the compiler")]

use super::field::{LIMBS, Words};

/// A recommended curve, named by the degree of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the degrees")]
pub enum Curve {
    M163,
    M167,
    M173,
    M179,
    M191,
    M233,
    M257,
    M307,
    M367,
    M431,
}

impl Curve {
    /// All of them, in the order of the standard's table and of their identifiers.
    pub const ALL: [Self; 10] = [
        Self::M163,
        Self::M167,
        Self::M173,
        Self::M179,
        Self::M191,
        Self::M233,
        Self::M257,
        Self::M307,
        Self::M367,
        Self::M431,
    ];

    /// The degree of the field.
    #[must_use]
    pub fn degree(self) -> u16 {
        self.row().degree
    }

    /// The object identifier of the named curve.
    #[must_use]
    pub fn oid(self) -> &'static str {
        self.row().oid
    }

    /// The curve an object identifier names.
    #[must_use]
    pub fn from_oid(oid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// The octets of a field element, and of a compressed public key.
    #[must_use]
    pub fn field_octets(self) -> usize {
        usize::from(self.degree()).div_ceil(8)
    }

    /// The octets of the order n, and of each half of a signature.
    #[must_use]
    pub fn order_octets(self) -> usize {
        self.order_bits().div_ceil(8)
    }

    /// The exponents between the degree and 0 of the reduction polynomial, largest first.
    pub(super) fn taps(self) -> &'static [u16] {
        self.row().taps
    }

    /// The bits of the order n.
    pub(super) fn order_bits(self) -> usize {
        self.row().order_bits
    }

    /// Whether the coefficient a is 1; otherwise it is 0.
    ///
    /// The cofactor is 2 if it is 1, 4 if it is 0.
    pub(super) fn a(self) -> bool {
        self.row().a
    }

    pub(super) fn b(self) -> &'static Words {
        &self.row().b
    }

    /// The square root of b: y of the point of order 2.
    pub(super) fn root(self) -> &'static Words {
        &self.row().root
    }

    pub(super) fn order(self) -> &'static Words {
        &self.row().order
    }

    /// The base point: x and y.
    pub(super) fn base(self) -> (&'static Words, &'static Words) {
        (&self.row().x, &self.row().y)
    }

    /// The place in [`Curve::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    fn row(self) -> &'static Row {
        &ROWS[self.index()]
    }
}

/// The fixed data of a curve.
struct Row {
    degree: u16,
    taps: &'static [u16],
    oid: &'static str,
    a: bool,
    b: Words,
    root: Words,
    order: Words,
    order_bits: usize,
    x: Words,
    y: Words,
}

/// The number that hexadecimal digits write, the most significant digit first.
#[expect(clippy::panic, reason = "a wrong digit stops the compiler, not the program")]
pub(super) const fn hex(digits: &str) -> Words {
    let digits = digits.as_bytes();
    let mut words = [0; LIMBS];
    let mut at = 0;
    while at < digits.len() {
        let digit = digits[digits.len() - 1 - at];
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' => digit - b'A' + 10,
            _ => panic!("a digit is 0-9 or A-F"),
        };
        words[at / 16] |= (value as u64) << (at % 16 * 4);
        at += 1;
    }
    words
}

static ROWS: [Row; 10] = [
    Row {
        degree: 163,
        taps: &[7, 6, 3],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.0",
        a: true,
        b: hex("5FF6108462A2DC8210AB403925E638A19C1455D21"),
        root: hex("23DA43CCB700D3D77B6C9323ECC67B62D21ACF623"),
        order: hex("400000000000000000002BEC12BE2262D39BCF14D"),
        order_bits: 163,
        x: hex("2E2F85F5DD74CE983A5C4237229DAF8A3F35823BE"),
        y: hex("3826F008A8C51D7B95284D9D03FF0E00CE2CD723A"),
    },
    Row {
        degree: 167,
        taps: &[6],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.1",
        a: true,
        b: hex("6EE3CEEB230811759F20518A0930F1A4315A827DAC"),
        root: hex("55154200864869AC0959EA9A9105F70D014D25C0DF"),
        order: hex("3FFFFFFFFFFFFFFFFFFFFFB12EBCC7D7F29FF7701F"),
        order_bits: 166,
        x: hex("7A1F6653786A68192803910A3D30B2A2018B21CD54"),
        y: hex("5F49EB26781C0EC6B8909156D98ED435E45FD59918"),
    },
    Row {
        degree: 173,
        taps: &[10, 2, 1],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.2",
        a: false,
        b: hex("108576C80499DB2FC16EDDF6853BBB278F6B6FB437D9"),
        root: hex("1D182BC81F177A6A25AA0137888AF3E6A3DCFBAF1DDD"),
        order: hex("800000000000000000000189B4E67606E3825BB2831"),
        order_bits: 172,
        x: hex("4D41A619BCC6EADF0448FA22FAD567A9181D37389CA"),
        y: hex("10B51CC12849B234C75E6DD2028BF7FF5C1CE0D991A1"),
    },
    Row {
        degree: 179,
        taps: &[4, 2, 1],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.3",
        a: true,
        b: hex("4A6E0856526436F2F88DD07A341E32D04184572BEB710"),
        root: hex("510DDC1F23811BC5B5B1274A055C94A1339471FE64F47"),
        order: hex("3FFFFFFFFFFFFFFFFFFFFFFB981960435FE5AB64236EF"),
        order_bits: 178,
        x: hex("6BA06FE51464B2BD26DC57F48819BA9954667022C7D03"),
        y: hex("25FBC363582DCEC065080CA8287AAFF09788A66DC3A9E"),
    },
    Row {
        degree: 191,
        taps: &[9],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.4",
        a: true,
        b: hex("7BC86E2102902EC4D5890E8B6B4981FF27E0482750FEFC03"),
        root: hex("7A7418788A3B728F5C250FEE96220B3BB64FC8F4BC2232C1"),
        order: hex("40000000000000000000000069A779CAC1DABC6788F7474F"),
        order_bits: 191,
        x: hex("714114B762F2FF4A7912A6D2AC58B9B5C2FCFE76DAEB7129"),
        y: hex("29C41E568B77C617EFE5902F11DB96FA9613CD8D03DB08DA"),
    },
    Row {
        degree: 233,
        taps: &[9, 4, 1],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.5",
        a: true,
        b: hex("6973B15095675534C7CF7E64A21BD54EF5DD3B8A0326AA936ECE454D2C"),
        root: hex("168D50202F1C874FE7BCE08CF64ABF78D959DB56A53EE3387E963C84B90"),
        order: hex("1000000000000000000000000000013E974E72F8A6922031D2603CFE0D7"),
        order_bits: 233,
        x: hex("3FCDA526B6CDF83BA1118DF35B3C31761D3545F32728D003EEB25EFE96"),
        y: hex("9CA8B57A934C54DEEDA9E54A7BBAD95E3B2E91C54D32BE0B9DF96D8D35"),
    },
    Row {
        degree: 257,
        taps: &[12],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.6",
        a: false,
        b: hex("1CEF494720115657E18F938D7A7942394FF9425C1458C57861F9EEA6ADBE3BE10"),
        root: hex("129412CB0FA992A6B6A6BEFEF740F83E1AE6C17BE4D4F3616F639B2F27688D001"),
        order: hex("800000000000000000000000000000006759213AF182E987D3E17714907D470D"),
        order_bits: 256,
        x: hex("2A29EF207D0E9B6C55CD260B306C7E007AC491CA1B10C62334A9E8DCD8D20FB7"),
        y: hex("10686D41FF744D4449FCCF6D8EEA03102E6812C93A9D60B978B702CF156D814EF"),
    },
    Row {
        degree: 307,
        taps: &[8, 4, 2],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.7",
        a: true,
        b: hex("393C7F7D53666B5054B5E6C6D3DE94F4296C0C599E2E2E241050DF18B6090BDC90186904968BB"),
        root: hex("C2A012A740F524565FD1EF98B1EBEB2538C5255BFF6A739EAB79B868B5888933D18479124992"),
        order: hex("3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC079C2F3825DA70D390FBBA588D4604022B7B7"),
        order_bits: 306,
        x: hex("216EE8B189D291A0224984C1E92F1D16BF75CCD825A087A239B276D3167743C52C02D6E7232AA"),
        y: hex("5D9306BACD22B7FAEB09D2E049C6E2866C5D1677762A8F2F2DC9A11C7F7BE8340AB2237C7F2A0"),
    },
    Row {
        degree: 367,
        taps: &[21],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.8",
        a: true,
        b: hex(
            "43FC8AD242B0B7A6F3D1627AD5654447556B47BF6AA4A64B0C2AFE42CADAB8F93D92394C79A79755437B56995136",
        ),
        root: hex(
            "1EB91CDDD8578401071F7CD327F1BBEE69626D90171AF056EA6AB061ACF39302511B16AD37FF06673653C74DCDD6",
        ),
        order: hex(
            "40000000000000000000000000000000000000000000009C300B75A3FA824F22428FD28CE8812245EF44049B2D49",
        ),
        order_bits: 367,
        x: hex(
            "324A6EDDD512F08C49A99AE0D3F961197A76413E7BE81A400CA681E09639B5FE12E59A109F78BF4A373541B3B9A1",
        ),
        y: hex(
            "1AB597A5B4477F59E39539007C7F977D1A567B92B043A49C6B61984C3FE3481AAF454CD41BA1F051626442B3C10",
        ),
    },
    Row {
        degree: 431,
        taps: &[5, 3, 1],
        oid: "1.2.804.2.1.1.1.1.3.1.1.2.9",
        a: true,
        b: hex(
            "3CE10490F6A708FC26DFE8C3D27C4F94E690134D5BFF988D8D28AAEAEDE975936C66BAC536B18AE2DC312CA493117DAA469C640CAF3",
        ),
        root: hex(
            "1B02374B96FA658E36048FEAA9BFFB92597E172F691B241BC690BD985431264A2C02F8AD29A8FA747DEB82766612DA07CB6DFA8A4EEB",
        ),
        order: hex(
            "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFBA3175458009A8C0A724F02F81AA8A1FCBAF80D90C7A95110504CF",
        ),
        order_bits: 430,
        x: hex(
            "1A62BA79D98133A16BBAE7ED9A8E03C32E0824D57AEF72F88986874E5AAE49C27BED49A2A95058068426C2171E99FD3B43C5947C857D",
        ),
        y: hex(
            "70B5E1E14031C1F70BBEFE96BDDE66F451754B4CA5F48DA241F331AA396B8D1839A855C1769B1EA14BA53308B5E2723724E090E02DB9",
        ),
    },
];
