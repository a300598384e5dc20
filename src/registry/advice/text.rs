//! The words of advice.

use super::AdviceKind;
use crate::domain::Language;

impl AdviceKind {
    /// The reason and what to do, in one or two sentences.
    pub(crate) fn text(&self, language: Language) -> String {
        let uk = language == Language::Uk;
        let fixed = match self {
            Self::BranchNameTooLong { length, max } if uk => {
                return format!("Назва відділення має {length} символів, Дія приймає до {max}.");
            }
            Self::BranchNameTooLong { length, max } => {
                return format!(
                    "The branch's name has {length} characters; Diia takes up to {max}."
                );
            }
            Self::QrExpired { since } if uk => {
                return format!("QR-код не діє з {since}: створіть і надрукуйте новий.");
            }
            Self::QrExpired { since } => {
                return format!(
                    "The QR code has not worked since {since}: make and print a new one."
                );
            }
            Self::QrRenew { until } if uk => {
                return format!("QR-код діє до {until}: час створити й надрукувати новий.");
            }
            Self::QrRenew { until } => {
                return format!(
                    "The QR code stops working on {until}: time to make and print a new one."
                );
            }
            Self::SeveralDocuments { count } if uk => {
                return format!(
                    "Один QR-код запитує документів: {count}. Хто не має хоча б одного, не поділиться жодним: \
                     зробіть окремий код для кожного документа."
                );
            }
            Self::SeveralDocuments { count } => {
                return format!(
                    "One QR code asks for {count} documents. Who lacks one of them can share none: \
                     make one code for each document."
                );
            }
            Self::TypeUnlisted { code } if uk => {
                return format!(
                    "Тип документа «{code}» цій версії невідомий. Перевірте написання: копії впізнають за ним."
                );
            }
            Self::TypeUnlisted { code } => {
                return format!(
                    "This version does not know the document type {code}. Check its spelling: copies are told by it."
                );
            }
            Self::BranchNameGeneric => (
                "Назва відділення не каже, який це заклад. Вкажіть власну назву закладу, якому передають копії.",
                "The branch's name does not tell which institution this is. Use the own name of the one that people hand copies to.",
            ),
            Self::BranchNameTwice => (
                "Інше відділення має таку саму назву: відвідувач їх не розрізнить.",
                "Another branch has the same name: visitors cannot tell them apart.",
            ),
            Self::LegalNoteMissing => (
                "Не вказано, який саме закон чи договір є підставою обробки (legal_note). З'ясуйте це, перш ніж запитувати документи.",
                "It is not said which law or contract is the ground for processing (legal_note). Find out before asking for documents.",
            ),
            Self::NamesTheApp => (
                "Назва згадує застосунок Дія. Дія вилучає такі назви: вкажіть заклад або мету обробки.",
                "The name mentions the Diia app. Diia removes such names: name the institution, or the purpose of processing.",
            ),
            Self::NamesDocuments => (
                "Назва послуги перелічує документи. Дія вилучає такі назви: вкажіть мету, наприклад «Вступ до навчального закладу».",
                "The service's name lists documents. Diia removes such names: say the purpose, such as «Вступ до навчального закладу».",
            ),
            Self::NoPurpose => (
                "Назва послуги не каже, навіщо потрібні документи. Вкажіть мету обробки, зрозумілу відвідувачеві.",
                "The service's name does not say what the documents are for. Say the purpose in words that a visitor understands.",
            ),
            Self::NamesTheOrganisation => (
                "Відділення назване так само, як уся організація. Вкажіть заклад, якому передають копії: бібліотеку, музей, ЦНАП.",
                "The branch is called as the whole organisation is. Name the institution that people hand copies to: the library, the museum.",
            ),
            Self::NoService => (
                "У відділення немає жодної діючої послуги: кожне надходження чекатиме рішення керівника.",
                "The branch has no active service: a supervisor must decide on everything that it receives.",
            ),
            Self::QrNotSet => (
                "Не вказано, коли створено QR-код (qr_issued_on): нагадати про заміну неможливо.",
                "It is not said when the QR code was made (qr_issued_on): nobody can be reminded to renew it.",
            ),
        };
        if uk { fixed.0 } else { fixed.1 }.to_owned()
    }
}
