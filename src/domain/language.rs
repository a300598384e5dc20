//! The languages of the product.

use super::named;

named! {
    /// A language that every text a person reads exists in.
    #[derive(Default)]
    pub enum Language {
        /// Ukrainian, the default.
        #[default]
        Uk = "uk",
        /// English.
        En = "en",
    }
}
