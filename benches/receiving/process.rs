//! CPU time and memory of a server's processes, from `/proc`.

use std::{collections::BTreeMap, fs};

/// A process and all that descend from it.
#[derive(Clone, Copy)]
pub(super) struct Processes {
    pub(super) root: u32,
}

/// What Linux counts in for programs (`USER_HZ`), whatever it counts in itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// The fields of `/proc/PID/stat` that matter here.
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Processes {
    /// User and system time since the start, in seconds, of those that live and those that ended.
    pub(super) fn cpu_seconds(self) -> f64 {
        let ticks: u64 = self.all().values().map(|stat| stat.ticks).sum();
        to_float(ticks) / TICKS_PER_SECOND
    }

    /// Starts the count of [`Self::peak_bytes`] anew.
    pub(super) fn forget_peak(self) {
        fs::write(format!("/proc/{}/clear_refs", self.root), "5").unwrap();
    }

    /// Memory: the peak of resident memory of a single process. Of several, what they hold now,
    /// with shared pages counted once (PSS): the sum of their peaks would count them many times.
    pub(super) fn peak_bytes(self) -> u64 {
        let all = self.all();
        if all.len() == 1 {
            return kilobytes(&format!("/proc/{}/status", self.root), "VmHWM:").unwrap() * 1024;
        }
        // One that has just ended holds nothing.
        let held =
            all.keys().filter_map(|id| kilobytes(&format!("/proc/{id}/smaps_rollup"), "Pss:"));
        held.sum::<u64>() * 1024
    }

    fn all(self) -> BTreeMap<u32, Stat> {
        let running: BTreeMap<u32, Stat> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|id| Some((id, Stat::read(id)?)))
            .collect();
        let descends = |mut id: u32| {
            while id != self.root {
                match running.get(&id) {
                    Some(stat) => id = stat.parent,
                    None => return false,
                }
            }
            true
        };
        let ours: Vec<u32> = running.keys().copied().filter(|id| descends(*id)).collect();
        running.into_iter().filter(|(id, _)| ours.contains(id)).collect()
    }
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name, in brackets, may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // utime, stime, and both of the children that were waited for.
        let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        Some(Self { parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

fn kilobytes(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

/// A count as a figure to divide.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "figures have few digits")]
pub(super) fn to_float(count: u64) -> f64 {
    count as f64
}
