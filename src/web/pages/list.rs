//! The list of shares: counts by verdict, a filter, a table, and the way to older ones.

use askama::Template;

use super::{
    super::{query::ShareQuery, texts::Texts},
    frame::Frame,
    words::{Badge, Moment, finding_text, type_choice},
};
use crate::{
    domain::{BranchScope, FindingCode, Severity, ShareRow, Verdict},
    registry::Registry,
    store::{Names, SharePage},
};

/// How many shares a page of the list shows.
pub(in crate::web) const PAGE_LEN: u32 = 50;

/// How many findings a row of the list tells in words; the rest is counted.
const NOTES_PER_ROW: usize = 2;

/// The page.
#[derive(Template)]
#[template(path = "list.html")]
pub(in crate::web) struct ListPage {
    t: Texts,
    frame: Frame,
    counts: Vec<Count>,
    selects: Vec<Select>,
    from: String,
    to: String,
    /// What of the folded filter is set, in words.
    chosen: Vec<String>,
    empty: Option<Empty>,
    table: Option<Table>,
    pages: Vec<PageLink>,
}

/// What the list shows.
pub(in crate::web) struct Listing<'a> {
    /// The shares of this page.
    pub(in crate::web) shares: &'a SharePage,
    /// How many shares the reader's branches have, by verdict.
    pub(in crate::web) counts: &'a [(Verdict, u64)],
    /// What was asked for.
    pub(in crate::web) query: &'a ShareQuery,
    /// The names of branches and services.
    pub(in crate::web) names: &'a Names,
    /// The registry in force, for the choices of the filter.
    pub(in crate::web) registry: &'a Registry,
    /// The branches that the reader sees.
    pub(in crate::web) scope: &'a BranchScope,
}

struct Count {
    word: String,
    tone: &'static str,
    shape: &'static str,
    number: u64,
    href: String,
    current: bool,
}

struct Select {
    name: &'static str,
    label: String,
    choices: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
    selected: bool,
}

struct Empty {
    title: String,
    hint: String,
}

struct Table {
    shown: String,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    received: Moment,
    badge: Badge,
    destroyed: Option<String>,
    branch: String,
    service: String,
    notes: Vec<String>,
}

struct PageLink {
    href: String,
    label: String,
}

impl ListPage {
    pub(in crate::web) fn new(t: Texts, frame: Frame, listing: &Listing<'_>) -> Self {
        let Listing { shares, query, names, .. } = *listing;
        let rows: Vec<Row> = shares.items.iter().map(|row| Row::new(t, row, names)).collect();
        let mut pages = Vec::new();
        if query.cursor.is_some() {
            pages.push(PageLink { href: query.link(None), label: t.say("newest") });
        }
        if let Some(next) = shares.next {
            pages.push(PageLink { href: query.link(Some(next)), label: t.say("older") });
        }
        let selects =
            vec![branches(t, listing), services(t, listing), verdicts(t, query.filter.verdict)];
        Self {
            t,
            frame,
            counts: counts(t, listing),
            chosen: chosen(t, &selects, query),
            selects,
            from: query.from_day.clone(),
            to: query.to_day.clone(),
            empty: rows.is_empty().then(|| Empty::new(t, query)),
            table: (!rows.is_empty()).then(|| Table {
                shown: t.say_with("list-shown", [("count", rows.len().into())]),
                rows,
            }),
            pages,
        }
    }
}

fn counts(t: Texts, listing: &Listing<'_>) -> Vec<Count> {
    let Listing { counts, query, .. } = *listing;
    // The best first: what staff wait for. The store tells the worst first.
    let of_verdicts = counts.iter().rev().map(|(verdict, number)| {
        let badge = Badge::of_verdict(t, *verdict);
        Count {
            word: badge.word,
            tone: badge.tone,
            shape: badge.shape,
            number: *number,
            href: query.with_verdict(Some(*verdict)).link(None),
            current: query.filter.verdict == Some(*verdict),
        }
    });
    let all = Count {
        word: t.say("list-count-all"),
        tone: "",
        shape: "M2 4h16v2.4H2Zm0 4.8h16v2.4H2Zm0 4.8h16v2.4H2Z",
        number: counts.iter().map(|(_, number)| *number).sum(),
        href: query.with_verdict(None).link(None),
        current: query.filter.verdict.is_none(),
    };
    std::iter::once(all).chain(of_verdicts).collect()
}

fn branches(t: Texts, listing: &Listing<'_>) -> Select {
    let chosen = listing.query.filter.branch.as_ref();
    let choices = listing
        .registry
        .branches
        .iter()
        .filter(|branch| listing.scope.contains(&branch.id))
        .map(|branch| Choice {
            value: branch.id.to_string(),
            label: branch.name.clone(),
            selected: chosen == Some(&branch.id),
        })
        .collect();
    Select { name: "branch", label: t.say("filter-branch"), choices }
}

/// The services of the branches that the reader sees; one that several branches have stands once.
fn services(t: Texts, listing: &Listing<'_>) -> Select {
    let chosen = listing.query.filter.service.as_ref();
    let mut choices: Vec<Choice> = Vec::new();
    let visible =
        listing.registry.branches.iter().filter(|branch| listing.scope.contains(&branch.id));
    for service in visible.flat_map(|branch| &branch.services) {
        if choices.iter().all(|choice| choice.value != service.id.as_str()) {
            choices.push(Choice {
                value: service.id.to_string(),
                label: service.name.clone(),
                selected: chosen == Some(&service.id),
            });
        }
    }
    Select { name: "service", label: t.say("filter-service"), choices }
}

fn verdicts(t: Texts, chosen: Option<Verdict>) -> Select {
    let choices = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| Choice {
            value: verdict.to_string(),
            label: Badge::of_verdict(t, verdict).word,
            selected: chosen == Some(verdict),
        })
        .collect();
    Select { name: "verdict", label: t.say("filter-verdict"), choices }
}

/// What of the filter is set, each with its label.
fn chosen(t: Texts, selects: &[Select], query: &ShareQuery) -> Vec<String> {
    let of_selects = selects.iter().flat_map(|select| {
        let chosen = select.choices.iter().filter(|choice| choice.selected);
        chosen.map(move |choice| (select.label.clone(), choice.label.clone()))
    });
    let days = [("filter-from", &query.from_day), ("filter-to", &query.to_day)];
    let of_days = days.into_iter().filter(|(_, day)| !day.is_empty()).map(|(label, day)| {
        let day = day.parse().map_or_else(|_| day.clone(), |parsed| t.day(parsed));
        (t.say(label), day)
    });
    of_selects.chain(of_days).map(|(label, value)| format!("{label}: {value}")).collect()
}

impl Empty {
    fn new(t: Texts, query: &ShareQuery) -> Self {
        let key = if query.is_all() { "list-empty" } else { "list-empty-filtered" };
        Self { title: t.say(key), hint: t.say(&format!("{key}.hint")) }
    }
}

impl Row {
    fn new(t: Texts, row: &ShareRow, names: &Names) -> Self {
        let service = row.service.as_ref().map_or_else(
            || t.say("service-unknown"),
            |id| names.service(&row.branch, id).unwrap_or(id.as_str()).to_owned(),
        );
        Self {
            href: format!("/shares/{}", row.id),
            received: Moment::new(t, row.received_at),
            badge: Badge::of_share(t, row),
            destroyed: row
                .destroyed_at
                .map(|at| t.say_with("destroyed-mark", [("day", t.day(at.day_in_kyiv()).into())])),
            branch: names.branch(&row.branch).unwrap_or(row.branch.as_str()).to_owned(),
            service,
            notes: notes(t, row),
        }
    }
}

/// What is missing first, then the other findings worth a look.
fn notes(t: Texts, row: &ShareRow) -> Vec<String> {
    let missing: Vec<String> = row
        .findings
        .iter()
        .filter(|finding| finding.code == FindingCode::MissingDocument)
        .map(|finding| type_choice(t, finding.detail.as_deref()))
        .collect();
    let mut notes = Vec::new();
    if !missing.is_empty() {
        notes.push(t.say_with("notes-missing", [("documents", missing.join(", ").into())]));
    }
    for finding in &row.findings {
        if finding.code != FindingCode::MissingDocument && finding.severity != Severity::Info {
            notes.push(finding_text(t, finding));
        }
    }
    notes.dedup();
    let more = notes.len().saturating_sub(NOTES_PER_ROW);
    notes.truncate(NOTES_PER_ROW);
    if more > 0 {
        notes.push(t.say_with("notes-more", [("count", more.into())]));
    }
    if notes.is_empty() {
        notes.push(t.say("notes-none"));
    }
    notes
}
