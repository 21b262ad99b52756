//! Settings out of a secret: its sections, over defaults, with what must be there.

use std::fmt;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{Error, Result};

/// What to load of a secret, and what to check.
#[derive(Clone, Default)]
pub struct LoadOptions {
    prefixes: Vec<String>,
    required: Vec<String>,
    existing: Map<String, Value>,
    local: Option<Map<String, Value>>,
}

impl LoadOptions {
    /// Takes a section of the secret; repeatable, and later sections override earlier ones. Without any, the whole secret is
    /// taken.
    #[must_use]
    pub fn prefix(mut self, section: impl Into<String>) -> Self {
        self.prefixes.push(section.into());
        self
    }

    /// Requires a key in the result; repeatable.
    #[must_use]
    pub fn required(mut self, key: impl Into<String>) -> Self {
        self.required.push(key.into());
        self
    }

    /// Adds a default, which the secret overrides.
    #[must_use]
    pub fn existing(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.existing.insert(key.into(), value.into());
        self
    }

    /// Gives the content in place of the secret's, and nothing is called: for work on one's own machine.
    #[must_use]
    pub fn local(mut self, content: Map<String, Value>) -> Self {
        self.local = Some(content);
        self
    }

    pub(super) fn local_secrets(&self) -> Option<&Map<String, Value>> {
        self.local.as_ref()
    }
}

impl fmt::Debug for LoadOptions {
    /// Without values, which can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("prefixes", &self.prefixes)
            .field("required", &self.required)
            .field("existing", &self.existing.keys().collect::<Vec<_>>())
            .field("local", &self.local.as_ref().map(|local| local.keys().collect::<Vec<_>>()))
            .finish()
    }
}

/// Settings by their keys; `Debug` shows the keys only.
#[derive(Clone, Default, PartialEq)]
pub struct Secrets(Map<String, Value>);

impl Secrets {
    /// A value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// All of them, defaults first and then as the sections have them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// All of them, as a JSON object.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|key| (key, format_args!("(redacted)")))).finish()
    }
}

/// Fetches a secret and takes from it what `options` say.
///
/// A section that is not there adds nothing.
///
/// # Errors
/// [`crate::Kind::Usage`] without a name, where [`LoadOptions::local`] is not given; [`crate::Kind::NotFound`] when there is no
/// such secret; [`crate::Kind::Failed`] when something required is missing or a section is no object; those of the call.
pub async fn load_secrets(client: &Client, name: Option<&str>, options: &LoadOptions) -> Result<Secrets> {
    if let Some(local) = &options.local {
        return select(local, "the local secrets", options);
    }
    let name = name.ok_or_else(|| Error::usage("the name of the secret is missing"))?;
    let answer: Value = client.call("secrets", "get").arg(name).send().await?.json()?;
    match answer.get("secret") {
        Some(Value::Object(secret)) => select(secret, &format!("secret `{name}`"), options),
        None => select(&Map::new(), &format!("secret `{name}`"), options),
        Some(_) => Err(Error::failed(format!("secret `{name}` is not an object"))),
    }
}

/// Takes from `content` what `options` say; `origin` is what to call it in errors.
///
/// # Errors
/// [`crate::Kind::Failed`] when something required is missing, with all of it, and for a section that is no object.
pub(crate) fn select(content: &Map<String, Value>, origin: &str, options: &LoadOptions) -> Result<Secrets> {
    let mut found = options.existing.clone();
    let mut add = |section: &Map<String, Value>| found.extend(section.iter().map(|(k, v)| (k.clone(), v.clone())));
    if options.prefixes.is_empty() {
        add(content);
    }
    for prefix in &options.prefixes {
        match content.get(prefix) {
            Some(Value::Object(section)) => add(section),
            Some(_) => return Err(Error::failed(format!("section `{prefix}` of {origin} is not an object"))),
            None => {}
        }
    }
    let missing: Vec<&str> =
        options.required.iter().map(String::as_str).filter(|key| !found.contains_key(*key)).collect();
    match missing.as_slice() {
        [] => Ok(Secrets(found)),
        [key] => Err(Error::failed(format!("{origin} lacks the required key `{key}`"))),
        keys => Err(Error::failed(format!("{origin} lacks the required keys `{}`", keys.join("`, `")))),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// A case of `tests/data/load-secrets.json`: what goes in, and the result or the error.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        content: Map<String, Value>,
        #[serde(default)]
        prefixes: Vec<String>,
        #[serde(default)]
        required: Vec<String>,
        #[serde(default)]
        existing: Map<String, Value>,
        result: Option<Value>,
        error: Option<String>,
    }

    #[test]
    fn a_secret_is_taken_as_the_python_helper_takes_it() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/data/load-secrets.json")).unwrap();
        assert!(cases.len() >= 14);
        for case in cases {
            let mut options = LoadOptions { existing: case.existing, ..LoadOptions::default() };
            options = case.prefixes.iter().fold(options, LoadOptions::prefix);
            options = case.required.iter().fold(options, LoadOptions::required);
            let found = select(&case.content, "it", &options);
            match (found, case.result, case.error) {
                (Ok(found), Some(result), None) => assert_eq!(Value::Object(found.into_map()), result, "{}", case.name),
                (Err(error), None, Some(message)) => assert_eq!(error.message(), message, "{}", case.name),
                (found, ..) => panic!("{}: {found:?}", case.name),
            }
        }
    }

    #[test]
    fn values_do_not_print() {
        let content = json!({"a": "hunter2"}).as_object().unwrap().clone();
        let options = LoadOptions::default().existing("b", "hunter2").local(content.clone());
        let secrets = select(&content, "it", &options).unwrap();
        assert_eq!(format!("{secrets:?}"), r#"{"b": (redacted), "a": (redacted)}"#);
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
