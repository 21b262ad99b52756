use crate::support::Tc;

const SETTINGS: &str = "profile = \"corp\"

[profiles.corp]  # at work
root-url = \"https://corp.example.com\"
retries = 1
";

#[test]
fn built_in_profiles_come_first() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["profile", "list"])
        .stdout(
            "firefox-ci\thttps://firefox-ci-tc.services.mozilla.com\tbuilt in\t\n\
             community\thttps://community-tc.services.mozilla.com\tbuilt in\t\n\
             staging\thttps://stage.taskcluster.nonprod.cloudops.mozgcp.net\tbuilt in\t\n\
             corp\thttps://corp.example.com\tyours\tcurrent\n",
        )
        .stderr("")
        .status(0);
    let json = tc.run(&["profile", "list", "--json", "-R", "community"]).json();
    let current: Vec<_> = json.as_array().unwrap().iter().filter(|one| one["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((&current[0]["name"], &current[0]["builtIn"]), (&"community".into(), &true.into()));
    let shown = tc.terminal().run(&["profile", "list", "--color", "never"]);
    assert!(shown.stdout.starts_with("NAME "), "{shown}");
}

#[test]
fn a_profile_is_added_used_and_removed() {
    let tc = Tc::new();
    tc.run(&["profile", "add", "corp", "https://corp.example.com/"]).stdout("").stderr("").status(0);
    tc.run(&["profile", "use", "corp"]).stdout("").stderr("").status(0);
    tc.run(&["config", "get", "root-url"]).stdout("https://corp.example.com\n").stderr("").status(0);
    assert_eq!(tc.settings_text(), "profile = \"corp\"\n\n[profiles.corp]\nroot-url = \"https://corp.example.com\"\n");
    tc.run(&["profile", "rm", "corp"])
        .stdout("")
        .stderr("`corp` was the profile in use; now there is none.\n")
        .status(0);
    assert_eq!(tc.settings_text().trim(), "");
}

#[test]
fn built_in_profiles_can_be_used_but_not_changed() {
    let tc = Tc::new();
    tc.run(&["profile", "use", "staging"]).stdout("").stderr("").status(0);
    tc.run(&["profile", "rm", "staging"])
        .stdout("")
        .stderr("error: the profile `staging` is built in and cannot be removed\n")
        .status(2);
    tc.run(&["profile", "add", "staging", "https://x.example.com"])
        .stdout("")
        .stderr("error: there is a built-in profile `staging` already\nhint: Choose another name.\n")
        .status(6);
    tc.run(&["profile", "use", "--none"]).stdout("").stderr("").status(0);
    tc.run(&["config", "get", "profile"]).stdout("").stderr("error: `profile` is not set\n").status(5);
}

#[test]
fn a_name_is_not_taken_twice() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["profile", "add", "corp", "https://corp.example.com"]).stdout("").stderr("").status(0);
    tc.run(&["profile", "add", "corp", "https://x.example.com"])
        .stdout("")
        .stderr("error: there is a profile `corp` already\nhint: Use --force to change its root URL.\n")
        .status(6);
    tc.run(&["profile", "add", "corp", "https://x.example.com", "--force"]).stdout("").stderr("").status(0);
    assert_eq!(tc.settings_text(), SETTINGS.replace("corp.example", "x.example"));
}

#[test]
fn names_and_urls_are_checked() {
    let tc = Tc::new();
    tc.run(&["profile", "add", "a.b", "https://x.example.com"])
        .stdout("")
        .stderr(
            "error: `a.b` cannot be the name of a profile\n\
             hint: A name has letters, digits, - and _, and starts with a letter or digit.\n",
        )
        .status(2);
    tc.run(&["profile", "add", "x", "x.example.com"])
        .stdout("")
        .stderr("error: `x.example.com` is not a URL; a root URL looks like https://tc.example.com\n")
        .status(2);
    assert!(!tc.paths().settings.exists());
}

#[test]
fn a_profile_that_does_not_exist_is_answered_with_one_that_does() {
    let tc = Tc::new();
    for args in [&["profile", "use", "firefx-ci"][..], &["profile", "rm", "firefx-ci"]] {
        tc.run(args)
            .stdout("")
            .stderr("error: unknown profile `firefx-ci`\nhint: Did you mean `firefox-ci`?\n")
            .status(5);
    }
    tc.run(&["-R", "firefx-ci", "api", "queue", "ping"])
        .stdout("")
        .stderr(
            "error: unknown profile `firefx-ci`\n\
             hint: Did you mean `firefox-ci`?\n\
             hint: It comes from --root-url.\n\
             hint: `tc profile list` shows all profiles.\n",
        )
        .status(2);
    tc.run(&["--profile", "zzz", "config", "list"])
        .stdout("")
        .stderr(
            "error: unknown profile `zzz`\n\
             hint: It comes from --profile.\n\
             hint: `tc profile list` shows all profiles.\n",
        )
        .status(2);
}

#[test]
fn a_profile_that_is_gone_can_be_left() {
    let tc = Tc::new().settings("profile = \"gone\"\n");
    tc.run(&["config", "list"]).stdout("").status(2);
    tc.run(&["profile", "use", "community"]).stdout("").stderr("").status(0);
    tc.run(&["config", "get", "profile"]).stdout("community\n").stderr("").status(0);
}

#[test]
fn what_comes_before_the_choice_is_told() {
    let tc = Tc::new().at("https://tc.example.com");
    tc.run(&["profile", "use", "community"])
        .stdout("")
        .stderr("hint: TASKCLUSTER_ROOT_URL is set and comes before it; unset it to use the profile.\n")
        .status(0);
}
