//! CPU time of this thread: what a reader costs, whatever else the machine does.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time that `work` takes on this thread.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
    };
    let before = now();
    work();
    now().checked_sub(before).unwrap()
}

/// Fails when `read` takes clearly more time for each byte of eight times as much of a shape.
///
/// The time of a byte is compared with itself on the same machine, so a slow machine passes; the
/// better of three tries counts, so a busy one does. Eight times as much takes a reader whose
/// work grows with the square eight times as long for each byte, and may take four times.
pub(crate) fn assert_grows_with_its_bytes(
    what: &str,
    size: usize,
    make: impl Fn(usize) -> Vec<u8>,
    read: impl Fn(&[u8]),
) {
    /// What a call costs beside its bytes, and any clock's grain.
    const FLOOR: Duration = Duration::from_millis(8);
    const GROWTH: usize = 8;
    let best = |size: usize| {
        let bytes = make(size);
        let time = (0..3).map(|_| time(|| read(&bytes))).min().unwrap();
        (bytes.len(), time)
    };
    let ((short, little), (long, much)) = (best(size), best(size * GROWTH));
    let factor = u32::try_from(long.div_ceil(short) * 4).unwrap();
    assert!(
        much <= little * factor + FLOOR,
        "{what}: {short} bytes take {little:?} of CPU, and {long} bytes take {much:?}"
    );
}
