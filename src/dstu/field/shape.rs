//! The ten fields as types: degree and taps as constants the compiler folds.

use super::{Field, Registers, lane::Single};
use crate::dstu::Curve;

/// The constants of one field.
pub(in crate::dstu) trait Shape: Copy + Send + Sync + 'static {
    /// The degree m of the reduction polynomial.
    const DEGREE: usize;
    /// The exponents between m and 0, largest first; a trinomial has zeros at the end.
    const TAPS: [usize; 3];
    /// Whether the field is in daily use, so that its operations are inlined wherever they stand.
    /// In the others each operation is a function of its own, and the program stays small.
    const DAILY: bool;
    /// The field in registers of the kind `L`.
    type In<L: Single>: Field;
}

/// Work to be done in whichever field a curve has.
pub(in crate::dstu) trait Dispatch {
    type Output;

    fn run<F: Field>(self) -> Self::Output;
}

macro_rules! shapes {
    ($($name:ident $degree:literal $registers:literal $taps:expr, $daily:literal;)*) => {
        $(
            #[derive(Clone, Copy)]
            pub(in crate::dstu) struct $name;

            impl Shape for $name {
                const DEGREE: usize = $degree;
                const TAPS: [usize; 3] = $taps;
                const DAILY: bool = $daily;
                type In<L: Single> = Registers<Self, L, $registers>;
            }
        )*

        /// Runs the work in the field of a curve, in registers of the kind `L`.
        pub(in crate::dstu) fn run<L: Single, D: Dispatch>(curve: Curve, work: D) -> D::Output {
            match curve {
                $(Curve::$name => L::outline(
                    #[inline(always)]
                    || work.run::<<$name as Shape>::In<L>>(),
                ),)*
            }
        }
    };
}

/// Runs the work in the field of a curve in daily use; gives it back for another.
pub(in crate::dstu) fn run_daily<L: Single, D: Dispatch>(
    curve: Curve,
    work: D,
) -> Result<D::Output, D> {
    match curve {
        Curve::M257 => Ok(L::outline(
            #[inline(always)]
            || work.run::<<M257 as Shape>::In<L>>(),
        )),
        Curve::M431 => Ok(L::outline(
            #[inline(always)]
            || work.run::<<M431 as Shape>::In<L>>(),
        )),
        Curve::M163
        | Curve::M167
        | Curve::M173
        | Curve::M179
        | Curve::M191
        | Curve::M233
        | Curve::M307
        | Curve::M367 => Err(work),
    }
}

shapes! {
    M163 163 2 [7, 6, 3], false;
    M167 167 2 [6, 0, 0], false;
    M173 173 2 [10, 2, 1], false;
    M179 179 2 [4, 2, 1], false;
    M191 191 2 [9, 0, 0], false;
    M233 233 2 [9, 4, 1], false;
    M257 257 3 [12, 0, 0], true;
    M307 307 3 [8, 4, 2], false;
    M367 367 3 [21, 0, 0], false;
    M431 431 4 [5, 3, 1], true;
}
