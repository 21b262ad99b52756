use std::fs;

use crate::support::Tc;

const SETTINGS: &str = "# Mine.
retries = 3   # three
root-url = \"community\"

[presets]
relduty = [\"queue:rerun-task:*\", \"queue:cancel-task:*\"]

[profiles.corp]
root-url = \"https://corp.example.com\"
";

const GO: &str = "config:
  rootUrl: https://tc.example.com
  clientId: me
  accessToken: hunter2
";

#[test]
fn values_come_from_flag_environment_profile_file_or_default() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["config", "get", "retries"]).stdout("3\n").stderr("").status(0);
    tc.run(&["config", "get", "retries", "--retries", "7"]).stdout("7\n").stderr("").status(0);
    tc.run(&["config", "get", "timeout"]).stdout("60s\n").stderr("").status(0);
    tc.run(&["config", "get", "presets.relduty"])
        .stdout("queue:rerun-task:*\nqueue:cancel-task:*\n")
        .stderr("")
        .status(0);
    tc.run(&["config", "get", "root-url"]).stdout("https://community-tc.services.mozilla.com\n").stderr("").status(0);
    tc.run(&["config", "get", "root-url", "-R", "corp"]).stdout("https://corp.example.com\n").stderr("").status(0);
    let tc = tc.env("TASKCLUSTER_ROOT_URL", "https://env.example.com");
    tc.run(&["config", "get", "root-url"]).stdout("https://env.example.com\n").stderr("").status(0);
    let by_flag = tc.run(&["config", "get", "root-url", "--profile", "corp", "--json"]);
    assert_eq!(
        by_flag.json(),
        serde_json::json!({"key": "root-url", "value": "https://corp.example.com", "source": "profile corp"})
    );
}

#[test]
fn what_nobody_set_is_not_found() {
    let tc = Tc::new();
    tc.run(&["config", "get", "root-url"]).stdout("").stderr("error: `root-url` is not set\n").status(5);
    let path = tc.paths().settings;
    tc.run(&["config", "unset", "retries"])
        .stdout("")
        .stderr(&format!("error: `retries` is not set in {}\n", path.display()))
        .status(5);
    assert!(!path.exists());
}

#[test]
fn the_go_tools_names_work_too() {
    let tc = Tc::new().at("https://tc.example.com");
    tc.run(&["config", "get", "config.rootUrl"]).stdout("https://tc.example.com\n").stderr("").status(0);
    tc.run(&["config", "get", "config.clientId"]).stdout("").stderr("error: `config.clientId` is not set\n").status(5);
    let tc = tc.env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2");
    tc.run(&["config", "get", "config.clientId"]).stdout("me\n").stderr("").status(0);
    tc.run(&["config", "get", "config.accessToken"]).stdout("hunter2\n").stderr("").status(0);
    tc.run(&["config", "set", "config.rootUrl", "https://set.example.com"]).stdout("").status(0);
    assert_eq!(tc.settings_text(), "root-url = \"https://set.example.com\"\n");
    tc.run(&["config", "set", "config.clientId", "you"])
        .stdout("")
        .stderr(
            "error: unknown setting `config.clientId`\n\
             hint: Credentials are no settings: `tc signin` stores them.\n",
        )
        .status(2);
}

#[test]
fn setting_and_unsetting_leaves_the_rest_alone() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["config", "set", "retries", "9"]).stdout("").stderr("").status(0);
    tc.run(&["config", "set", "profiles.corp.timeout", "2m"]).stdout("").stderr("").status(0);
    tc.run(&["config", "set", "presets.p", "a:*", "b:*"]).stdout("").stderr("").status(0);
    let expected = SETTINGS
        .replace("= 3 ", "= 9 ")
        .replace("*\"]\n", "*\"]\np = [\"a:*\", \"b:*\"]\n")
        .replace("corp.example.com\"\n", "corp.example.com\"\ntimeout = \"2m\"\n");
    assert_eq!(tc.settings_text(), expected);
    tc.run(&["config", "unset", "presets.p"]).stdout("").stderr("").status(0);
    tc.run(&["config", "reset", "profiles.corp.timeout"]).stdout("").stderr("").status(0);
    assert_eq!(tc.settings_text(), SETTINGS.replace("= 3 ", "= 9 "));
}

#[test]
fn a_setting_that_does_not_count_is_told() {
    let tc = Tc::new().at("https://tc.example.com");
    tc.run(&["config", "set", "root-url", "community"])
        .stdout("")
        .stderr("hint: The setting has no effect here: TASKCLUSTER_ROOT_URL takes precedence.\n")
        .status(0);
}

#[test]
fn wrong_keys_and_values_are_refused_before_anything_is_written() {
    let tc = Tc::new();
    tc.run(&["config", "set", "retry", "3"])
        .stdout("")
        .stderr("error: unknown setting `retry`\nhint: Did you mean `retries`?\n")
        .status(2);
    tc.run(&["config", "set", "retries", "many"])
        .stdout("")
        .stderr("error: invalid value `many` for `retries`: it must be a whole number from 0 to 100\n")
        .status(2);
    tc.run(&["config", "set", "retries", "1", "2"]).stdout("").status(2);
    tc.run(&["config", "get", "zzz"])
        .stdout("")
        .stderr("error: unknown setting `zzz`\nhint: `tc config list` shows all settings.\n")
        .status(2);
    assert!(!tc.paths().settings.exists());
}

#[test]
fn a_key_that_means_nothing_is_a_warning() {
    let tc = Tc::new().settings("\nretry = 3\n");
    let path = tc.paths().settings;
    tc.run(&["config", "get", "retries"])
        .stdout("5\n")
        .stderr(&format!("warning: {}: line 2: unknown setting `retry`; did you mean `retries`?\n", path.display()))
        .status(0);
    // What needs no settings does not look at them.
    tc.run(&["version"]).stderr("").status(0);
}

#[test]
fn a_broken_file_is_named_with_its_place_and_never_overwritten() {
    let text = "retries = 3\ncolor = \n";
    let tc = Tc::new().settings(text);
    let path = tc.paths().settings;
    for args in [
        &["config", "get", "retries"][..],
        &["config", "set", "retries", "4"],
        &["config", "unset", "retries"],
        &["config", "list"],
        &["profile", "use", "community"],
        &["profile", "add", "x", "https://x.example.com"],
        &["-R", "https://x.example.com", "api", "queue", "ping"],
    ] {
        let ran = tc.run(args);
        ran.stdout("").status(1);
        assert!(ran.stderr.starts_with(&format!("error: {}:2:", path.display())), "{ran}");
        assert_eq!(tc.settings_text(), text);
    }
    tc.run(&["version"]).stderr("").status(0);
    tc.run(&["config", "path"]).stdout(&format!("{}\n", path.display())).stderr("").status(0);
}

#[test]
fn a_value_of_the_wrong_kind_is_named_and_can_be_set_right() {
    let tc = Tc::new().settings("retries = \"many\"\n");
    let path = tc.paths().settings;
    tc.run(&["config", "get", "timeout"])
        .stdout("")
        .stderr(&format!(
            "error: {}:1:11: `retries` must be a whole number from 0 to 100\n\
             hint: Repair it with `tc config edit`; the file was left unchanged.\n",
            path.display()
        ))
        .status(1);
    tc.run(&["config", "set", "retries", "3"]).stderr("").status(0);
    assert_eq!(tc.settings_text(), "retries = 3\n");
}

#[test]
fn the_list_says_where_each_value_comes_from() {
    let tc = Tc::new().settings(SETTINGS).env("TC_PROFILE", "corp").env("NO_COLOR", "1");
    let path = tc.paths().settings.display().to_string();
    tc.run(&["config", "list", "--timeout", "3s"])
        .stdout(&format!(
            "root-url\thttps://corp.example.com\tprofile corp\n\
             profile\tcorp\tTC_PROFILE\n\
             retries\t3\t{path}\n\
             timeout\t3s\t--timeout\n\
             jobs\t\t\n\
             color\tnever\tNO_COLOR\n\
             cacert\t\t\n\
             patterns\t\t\n\
             pulse-url\t\t\n\
             pulse-username\t\t\n\
             history\ton\tdefault\n\
             version-hint\ton\tdefault\n\
             pager\t\t\n\
             presets.relduty\t[\"queue:rerun-task:*\",\"queue:cancel-task:*\"]\t{path}\n\
             profiles.corp.root-url\thttps://corp.example.com\t{path}\n"
        ))
        .stderr("")
        .status(0);
    let json = tc.run(&["config", "list", "--json"]).json();
    assert_eq!(json[3]["source"], "default");
    assert_eq!(json[4]["value"], serde_json::Value::Null);
    assert_eq!(json[13]["value"][1], "queue:cancel-task:*");
    let shown = tc.terminal().run(&["config", "list"]);
    assert!(shown.stdout.contains("SETTING") && shown.stdout.contains("queue:rerun-task:*, queue"), "{shown}");
}

#[test]
fn paths_are_printed_whether_or_not_there_are_files() {
    let tc = Tc::new();
    let paths = tc.paths();
    tc.run(&["config", "path"]).stdout(&format!("{}\n", paths.settings.display())).stderr("").status(0);
    tc.run(&["config", "path", "--credentials"])
        .stdout(&format!("{}\n", paths.credentials.display()))
        .stderr("")
        .status(0);
    assert_eq!(tc.run(&["config", "path", "--json"]).json()["goTool"], paths.go_tool.display().to_string());
    let homeless = Tc::new().env("HOME", "");
    homeless
        .run(&["config", "path"])
        .stdout("")
        .stderr("error: no home directory is known, so there is no place for settings\nhint: Set HOME.\n")
        .status(1);
}

#[test]
fn the_go_tools_file_counts_where_ours_is_absent() {
    let tc = Tc::new().go_settings(GO);
    tc.run(&["config", "get", "root-url"]).stdout("https://tc.example.com\n").stderr("").status(0);
    tc.run(&["config", "get", "config.clientId"]).stdout("me\n").stderr("").status(0);
    // Its credentials are for its deployment alone.
    tc.run(&["config", "get", "config.clientId", "-R", "community"])
        .stdout("")
        .stderr("error: `config.clientId` is not set\n")
        .status(5);
    let tc = tc.settings("retries = 3\n");
    tc.run(&["config", "get", "root-url"]).stdout("").stderr("error: `root-url` is not set\n").status(5);
}

#[test]
fn a_broken_file_of_the_go_tool_shows_no_secret() {
    let tc = Tc::new().go_settings("config:\n  accessToken: [hunter2]\n");
    let ran = tc.run(&["config", "get", "retries"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("taskcluster.yml:2:") && !ran.stderr.contains("hunter2"), "{ran}");
}

#[test]
fn an_import_takes_over_root_url_and_credentials_and_says_so() {
    let tc = Tc::new().go_settings(GO);
    let paths = tc.paths();
    tc.run(&["config", "import"])
        .stdout("")
        .stderr(&format!(
            "Credentials for https://tc.example.com: stored in {}, with no end.\n\
             Root URL https://tc.example.com: set in {}.\n",
            paths.credentials.display(),
            paths.settings.display()
        ))
        .status(0);
    assert_eq!(tc.settings_text(), "root-url = \"https://tc.example.com\"\n");
    assert_eq!(tc.store().get("https://tc.example.com"), Some(("me".into(), "hunter2".into())));
    assert_eq!(fs::read_to_string(&paths.go_tool).unwrap(), GO);
    tc.run(&["config", "import", "--quiet"]).stdout("").stderr("").status(0);
}

#[test]
fn an_import_can_leave_the_credentials() {
    let tc = Tc::new().go_settings(GO);
    tc.run(&["config", "import", "--settings-only", "-q"]).stdout("").stderr("").status(0);
    assert!(tc.paths().settings.exists() && !tc.paths().credentials.exists());
}

#[test]
fn an_import_replaces_nothing_unasked() {
    let tc = Tc::new().go_settings(GO).settings("root-url = \"https://mine.example.com\"\n");
    let path = tc.paths().settings.display().to_string();
    tc.run(&["config", "import"])
        .stdout("")
        .stderr(&format!(
            "error: the root URL https://mine.example.com is already set in {path}\n\
             hint: Use --force to replace it.\n"
        ))
        .status(6);
    assert!(!tc.paths().credentials.exists());
    tc.store().put("https://tc.example.com", "other", "key", None);
    let tc = tc.settings("retries = 3\n");
    tc.run(&["config", "import"])
        .stdout("")
        .stderr(
            "error: there are already credentials for https://tc.example.com (other)\n\
             hint: Use --force to replace it.\n",
        )
        .status(6);
    tc.run(&["config", "import", "--force", "-q"]).stderr("").status(0);
    assert_eq!(tc.store().get("https://tc.example.com").unwrap().0, "me");
}

#[test]
fn there_may_be_nothing_to_import() {
    let tc = Tc::new();
    let path = tc.paths().go_tool;
    let ran = tc.run(&["config", "import"]);
    ran.stdout("").stderr(&format!("error: there is nothing to import in {}\n", path.display())).status(5);
}

#[cfg(unix)]
mod editing {
    use super::*;

    /// A command that replaces the file that it is given, after it has kept a copy.
    fn editor(script: &str) -> String {
        format!("sh -c 'cp \"$1\" seen.toml; {script}' editor")
    }

    #[test]
    fn what_the_editor_leaves_takes_the_place_of_the_file() {
        let tc = Tc::new().settings("retries = 3\n").env("EDITOR", &editor("echo retries = 4 >\"$1\""));
        tc.run(&["config", "edit"]).stdout("").stderr("").status(0);
        assert_eq!(tc.settings_text(), "retries = 4\n");
        assert_eq!(fs::read_to_string(tc.directory().join("seen.toml")).unwrap(), "retries = 3\n");
    }

    #[test]
    fn someone_without_settings_finds_all_of_them_explained() {
        let tc = Tc::new().env("VISUAL", &editor(":")).env("EDITOR", "false");
        tc.run(&["config", "edit"]).stdout("").stderr("Nothing has changed.\n").status(0);
        assert!(!tc.paths().settings.exists());
        let seen = fs::read_to_string(tc.directory().join("seen.toml")).unwrap();
        let enabled: String = seen
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.contains(" = ") || line.starts_with('['))
            .map(|line| format!("{line}\n"))
            .collect();
        // All that is explained is a setting: none is warned of as unknown.
        assert!(enabled.lines().count() > 10, "{enabled}");
        Tc::new().settings(&enabled).run(&["config", "list", "--json"]).stderr("").status(0);
    }

    #[test]
    fn what_is_no_settings_file_is_kept_aside() {
        let tc = Tc::new().settings("retries = 3\n").env("EDITOR", &editor("echo retries = >\"$1\""));
        let ran = tc.run(&["config", "edit"]);
        ran.stdout("").status(1);
        assert!(ran.stderr.starts_with("error: the edited settings are not valid\n  caused by: line 1, "), "{ran}");
        let kept = ran.stderr.lines().last().unwrap().rsplit(' ').next().unwrap();
        assert_eq!(fs::read_to_string(kept).unwrap(), "retries =\n");
        fs::remove_file(kept).unwrap();
        assert_eq!(tc.settings_text(), "retries = 3\n");
    }

    #[test]
    fn a_broken_file_can_be_put_right() {
        let tc = Tc::new().settings("retries =\n").env("EDITOR", &editor("echo retri = 1 >\"$1\""));
        tc.run(&["config", "edit"])
            .stdout("")
            .stderr("warning: line 1: unknown setting `retri`; did you mean `retries`?\n")
            .status(0);
        assert_eq!(tc.settings_text(), "retri = 1\n");
    }

    #[test]
    fn an_editor_that_ctrl_c_ends_leaves_the_text_and_tells_where() {
        let tc = Tc::new().settings("retries = 3\n").env("EDITOR", &editor("echo retries = 4 >\"$1\"; kill -INT $$"));
        let ran = tc.run(&["config", "edit"]);
        ran.stdout("").status(130);
        let hint = "error: interrupted\nhint: The settings are as they were; the edited text is in ";
        let kept = ran.stderr.strip_prefix(hint).unwrap_or_else(|| panic!("{ran}")).trim();
        assert_eq!(fs::read_to_string(kept).unwrap(), "retries = 4\n");
        fs::remove_file(kept).unwrap();
        assert_eq!(tc.settings_text(), "retries = 3\n");
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        for (editor, message) in [
            ("false", "error: the editor `false` ended with exit status: 1\n"),
            ("/no/such/editor -x", "error: cannot run the editor `/no/such/editor -x`\n"),
            ("'", "error: invalid editor command `'`\n"),
        ] {
            let tc = Tc::new().settings("retries = 3\n").env("EDITOR", editor);
            let ran = tc.run(&["config", "edit"]);
            assert!(ran.stderr.starts_with(message) && ran.status != 0, "{ran}");
            assert_eq!(tc.settings_text(), "retries = 3\n");
            let kept = ran.stderr.lines().find(|line| line.contains("the edited text is in")).unwrap();
            fs::remove_file(kept.rsplit(' ').next().unwrap()).unwrap();
        }
    }
}
