//! Scopes and descriptions as they are given: on the command line, in files, on standard input.

use serde_json::Value;

use crate::commands::credentials::needs::split_scopes;
use crate::context::Context;
use crate::domain::{scopes, yaml};
use crate::error::{Error, Result};

/// What a client or a role may do, and what it is for.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct DefinitionArgs {
    /// Scope; repeatable, also one a line
    #[arg(short, long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Scopes from a file, or standard input for `-`: one a line, a list in JSON or YAML, or an object with `scopes` and
    /// maybe a `description`
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// What it is for
    #[arg(short, long, value_name = "TEXT")]
    description: Option<String>,
}

/// How the scopes of what is there change.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    whole: DefinitionArgs,
    /// Add a scope to those that are there; repeatable, also one a line
    #[arg(long, value_name = "SCOPE", conflicts_with_all = ["scope", "file"])]
    add_scope: Vec<String>,
    /// Take a scope away; repeatable, also one a line
    #[arg(long, value_name = "SCOPE", conflicts_with_all = ["scope", "file"])]
    remove_scope: Vec<String>,
}

/// What was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// All scopes; none where nothing was said of them.
    pub scopes: Option<Vec<String>>,
    pub description: Option<String>,
}

impl DefinitionArgs {
    /// Reads the file, and checks the scopes.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for what is no scope, or a file that holds none.
    pub(super) async fn read(&self, context: &Context) -> Result<Given> {
        let mut given = Given::default();
        if let Some(file) = &self.file {
            let name = if file == "-" { "standard input" } else { file };
            let bytes = match file.as_str() {
                "-" => context.read_stdin().await?,
                path => std::fs::read(context.env.resolve(path)).map_err(|source| Error::io("read", name, source))?,
            };
            let text = String::from_utf8(bytes).map_err(|_| Error::usage(format!("{name} is not UTF-8")))?;
            given = parse(&text, name)?;
        }
        if !self.scope.is_empty() {
            given.scopes.get_or_insert_default().extend(self.scope.iter().cloned());
        }
        if let Some(scopes) = &mut given.scopes {
            *scopes = checked(scopes)?;
        }
        given.description = self.description.clone().or(given.description);
        Ok(given)
    }
}

impl ChangeArgs {
    /// What was given, with the scopes as they are to be after additions and removals.
    ///
    /// # Errors
    /// Those of [`DefinitionArgs::read`]; [`crate::error::Kind::Usage`] for the removal of a scope that is not there.
    pub(super) async fn read(&self, before: &[String], context: &Context) -> Result<Given> {
        let mut given = self.whole.read(context).await?;
        if !self.add_scope.is_empty() || !self.remove_scope.is_empty() {
            given.scopes = Some(changed(before, &checked(&self.add_scope)?, &checked(&self.remove_scope)?)?);
        }
        Ok(given)
    }
}

fn changed(before: &[String], added: &[String], removed: &[String]) -> Result<Vec<String>> {
    if let Some(scope) = removed.iter().find(|scope| !before.contains(scope)) {
        let error = Error::usage(format!("scope `{scope}` cannot be removed: it is not there"));
        return Err(match before.iter().find(|before| scopes::covers(before, scope)) {
            Some(wider) => error.hint(format!("It is part of `{wider}`, which is there.")),
            None => error,
        });
    }
    let mut after: Vec<String> = before.iter().filter(|scope| !removed.contains(scope)).cloned().collect();
    after.extend(added.iter().filter(|scope| !before.contains(scope)).cloned());
    Ok(after)
}

/// Each scope once, in the order in which they came.
fn checked(scopes: &[String]) -> Result<Vec<String>> {
    let mut distinct: Vec<String> = Vec::new();
    for scope in split_scopes(scopes)? {
        if !distinct.contains(&scope) {
            distinct.push(scope);
        }
    }
    Ok(distinct)
}

/// Lines, or a list or an object in JSON or YAML. A line that is a scope is no YAML list and no map.
fn parse(text: &str, name: &str) -> Result<Given> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_document =
        |line: &str| line.starts_with(['[', '{', '-']) || line.starts_with("scopes:") || line.contains(": ");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    if !lines.clone().next().is_some_and(is_document) {
        return Ok(Given { scopes: Some(lines.by_ref().map(str::to_owned).collect()), description: None });
    }
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => yaml::parse(text)
            .map_err(|source| Error::usage(format!("{name} is neither JSON nor YAML")).caused_by(source))?,
    };
    let description = value.get("description").and_then(Value::as_str).map(str::to_owned);
    let list = if value.is_array() { Some(&value) } else { value.get("scopes") };
    let Some(list) = list.and_then(Value::as_array) else {
        return Err(Error::usage(format!("{name} has no list of scopes"))
            .hint("Give one scope a line, a list, or an object with a list called scopes."));
    };
    let scopes: Option<Vec<String>> = list.iter().map(|scope| scope.as_str().map(str::to_owned)).collect();
    match scopes {
        Some(scopes) => Ok(Given { scopes: Some(scopes), description }),
        None => Err(Error::usage(format!("a scope in {name} is not a text"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(text: &str) -> Vec<String> {
        parse(text, "file").unwrap().scopes.unwrap()
    }

    #[test]
    fn lines_lists_and_objects_hold_scopes() {
        let expected = ["queue:a:b", "secrets:get:x y#z"];
        for text in [
            "# for the bot\nqueue:a:b\n\n  secrets:get:x y#z\r\n",
            r#"["queue:a:b", "secrets:get:x y#z"]"#,
            "- queue:a:b\n- 'secrets:get:x y#z'\n",
            "scopes: [queue:a:b, 'secrets:get:x y#z']\n",
            r#"{"scopes": ["queue:a:b", "secrets:get:x y#z"], "expandedScopes": ["x"]}"#,
        ] {
            assert_eq!(scopes(text), expected, "{text}");
        }
        let given = parse("description: for the bot\nscopes: [a]\n", "file").unwrap();
        assert_eq!(given.description.as_deref(), Some("for the bot"));
        assert_eq!(scopes(""), [""; 0]);
    }

    #[test]
    fn a_file_without_scopes_says_so() {
        let refused = |text: &str| parse(text, "file").unwrap_err().message().to_owned();
        assert_eq!(refused("{\"a\": 1}"), "file has no list of scopes");
        assert_eq!(refused("[1]"), "a scope in file is not a text");
        assert_eq!(refused("[\"a\""), "file is neither JSON nor YAML");
    }

    #[test]
    fn scopes_are_added_and_taken_away() {
        let list = |scopes: &[&str]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let before = list(&["a", "b:*"]);
        assert_eq!(changed(&before, &list(&["c", "a"]), &list(&["b:*"])).unwrap(), ["a", "c"]);
        let refused = changed(&before, &[], &list(&["b:x"])).unwrap_err();
        assert_eq!(refused.message(), "scope `b:x` cannot be removed: it is not there");
        assert_eq!(refused.hints(), ["It is part of `b:*`, which is there."]);
        assert_eq!(checked(&list(&["a\nb", "a"])).unwrap(), ["a", "b"]);
        assert!(checked(&list(&["é"])).is_err());
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text: String) {
            let _given = parse(&text, "file");
        }
    }
}
