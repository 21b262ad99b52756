//! Definitions of hooks in files.

use serde_json::{Map, Value};

use super::named::NamedHook;
use crate::commands::documents::Document;
use crate::context::{Context, Deployment};
use crate::definition::finding::{Finding, Severity};
use crate::domain::hook_ref::HookRef;
use crate::error::{Error, Result};
use crate::reference::{Catalogue, Source};
use crate::schema::{Checker, Defaults};
use crate::ui::sanitize;

/// The schema of a definition, among those of the service.
const DEFINITION_SCHEMA: &str = "v1/create-hook-request.json";

/// Which definitions to read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DefinitionArgs {
    /// File with a definition, or a list of them, as `tc hook export` prints; `-` for standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: String,
    /// Name of the hook, in place of the one in the file
    #[arg(long, value_name = "GROUP/HOOK")]
    hook: Option<String>,
    /// Print the definitions that would be sent, and change nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
}

/// A hook with the definition that a file has for it.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) hook: NamedHook,
    /// As the service takes it, with what it fills in.
    pub(super) body: Value,
}

impl DefinitionArgs {
    /// Reads the definitions, checks them, and fills in what the service would.
    ///
    /// # Errors
    /// When the file cannot be read, or a definition is not valid or has no name.
    pub(super) async fn read(&self, context: &Context) -> Result<Vec<Definition>> {
        let document = Document::read(&self.file, context).await?;
        let named = self.hook.as_deref().map(|text| NamedHook::parse(text, context)).transpose()?;
        let items = items(&document.value);
        if named.is_some() && items.len() != 1 {
            return Err(Error::usage(format!("--hook names one hook, and the file defines {}", items.len())));
        }
        let (service, _) = Catalogue::embedded(Source::Current).method("hooks", "createHook")?;
        let checker = Checker::new(service, DEFINITION_SCHEMA)?;
        let defaults = Defaults::new(service, DEFINITION_SCHEMA)?;
        let (mut definitions, mut findings) = (Vec::new(), Vec::new());
        for (base, item) in items {
            findings.extend(checker.mismatches(item).into_iter().map(|mismatch| Finding::of(mismatch, &base)));
            let Value::Object(members) = item else { continue };
            let hook = match &named {
                Some(hook) => hook.clone(),
                None => match name_in(members) {
                    Ok((group, id)) => NamedHook { deployment: Deployment::InUse, group, id },
                    Err(fault) => {
                        findings.push(Finding::error(base, fault).help("name it with --hook GROUP/HOOK"));
                        continue;
                    }
                },
            };
            let mut body = members.clone();
            body.insert("hookGroupId".into(), hook.group.as_str().into());
            body.insert("hookId".into(), hook.id.as_str().into());
            let mut body = Value::Object(body);
            defaults.fill(&mut body);
            definitions.push(Definition { hook, body });
        }
        for text in document.show(&findings) {
            context.ui.write_stderr(format!("{}\n", sanitize(&text)).as_bytes());
        }
        let count = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match (count, definitions.len()) {
            (0, 0) => Err(Error::usage(format!("{} defines no hook", document.name))),
            (0, _) => Ok(definitions),
            (1, _) => Err(Error::usage("the definition is not valid: 1 fault")),
            (count, _) => Err(Error::usage(format!("the definition is not valid: {count} faults"))),
        }
    }
}

/// Each definition of a document, and where it stands there.
fn items(document: &Value) -> Vec<(String, &Value)> {
    let list = |base: &str, items: &'_ [Value]| -> Vec<String> {
        (0..items.len()).map(|index| format!("{base}/{index}")).collect()
    };
    match (document, document.get("hooks")) {
        (Value::Array(items), _) => list("", items).into_iter().zip(items).collect(),
        (_, Some(Value::Array(items))) => list("/hooks", items).into_iter().zip(items).collect(),
        _ => vec![(String::new(), document)],
    }
}

/// The name that a definition gives itself.
fn name_in(members: &Map<String, Value>) -> Result<(String, String), String> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{}/{}", text("hookGroupId"), text("hookId"));
    if name == "/" {
        return Err("the hook has no name".to_owned());
    }
    HookRef::parse(&name).map(|found| (found.group, found.id)).map_err(|fault| fault.to_string())
}

/// Prints definitions that are not sent.
///
/// # Errors
/// When the output cannot be written.
pub(super) async fn print(definitions: &[Definition], context: &Context) -> Result<()> {
    let mut bodies: Vec<Value> = definitions.iter().map(|definition| definition.body.clone()).collect();
    let document = if bodies.len() == 1 { bodies.remove(0) } else { Value::from(bodies) };
    context.print_json(document.to_string()).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_one_definition_or_a_list() {
        let (one, many) = (json!({"hookId": "a"}), json!([{"hookId": "a"}, {"hookId": "b"}]));
        let places = |document: &Value| items(document).into_iter().map(|(place, _)| place).collect::<Vec<_>>();
        assert_eq!(places(&one), [""]);
        assert_eq!(places(&many), ["/0", "/1"]);
        assert_eq!(places(&json!({"hooks": many})), ["/hooks/0", "/hooks/1"]);
    }

    #[test]
    fn a_definition_needs_a_name() {
        let name = |value: &Value| name_in(value.as_object().unwrap());
        assert_eq!(name(&json!({"hookGroupId": "g", "hookId": "h/i"})), Ok(("g".into(), "h/i".into())));
        assert_eq!(name(&json!({})), Err("the hook has no name".into()));
        assert!(name(&json!({"hookId": "h"})).is_err());
    }
}
