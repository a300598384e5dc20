//! Names taken apart into words, and the words that say too little.

/// How words begin that tell a kind of place and not which.
pub(super) const GENERIC_PLACES: &[&str] = &[
    "відділ",
    "філі",
    "офіс",
    "центр",
    "кабінет",
    "кас",
    "рецепці",
    "каб",
    "пункт",
    "прийм",
    "branch",
    "office",
];
/// How words begin that name documents, in the spellings of refused services.
pub(super) const DOCUMENTS: &[&str] = &[
    "паспорт",
    "епаспорт",
    "закордонн",
    "рнокпп",
    "іпн",
    "ідентифікаційн",
    "код",
    "id",
    "картк",
    "документ",
    "копі",
    "посвідчен",
    "водійськ",
    "свідоцтв",
    "довідк",
    "квит",
    "студентськ",
    "техпаспорт",
    "податк",
    "платник",
    "впо",
    "цифров",
];
/// How words begin that could stand for any purpose.
pub(super) const NO_PURPOSE: &[&str] =
    &["тест", "test", "qr", "код", "послуг", "сервіс", "service", "інше", "різне", "мет"];
/// Words that carry no meaning of their own in a name.
const CONNECTORS: &[&str] = &["і", "й", "та", "або", "чи", "для", "за", "е", "e", "and", "or"];

/// The words of a name, in lower case, without punctuation, numbers and connectors.
#[derive(PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(name: &str) -> Self {
        let lower = name.to_lowercase();
        let words = lower
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
            .filter(|word| !word.is_empty() && !CONNECTORS.contains(word));
        Self(words.map(str::to_owned).collect())
    }

    pub(super) fn all_among(&self, beginnings: &[&str]) -> bool {
        let is_number = |word: &str| word.chars().all(char::is_numeric);
        self.0.iter().any(|word| !is_number(word))
            && self.0.iter().all(|word| {
                is_number(word) || beginnings.iter().any(|beginning| word.starts_with(beginning))
            })
    }

    /// The app's name in its cases. «Дій» is left out: it is also the plural of an everyday word.
    pub(super) fn mention_the_app(&self) -> bool {
        let names = ["дія", "дії", "дію", "дією", "diia"];
        self.0.iter().any(|word| names.contains(&word.as_str()))
    }
}
