//! Which copies came before: in the order of receipt, whatever was kept first, and after the purge.

use skrynka::{
    domain::{
        Actor, BranchScope, FindingCode, Fingerprint, FirstReceipt, ShareId, Term, Timestamp,
    },
    store::{Inserted, KnownBy, ShareFilter, Store},
};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::support::clock::agreed;

use super::{
    Database,
    database::Engine,
    moment, on_each_engine,
    sample::{self, Sample, fingerprint},
};

on_each_engine! {
    the_earliest_is_the_first_in_whatever_order_they_are_kept,
    one_fingerprint_in_common_is_enough_and_goes_no_further,
    branches_of_one_mail_are_in_the_order_of_its_recipients,
    the_same_copy_twice_in_one_share_is_no_duplicate,
    each_copy_of_a_share_is_linked_by_itself,
    shares_kept_side_by_side_all_see_the_first,
    a_share_that_is_kept_again_links_nothing_twice,
    of_a_share_that_a_reader_may_not_see_the_id_is_not_told,
    of_a_first_share_that_is_destroyed_nothing_but_that_is_told,
    a_copy_is_known_after_its_share_until_its_day,
    a_copy_of_a_clock_that_stood_behind_is_known_as_much_longer,
    a_copy_is_known_as_long_as_a_share_has_it,
    an_earlier_share_is_no_duplicate_of_a_later_one_that_is_destroyed,
    what_outlives_a_share_names_it_by_nothing,
    what_one_term_ends_the_other_still_knows,
    the_migration_keeps_what_is_known,
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A share whose documents are known by these fingerprints.
#[derive(Clone, Copy)]
struct Came {
    sample: u8,
    branch: &'static str,
    place: u32,
    second: i64,
    copies: &'static [&'static [u8]],
}

/// The first of many, with one copy.
const FIRST: Came = Came { sample: 1, branch: "library", place: 0, second: 0, copies: &[&[1]] };

impl Came {
    fn later(number: u8, second: i64) -> Self {
        Self { sample: number, second, ..FIRST }
    }

    fn sample(&self) -> Sample {
        // A copy that the service asks for, and others.
        let types = ["student-id-card", "pension-card", "taxpayer-card"];
        let types = &types[..self.copies.len()];
        let types: &'static [&'static str] = Box::leak(types.to_vec().into_boxed_slice());
        Sample { number: self.sample, branch: self.branch, second: self.second, types }
    }

    fn share(&self) -> ShareId {
        self.sample().share()
    }

    async fn keep(&self, store: &Store) -> Inserted {
        let judgement = self.sample().judgement();
        let mut new = self.sample().new_share(&judgement);
        new.mail_place = self.place;
        let documents = self.copies.iter().map(|copies| prints(copies));
        new.known_by = KnownBy {
            documents: (1..).zip(documents).collect(),
            stale_from: moment(self.second).plus_days(40),
        };
        store.insert_share(&new, &self.sample().sealed(&judgement)).await.unwrap()
    }

    /// Where each of its documents came first: `document detail`.
    async fn duplicates(&self, store: &Store) -> Vec<String> {
        self.duplicates_for(&BranchScope::All, store).await
    }

    async fn duplicates_for(&self, scope: &BranchScope, store: &Store) -> Vec<String> {
        let share = store.share(self.share(), scope).await.unwrap().unwrap();
        let page = store.shares(scope, &ShareFilter::default(), None, 100).await.unwrap();
        let listed = page.items.into_iter().find(|row| row.id == share.id).unwrap();
        assert_eq!(listed.findings, share.findings, "the list says the same as the share");
        let duplicates = share.findings.into_iter().filter(|f| f.code == FindingCode::Duplicate);
        duplicates.map(|f| format!("{} {}", f.document.unwrap(), f.detail.unwrap())).collect()
    }
}

fn prints(copies: &[u8]) -> Vec<Fingerprint> {
    copies.iter().map(|copy| fingerprint(&[*copy])).collect()
}

fn first(of: ShareId) -> Vec<String> {
    vec![format!("1 {of}")]
}

async fn open(database: &Database) -> Store {
    let store = database.open().await;
    store.apply_registry(&sample::registry(), &Actor::CommandLine, moment(-9)).await.unwrap();
    store
}

/// Destroys all of a share, as the purge does on its day.
async fn destroy(came: &Came, store: &Store) {
    let end = moment(came.second).plus_days(31);
    for term in Term::ALL {
        store.destroy_key(came.share(), term, agreed(end, store).await).await.unwrap();
    }
}

async fn the_earliest_is_the_first_in_whatever_order_they_are_kept(database: &Database) {
    let store = open(database).await;
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    // The last two of three came in the same microsecond: then the mail's id decides.
    for (number, order) in (1_u8..).zip(orders) {
        let copies: &'static [&'static [u8]] = Box::leak(Box::new([&*vec![number].leak()]));
        let came = [(0, 0), (1, HOUR), (2, HOUR)].map(|(place, second)| {
            let sample = 10 * number + place;
            Came { copies, ..Came::later(sample, second + DAY * i64::from(number)) }
        });
        for place in order {
            came[place].keep(&store).await;
        }
        assert!(came[0].duplicates(&store).await.is_empty(), "{order:?}");
        for later in &came[1..] {
            assert_eq!(later.duplicates(&store).await, first(came[0].share()), "{order:?}");
        }
    }
}

async fn one_fingerprint_in_common_is_enough_and_goes_no_further(database: &Database) {
    let store = open(database).await;
    let all = [
        Came { copies: &[&[1, 9]], ..Came::later(1, 0) },
        Came { copies: &[&[1, 2, 3]], ..Came::later(2, HOUR) },
        Came { copies: &[&[3, 4]], ..Came::later(3, 2 * HOUR) },
        Came { copies: &[&[5]], ..Came::later(4, 3 * HOUR) },
        Came { copies: &[&[5, 4, 9]], ..Came::later(5, 4 * HOUR) },
    ];
    for came in [&all[4], &all[2], &all[0], &all[3], &all[1]] {
        came.keep(&store).await;
    }
    let expected = [None, Some(0), Some(1), None, Some(0)];
    for (came, expected) in all.iter().zip(expected) {
        let expected = expected.map(|place: usize| first(all[place].share())).unwrap_or_default();
        assert_eq!(came.duplicates(&store).await, expected, "{}", came.sample);
    }
}

async fn branches_of_one_mail_are_in_the_order_of_its_recipients(database: &Database) {
    let store = open(database).await;
    let mut number = 0;
    // Each branch once as the first, kept first or last: the ids say nothing of it.
    for branches in [["library", "school-5"], ["school-5", "library"]] {
        for order in [[0, 1], [1, 0]] {
            number += 1;
            let copies: &'static [&'static [u8]] = Box::leak(Box::new([&*vec![number].leak()]));
            let at = |place: u32, branch| Came {
                branch,
                place,
                copies,
                ..Came::later(number, i64::from(number) * HOUR)
            };
            let came = [at(0, branches[0]), at(3, branches[1])];
            for place in order {
                came[place].keep(&store).await;
            }
            assert!(came[0].duplicates(&store).await.is_empty(), "{branches:?} {order:?}");
            assert_eq!(came[1].duplicates(&store).await, first(came[0].share()));
        }
    }
}

async fn the_same_copy_twice_in_one_share_is_no_duplicate(database: &Database) {
    let store = open(database).await;
    let twice = Came { copies: &[&[1], &[1, 2], &[2]], ..FIRST };
    twice.keep(&store).await;
    assert!(twice.duplicates(&store).await.is_empty());
    let again = Came { copies: &[&[2]], ..Came::later(2, HOUR) };
    again.keep(&store).await;
    assert_eq!(again.duplicates(&store).await, first(twice.share()));
}

async fn each_copy_of_a_share_is_linked_by_itself(database: &Database) {
    let store = open(database).await;
    let (one, two) = (FIRST, Came { copies: &[&[2]], ..Came::later(2, HOUR) });
    let both = Came { copies: &[&[2], &[3], &[1]], ..Came::later(3, 2 * HOUR) };
    for came in [&two, &both, &one] {
        came.keep(&store).await;
    }
    let expected = [format!("1 {}", two.share()), format!("3 {}", one.share())];
    assert_eq!(both.duplicates(&store).await, expected);
}

/// On PostgreSQL several servers keep shares at once; none of them may miss what another keeps.
async fn shares_kept_side_by_side_all_see_the_first(database: &Database) {
    let store = open(database).await;
    let all: Vec<Came> = (1..=8)
        .map(|number| Came { copies: &[&[7, 1, 200]], ..Came::later(number, i64::from(number)) })
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    for came in all.clone() {
        let store = store.clone();
        tasks.spawn(async move { came.keep(&store).await });
    }
    tasks.join_all().await;
    assert!(all[0].duplicates(&store).await.is_empty());
    for came in &all[1..] {
        assert_eq!(came.duplicates(&store).await, first(all[0].share()), "{}", came.sample);
    }
}

async fn a_share_that_is_kept_again_links_nothing_twice(database: &Database) {
    let store = open(database).await;
    let later = Came::later(2, HOUR);
    for came in [&FIRST, &later, &FIRST, &later] {
        came.keep(&store).await;
    }
    assert!(FIRST.duplicates(&store).await.is_empty());
    assert_eq!(later.duplicates(&store).await, first(FIRST.share()));
}

async fn of_a_share_that_a_reader_may_not_see_the_id_is_not_told(database: &Database) {
    let store = open(database).await;
    FIRST.keep(&store).await;
    let later = Came { branch: "school-5", ..Came::later(2, HOUR) };
    later.keep(&store).await;
    let only = |branches: &[&str]| {
        BranchScope::Only(branches.iter().map(|branch| branch.parse().unwrap()).collect())
    };
    let school = only(&["school-5"]);
    let told = format!("1 {}", FirstReceipt::Elsewhere);
    assert_eq!(later.duplicates_for(&school, &store).await, [told]);
    let both = only(&["library", "school-5"]);
    assert_eq!(later.duplicates_for(&both, &store).await, first(FIRST.share()));
    destroy(&FIRST, &store).await;
    let told = format!("1 {}", FirstReceipt::Destroyed);
    assert_eq!(later.duplicates_for(&school, &store).await, [told]);
}

async fn of_a_first_share_that_is_destroyed_nothing_but_that_is_told(database: &Database) {
    let store = open(database).await;
    let (second, third) = (Came::later(2, HOUR), Came::later(3, DAY));
    for came in [&FIRST, &second, &third] {
        came.keep(&store).await;
    }
    destroy(&FIRST, &store).await;
    let destroyed = [format!("1 {}", FirstReceipt::Destroyed)];
    for later in [&second, &third] {
        assert_eq!(later.duplicates(&store).await, destroyed);
    }
    destroy(&second, &store).await;
    assert!(second.duplicates(&store).await.is_empty(), "what links it goes with it");
    assert_eq!(third.duplicates(&store).await, destroyed);
    let links = "SELECT COALESCE(first_id, 'none') FROM duplicates";
    assert_eq!(lines(database, links).await, ["none"]);
}

async fn a_copy_is_known_after_its_share_until_its_day(database: &Database) {
    let store = open(database).await;
    FIRST.keep(&store).await;
    destroy(&FIRST, &store).await;
    let (before, after) = (Came::later(2, 39 * DAY), Came::later(3, 50 * DAY));
    // Stale after 40 days: remembered to the end of that day.
    let end = moment(0).plus_days(40).start_of_utc_day().plus_days(1);
    assert_eq!(store.forget_copies(agreed(just_before(end), &store).await, 10).await.unwrap(), 0);
    agreed(moment(before.second), &store).await;
    before.keep(&store).await;
    assert_eq!(before.duplicates(&store).await, [format!("1 {}", FirstReceipt::Destroyed)]);
    destroy(&before, &store).await;
    let end = moment(before.second).plus_days(40).start_of_utc_day().plus_days(1);
    assert_eq!(store.forget_copies(agreed(just_before(end), &store).await, 10).await.unwrap(), 0);
    assert_eq!(store.forget_copies(agreed(end, &store).await, 10).await.unwrap(), 1);
    after.keep(&store).await;
    assert!(after.duplicates(&store).await.is_empty());
}

async fn a_copy_of_a_clock_that_stood_behind_is_known_as_much_longer(database: &Database) {
    let store = open(database).await;
    store.take_time(moment(0), None).await.unwrap().unwrap();
    FIRST.keep(&store).await;
    // Only now somebody agrees with the clock, which leaps.
    agreed(moment(35 * DAY), &store).await;
    let gone = agreed(moment(70 * DAY), &store).await;
    for term in Term::ALL {
        assert!(store.destroy_key(FIRST.share(), term, gone).await.unwrap());
    }
    let end = moment(75 * DAY).start_of_utc_day().plus_days(1);
    let before = agreed(just_before(end), &store).await;
    assert_eq!(store.forget_copies(before, 10).await.unwrap(), 0);
    assert_eq!(store.forget_copies(agreed(end.plus_days(1), &store).await, 10).await.unwrap(), 1);
}

fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros() - 1)
}

async fn a_copy_is_known_as_long_as_a_share_has_it(database: &Database) {
    let store = open(database).await;
    let other = Came { copies: &[&[2, 3], &[4]], ..Came::later(2, 0) };
    for came in [&FIRST, &other] {
        came.keep(&store).await;
    }
    let late = moment(0).plus_days(400);
    assert_eq!(
        store.forget_copies(agreed(late, &store).await, 10).await.unwrap(),
        0,
        "they are kept"
    );
    destroy(&other, &store).await;
    assert_eq!(store.forget_copies(agreed(late, &store).await, 2).await.unwrap(), 2, "row by row");
    assert_eq!(store.forget_copies(agreed(late, &store).await, 2).await.unwrap(), 1);
    assert_eq!(store.forget_copies(agreed(late, &store).await, 2).await.unwrap(), 0);
    let again = Came::later(3, 300 * DAY);
    again.keep(&store).await;
    assert_eq!(again.duplicates(&store).await, first(FIRST.share()));
}

async fn an_earlier_share_is_no_duplicate_of_a_later_one_that_is_destroyed(database: &Database) {
    let store = open(database).await;
    let later = Came::later(2, DAY);
    later.keep(&store).await;
    destroy(&later, &store).await;
    FIRST.keep(&store).await;
    assert!(FIRST.duplicates(&store).await.is_empty());
    let last = Came::later(3, 2 * DAY);
    last.keep(&store).await;
    assert_eq!(last.duplicates(&store).await, first(FIRST.share()), "the one that is kept");
}

async fn what_outlives_a_share_names_it_by_nothing(database: &Database) {
    let store = open(database).await;
    FIRST.keep(&store).await;
    destroy(&FIRST, &store).await;
    let known = "SELECT CAST(first_us AS TEXT) FROM known_copies
                 UNION ALL SELECT CAST(forget_us AS TEXT) FROM known_copies";
    let known = lines(database, known).await;
    assert_eq!(known.len(), 2);
    let is_day = |moment: &String| moment.parse::<i64>().unwrap() % 86_400_000_000 == 0;
    assert!(known.iter().all(is_day), "{known:?}");
    assert!(lines(database, "SELECT share_id FROM fingerprints").await.is_empty());
    assert!(lines(database, "SELECT share_id FROM duplicates").await.is_empty());
}

async fn what_one_term_ends_the_other_still_knows(database: &Database) {
    let store = open(database).await;
    let mixed = Came { copies: &[&[1], &[2]], ..FIRST };
    mixed.keep(&store).await;
    let end = moment(0).plus_days(31);
    assert!(
        store.destroy_key(mixed.share(), Term::Short, agreed(end, &store).await).await.unwrap()
    );
    let (asked, excess) =
        (Came::later(2, 2 * DAY), Came { copies: &[&[2]], ..Came::later(3, 2 * DAY) });
    for came in [&asked, &excess] {
        came.keep(&store).await;
    }
    assert_eq!(asked.duplicates(&store).await, first(mixed.share()));
    assert_eq!(excess.duplicates(&store).await, [format!("1 {}", FirstReceipt::Destroyed)]);
}

/// A database of before: two shares with one copy, linked by a finding, and one that is destroyed
/// with a link to it.
async fn the_migration_keeps_what_is_known(database: &Database) {
    database.of_schema(10).await;
    database.tamper(&before_the_migration(&database.engine)).await;
    database.open().await.close().await;
    // The branch's service takes copies of 30 hours; they were received at one and two o'clock.
    let known = "SELECT CAST(first_us / 3600000000 AS TEXT) || ' '
                        || CAST(forget_us / 3600000000 AS TEXT) FROM known_copies";
    assert_eq!(lines(database, known).await, ["0 48"]);
    let order = "SELECT share_id || ' ' || CAST(received_us / 3600000000 AS TEXT)
                 FROM fingerprints ORDER BY received_us";
    assert_eq!(lines(database, order).await, ["a 1", "b 2"]);
    let links = "SELECT share_id || CAST(number AS TEXT) || ' ' || COALESCE(first_id, 'none')
                 FROM duplicates ORDER BY number";
    assert_eq!(lines(database, links).await, ["b1 a", "b2 none"], "the latter to what is gone");
    let findings = "SELECT share_id FROM findings WHERE code = 'duplicate'";
    assert!(lines(database, findings).await.is_empty());
}

fn before_the_migration(engine: &Engine) -> String {
    let (print, sealed) = match engine {
        Engine::Postgres { .. } => ("'\\xAA'", "'\\x01'"),
        Engine::Sqlite { .. } => ("x'AA'", "x'01'"),
    };
    let share = |id: &str, hour: i64, destroyed: &str| {
        format!(
            "INSERT INTO shares (id, mail_id, branch_id, service_id, verdict, received_us,
                                 judged_us, destroy_us, retention_reason, destroyed_us, mail_bytes,
                                 mail_term)
             VALUES ('{id}', 'mail-{id}', 'library', 'card', 'verified', {hour} * 3600000000, 0, 0,
                     'service', {destroyed}, 1, 'share');"
        )
    };
    let document = |share: &str, number: u8, print: &str| {
        format!(
            "INSERT INTO documents (share_id, number, type_code, excess, term, size_bytes,
                                    signature_files, sealed_details, fingerprint)
             VALUES ('{share}', {number}, 'x', 0, 'share', 1, 0, {sealed}, {print});"
        )
    };
    let finding = |share: &str, position: u8, document: u8, first: &str| {
        format!(
            "INSERT INTO findings (share_id, position, code, severity, document, detail)
             VALUES ('{share}', {position}, 'duplicate', 'warning', {document}, '{first}');"
        )
    };
    [
        "INSERT INTO branches (id, name, position, in_force) VALUES ('library', 'x', 0, 1);"
            .to_owned(),
        "INSERT INTO services (branch_id, id, position, name, legal_basis, retention_days,
                               signers, max_copy_age_hours, require_fresh, active, in_force)
         VALUES ('library', 'card', 0, 'x', 'law', 1, 'anchors', 30, 0, 1, 1);"
            .to_owned(),
        share("a", 1, "NULL"),
        share("b", 2, "NULL"),
        share("gone", 0, "5"),
        document("a", 1, print),
        document("b", 1, print),
        document("b", 2, "NULL"),
        document("gone", 1, "NULL"),
        finding("b", 0, 1, "a"),
        finding("b", 1, 2, "gone"),
        finding("gone", 0, 1, "a"),
    ]
    .concat()
}

/// The first column of each row, a text.
async fn lines(database: &Database, sql: &'static str) -> Vec<String> {
    match &database.engine {
        Engine::Postgres { .. } => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        }
        Engine::Sqlite { .. } => {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
        }
    }
}
