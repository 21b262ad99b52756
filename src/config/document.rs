//! The settings file as text: read with positions, changed in place. Pure.

use std::fmt;

use thiserror::Error;
use toml_edit::{DocumentMut, Item, TableLike};

use super::keys::{ALIASES, PRESETS, PROFILES, Slot};
use super::values::Value;

/// What is wrong with a settings file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub(crate) struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A key that the program does not know, where it stands, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// The dotted key.
    pub key: String,
    /// Line, from 1.
    pub line: usize,
    /// Keys that resemble it.
    pub suggestions: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: unknown setting `{}`", self.line, self.key)?;
        match self.suggestions.first() {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => f.write_str("."),
        }
    }
}

/// A settings file that is TOML.
#[derive(Debug, Clone)]
pub(crate) struct Document(toml_edit::Document<String>);

/// What stands in a settings file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Values in the order of the file.
    pub values: Vec<(Slot, Value)>,
    /// Names of profiles, those without values included.
    pub profiles: Vec<String>,
    /// Keys that mean nothing to this program.
    pub unknown: Vec<Unknown>,
}

impl Document {
    /// Reads TOML; what the keys mean does not matter yet.
    ///
    /// # Errors
    /// The first place where it is no TOML.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        toml_edit::Document::parse(text.to_owned()).map(Self).map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let message = error.message().lines().next().unwrap_or("no TOML").to_owned();
            Fault { line, column, message }
        })
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.0.raw()
    }

    /// What stands in it.
    ///
    /// # Errors
    /// The first value that is not what its key wants.
    pub(crate) fn contents(&self) -> Result<Contents, Fault> {
        let mut contents = Contents::default();
        for (key, item) in self.0.iter() {
            match (key, item.as_table_like()) {
                (PRESETS | ALIASES, Some(table)) => {
                    for (name, value) in table.iter() {
                        self.leaf(&format!("{key}.{name}"), (table, name), value, &mut contents)?;
                    }
                }
                (PROFILES, Some(profiles)) => {
                    for (name, profile) in profiles.iter() {
                        self.profile(name, profile, &mut contents)?;
                    }
                }
                (PRESETS | ALIASES | PROFILES, None) => {
                    return Err(self.fault((&*self.0, key), item, "this must be a table"));
                }
                _ => self.leaf(key, (&*self.0, key), item, &mut contents)?,
            }
        }
        Ok(contents)
    }

    fn profile(&self, name: &str, profile: &Item, contents: &mut Contents) -> Result<(), Fault> {
        let Some(table) = profile.as_table_like() else {
            return Err(self.fault_at(profile.span(), "a profile must be a table"));
        };
        contents.profiles.push(name.into());
        for (key, item) in table.iter() {
            self.leaf(&format!("{PROFILES}.{name}.{key}"), (table, key), item, contents)?;
        }
        Ok(())
    }

    fn leaf(
        &self,
        dotted: &str,
        place: (&dyn TableLike, &str),
        item: &Item,
        contents: &mut Contents,
    ) -> Result<(), Fault> {
        match Slot::parse(dotted) {
            Ok(slot) => match slot.kind().read(item) {
                Some(value) => contents.values.push((slot, value)),
                None => {
                    return Err(self.fault(place, item, &format!("`{slot}` must be {}", slot.kind().expects())));
                }
            },
            Err(unknown) => {
                let span = place.0.key(place.1).and_then(toml_edit::Key::span).or_else(|| item.span());
                let (line, _) = position(self.0.raw(), span.map_or(0, |span| span.start));
                contents.unknown.push(Unknown { key: unknown.key, line, suggestions: unknown.suggestions });
            }
        }
        Ok(())
    }

    fn fault(&self, (table, key): (&dyn TableLike, &str), item: &Item, message: &str) -> Fault {
        let span = item.span().or_else(|| table.key(key).and_then(toml_edit::Key::span));
        self.fault_at(span, message)
    }

    fn fault_at(&self, span: Option<std::ops::Range<usize>>, message: &str) -> Fault {
        let (line, column) = position(self.0.raw(), span.map_or(0, |span| span.start));
        Fault { line, column, message: message.into() }
    }

    /// Whether something stands there, right or wrong.
    pub(crate) fn has(&self, slot: &Slot) -> bool {
        let (tables, name) = path(slot);
        let mut table: &dyn TableLike = self.0.as_table();
        for name in tables {
            match table.get(name).and_then(Item::as_table_like) {
                Some(inner) => table = inner,
                None => return false,
            }
        }
        table.contains_key(name)
    }

    /// The same file with a value set; comments, order and everything else stay.
    ///
    /// # Errors
    /// When a value stands where a table must be.
    pub(crate) fn with(&self, slot: &Slot, value: &Value) -> Result<Self, Fault> {
        self.edited(|document| {
            let (tables, name) = path(slot);
            if tables.is_empty() && !document.iter().any(|(_, item)| item.is_value()) {
                set_apart(document.as_table_mut());
            }
            let table = descend(document.as_table_mut(), &tables)?;
            let mut new = value.to_toml();
            if let Some(old) = table.get(name).and_then(Item::as_value) {
                // White space and a comment at the end of the line belong to the place, not to the value.
                *new.decor_mut() = old.decor().clone();
            }
            // Inserting in place keeps the comments above the key as well.
            match table.get_mut(name) {
                Some(item) => *item = Item::Value(new),
                None => drop(table.insert(name, Item::Value(new))),
            }
            Some(())
        })
    }

    /// The same file without a value.
    ///
    /// # Errors
    /// When a value stands where a table must be.
    pub(crate) fn without(&self, slot: &Slot) -> Result<Self, Fault> {
        self.edited(|document| {
            let (tables, name) = path(slot);
            remove(document.as_table_mut(), &tables, name)
        })
    }

    /// The same file without a profile.
    ///
    /// # Errors
    /// When `profiles` is no table.
    pub(crate) fn without_profile(&self, name: &str) -> Result<Self, Fault> {
        self.edited(|document| remove(document.as_table_mut(), &[PROFILES], name))
    }

    fn edited(&self, edit: impl FnOnce(&mut DocumentMut) -> Option<()>) -> Result<Self, Fault> {
        let mut document = self.0.clone().into_mut();
        match edit(&mut document) {
            // The blank line before a table is none at the start of a file.
            Some(()) if self.text().is_empty() => Self::parse(document.to_string().trim_start()),
            Some(()) => Self::parse(&document.to_string()),
            None => Err(self.fault_at(None, "a value stands where a table must be")),
        }
    }
}

/// The tables that lead to a slot, and the key in the last of them.
fn path(slot: &Slot) -> (Vec<&str>, &str) {
    match slot {
        Slot::Top(key) => (Vec::new(), key.name),
        Slot::Profile(name, key) => (vec![PROFILES, name], key.name),
        Slot::Preset(name) => (vec![PRESETS], name),
        Slot::Alias(name) => (vec![ALIASES], name),
    }
}

/// Goes down into tables, made where they are missing; none when something else stands there.
fn descend<'a>(table: &'a mut dyn TableLike, names: &[&str]) -> Option<&'a mut dyn TableLike> {
    let Some((first, rest)) = names.split_first() else { return Some(table) };
    let mut new = toml_edit::Table::new();
    // `[profiles]` alone needs no header; the tables in it have theirs.
    new.set_implicit(!rest.is_empty());
    new.decor_mut().set_prefix("\n");
    descend(table.entry(first).or_insert(Item::Table(new)).as_table_like_mut()?, rest)
}

/// Puts a blank line before the first table, which will no longer be the first thing in the file.
fn set_apart(table: &mut toml_edit::Table) {
    let Some(first) = table.iter_mut().find_map(|(_, item)| item.as_table_mut()) else { return };
    if first.is_implicit() {
        return set_apart(first);
    }
    let prefix = first.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let apart = if prefix.starts_with('\n') { prefix.to_owned() } else { format!("\n{prefix}") };
    first.decor_mut().set_prefix(apart);
}

/// Removes a key where its tables exist; none when something else stands in their place.
fn remove(table: &mut dyn TableLike, names: &[&str], key: &str) -> Option<()> {
    match names.split_first() {
        None => drop(table.remove(key)),
        Some((first, rest)) => {
            if let Some(item) = table.get_mut(first) {
                remove(item.as_table_like_mut()?, rest, key)?;
            }
        }
    }
    Some(())
}

/// Line and column, in characters from 1, of a byte in a text.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
