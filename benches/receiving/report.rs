//! The figures in words and tables.

use std::{fmt, fs, path::Path, process::Command};

use crate::{
    alone::Alone,
    crowd::Crowd,
    process::to_float,
    rounds::{MOST_SESSIONS, Results, Turn},
};

/// What was measured under one load.
pub(super) struct Table<'a>(pub(super) &'a Results);

/// What was to be reached, and whether it was.
pub(super) struct Aims<'a> {
    pub(super) results: &'a [Results],
    pub(super) crowd: &'a Crowd,
}

/// The least and the greatest of some figures, and the one in the middle.
struct Range {
    least: f64,
    median: f64,
    most: f64,
}

impl Range {
    fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self {
            least: figures[0],
            median: figures[figures.len() / 2],
            most: figures[figures.len() - 1],
        }
    }
}

/// Two digits and more, whatever the size.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, median, most } = self;
        let digits = if *median < 0.95 {
            3
        } else if *median < 9.95 {
            2
        } else if *median < 99.5 {
            1
        } else {
            0
        };
        write!(f, "{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

/// What must be reached at 20 and 200 sessions with mails of 10 and 200 KiB: so many times the
/// mails of Postfix, and its CPU time for each divided by so much.
const LEAST_RATE_RATIO: f64 = 4.0;
const LEAST_CPU_RATIO: f64 = 5.0;

/// What must be kept below while thousands of connections are idle.
const MOST_MILLISECONDS: f64 = 50.0;
const MOST_MIB: f64 = 100.0;

/// What must be reached of the disk's own limit at 200 sessions.
const LEAST_SHARE_OF_DISK: f64 = 0.6;

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_results(f, self.0)
    }
}

impl fmt::Display for Aims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Aims")?;
        self.results.iter().try_for_each(|results| write_aims(f, results))?;
        write_crowd(f, self.crowd)
    }
}

fn write_results(f: &mut fmt::Formatter<'_>, results: &Results) -> fmt::Result {
    writeln!(f, "{}", load(results))?;
    let mib = to_float(results.shape.mail_bytes) / 1e6;
    for (name, turns) in &results.servers {
        let rate = Range::of(turns.iter().map(|turn| turn.rate));
        let cpu = Range::of(turns.iter().map(|turn| turn.cpu_milliseconds)).to_string();
        let done = Range::of(turns.iter().map(|turn| turn.done_rate)).median;
        let peak = Range::of(turns.iter().map(|turn| to_float(turn.peak_bytes))).most;
        let megabytes = rate.median * mib;
        let rate = rate.to_string();
        write!(
            f,
            "  {name:<17} {rate:<26} mails/s {megabytes:>5.0} MB/s  {cpu:<24} ms CPU/mail  \
             done {done:>5.0}/s  {:>4.0} MiB",
            peak / 1_048_576.0
        )?;
        let batches: Vec<f64> = turns.iter().filter_map(|turn| turn.batch).collect();
        if batches.is_empty() {
            writeln!(f)?;
        } else {
            writeln!(f, "  {:.1} mails/sync", Range::of(batches).median)?;
        }
    }
    writeln!(f, "  {:<17} {} mails/s, same batches", "the disk alone", disk(results))?;
    for peer in ["Postfix", "mailin-embedded"] {
        if let (Some(rates), Some(cpu)) = (rates(results, peer), cpu(results, peer)) {
            writeln!(f, "  Skrynka / {peer}: {rates} times the mails, CPU of each 1/{cpu}")?;
        }
    }
    writeln!(f, "  Skrynka / the disk alone: {}", share_of_disk(results))?;
    write_alone(f, &results.alone)
}

fn write_alone(f: &mut fmt::Formatter<'_>, alone: &[Alone]) -> fmt::Result {
    if alone.is_empty() {
        return Ok(());
    }
    let range = |figure: fn(&Alone) -> f64| Range::of(alone.iter().map(figure));
    let (rate, disk) = (range(|alone| alone.rate), range(|alone| alone.disk));
    let batch = range(|alone| alone.batch).median;
    writeln!(f, "  the spool alone: {rate} mails/s, {batch:.1} mails/sync; the disk then: {disk}")?;
    writeln!(f, "  the spool alone / the disk: {}", range(|alone| alone.rate / alone.disk))
}

fn write_aims(f: &mut fmt::Formatter<'_>, results: &Results) -> fmt::Result {
    let load = load(results);
    let small = results.shape.mail_bytes < 1 << 20 && results.shape.sessions >= 20;
    if let (true, Some(rates), Some(cpu)) =
        (small, rates(results, "Postfix"), cpu(results, "Postfix"))
    {
        let reached = word(rates.median >= LEAST_RATE_RATIO);
        writeln!(f, "  {load}: {rates} times Postfix (at least {LEAST_RATE_RATIO}: {reached})")?;
        let reached = word(cpu.median >= LEAST_CPU_RATIO);
        writeln!(f, "  {load}: CPU 1/{cpu} of Postfix (at least {LEAST_CPU_RATIO}: {reached})")?;
    }
    if results.shape.sessions == MOST_SESSIONS {
        let share = share_of_disk(results);
        let reached = word(share.median >= LEAST_SHARE_OF_DISK);
        writeln!(f, "  {load}: {share} of the disk (at least {LEAST_SHARE_OF_DISK}: {reached})")?;
    }
    Ok(())
}

fn write_crowd(f: &mut fmt::Formatter<'_>, crowd: &Crowd) -> fmt::Result {
    let Crowd { connections, milliseconds, peak_bytes } = crowd;
    let time = Range::of(milliseconds.iter().copied());
    let mib = to_float(*peak_bytes) / 1_048_576.0;
    let reached = word(time.median < MOST_MILLISECONDS && mib < MOST_MIB);
    writeln!(
        f,
        "  {connections} idle connections: skrynka serve takes an ordinary client's mail in {time} ms \
         and has {mib:.0} MiB (below {MOST_MILLISECONDS} ms and {MOST_MIB} MiB: {reached})"
    )
}

fn word(reached: bool) -> &'static str {
    if reached { "reached" } else { "NOT REACHED" }
}

fn load(results: &Results) -> String {
    let sessions = results.shape.sessions;
    let plural = if sessions == 1 { "" } else { "s" };
    format!("{} KiB, {sessions} session{plural}", results.shape.mail_bytes / 1024)
}

fn turns<'a>(results: &'a Results, name: &str) -> Option<&'a [Turn]> {
    results.servers.iter().find(|(known, _)| *known == name).map(|(_, turns)| &turns[..])
}

/// Our mails a second to a peer's, round by round.
fn rates(results: &Results, peer: &str) -> Option<Range> {
    let (ours, theirs) = (turns(results, "Skrynka")?, turns(results, peer)?);
    Some(Range::of(ours.iter().zip(theirs).map(|(us, them)| us.rate / them.rate)))
}

/// A peer's CPU time for each mail to ours, round by round.
fn cpu(results: &Results, peer: &str) -> Option<Range> {
    let (ours, theirs) = (turns(results, "Skrynka")?, turns(results, peer)?);
    let ratio = |(us, them): (&Turn, &Turn)| them.cpu_milliseconds / us.cpu_milliseconds;
    Some(Range::of(ours.iter().zip(theirs).map(ratio)))
}

fn disk(results: &Results) -> Range {
    Range::of(results.disk.iter().copied())
}

fn share_of_disk(results: &Results) -> Range {
    let ours = turns(results, "Skrynka").unwrap_or_default();
    Range::of(ours.iter().zip(&results.disk).map(|(turn, disk)| turn.rate / disk))
}

/// What it runs on: processors, the file system below `directory`, versions.
pub(super) fn machine(directory: &Path) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = processors.lines().filter(|line| line.starts_with("model name"));
    let model = names.clone().next().and_then(|line| line.split_once(": "));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{} x {}; load before: {}; {}; kernel {}; {}",
        names.count(),
        model.map_or("unknown", |(_, name)| name),
        load.split(' ').next().unwrap_or_default(),
        output(Command::new("df").args(["--output=fstype,source"]).arg(directory)),
        output(Command::new("uname").arg("-r")),
        output(Command::new("postconf").args(["-d", "mail_version"])),
    )
}

/// The last line that a command prints.
fn output(command: &mut Command) -> String {
    let printed = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&printed).lines().last().unwrap_or_default().trim().to_owned()
}
