use std::path::Path;

use super::*;
use crate::config::Document;

const FILE: &str = "
root-url = \"https://file.example.com\"
retries = 1
timeout = \"1s\"
cacert = \"ca.pem\"
color = \"always\"
[presets]
relduty = [\"queue:rerun-task:*\"]
[profiles.corp]
root-url = \"https://corp.example.com\"
retries = 2
[profiles.bare]
";

fn settings_with(variables: &[(&str, &str)], given: Given, file: &str) -> Result<Settings> {
    let environment = variables
        .iter()
        .fold(Environment::empty("/srv").with("HOME", "/home/me"), |all, (name, value)| all.with(name, value));
    let contents = Document::parse(file).unwrap().contents().unwrap();
    Settings::new(Paths::of(&environment), &environment, given, contents, None)
}

/// Value and source of a key.
fn found(settings: &Settings, key: &str) -> (String, String) {
    let setting = settings.find(Key::named(key).unwrap()).unwrap();
    let source = match setting.source {
        Source::File(_) => "file".into(),
        other => other.to_string(),
    };
    (setting.value.to_string(), source)
}

fn is(settings: &Settings, key: &str, value: &str, source: &str) {
    assert_eq!(found(settings, key), (value.to_owned(), source.to_owned()), "{key}");
}

#[test]
fn flag_then_environment_then_profile_then_file_then_default() {
    let none = settings_with(&[], Given::default(), "").unwrap();
    is(&none, "retries", "5", "default");
    assert_eq!(none.find(Key::named("root-url").unwrap()), None);

    let file = settings_with(&[], Given::default(), FILE).unwrap();
    is(&file, "retries", "1", "file");
    is(&file, "root-url", "https://file.example.com", "file");

    let profile = settings_with(&[("TC_PROFILE", "corp")], Given::default(), FILE).unwrap();
    is(&profile, "retries", "2", "profile corp");
    is(&profile, "root-url", "https://corp.example.com", "profile corp");
    is(&profile, "timeout", "1s", "file");

    let root = ("TASKCLUSTER_ROOT_URL", "https://env.example.com");
    let environment = settings_with(&[root, ("TC_PROFILE", "corp")], Given::default(), FILE).unwrap();
    is(&environment, "root-url", "https://env.example.com", "TASKCLUSTER_ROOT_URL");
    is(&environment, "retries", "2", "profile corp");

    let given = Given::default().with(&keys::ROOT_URL, Some("community")).with(&keys::RETRIES, Some(9));
    let flags = settings_with(&[root], given, FILE).unwrap();
    is(&flags, "root-url", "community", "--root-url");
    is(&flags, "retries", "9", "--retries");
}

#[test]
fn a_profile_that_a_flag_chose_comes_before_the_environment() {
    let root = ("TASKCLUSTER_ROOT_URL", "https://env.example.com");
    let given = Given::default().with(&keys::PROFILE, Some("corp"));
    let settings = settings_with(&[root, ("TC_PROFILE", "staging")], given, FILE).unwrap();
    is(&settings, "root-url", "https://corp.example.com", "profile corp");
}

#[test]
fn a_profile_named_as_the_root_url_brings_its_settings() {
    let given = Given::default().with(&keys::ROOT_URL, Some("corp"));
    let settings = settings_with(&[], given, FILE).unwrap();
    assert_eq!(settings.root_url().unwrap().unwrap().0.as_str(), "https://corp.example.com");
    assert_eq!(settings.retries(), Some(2));
}

#[test]
fn names_and_urls_lead_to_a_deployment_and_nothing_else_does() {
    let settings = settings_with(&[], Given::default(), FILE).unwrap();
    for (text, url) in [
        ("corp", "https://corp.example.com"),
        ("firefox-ci", "https://firefox-ci-tc.services.mozilla.com"),
        ("http://localhost:80/", "http://localhost"),
    ] {
        assert_eq!(settings.deployment(text).unwrap().as_str(), url);
    }
    for (text, message, hint) in [
        ("firefx-ci", "unknown profile `firefx-ci`", Some("Did you mean `firefox-ci`?")),
        ("bare", "the profile `bare` has no root URL", None),
        ("zzz", "`zzz` is not a URL; a root URL looks like https://tc.example.com", None),
        ("ftp://corp", "the root URL `ftp://corp` must start with https:// or http://", None),
    ] {
        let error = settings.deployment(text).unwrap_err();
        assert_eq!((error.message(), error.hints().first().map(ToString::to_string).as_deref()), (message, hint));
        assert_eq!(error.kind(), Kind::Usage);
    }
}

#[test]
fn a_profile_that_does_not_exist_is_an_error_that_says_where_it_was_asked_for() {
    let error = settings_with(&[("TC_PROFILE", "crop")], Given::default(), FILE).unwrap_err();
    assert_eq!(error.message(), "unknown profile `crop`");
    assert_eq!(error.hints(), ["Did you mean `corp`?", "It comes from TC_PROFILE."]);
}

#[test]
fn a_relative_file_starts_where_it_was_written() {
    let environment = Environment::empty("/srv");
    let file = settings_with(&[], Given::default(), FILE).unwrap();
    assert_eq!(file.cacert(&environment).unwrap(), file.paths().unwrap().directory.join("ca.pem"));
    let given = Given::default().with(&keys::CACERT, Some("ca.pem"));
    let flag = settings_with(&[], given, FILE).unwrap();
    assert_eq!(flag.cacert(&environment).unwrap(), Path::new("/srv/ca.pem"));
}

#[test]
fn no_color_beats_the_file_and_the_flag_beats_it() {
    is(&settings_with(&[("NO_COLOR", "1")], Given::default(), FILE).unwrap(), "color", "never", "NO_COLOR");
    is(&settings_with(&[("CLICOLOR_FORCE", "1")], Given::default(), "").unwrap(), "color", "always", "CLICOLOR_FORCE");
    is(&settings_with(&[("CLICOLOR_FORCE", "0")], Given::default(), "").unwrap(), "color", "auto", "default");
    let both = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")];
    is(&settings_with(&both, Given::default(), "").unwrap(), "color", "never", "NO_COLOR");
    let given = Given::default().with(&keys::COLOR, Some("auto"));
    is(&settings_with(&both, given, "").unwrap(), "color", "auto", "--color");
}

#[test]
fn presets_are_found_by_name() {
    let settings = settings_with(&[], Given::default(), FILE).unwrap();
    assert_eq!(settings.preset("relduty").unwrap(), ["queue:rerun-task:*"]);
    assert_eq!(settings.preset("reldty").unwrap_err().hints(), ["Did you mean `relduty`?"]);
}

#[test]
fn a_time_limit_of_a_flag_is_checked() {
    let given = Given::default().with(&keys::TIMEOUT, Some("soon"));
    let error = settings_with(&[], given, "").unwrap().timeout().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Usage, "invalid duration `soon`"));
}
