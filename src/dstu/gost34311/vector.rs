//! The steps of the digest in the 512-bit registers of x86-64, with AVX-512 VBMI and GFNI.
//!
//! The four encryptions of a step are four lanes of 32 bits; a round replaces all their nibbles
//! with two permutations of octets. From the result of one step's encryptions to the keys of the
//! next one's everything is linear: `ψ⁷⁴` is a multiplication by a matrix of bits, which GFNI does
//! in pieces of 8 × 8, and the keys consist of octets of seven 64-bit words, namely the state's
//! `x₀ … x₃` and `x₀⊕x₁`, `x₁⊕x₂`, `x₂⊕x₃`. The matrix makes all seven, so that one permutation of
//! octets gives the keys. What the block and the old state add depends on no encryption and fills
//! the time that the rounds leave.
//!
//! A register holds the seven words *parted*: their octets of even number in its lower half, those
//! of odd number in the upper. So the low octets of the 16-bit words that `ψ` works on lie side by
//! side, and so do the high ones.

use std::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_add_epi32, _mm_set1_epi32, _mm_slli_epi32, _mm_srli_epi32,
    _mm_ternarylogic_epi32, _mm_unpackhi_epi32, _mm_unpacklo_epi32, _mm256_castsi128_si256,
    _mm256_castsi256_si128, _mm256_extract_epi64, _mm256_maskz_permutex_epi64,
    _mm256_permutex_epi64, _mm256_permutex2var_epi8, _mm256_set_epi64x, _mm256_ternarylogic_epi64,
    _mm256_xor_si256, _mm512_and_si512, _mm512_andnot_si512, _mm512_castsi128_si512,
    _mm512_castsi256_si512, _mm512_castsi512_si128, _mm512_castsi512_si256,
    _mm512_extracti32x4_epi32, _mm512_extracti64x4_epi64, _mm512_gf2p8affine_epi64_epi8,
    _mm512_inserti64x4, _mm512_permutex2var_epi8, _mm512_permutexvar_epi8,
    _mm512_permutexvar_epi64, _mm512_set_epi64, _mm512_set1_epi8, _mm512_set1_epi16,
    _mm512_slli_epi16, _mm512_srli_epi16, _mm512_ternarylogic_epi32, _mm512_ternarylogic_epi64,
    _mm512_xor_si512,
};

use super::{BLOCK, C3, Words, shift, transpose, words};
use crate::dstu::Substitution;

/// The state after the steps for these blocks. `None` where the processor lacks an instruction.
pub(super) fn steps(
    substitution: &Substitution,
    state: &Words,
    blocks: &[[u8; BLOCK]],
) -> Option<Words> {
    let available = std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512vbmi")
        && std::arch::is_x86_feature_detected!("gfni");
    if !available {
        return None;
    }
    #[expect(unsafe_code, reason = "the call of a function for some processors only")]
    // SAFETY: the processor has all that the function is compiled for, as just asked.
    let state = unsafe { run(substitution, state, blocks) };
    Some(state)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn run(substitution: &Substitution, state: &Words, blocks: &[[u8; BLOCK]]) -> Words {
    const PARTED: Octets = parted();
    const JOINED: Octets = joined();
    let nibbles = tables(substitution);
    let [a, b, c, d] = state.map(u64::cast_signed);
    let seven = _mm512_set_epi64(0, c ^ d, b ^ c, a ^ b, d, c, b, a);
    let mut state = _mm512_permutexvar_epi8(register(&PARTED), seven);
    for block in blocks {
        state = step(&nibbles, state, &words(block));
    }
    let joined = _mm512_castsi512_si256(_mm512_permutexvar_epi8(register(&JOINED), state));
    let state = [
        _mm256_extract_epi64::<0>(joined),
        _mm256_extract_epi64::<1>(joined),
        _mm256_extract_epi64::<2>(joined),
        _mm256_extract_epi64::<3>(joined),
    ];
    state.map(i64::cast_unsigned)
}

/// What fills a register of 512 bits.
type Octets = [u8; 64];

/// The truth tables of operations on three operands.
const XOR: i32 = 0x96;
const AND_OR: i32 = 0xea;
const SELECT: i32 = 0xca;

/// A table of 64 octets. On Zen 4 two registers of 256 bits answer sooner than one of 512.
struct Table(__m256i, __m256i);

impl Table {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
    fn new(octets: __m512i) -> Self {
        Self(_mm512_castsi512_si256(octets), _mm512_extracti64x4_epi64::<1>(octets))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
    fn look_up(&self, at: __m128i) -> __m128i {
        let found = _mm256_permutex2var_epi8(self.0, _mm256_castsi128_si256(at), self.1);
        _mm256_castsi256_si128(found)
    }
}

/// What replaces the low and the high nibbles of a word: for each octet of the word sixteen values.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn tables(substitution: &Substitution) -> [Table; 2] {
    const LOW: Octets = row_octets(0);
    const HIGH: Octets = row_octets(8);
    let packed = register(substitution.packed());
    let low = _mm512_permutexvar_epi8(register(&LOW), packed);
    let high = _mm512_permutexvar_epi8(register(&HIGH), packed);
    // The value for an even nibble is packed high.
    let even = _mm512_set1_epi16(0x00ff);
    let low = _mm512_ternarylogic_epi32::<SELECT>(even, _mm512_srli_epi16::<4>(low), low);
    let high = _mm512_ternarylogic_epi32::<SELECT>(even, high, _mm512_slli_epi16::<4>(high));
    let nibbles = _mm512_set1_epi8(0x0f);
    [Table::new(_mm512_and_si512(nibbles, low)), Table::new(_mm512_andnot_si512(nibbles, high))]
}

/// `ψ⁶¹(state ⊕ ψ(block ⊕ ψ¹²(encrypted)))`, of a state and to a state that is parted.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn step(nibbles: &[Table; 2], state: __m512i, block: &Words) -> __m512i {
    const OF_STATE: [Octets; 2] = matrix(61);
    const OF_BLOCK: [Octets; 2] = matrix(62);
    const OF_ENCRYPTED: [Octets; 2] = matrix(74);
    const LOW: Octets = halves(0);
    const HIGH: Octets = halves(4);
    const FIRST: Octets = numbers(0);
    const SECOND: Octets = numbers(16);

    let [a, b, c, d] = block.map(u64::cast_signed);
    let block = _mm256_set_epi64x(d, c, b, a);
    let keys = keys(state, block);
    let block = _mm512_castsi256_si512(block);
    let known = _mm512_xor_si512(
        product(
            &OF_STATE,
            _mm512_permutexvar_epi64(_mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0), state),
            _mm512_permutexvar_epi64(_mm512_set_epi64(5, 5, 5, 5, 1, 1, 1, 1), state),
        ),
        product(
            &OF_BLOCK,
            _mm512_permutexvar_epi8(register(&FIRST), block),
            _mm512_permutexvar_epi8(register(&SECOND), block),
        ),
    );

    let mut low = _mm512_castsi512_si128(_mm512_permutexvar_epi8(register(&LOW), state));
    let mut high = _mm512_castsi512_si128(_mm512_permutexvar_epi8(register(&HIGH), state));
    for _ in 0..3 {
        for [even, odd] in keys {
            high = round(nibbles, low, high, even);
            low = round(nibbles, high, low, odd);
        }
    }
    for [even, odd] in keys.into_iter().rev() {
        high = round(nibbles, low, high, odd);
        low = round(nibbles, high, low, even);
    }

    // The cipher swaps the halves at its end.
    let first = _mm512_castsi128_si512(_mm_unpacklo_epi32(high, low));
    let second = _mm512_castsi128_si512(_mm_unpackhi_epi32(high, low));
    let new = product(
        &OF_ENCRYPTED,
        _mm512_permutexvar_epi8(register(&FIRST), first),
        _mm512_permutexvar_epi8(register(&FIRST), second),
    );
    _mm512_xor_si512(new, known)
}

/// The eight words of the four keys, a word of all keys in a register, in pairs of rounds.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn keys(state: __m512i, block: __m256i) -> [[__m128i; 2]; 4] {
    const OF_STATE: [Octets; 2] = [state_octets(0), state_octets(4)];
    const OF_BLOCK: [Octets; 2] = [block_octets(0), block_octets(4)];
    const CONSTANT: [Octets; 2] = [constants(0), constants(4)];

    // A²ⁱ(block) for all i are the ten words m₀ … m₉ from m₂ᵢ on, where mᵢ₊₄ = mᵢ ⊕ mᵢ₊₁.
    let next = _mm256_ternarylogic_epi64::<XOR>(
        block,
        _mm256_permutex_epi64::<0b00_11_10_01>(block),
        _mm256_maskz_permutex_epi64::<0b01_00_00_00>(0b1000, block),
    );
    let last = _mm256_xor_si256(block, _mm256_permutex_epi64::<0b00_00_11_10>(block));
    let eight = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(block), next);
    let last = _mm512_castsi256_si512(last);
    let four = |half: usize| {
        _mm512_ternarylogic_epi64::<XOR>(
            _mm512_permutexvar_epi8(register(&OF_STATE[half]), state),
            _mm512_permutex2var_epi8(eight, register(&OF_BLOCK[half]), last),
            register(&CONSTANT[half]),
        )
    };
    let pairs = |four: __m512i| {
        [
            [_mm512_castsi512_si128(four), _mm512_extracti32x4_epi32::<1>(four)],
            [_mm512_extracti32x4_epi32::<2>(four), _mm512_extracti32x4_epi32::<3>(four)],
        ]
    };
    let ([a, b], [c, d]) = (pairs(four(0)), pairs(four(1)));
    [a, b, c, d]
}

/// A round: what becomes of the half `to`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn round(nibbles: &[Table; 2], from: __m128i, to: __m128i, key: __m128i) -> __m128i {
    let nibble = _mm_set1_epi32(0x0f0f_0f0f);
    let octet = _mm_set1_epi32(0x3020_1000);
    let sum = _mm_add_epi32(from, key);
    let low = _mm_ternarylogic_epi32::<AND_OR>(sum, nibble, octet);
    let high = _mm_ternarylogic_epi32::<AND_OR>(_mm_srli_epi32::<4>(sum), nibble, octet);
    let (low, high) = (nibbles[0].look_up(low), nibbles[1].look_up(high));
    // Two shifts take one cycle, a rotation takes two.
    let (left, right) = (_mm_slli_epi32::<11>(low), _mm_srli_epi32::<21>(low));
    let to = _mm_ternarylogic_epi32::<XOR>(to, left, right);
    let (left, right) = (_mm_slli_epi32::<11>(high), _mm_srli_epi32::<21>(high));
    _mm_ternarylogic_epi32::<XOR>(to, left, right)
}

/// The product of a matrix with sixteen words of 16 bits. Each 64 bits of the operands are the low
/// or the high octets of eight words, as [`numbers`] orders them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn product(matrix: &[Octets; 2], first: __m512i, second: __m512i) -> __m512i {
    // GFNI takes the second operand as the matrix. Of the diagonal it makes that one transposed.
    const DIAGONAL: i64 = 0x0102_0408_1020_4080;
    let diagonal = _mm512_set_epi64(
        DIAGONAL, DIAGONAL, DIAGONAL, DIAGONAL, DIAGONAL, DIAGONAL, DIAGONAL, DIAGONAL,
    );
    let first = _mm512_gf2p8affine_epi64_epi8::<0>(diagonal, first);
    let second = _mm512_gf2p8affine_epi64_epi8::<0>(diagonal, second);
    _mm512_xor_si512(
        _mm512_gf2p8affine_epi64_epi8::<0>(register(&matrix[0]), first),
        _mm512_gf2p8affine_epi64_epi8::<0>(register(&matrix[1]), second),
    )
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,gfni")]
fn register(octets: &Octets) -> __m512i {
    let (words, _) = octets.as_chunks();
    let word = |at: usize| i64::from_le_bytes(words[at]);
    _mm512_set_epi64(word(7), word(6), word(5), word(4), word(3), word(2), word(1), word(0))
}

/// The matrix of `ψ` to a power for the product: for both octets of each of the 28 words to make,
/// which of the first eight words to add, and which of the second eight.
const fn matrix(power: usize) -> [Octets; 2] {
    let mut rows = [0_u16; 28];
    let mut at = 0;
    while at < 16 {
        rows[at] = 1 << at;
        at += 1;
    }
    let mut done = 0;
    while done < power {
        let top = rows[0] ^ rows[1] ^ rows[2] ^ rows[3] ^ rows[12] ^ rows[15];
        let mut at = 0;
        while at < 15 {
            rows[at] = rows[at + 1];
            at += 1;
        }
        rows[15] = top;
        done += 1;
    }
    let mut octets = [[0; 64]; 2];
    let mut at = 0;
    while at < 28 {
        if at >= 16 {
            rows[at] = rows[at - 16] ^ rows[at - 12];
        }
        // The transposed operand has its first row at the highest bit.
        let [first, second] = rows[at].to_le_bytes();
        octets[0][at] = first.reverse_bits();
        octets[1][at] = second.reverse_bits();
        octets[0][at + 32] = octets[0][at];
        octets[1][at + 32] = octets[1][at];
        at += 1;
    }
    octets
}

/// Of a packed substitution, every other row, each octet twice.
const fn row_octets(from: usize) -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = (at / 16 * 16 + at % 16 / 2 + from) as u8;
        at += 1;
    }
    octets
}

/// The place of an octet in a parted register.
const fn place(octet: usize) -> u8 {
    (octet % 2 * 32 + octet / 2) as u8
}

/// The permutation that parts.
const fn parted() -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[place(at) as usize] = at as u8;
        at += 1;
    }
    octets
}

/// The permutation that undoes it.
const fn joined() -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = place(at);
        at += 1;
    }
    octets
}

/// Of a parted state, four octets of each word as a lane: the low or the high half.
const fn halves(from: usize) -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 16 {
        octets[at] = place(at / 4 * 8 + from + at % 4);
        at += 1;
    }
    octets
}

/// The octets of even number among sixteen, four times, then those of odd number.
const fn numbers(from: usize) -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = (from + at % 8 * 2 + at / 32) as u8;
        at += 1;
    }
    octets
}

/// Of a parted state, the octets of four words of the keys, all keys' first words first.
/// Key `i` is `P` of the four 64-bit words from word `i` on, and `P` transposes.
const fn state_octets(from: usize) -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = place(8 * (at / 4 % 4 + at % 4) + from + at / 16);
        at += 1;
    }
    octets
}

/// The same of a block, where key `i` is of the words from word `2i` on.
const fn block_octets(from: usize) -> Octets {
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = (8 * (2 * (at / 4 % 4) + at % 4) + from + at / 16) as u8;
        at += 1;
    }
    octets
}

/// The same of what `C₃` adds to the third key and, by `A`, to the fourth.
const fn constants(from: usize) -> Octets {
    let keys = [[0; 8], [0; 8], transpose(&C3), transpose(&shift(&C3))];
    let mut octets = [0; 64];
    let mut at = 0;
    while at < 64 {
        octets[at] = keys[at / 4 % 4][from + at / 16].to_le_bytes()[at % 4];
        at += 1;
    }
    octets
}
