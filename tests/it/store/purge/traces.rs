//! What stands in the files of database and vault while a share is kept, and once it is gone.

use std::path::Path;

use skrynka::domain::{BranchScope, Term};

use super::{House, NEEDLES, SHARE, end, files, sender_domain};
use crate::store::{
    database::{Database, Engine},
    sample::Sample,
};

/// The sealed bytes and the wrapped keys are looked for, not only what they seal: whoever has the
/// master key could open them.
#[tokio::test]
async fn no_byte_of_a_destroyed_share_is_left_in_any_file() {
    let database = Database::sqlite();
    let Engine::Sqlite { directory } = &database.engine else { panic!("made as SQLite") };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    house.keep(&Sample { number: 2, second: 60, ..SHARE }, &store, &vault).await;

    let share = store.share(SHARE.share(), &BranchScope::All).await.unwrap().unwrap();
    let mut traces = vec![share.sealed_details.unwrap(), sender_domain(&SHARE).into_bytes()];
    for document in store.documents(SHARE.share()).await.unwrap() {
        traces.push(document.sealed_details.unwrap());
    }
    for term in Term::ALL {
        traces.push(store.wrapped_key(SHARE.share(), term).await.unwrap().unwrap());
    }
    for code in SHARE.types {
        traces.push(vault.fingerprint("document", &SHARE.content(code)).0.into());
    }
    let places = [directory.path(), house.objects.path()];
    for trace in &traces {
        assert!(found(trace, &places), "the scan finds what is there");
    }
    house.pass_to(end());
    assert_eq!(house.purge(&store, &vault).run().await.unwrap().destroyed, 2);
    for trace in &traces {
        assert!(!found(trace, &places), "{}", String::from_utf8_lossy(trace));
    }
    for needle in NEEDLES {
        assert!(!found(needle.as_bytes(), &places), "{needle}");
    }
    let share = Sample { number: 2, second: 60, ..SHARE }.share();
    assert!(store.wrapped_key(share, Term::Share).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_personal_of_a_kept_share_stands_in_the_clear() {
    let database = Database::sqlite();
    let Engine::Sqlite { directory } = &database.engine else { panic!("made as SQLite") };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let places = [directory.path(), house.objects.path()];
    // Subject, sender and Message-ID, the client's address, and the name of a file.
    for sealed in NEEDLES.into_iter().chain(["192.0.2.1", "student-id-card.pdf"]) {
        assert!(!found(sealed.as_bytes(), &places), "{sealed}");
    }
    for clear in ["student-id-card", &sender_domain(&SHARE)] {
        assert!(found(clear.as_bytes(), &places), "the scan finds what is there: {clear}");
    }
}

#[tokio::test]
async fn a_name_in_the_place_of_a_type_never_stands_in_the_clear() {
    const NAMED: Sample = Sample {
        types: &["birth-certificate", "ndltypecode-petrenko-olena", "internal-passport"],
        ..SHARE
    };
    let database = Database::sqlite();
    let Engine::Sqlite { directory } = &database.engine else { panic!("made as SQLite") };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&NAMED, &store, &vault).await;
    let types = async || -> Vec<String> {
        let documents = store.documents(NAMED.share()).await.unwrap();
        documents.iter().map(|document| document.type_code.to_string()).collect()
    };
    let clear = ["birth-certificate", "unknown", "internal-passport"];
    assert_eq!(types().await, clear);
    let places = [directory.path(), house.objects.path()];
    assert!(!found(b"petrenko", &places) && found(b"birth-certificate", &places));
    house.pass_to(end());
    assert_eq!(house.purge(&store, &vault).run().await.unwrap().destroyed, 2);
    assert_eq!(types().await, clear);
    assert!(!found(b"petrenko", &places));
}

fn found(needle: &[u8], places: &[&Path]) -> bool {
    let mut paths = places.iter().flat_map(|place| files(place));
    paths.any(|path| {
        let content = std::fs::read(path).unwrap();
        content.windows(needle.len()).any(|window| window == needle)
    })
}
