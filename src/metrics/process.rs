//! What the kernel tells of this process, under the names that Prometheus' own libraries use.

use std::fs;

use prometheus::{Gauge, IntGauge, Registry};
use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use super::handles::{add, gauge};

/// Gauges of this process; read anew each time that the metrics are.
#[derive(Debug)]
pub(super) struct Process {
    resident: IntGauge,
    open_fds: IntGauge,
    max_fds: IntGauge,
}

impl Process {
    pub(super) fn new(registry: &Registry) -> Self {
        let start = add(
            registry,
            Gauge::new(
                "process_start_time_seconds",
                "When the process started, since 1970; 0 when the kernel does not tell.",
            ),
        );
        start.set(started().unwrap_or(0.0));
        Self {
            resident: gauge(
                registry,
                "process_resident_memory_bytes",
                "Memory of the process that is in the machine's memory.",
            ),
            open_fds: gauge(
                registry,
                "process_open_fds",
                "File descriptors that are open, connections among them.",
            ),
            max_fds: gauge(registry, "process_max_fds", "File descriptors that may be open."),
        }
    }

    pub(super) fn read(&self) {
        if let Some(pages) = field("/proc/self/statm", 1) {
            let page = i64::try_from(page_size()).unwrap_or(i64::MAX);
            self.resident.set(pages.saturating_mul(page));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // The one that reads the directory is among them.
            self.open_fds.set(i64::try_from(open.count().saturating_sub(1)).unwrap_or(i64::MAX));
        }
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        self.max_fds.set(i64::try_from(limit).unwrap_or(i64::MAX));
    }
}

/// Seconds since 1970. The kernel tells the start in ticks since the machine was started.
fn started() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name in front may hold spaces and brackets; the start is the 20th field after it.
    let ticks: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let per_second: u32 = clock_ticks_per_second().try_into().ok()?;
    let up = clock_gettime(ClockId::Boottime);
    let up = f64::from(u32::try_from(up.tv_sec).ok()?);
    // Of the machine and nothing that is judged by: the same clock that the monitoring goes by.
    let now = f64::from(u32::try_from(clock_gettime(ClockId::Realtime).tv_sec).ok()?);
    Some((now - (up - ticks / f64::from(per_second))).floor())
}

fn field(path: &str, place: usize) -> Option<i64> {
    fs::read_to_string(path).ok()?.split_whitespace().nth(place)?.parse().ok()
}
