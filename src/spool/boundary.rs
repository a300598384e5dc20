//! The boundaries between what the disk does, at which tests let it fail.

/// A boundary at which tests let the disk or the process fail. Outside of tests it is nothing.
macro_rules! boundary {
    // Between two steps: the process can end here.
    (at $point:ident) => {
        #[cfg(test)]
        $crate::spool::fault::pass($crate::spool::fault::Point::$point)
    };
    // Before a step that can fail.
    ($point:ident) => {
        #[cfg(test)]
        $crate::spool::fault::reach($crate::spool::fault::Point::$point)?
    };
    // Behind a step with the file at `path`.
    (done $point:ident, $path:expr) => {
        #[cfg(test)]
        $crate::spool::fault::note($crate::spool::fault::Point::$point, $path)
    };
    // Before `length` bytes of the file at `path` are read from `from` on.
    (read $path:expr, $from:expr, $length:expr) => {
        #[cfg(test)]
        $crate::spool::fault::reach_read($path, $from, $length)?
    };
    // Before `slices` are written to `file` at `from`.
    ($point:ident, $file:expr, $from:expr, $slices:expr) => {
        #[cfg(test)]
        $crate::spool::fault::reach_write(
            $crate::spool::fault::Point::$point,
            $file,
            $from,
            $slices,
        )?
    };
}
