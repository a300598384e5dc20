//! Registers of x86-64 with the carry-less multiplication instruction.
//!
//! [`enter`] is the one door: it asks the processor, then runs the work inside functions that have
//! the features ([`Lane::outline`](super::lane::Lane::outline)), and every operation below is
//! inlined into those. A function with features per operation would cost a call and a trip through
//! memory each.
//!
//! The lane types are reachable only from the work that [`enter`] starts; that is the invariant
//! all `SAFETY` comments here lean on.

#![expect(unsafe_code, reason = "the processor's carry-less multiplication has no safe form")]

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_and_si128, _mm_castpd_si128, _mm_castsi128_pd, _mm_clmulepi64_si128,
        _mm_cvtsi128_si64, _mm_extract_epi64, _mm_move_epi64, _mm_or_si128, _mm_set_epi64x,
        _mm_setzero_si128, _mm_shuffle_epi32, _mm_shuffle_pd, _mm_sll_epi64, _mm_srl_epi64,
        _mm_sub_epi64, _mm_testz_si128, _mm_unpacklo_epi64, _mm_xor_si128, _mm256_and_si256,
        _mm256_castpd_si256, _mm256_castsi128_si256, _mm256_castsi256_pd, _mm256_castsi256_si128,
        _mm256_clmulepi64_epi128, _mm256_extracti128_si256, _mm256_inserti128_si256,
        _mm256_or_si256, _mm256_set_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi32,
        _mm256_shuffle_pd, _mm256_sll_epi64, _mm256_srl_epi64, _mm256_sub_epi64,
        _mm256_unpacklo_epi64, _mm256_xor_si256,
    };

    use crate::dstu::field::lane::{Both, Lane, Single, Twin};

    /// Whether the processor multiplies without carries, one register at a time.
    pub(in crate::dstu) fn has_single() -> bool {
        std::arch::is_x86_feature_detected!("pclmulqdq")
            && std::arch::is_x86_feature_detected!("sse4.1")
    }

    /// Whether it does so for two registers at a time.
    pub(in crate::dstu) fn has_double() -> bool {
        has_single()
            && std::arch::is_x86_feature_detected!("vpclmulqdq")
            && std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi2")
    }

    /// Runs work with one register at a time.
    #[inline(never)]
    #[target_feature(enable = "pclmulqdq,sse4.1")]
    fn single<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    /// Runs work with two registers at a time.
    #[inline(never)]
    #[target_feature(enable = "pclmulqdq,sse4.1,vpclmulqdq,avx2,bmi2")]
    fn double<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    /// An XMM register; `PAIRED` ones are worked on in pairs as YMM registers.
    #[derive(Clone, Copy)]
    pub(in crate::dstu) struct Xmm<const PAIRED: bool>(__m128i);

    /// Two elements' registers in a YMM register.
    #[derive(Clone, Copy)]
    pub(in crate::dstu) struct Ymm(__m256i);

    impl Single for Xmm<false> {
        type Pair = Both<Self>;

        #[inline(always)]
        fn words(self) -> [u64; 2] {
            words(self.0)
        }
    }

    impl Single for Xmm<true> {
        type Pair = Ymm;

        #[inline(always)]
        fn words(self) -> [u64; 2] {
            words(self.0)
        }
    }

    #[inline(always)]
    fn words(register: __m128i) -> [u64; 2] {
        // SAFETY: SSE4.1 is there, see the module's invariant.
        let signed = unsafe { [_mm_cvtsi128_si64(register), _mm_extract_epi64::<1>(register)] };
        signed.map(i64::cast_unsigned)
    }

    // SAFETY of all the blocks below: SSE4.1 and PCLMULQDQ are there, see the module's invariant.
    impl<const PAIRED: bool> Lane for Xmm<PAIRED> {
        const SLOW: bool = false;

        #[inline(always)]
        fn outline<R>(work: impl FnOnce() -> R) -> R {
            if PAIRED { unsafe { double(work) } } else { unsafe { single(work) } }
        }

        #[inline(always)]
        fn constant(low: u64, high: u64) -> Self {
            Self(unsafe { _mm_set_epi64x(high.cast_signed(), low.cast_signed()) })
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(unsafe { _mm_xor_si128(self.0, other.0) })
        }

        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(unsafe { _mm_and_si128(self.0, other.0) })
        }

        #[inline(always)]
        fn or(self, other: Self) -> Self {
            Self(unsafe { _mm_or_si128(self.0, other.0) })
        }

        #[inline(always)]
        fn product_low(self, other: Self) -> Self {
            Self(unsafe { _mm_clmulepi64_si128::<0x00>(self.0, other.0) })
        }

        #[inline(always)]
        fn product_high(self, other: Self) -> Self {
            Self(unsafe { _mm_clmulepi64_si128::<0x11>(self.0, other.0) })
        }

        #[inline(always)]
        fn square_low(self) -> Self {
            self.product_low(self)
        }

        #[inline(always)]
        fn square_high(self) -> Self {
            self.product_high(self)
        }

        #[inline(always)]
        fn swapped(self) -> Self {
            Self(unsafe { _mm_shuffle_epi32::<0x4E>(self.0) })
        }

        #[inline(always)]
        fn straddle(low: Self, high: Self) -> Self {
            Self(unsafe {
                _mm_castpd_si128(_mm_shuffle_pd::<0b01>(
                    _mm_castsi128_pd(low.0),
                    _mm_castsi128_pd(high.0),
                ))
            })
        }

        #[inline(always)]
        fn left(self, bits: usize) -> Self {
            Self(unsafe { _mm_sll_epi64(self.0, count(bits)) })
        }

        #[inline(always)]
        fn right(self, bits: usize) -> Self {
            Self(unsafe { _mm_srl_epi64(self.0, count(bits)) })
        }

        #[inline(always)]
        fn low_word(self) -> Self {
            Self(unsafe { _mm_move_epi64(self.0) })
        }

        #[inline(always)]
        fn mask(self) -> Self {
            Self(unsafe { _mm_sub_epi64(_mm_setzero_si128(), _mm_unpacklo_epi64(self.0, self.0)) })
        }

        #[inline(always)]
        fn is_zero(self) -> bool {
            unsafe { _mm_testz_si128(self.0, self.0) == 1 }
        }
    }

    /// A shift count; of a constant the compiler makes an immediate operand.
    #[inline(always)]
    fn count(bits: usize) -> __m128i {
        // SAFETY: SSE2 belongs to every x86-64 processor.
        unsafe { _mm_set_epi64x(0, i64::try_from(bits).unwrap_or(64)) }
    }

    impl Twin for Ymm {
        type Half = Xmm<true>;

        #[inline(always)]
        fn join(a: Xmm<true>, b: Xmm<true>) -> Self {
            // SAFETY: AVX2 is there, see the module's invariant.
            Self(unsafe { _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a.0), b.0) })
        }

        #[inline(always)]
        fn split(self) -> (Xmm<true>, Xmm<true>) {
            // SAFETY: AVX2 is there, see the module's invariant.
            unsafe {
                (Xmm(_mm256_castsi256_si128(self.0)), Xmm(_mm256_extracti128_si256::<1>(self.0)))
            }
        }
    }

    // SAFETY of all the blocks below: AVX2 and VPCLMULQDQ are there, see the module's invariant.
    impl Lane for Ymm {
        const SLOW: bool = false;

        #[inline(always)]
        fn outline<R>(work: impl FnOnce() -> R) -> R {
            unsafe { double(work) }
        }

        #[inline(always)]
        fn constant(low: u64, high: u64) -> Self {
            let (low, high) = (low.cast_signed(), high.cast_signed());
            Self(unsafe { _mm256_set_epi64x(high, low, high, low) })
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(unsafe { _mm256_xor_si256(self.0, other.0) })
        }

        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(unsafe { _mm256_and_si256(self.0, other.0) })
        }

        #[inline(always)]
        fn or(self, other: Self) -> Self {
            Self(unsafe { _mm256_or_si256(self.0, other.0) })
        }

        #[inline(always)]
        fn product_low(self, other: Self) -> Self {
            Self(unsafe { _mm256_clmulepi64_epi128::<0x00>(self.0, other.0) })
        }

        #[inline(always)]
        fn product_high(self, other: Self) -> Self {
            Self(unsafe { _mm256_clmulepi64_epi128::<0x11>(self.0, other.0) })
        }

        #[inline(always)]
        fn square_low(self) -> Self {
            self.product_low(self)
        }

        #[inline(always)]
        fn square_high(self) -> Self {
            self.product_high(self)
        }

        #[inline(always)]
        fn swapped(self) -> Self {
            Self(unsafe { _mm256_shuffle_epi32::<0x4E>(self.0) })
        }

        #[inline(always)]
        fn straddle(low: Self, high: Self) -> Self {
            Self(unsafe {
                _mm256_castpd_si256(_mm256_shuffle_pd::<0b0101>(
                    _mm256_castsi256_pd(low.0),
                    _mm256_castsi256_pd(high.0),
                ))
            })
        }

        #[inline(always)]
        fn left(self, bits: usize) -> Self {
            Self(unsafe { _mm256_sll_epi64(self.0, count(bits)) })
        }

        #[inline(always)]
        fn right(self, bits: usize) -> Self {
            Self(unsafe { _mm256_srl_epi64(self.0, count(bits)) })
        }

        #[inline(always)]
        fn low_word(self) -> Self {
            Self(unsafe { _mm256_unpacklo_epi64(self.0, _mm256_setzero_si256()) })
        }

        #[inline(always)]
        fn mask(self) -> Self {
            Self(unsafe {
                _mm256_sub_epi64(_mm256_setzero_si256(), _mm256_unpacklo_epi64(self.0, self.0))
            })
        }

        #[inline(always)]
        fn is_zero(self) -> bool {
            let (a, b) = self.split();
            a.is_zero() || b.is_zero()
        }
    }
}

#[cfg(target_arch = "x86_64")]
use super::shape::run_daily;
use super::{Dispatch, portable::Plain, shape::run};
use crate::dstu::{Backend, Curve};

/// Whether this processor has what a backend asks for.
pub(in crate::dstu) fn available(backend: Backend) -> bool {
    match backend {
        Backend::Portable => true,
        #[cfg(target_arch = "x86_64")]
        Backend::Carryless => x86::has_single(),
        #[cfg(target_arch = "x86_64")]
        Backend::Paired => x86::has_double(),
        #[cfg(not(target_arch = "x86_64"))]
        Backend::Carryless | Backend::Paired => false,
    }
}

/// Runs work in a curve's field on a backend, or portably where the processor lacks it.
///
/// Two registers at a time pay off only where operations are inlined; the fields that are not in
/// daily use take one at a time.
pub(in crate::dstu) fn enter<D: Dispatch>(backend: Backend, curve: Curve, work: D) -> D::Output {
    #[cfg(target_arch = "x86_64")]
    {
        let work = if backend == Backend::Paired && x86::has_double() {
            match run_daily::<x86::Xmm<true>, D>(curve, work) {
                Ok(output) => return output,
                Err(work) => work,
            }
        } else {
            work
        };
        if backend != Backend::Portable && x86::has_single() {
            return run::<x86::Xmm<false>, D>(curve, work);
        }
        run::<Plain, D>(curve, work)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = backend;
        run::<Plain, D>(curve, work)
    }
}
