//! Which value counts: flag, then environment, then profile, then file, then the default.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::document::Contents;
use super::keys::{self, KEYS, Key, Slot};
use super::values::{Type, Value, parse_time};
use super::{GoTool, Paths, Profile, SettingsFile};
use crate::domain::RootUrl;
use crate::env::{self, Environment};
use crate::error::{Advice, Error, Kind, Result};

/// What the flags of one command line say, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given(Vec<(&'static str, Value)>);

impl Given {
    /// The same with the value of one more flag, if it was given; a later one takes the place of an earlier.
    #[must_use]
    pub(crate) fn with(mut self, key: &'static Key, value: Option<impl ToString>) -> Self {
        let Some(text) = value.map(|value| value.to_string()) else { return self };
        let count = if matches!(key.kind, Type::Count(..)) { text.parse().ok() } else { None };
        self.0.retain(|(name, _)| *name != key.name);
        self.0.push((key.name, count.map_or(Value::Text(text), Value::Count)));
        self
    }

    /// The value of a key, if a flag gives it.
    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        self.0.iter().find(|(name, _)| *name == key.name).map(|(_, value)| value)
    }

    fn text(&self, key: &Key) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            Value::Count(_) | Value::List(_) => None,
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag, by name.
    Flag(&'static str),
    /// A variable of the environment, by name.
    Environment(&'static str),
    /// A profile, by name.
    Profile(String),
    /// The settings file.
    File(PathBuf),
    /// The Go tool's file.
    GoTool(PathBuf),
    /// Nobody said anything else.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) | Source::Environment(name) => f.write_str(name),
            Source::Profile(name) => write!(f, "profile {name}"),
            Source::File(path) | Source::GoTool(path) => path.display().fmt(f),
            Source::Default => f.write_str("default"),
        }
    }
}

/// A value that counts, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub source: Source,
}

/// All settings of one run.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    paths: Option<Paths>,
    given: Given,
    /// Values of variables, by key.
    environment: Vec<(&'static str, Setting)>,
    contents: Contents,
    go_tool: Option<GoTool>,
    profile: Option<(Profile, Source)>,
}

impl Settings {
    /// Reads the user's files.
    ///
    /// # Errors
    /// When a file cannot be read or is broken, or a profile is chosen that does not exist.
    pub(crate) fn load(environment: &Environment, given: Given) -> Result<Self> {
        let paths = Paths::of(environment);
        let (contents, go_tool) = match &paths {
            None => (Contents::default(), None),
            Some(paths) => {
                let file = SettingsFile::at(&paths.settings);
                match file.read()? {
                    Some(document) => (file.contents(&document)?, None),
                    None => (Contents::default(), GoTool::read(&paths.go_tool)?),
                }
            }
        };
        Self::new(paths, environment, given, contents, go_tool)
    }

    /// What the user's file says, and nothing else.
    ///
    /// # Errors
    /// When it cannot be read or is broken.
    pub(crate) fn contents_of(environment: &Environment) -> Result<Contents> {
        let Some(paths) = Paths::of(environment) else { return Ok(Contents::default()) };
        let file = SettingsFile::at(&paths.settings);
        match file.read()? {
            Some(document) => file.contents(&document),
            None => Ok(Contents::default()),
        }
    }

    /// Settings from what was read. Pure.
    ///
    /// # Errors
    /// When a profile is chosen that does not exist.
    pub(crate) fn new(
        paths: Option<Paths>,
        environment: &Environment,
        given: Given,
        contents: Contents,
        go_tool: Option<GoTool>,
    ) -> Result<Self> {
        let mut settings = Self { paths, given, environment: variables(environment), contents, go_tool, profile: None };
        settings.profile = settings.chosen_profile()?;
        Ok(settings)
    }

    /// Where the user's files are; none when no home directory is known.
    pub(crate) fn paths(&self) -> Option<&Paths> {
        self.paths.as_ref()
    }

    /// What stands in the settings file.
    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The profile in use.
    pub(crate) fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref().map(|(profile, _)| profile)
    }

    /// The Go tool's settings, where they are read because there are none of ours.
    pub(crate) fn go_tool(&self) -> Option<&GoTool> {
        self.go_tool.as_ref()
    }

    /// One sentence for each key in the file that means nothing.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let path = self.paths.as_ref().map(|paths| paths.settings.display().to_string()).unwrap_or_default();
        self.contents.unknown.iter().map(|unknown| format!("{path}: {unknown}")).collect()
    }

    /// The value that counts for a key, if there is one.
    pub(crate) fn find(&self, key: &Key) -> Option<Setting> {
        self.flag(key)
            .or_else(|| self.chosen_profile_value(key, true))
            .or_else(|| self.environment.iter().find(|(name, _)| *name == key.name).map(|(_, setting)| setting.clone()))
            .or_else(|| self.chosen_profile_value(key, false))
            .or_else(|| self.file_value(key))
            .or_else(|| self.go_tool_value(key))
            .or_else(|| {
                let value = key.kind.parse(&[key.default?.into()])?;
                Some(Setting { value, source: Source::Default })
            })
    }

    /// The root URL to talk to when nothing but the settings decides, and where it comes from.
    ///
    /// # Errors
    /// When what is set is neither a root URL nor the name of a profile.
    pub(crate) fn root_url(&self) -> Result<Option<(RootUrl, Source)>> {
        let Some(setting) = self.find(&keys::ROOT_URL) else { return Ok(None) };
        let text = setting.value.to_string();
        match self.deployment(&text) {
            Ok(root) => Ok(Some((root, setting.source))),
            Err(fault) => Err(fault.hint(format!("It comes from {}.", setting.source))),
        }
    }

    /// Whether a flag chose this: it then comes before the environment.
    pub(crate) fn is_explicit(&self, source: &Source) -> bool {
        match source {
            Source::Flag(_) => true,
            Source::Profile(_) => matches!(self.profile, Some((_, Source::Flag(_)))),
            Source::Environment(_) | Source::File(_) | Source::GoTool(_) | Source::Default => false,
        }
    }

    /// Whether tasks and groups that were named are remembered.
    pub(crate) fn has_history(&self) -> bool {
        self.text(&keys::HISTORY).as_deref() != Some("off")
    }

    /// Whether to point out that a deployment is newer than the references.
    pub(crate) fn has_version_hint(&self) -> bool {
        self.text(&keys::VERSION_HINT).as_deref() != Some("off")
    }

    /// The program that shows long output, where someone says: empty for none.
    pub(crate) fn pager(&self) -> Option<String> {
        self.text(&keys::PAGER)
    }

    /// How often to try again.
    pub(crate) fn retries(&self) -> Option<u32> {
        self.count(&keys::RETRIES)
    }

    /// How many calls a bulk action makes at a time, where someone says.
    pub(crate) fn jobs(&self) -> Option<u32> {
        self.count(&keys::JOBS)
    }

    /// How long one try may take.
    ///
    /// # Errors
    /// When `--timeout` is no time; files are checked when they are read.
    pub(crate) fn timeout(&self) -> Result<Option<Duration>> {
        self.text(&keys::TIMEOUT).map(|text| parse_timeout(&text)).transpose()
    }

    /// When to colour: `auto`, `always` or `never`.
    pub(crate) fn color(&self) -> Option<String> {
        self.text(&keys::COLOR)
    }

    /// The file of CA certificates; one from a file starts at the directory of that file.
    pub(crate) fn cacert(&self, environment: &Environment) -> Option<PathBuf> {
        self.path(&keys::CACERT, environment)
    }

    /// The file of further patterns for lines that tell failures.
    pub(crate) fn patterns(&self, environment: &Environment) -> Option<PathBuf> {
        self.path(&keys::PATTERNS, environment)
    }

    /// A path; one from a file starts at the directory of that file.
    fn path(&self, key: &'static Key, environment: &Environment) -> Option<PathBuf> {
        let setting = self.find(key)?;
        let path = setting.value.as_text()?;
        Some(match (&setting.source, &self.paths) {
            (Source::Profile(_) | Source::File(_), Some(paths)) => paths.directory.join(path),
            _ => environment.resolve(path),
        })
    }

    /// The Pulse broker that the user's file names.
    pub(crate) fn pulse_url(&self) -> Option<String> {
        self.text(&keys::PULSE_URL)
    }

    /// The Pulse user that the user's file names.
    pub(crate) fn pulse_username(&self) -> Option<String> {
        self.text(&keys::PULSE_USERNAME)
    }

    /// The scopes of a preset.
    ///
    /// # Errors
    /// When there is no preset of this name.
    pub(crate) fn preset(&self, name: &str) -> Result<Vec<String>> {
        if let Some(Value::List(scopes)) = self.contents.get(&Slot::Preset(name.into())) {
            return Ok(scopes.clone());
        }
        let names: Vec<&str> = self
            .contents
            .values
            .iter()
            .filter_map(|(slot, _)| match slot {
                Slot::Preset(name) => Some(name.as_str()),
                Slot::Top(_) | Slot::Profile(..) | Slot::Alias(_) => None,
            })
            .collect();
        let error = Error::usage(format!("unknown preset `{name}`"));
        Err(match crate::reference::suggest(name, names.iter().copied()).first() {
            Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
            None => error.advise(Advice::SetSetting { key: format!("presets.{name}"), value: "SCOPE.." }),
        })
    }

    /// The deployment of a name or a URL.
    ///
    /// # Errors
    /// When it is neither; profiles of similar names are hinted at.
    pub(crate) fn deployment(&self, text: &str) -> Result<RootUrl> {
        let own = self.contents.profile(text).and_then(|profile| profile.root_url);
        if let Some(known) = RootUrl::well_known(own.as_deref().unwrap_or(text)) {
            return Ok(known);
        }
        let fault = match RootUrl::parse(own.as_deref().unwrap_or(text)) {
            Ok(root) => return Ok(root),
            Err(fault) => fault,
        };
        if self.contents.profile(text).is_some() {
            return Err(Error::usage(format!("the profile `{text}` has no root URL"))
                .advise(Advice::SetSetting { key: format!("profiles.{text}.root-url"), value: "URL" }));
        }
        match self.contents.similar_profiles(text).as_slice() {
            // A whole URL contains many a name.
            [first, ..] if !text.contains("://") => Err(Error::usage(format!("unknown profile `{text}`"))
                .hint(format!("Did you mean `{first}`?"))
                .advise(Advice::ListProfiles)),
            _ => Err(Error::usage(fault.to_string())),
        }
    }

    fn count(&self, key: &Key) -> Option<u32> {
        match self.find(key)?.value {
            Value::Count(count) => Some(count),
            Value::Text(_) | Value::List(_) => None,
        }
    }

    fn text(&self, key: &Key) -> Option<String> {
        self.find(key).map(|setting| setting.value.to_string())
    }

    fn flag(&self, key: &Key) -> Option<Setting> {
        Some(Setting { value: self.given.get(key)?.clone(), source: Source::Flag(key.flag?) })
    }

    /// A profile that a flag chose comes before the environment, any other after it.
    fn chosen_profile_value(&self, key: &Key, by_flag: bool) -> Option<Setting> {
        let (profile, source) = self.profile.as_ref()?;
        if matches!(source, Source::Flag(_)) != by_flag || !key.in_profiles {
            return None;
        }
        let own = self.contents.profile_value(&profile.name, key.name).cloned();
        let value = own.or_else(|| match key.name {
            "root-url" => profile.root_url.clone().map(Value::Text),
            _ => None,
        })?;
        Some(Setting { value, source: Source::Profile(profile.name.clone()) })
    }

    fn file_value(&self, key: &Key) -> Option<Setting> {
        let (_, value) = self.contents.values.iter().find(|(slot, _)| matches!(slot, Slot::Top(top) if *top == key))?;
        Some(Setting { value: value.clone(), source: Source::File(self.paths.as_ref()?.settings.clone()) })
    }

    fn go_tool_value(&self, key: &Key) -> Option<Setting> {
        let root_url = self.go_tool.as_ref()?.root_url.clone().filter(|_| key.name == "root-url")?;
        Some(Setting { value: Value::Text(root_url), source: Source::GoTool(self.paths.as_ref()?.go_tool.clone()) })
    }

    /// `--profile`, else the profile that `--root-url` names, else that of the environment or the file.
    fn chosen_profile(&self) -> Result<Option<(Profile, Source)>> {
        let by_root_url = self.given.text(&keys::ROOT_URL).and_then(|name| self.contents.profile(name));
        if let (None, Some(profile)) = (self.given.get(&keys::PROFILE), by_root_url) {
            return Ok(Some((profile, Source::Flag("--root-url"))));
        }
        let Some(setting) = self.find(&keys::PROFILE) else { return Ok(None) };
        let name = setting.value.to_string();
        if let Some(profile) = self.contents.profile(&name) {
            return Ok(Some((profile, setting.source)));
        }
        let error = Error::new(Kind::Usage, format!("unknown profile `{name}`"));
        let error = match self.contents.similar_profiles(&name).first() {
            Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
            None => error.advise(Advice::ListProfiles),
        };
        Err(error.hint(format!("It comes from {}.", setting.source)))
    }
}

/// Reads a time limit: `30s`, `2m`, `500ms`, `1h`; a bare number is seconds.
///
/// # Errors
/// When it is not valid, or no time at all.
pub(crate) fn parse_timeout(text: &str) -> Result<Duration> {
    parse_time(text).ok_or_else(|| {
        Error::usage(format!("invalid duration `{text}`")).hint("Give a number and a unit, such as 30s, 2m or 500ms.")
    })
}

/// What the variables say, as far as the keys have any.
fn variables(environment: &Environment) -> Vec<(&'static str, Setting)> {
    let mut found = Vec::new();
    for key in KEYS {
        let Some(variable) = key.variable else { continue };
        let text = if variable == env::ROOT_URL { environment.root_url() } else { environment.get(variable) };
        let Some(text) = text else { continue };
        // NO_COLOR is set to anything; what it says is its name.
        let value = if variable == env::NO_COLOR { "never" } else { text };
        found.push((key.name, (variable, value)));
    }
    let forced = environment.get(env::CLICOLOR_FORCE).is_some_and(|text| text != "0");
    if forced && environment.get(env::NO_COLOR).is_none() {
        found.push(("color", (env::CLICOLOR_FORCE, "always")));
    }
    found
        .into_iter()
        .map(|(key, (variable, text))| {
            (key, Setting { value: Value::Text(text.into()), source: Source::Environment(variable.name) })
        })
        .collect()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
