//! Claims about which directory is the spool: mails in another one would never be judged.

use super::*;

#[tokio::test]
async fn a_directory_that_is_not_marked_is_no_spool() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    drop(spool);
    let (own, away) = (place.path().join("own"), place.path().join("away"));
    for name in ["own", "away"] {
        fs::create_dir(place.path().join(name)).unwrap();
    }
    let open = |path: &Path, key| Spool::open(path, key, place.settings.clone(), Metrics::new());
    // As the directory of a volume that is not mounted is.
    assert!(matches!(open(&away, key()), Err(SpoolError::NotThere { .. })));
    assert!(matches!(open(&away.join("none"), key()), Err(SpoolError::NotThere { .. })));
    assert_eq!(fs::read_dir(&away).unwrap().count(), 0, "nothing is made there");
    Spool::make(&own, &key()).unwrap();
    let other = Key::random().unwrap();
    assert!(matches!(open(&own, other), Err(SpoolError::OtherKey { .. })));
    assert_eq!(open(&own, key()).unwrap().backlog().0, 0);
    // Looking changes nothing, and what turns out to be another's is not marked as one's own.
    let marker = place.path().join("skrynka-spool");
    fs::remove_file(&marker).unwrap();
    Spool::check(place.path(), &key()).unwrap();
    assert!(matches!(place.try_open(Key::random().unwrap()), Err(SpoolError::OtherKey { .. })));
    assert!(!marker.exists());
    Spool::make(place.path(), &key()).unwrap();
    // One that an earlier version wrote is marked when it is opened, and one whose marker is lost.
    let line = fs::read(&marker).unwrap();
    fs::remove_file(&marker).unwrap();
    assert_eq!(place.open().backlog().0, 1);
    fs::write(&marker, vec![0; line.len()]).unwrap();
    assert_eq!(place.open().backlog().0, 1);
    assert_eq!(fs::read(&marker).unwrap(), line);
}

/// Its volume goes away under the running program, and what is made by its path is made elsewhere.
#[tokio::test]
async fn nothing_is_acknowledged_while_another_directory_is_in_its_place() {
    let place = Place::new();
    let (path, away) = (place.path().join("spool"), place.path().join("away"));
    Spool::make(&path, &key()).unwrap();
    let spool = Spool::open(&path, key(), place.settings.clone(), Metrics::new()).unwrap();
    append(&spool, 1).await;
    fs::rename(&path, &away).unwrap();
    for other in [false, true] {
        if other {
            Spool::make(&path, &key()).unwrap();
            fs::write(path.join("lock"), b"").unwrap();
        }
        assert!(
            matches!(
                spool.append(id(2), envelope(2), message(2)).await,
                Err(SpoolError::Io { .. })
            ),
            "{other}"
        );
        assert!(matches!(spool.probe().await, Err(SpoolError::Io { .. })), "{other}");
        assert_eq!(spool.commits().borrow().outcome, Outcome::Failed, "{other}");
    }
    fs::remove_dir_all(&path).unwrap();
    fs::rename(&away, &path).unwrap();
    spool.probe().await.unwrap();
    append(&spool, 3).await;
    drop(spool);
    let spool = Spool::open(&path, key(), place.settings.clone(), Metrics::new()).unwrap();
    assert_eq!(spool.backlog().0, 2);
}
