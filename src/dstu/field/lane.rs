//! What the field arithmetic asks of a 128-bit register, or of two registers side by side.

/// One 128-bit register of two words, or several of them worked on alike.
pub(in crate::dstu) trait Lane: Copy + Send + Sync + 'static {
    /// Whether a product of elements outweighs a call by far.
    const SLOW: bool;

    /// Runs work as a function of its own, with the processor's features.
    fn outline<R>(work: impl FnOnce() -> R) -> R;
    /// The same two words, low and high, in every register.
    fn constant(low: u64, high: u64) -> Self;
    fn xor(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    /// The carry-less product of the low words.
    fn product_low(self, other: Self) -> Self;
    /// The carry-less product of the high words.
    fn product_high(self, other: Self) -> Self;
    /// The carry-less square of the low word.
    fn square_low(self) -> Self;
    /// The carry-less square of the high word.
    fn square_high(self) -> Self;
    /// The two words exchanged.
    fn swapped(self) -> Self;
    /// The high word of `low` under the low word of `high`.
    fn straddle(low: Self, high: Self) -> Self;
    /// Both words shifted left; 64 and more gives zero.
    fn left(self, bits: usize) -> Self;
    /// Both words shifted right; 64 and more gives zero.
    fn right(self, bits: usize) -> Self;
    /// The low word, the high one zero.
    fn low_word(self) -> Self;
    /// Both words all ones if the low word is 1, zero if it is 0.
    fn mask(self) -> Self;
    /// Whether a register is zero: of several, whether one of them is.
    fn is_zero(self) -> bool;
}

/// One register.
pub(in crate::dstu) trait Single: Lane {
    /// Two registers side by side.
    type Pair: Twin<Half = Self>;

    fn words(self) -> [u64; 2];
}

/// Two registers.
pub(in crate::dstu) trait Twin: Lane {
    /// One of the two.
    type Half: Single;

    fn join(a: Self::Half, b: Self::Half) -> Self;
    fn split(self) -> (Self::Half, Self::Half);
}

/// Two registers worked on one after the other.
#[derive(Clone, Copy)]
pub(in crate::dstu) struct Both<L>(L, L);

impl<L: Single<Pair = Self>> Twin for Both<L> {
    type Half = L;

    #[inline(always)]
    fn join(a: L, b: L) -> Self {
        Self(a, b)
    }

    #[inline(always)]
    fn split(self) -> (L, L) {
        (self.0, self.1)
    }
}

impl<L: Lane> Lane for Both<L> {
    const SLOW: bool = L::SLOW;

    #[inline(always)]
    fn outline<R>(work: impl FnOnce() -> R) -> R {
        L::outline(work)
    }

    #[inline(always)]
    fn constant(low: u64, high: u64) -> Self {
        Self(L::constant(low, high), L::constant(low, high))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0.xor(other.0), self.1.xor(other.1))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0), self.1.and(other.1))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0), self.1.or(other.1))
    }

    #[inline(always)]
    fn product_low(self, other: Self) -> Self {
        Self(self.0.product_low(other.0), self.1.product_low(other.1))
    }

    #[inline(always)]
    fn product_high(self, other: Self) -> Self {
        Self(self.0.product_high(other.0), self.1.product_high(other.1))
    }

    #[inline(always)]
    fn square_low(self) -> Self {
        Self(self.0.square_low(), self.1.square_low())
    }

    #[inline(always)]
    fn square_high(self) -> Self {
        Self(self.0.square_high(), self.1.square_high())
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self(self.0.swapped(), self.1.swapped())
    }

    #[inline(always)]
    fn straddle(low: Self, high: Self) -> Self {
        Self(L::straddle(low.0, high.0), L::straddle(low.1, high.1))
    }

    #[inline(always)]
    fn left(self, bits: usize) -> Self {
        Self(self.0.left(bits), self.1.left(bits))
    }

    #[inline(always)]
    fn right(self, bits: usize) -> Self {
        Self(self.0.right(bits), self.1.right(bits))
    }

    #[inline(always)]
    fn low_word(self) -> Self {
        Self(self.0.low_word(), self.1.low_word())
    }

    #[inline(always)]
    fn mask(self) -> Self {
        Self(self.0.mask(), self.1.mask())
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0.is_zero() || self.1.is_zero()
    }
}
