//! `SKRYNKA_SECTION__KEY=value` over the file.

use toml::{Table, Value};

const PREFIX: &str = "SKRYNKA_";

/// One variable and where it goes.
pub(super) struct Override {
    pub(super) variable: String,
    pub(super) path: Vec<String>,
    value: Value,
}

/// The variables that name a key of the configuration: those with our prefix and a `__` between
/// section and key. Others with the prefix belong to other programs of ours.
pub(super) fn overrides(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Override> {
    variables
        .into_iter()
        .filter_map(|(variable, text)| {
            let rest = variable.strip_prefix(PREFIX)?;
            let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
            (path.len() > 1).then(|| Override { path, value: read(&text), variable })
        })
        .collect()
}

/// Puts each value at its path, making sections that are not there.
pub(super) fn apply(table: &mut Table, overrides: Vec<Override>) {
    for Override { path, value, .. } in overrides {
        let Some((key, sections)) = path.split_last() else { continue };
        let place = sections.iter().try_fold(&mut *table, |place, section| {
            place
                .entry(section.clone())
                .or_insert_with(|| Value::Table(Table::new()))
                .as_table_mut()
        });
        if let Some(place) = place {
            place.insert(key.clone(), value);
        }
    }
}

/// A number, boolean or list where the text is one in TOML; otherwise the text itself.
fn read(text: &str) -> Value {
    let Ok(mut parsed) = format!("value = {text}").parse::<Table>() else {
        return Value::String(text.to_owned());
    };
    match parsed.remove("value") {
        Some(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}
