//! Registries that several tests load.

use std::sync::Arc;

use skrynka::{registry::Issuers, sample::authority::ORGANISATION};

/// One school with one service, which asks for a birth certificate.
pub(crate) const SCHOOL: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "school"
name = "Тестовий ліцей"
addresses = ["school@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90
"#;

/// One library with one service, which asks for a student's card.
pub(crate) const LIBRARY: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Видача читацького квитка"
legal_basis = "consent"
documents = ["student-id-card"]
retention_days = 14
"#;

/// A town's school and library, whose mailbox, id and ground differ from those above.
pub(crate) const TOWN: &str = r#"
[organisation]
name = "Тестова міська рада"

[[branch]]
id = "school-5"
name = "Тестовий ліцей"
addresses = ["school5@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
legal_note = "Договір про надання освітніх послуг"
documents = ["birth-certificate", "internal-passport"]
retention_days = 90

[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Запис до бібліотеки"
legal_basis = "consent"
documents = ["student-id-card"]
retention_days = 10
"#;

/// [`SCHOOL`] and [`LIBRARY`] in one organisation, asking for these lists of documents.
pub(crate) fn school_and_library(school: &str, library: &str) -> String {
    let (_, branch) = LIBRARY.split_once("[[branch]]").unwrap();
    let school = SCHOOL.replace("[\"birth-certificate\"]", school);
    let branch = branch.replace("[\"student-id-card\"]", library);
    format!("{school}\n[[branch]]{branch}")
}

/// The organisation whose seals the sample copies bear, as the only one that issues copies.
pub(crate) fn issuers() -> Arc<Issuers> {
    Arc::new(Issuers::named(vec![ORGANISATION.parse().unwrap()]))
}
