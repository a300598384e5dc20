use super::*;
use crate::signature::{Budget, Limits};

/// ISO 32000-1 §7.5.8.4: a stream tells what is marked as free in its own table, and in no newer one.
#[test]
fn what_the_newest_table_frees_no_older_section_gives_back() {
    let mut file = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n5 0 obj null endobj\n".to_vec();
    let (object, stream) = (file.len() - 20, file.len());
    file.extend(b"6 0 obj<</Type/XRef/W[1 1 1]/Index[5 1]/Size 9/Root 1 0 R/Length 3>>stream\n");
    file.extend([1, u8::try_from(object).unwrap(), 0]);
    file.extend(b"\nendstream endobj\n");
    let hybrid = file.len();
    let table = "xref\n1 1\n0000000009 00000 n \n5 1\n0000000000 00000 f \n";
    file.extend(format!("{table}trailer<</Size 9/Root 1 0 R/XRefStm {stream}>>\n").bytes());
    let newest = file.len();
    file.extend(format!("{table}trailer<</Size 9/Root 1 0 R/Prev {hybrid}>>\n").bytes());
    let budget = Budget::new(&Limits::default());
    let place = |at| Pdf::open_at(&file, at, &budget).unwrap().place(5);
    assert_eq!(place(hybrid), Some(Place::At { at: object, generation: 0 }));
    assert_eq!(place(newest), Some(Place::Free));
}
