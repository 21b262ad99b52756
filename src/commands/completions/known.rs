//! Values that are known without asking anybody: profiles, settings, presets, verbs, and what was used lately.

use std::ffi::OsString;

use clap_complete::CompletionCandidate;

use super::typed::Typed;
use crate::commands::credentials::VERBS;
use crate::commands::deployment;
use crate::config::{Contents, Given, History, KEYS, Remembered, Settings, Slot};
use crate::env::Environment;
use crate::reference::{self, Catalogue};
use crate::ui::one_line;

/// What the last of these words can become, by what is known on this machine.
pub(crate) fn known(tree: &clap::Command, words: &[OsString], environment: &Environment) -> Vec<CompletionCandidate> {
    let Some(typed) = Typed::of(tree, words) else { return Vec::new() };
    let contents = || Settings::contents_of(environment).unwrap_or_default();
    let found = match wanted(&typed) {
        None => return Vec::new(),
        Some(KnownValues::Profile) => profiles(&contents()),
        Some(KnownValues::Key) => setting_keys(&contents()),
        Some(KnownValues::Preset) => presets(&contents()),
        Some(KnownValues::Alias) => contents().aliases(),
        Some(KnownValues::Purpose) => purposes(&typed.value, deployment::catalogue(words, environment)),
        Some(KnownValues::SchemaOwner) => schema_owners(deployment::catalogue(words, environment)),
        Some(KnownValues::Schema) => schemas(&typed, deployment::catalogue(words, environment)),
        Some(KnownValues::Used { tasks, groups }) => used(history(environment), tasks, groups),
    };
    let candidates = found.into_iter().filter(|(value, _)| value.starts_with(&typed.value));
    candidates.map(|(value, help)| candidate(&typed.attached, &value, &help)).collect()
}

fn candidate(attached: &str, value: &str, help: &str) -> CompletionCandidate {
    let candidate = CompletionCandidate::new(format!("{attached}{value}"));
    if help.is_empty() { candidate } else { candidate.help(Some(help.to_owned().into())) }
}

/// What is known of an argument's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KnownValues {
    Profile,
    Key,
    Preset,
    Alias,
    /// Verbs and methods.
    Purpose,
    /// Services, and families of schemas that belong to none.
    SchemaOwner,
    /// Methods with a schema, or files, of the service or family before it.
    Schema,
    Used {
        tasks: bool,
        groups: bool,
    },
}

fn wanted(typed: &Typed) -> Option<KnownValues> {
    let commands: Vec<&str> = typed.commands.iter().map(String::as_str).collect();
    match (commands.as_slice(), typed.argument.get_id().as_str()) {
        (_, "root_url") if typed.argument.is_global_set() => return Some(KnownValues::Profile),
        (["alias", "set"], "name") | (["alias", "rm"], "names") => return Some(KnownValues::Alias),
        (_, "profile") if typed.argument.is_global_set() => return Some(KnownValues::Profile),
        (["profile", "use" | "rm"], "name") => return Some(KnownValues::Profile),
        (["config"] | ["config", "get" | "set" | "unset" | "help"], "key") => return Some(KnownValues::Key),
        (["signin"], "preset") => return Some(KnownValues::Preset),
        (["schema", "show" | "skeleton" | "validate" | "list"], "service") => return Some(KnownValues::SchemaOwner),
        (["schema", "show" | "skeleton" | "validate"], "name") => return Some(KnownValues::Schema),
        _ => {}
    }
    let names: Vec<&str> = typed.argument.get_value_names().into_iter().flatten().map(|name| name.as_str()).collect();
    let is_one_of = |name: &str| names.iter().any(|names| names.split('|').any(|one| one == name));
    if is_one_of("VERB") && is_one_of("METHOD") {
        return Some(KnownValues::Purpose);
    }
    let is_hook = commands.first() == Some(&"hook");
    let (tasks, groups) = (is_one_of("TASK"), is_one_of("GROUP") && !is_hook);
    (tasks || groups).then_some(KnownValues::Used { tasks, groups })
}

/// Candidates with what is said of them.
type Found = Vec<(String, String)>;

fn profiles(contents: &Contents) -> Found {
    let profiles = contents.all_profiles().into_iter();
    profiles.map(|profile| (profile.name, profile.root_url.unwrap_or_default())).collect()
}

fn setting_keys(contents: &Contents) -> Found {
    let top = KEYS.iter().map(|key| (key.name.to_owned(), key.meaning.to_owned()));
    let own = contents.values.iter().filter(|(slot, _)| !matches!(slot, Slot::Top(_)));
    top.chain(own.map(|(slot, _)| (slot.to_string(), String::new()))).collect()
}

fn presets(contents: &Contents) -> Found {
    let preset = |(slot, _): &(Slot, _)| match slot {
        Slot::Preset(name) => Some((name.clone(), String::new())),
        Slot::Top(_) | Slot::Profile(..) | Slot::Alias(_) => None,
    };
    contents.values.iter().filter_map(preset).collect()
}

/// Services and families, each once.
fn schema_owners(catalogue: &Catalogue) -> Found {
    let families = reference::family_schema_uris();
    let families = families.filter_map(|uri| Some(uri.strip_prefix("/schemas/")?.split('/').next()?.to_owned()));
    let mut names: Vec<String> = catalogue.service_names().map(ToOwned::to_owned).chain(families).collect();
    names.dedup();
    names.into_iter().map(|name| (name, String::new())).collect()
}

/// Methods whose body has a schema until a `/` is typed, files from then on.
fn schemas(typed: &Typed, catalogue: &Catalogue) -> Found {
    let Some(owner) = typed.before.first() else { return Vec::new() };
    let service = catalogue.service(owner).ok();
    let methods = service.into_iter().flat_map(|service| &service.methods);
    let methods = methods.filter(|method| method.input.is_some()).map(|method| method.name.clone());
    let methods: Vec<String> = if typed.value.contains('/') { Vec::new() } else { methods.collect() };
    let files: Vec<String> = match (service, methods.is_empty()) {
        (_, false) => Vec::new(),
        (Some(service), true) => service.schemas.keys().cloned().collect(),
        (None, true) => {
            let prefix = format!("/schemas/{owner}/");
            let file = |uri: String| Some(uri.strip_prefix(&prefix)?.trim_end_matches('#').to_owned());
            reference::family_schema_uris().filter_map(file).collect()
        }
    };
    methods.into_iter().chain(files).map(|name| (name, String::new())).collect()
}

/// Verbs; methods of the service whose name is there already.
fn purposes(value: &str, catalogue: &Catalogue) -> Found {
    let verbs = VERBS.iter().map(|verb| (verb.verb.to_owned(), String::new()));
    let service = value.split_once('.').and_then(|(name, _)| catalogue.service(name).ok());
    let methods = service.into_iter().flat_map(|service| {
        service.methods.iter().map(|method| (format!("{}.{}", service.service_name, method.name), String::new()))
    });
    verbs.chain(methods).collect()
}

/// What was named lately, the newest first; nothing where the user wants nothing to be remembered.
pub(super) fn history(environment: &Environment) -> Vec<Remembered> {
    let is_on = Settings::load(environment, Given::default()).is_ok_and(|settings| settings.has_history());
    History::of(environment).filter(|_| is_on).map(|history| history.read()).unwrap_or_default()
}

/// The newest first, as they are kept.
fn used(history: Vec<Remembered>, tasks: bool, groups: bool) -> Found {
    let wanted = history.into_iter().filter(|one| if one.is_group { groups } else { tasks });
    wanted.map(|one| (one.id, one_line(&one.name))).collect()
}
