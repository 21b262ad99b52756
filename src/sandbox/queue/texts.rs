//! Text that many tasks have in common is kept once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::sandbox::call::Fault;

/// A part of a definition that nobody here looks into, as JSON text.
#[derive(Debug, Clone)]
pub(super) struct Document(Arc<RawValue>);

impl Document {
    /// The text as a value that serializes as it is.
    pub(super) fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl Borrow<str> for Document {
    fn borrow(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Document {}

impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the text that it is borrowed as.
        self.0.get().hash(state);
    }
}

/// The one copy of each text.
#[derive(Debug, Default)]
pub(super) struct Texts {
    names: HashSet<Arc<str>>,
    documents: HashSet<Document>,
    lists: HashSet<Arc<[String]>>,
    /// How many tasks were forgotten since the texts were looked through.
    forgotten: usize,
}

impl Texts {
    /// A name: of a task queue, a worker, an artifact, a content type.
    pub(super) fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Arc<str> = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// A list of scopes or routes.
    pub(super) fn list(&mut self, texts: &[&str]) -> Arc<[String]> {
        let list: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        if let Some(known) = self.lists.get(list.as_slice()) {
            return Arc::clone(known);
        }
        let list: Arc<[String]> = list.into();
        self.lists.insert(Arc::clone(&list));
        list
    }

    /// A part of a definition.
    ///
    /// # Errors
    /// 500 when it does not serialize, which no value of JSON does.
    pub(super) fn document(&mut self, value: &Value) -> Result<Document, Fault> {
        let raw = to_raw_value(value).map_err(|error| Fault::internal(error.to_string()))?;
        if let Some(known) = self.documents.get(raw.get()) {
            return Ok(known.clone());
        }
        let document = Document(raw.into());
        self.documents.insert(document.clone());
        Ok(document)
    }

    /// Drops what nothing refers to any more. It costs a look at every text, so that it is done only once in so many tasks
    /// that were forgotten.
    pub(super) fn forget_with_task(&mut self, left: usize) {
        self.forgotten += 1;
        if self.forgotten < left {
            return;
        }
        self.forgotten = 0;
        self.names.retain(|name| Arc::strong_count(name) > 1);
        self.documents.retain(|document| Arc::strong_count(&document.0) > 1);
        self.lists.retain(|list| Arc::strong_count(list) > 1);
        self.names.shrink_to_fit();
        self.documents.shrink_to_fit();
        self.lists.shrink_to_fit();
    }

    /// How many texts are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.names.len() + self.documents.len() + self.lists.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_text_is_kept_once_and_only_while_it_is_used() {
        let mut texts = Texts::default();
        let (name, list) = (texts.name("a"), texts.list(&["s", "t"]));
        let document = texts.document(&json!({"b": 1})).unwrap();
        assert!(Arc::ptr_eq(&name, &texts.name("a")) && Arc::ptr_eq(&list, &texts.list(&["s", "t"])));
        assert!(Arc::ptr_eq(&document.0, &texts.document(&json!({"b": 1})).unwrap().0));
        assert_eq!(texts.len(), 3);
        drop((list, document));
        texts.forget_with_task(2);
        assert_eq!(texts.len(), 3, "not looked through for one task of many");
        texts.forget_with_task(2);
        assert_eq!(texts.len(), 1);
        drop(name);
        texts.forget_with_task(0);
        assert_eq!(texts.len(), 0);
    }
}
