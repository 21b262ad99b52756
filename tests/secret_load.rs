//! `tc secret load`, and `tc::helper` for programs.

use std::fs;

use serde_json::json;
use tc::helper::{Config, LoadOptions};
use tc::sandbox::{Options, Sandbox};
use tc::{Credentials, Environment, Kind, RootUrl};

use crate::proxy::Proxy;
use crate::support::Tc;

fn with_secret() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox).env("PATH", &std::env::var("PATH").unwrap());
    let content = json!({"common": {"URL": "http://x", "PORT": 80}, "bot": {"PORT": 8080, "KEY": "a b\n'c'"}});
    fs::write(tc.directory().join("secret.json"), content.to_string()).unwrap();
    tc.run(&["secret", "set", "project/bot", "secret.json"]).status(0);
    (sandbox, tc)
}

const SECTIONS: [&str; 7] = ["secret", "load", "project/bot", "--prefix", "common", "--prefix", "bot"];

fn load(tc: &Tc, more: &[&str]) -> crate::support::Ran {
    tc.run(&SECTIONS.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn sections_are_loaded_over_defaults_in_every_format() {
    let (_sandbox, tc) = with_secret();
    let existing = ["--existing", "PORT=1", "--existing", "DEBUG=no"];
    let with = |more: &[&str]| load(&tc, &existing.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    let json = with(&["--json", "--required", "KEY", "--required", "DEBUG"]);
    assert_eq!(json.status(0).json(), json!({"PORT": 8080, "DEBUG": "no", "URL": "http://x", "KEY": "a b\n'c'"}));
    with(&[])
        .stdout("export PORT='8080';\nexport DEBUG='no';\nexport URL='http://x';\nexport KEY=\"$(printf 'a\\040b\\012\\047c\\047')\";\n")
        .stderr("")
        .status(0);
    with(&["--format", "dotenv"]).stdout("PORT=8080\nDEBUG=no\nURL=http://x\nKEY=\"a b\\n'c'\"\n").stderr("").status(0);
    with(&["--format", "github"]).stdout("PORT=8080\nDEBUG=no\nURL=http://x\nKEY<<EOF\na b\n'c'\nEOF\n").status(0);
    assert!(with(&["--fish"]).stdout.starts_with("set -gx PORT '8080';\n"));
}

#[cfg(unix)]
#[test]
fn a_command_has_the_settings_and_its_status_is_that_of_tc() {
    let (_sandbox, tc) = with_secret();
    let script = "test \"$PORT\" = 8080 && test \"$TASKCLUSTER_CLIENT_ID\" && printf %s \"$KEY\" > out; exit 7";
    load(&tc, &["--exec", script]).stdout("").stderr("").status(7);
    assert_eq!(fs::read_to_string(tc.directory().join("out")).unwrap(), "a b\n'c'");
}

#[test]
fn what_is_missing_is_named() {
    let (_sandbox, tc) = with_secret();
    load(&tc, &["--required", "KEY", "--required", "A", "--required", "B"])
        .stdout("")
        .stderr("error: secret `project/bot` lacks the required keys `A`, `B`\n")
        .status(1);
    let ran = tc.run(&["secret", "load", "project/bto"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: secret `project/bto` does not exist\n"), "{ran}");
    assert!(ran.stderr.contains("\nhint: Did you mean `project/bot`?\n"), "{ran}");
    let ran = tc.run(&["secret", "load", "project/bot", "--format", "dotenv"]);
    // Sections are values, too, where none is chosen.
    ran.stdout(
        "common='{\"URL\":\"http://x\",\"PORT\":80}'\nbot=\"{\\\"PORT\\\":8080,\\\"KEY\\\":\\\"a b\\\\n'c'\\\"}\"\n",
    );
    ran.stderr("").status(0);
}

#[test]
fn a_local_file_takes_the_place_of_the_secret() {
    let tc = Tc::new();
    fs::write(tc.directory().join("local.yml"), "bot: {a-b: 1, ok: yes}\nA: 2\n").unwrap();
    tc.run(&["secret", "load", "--local", "local.yml", "--prefix", "bot", "--json"])
        .stdout("{\n  \"a-b\": 1,\n  \"ok\": \"yes\"\n}\n")
        .stderr("")
        .status(0);
    tc.run(&["secret", "load", "--local", "local.yml", "--prefix", "bot"])
        .stdout("")
        .stderr("error: invalid variable name `a-b`\nhint: Print JSON with --json, or choose sections with --prefix.\n")
        .status(2);
    tc.run(&["secret", "load", "--local", "local.yml", "--prefix", "A"])
        .stdout("")
        .stderr("error: section `A` of local.yml is not an object\n")
        .status(1);
    fs::write(tc.directory().join("list.json"), "[1]").unwrap();
    let ran = tc.run(&["secret", "load", "--local", "list.json"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: list.json is not an object\n"), "{ran}");
    tc.run(&["secret", "load", "--local", "local.yml", "--json", "--format", "dotenv"])
        .stderr("error: settings are loaded as JSON or as variables, not both\nhint: Leave out --json and --jq, or the format.\n")
        .status(2);
}

#[test]
fn programs_load_by_given_credentials_by_the_environment_or_from_what_is_local() {
    let (sandbox, _tc) = with_secret();
    tokio::runtime::Runtime::new().unwrap().block_on(loads(&sandbox));
}

#[test]
fn programs_inside_a_task_load_through_its_proxy_without_credentials() {
    let (sandbox, _tc) = with_secret();
    let proxy = Proxy::of(&sandbox, &["-s", "secrets:get:project/bot"]);
    let environment = Environment::empty("/")
        .with("TASKCLUSTER_ROOT_URL", "http://localhost:1")
        .with("TASK_ID", "VESwp9JaRo-XkFN_bemBhw")
        .with("TASKCLUSTER_PROXY_URL", proxy.url());
    let config = Config::from_environment(&environment).retries(0);
    let endpoint = config.endpoint().unwrap();
    assert!(endpoint.proxied && endpoint.credentials.is_none() && endpoint.root.as_str() == proxy.url());
    let options = LoadOptions::default().prefix("bot").required("KEY");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let loaded = config.load_secrets(Some("project/bot"), &options).await.unwrap();
        assert_eq!(loaded.get("PORT"), Some(&json!(8080)));
        // What the proxy may not do is refused, whatever its own credentials could.
        let refused = config.load_secrets(Some("project/other"), &options).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Auth);
        // Without the proxy there is nobody at the root URL.
        let bare = Environment::empty("/").with("TASKCLUSTER_ROOT_URL", "http://localhost:1");
        let alone = Config::from_environment(&bare).retries(0).load_secrets(Some("project/bot"), &options).await;
        assert_eq!(alone.unwrap_err().kind(), Kind::Unavailable);
    });
}

async fn loads(sandbox: &Sandbox) {
    let root = RootUrl::parse(sandbox.root_url()).unwrap();
    let options = LoadOptions::default().prefix("bot").existing("DEBUG", true).required("KEY");
    let nobody = Environment::empty("/").with("TASKCLUSTER_ROOT_URL", sandbox.root_url());
    let refused = Config::from_environment(&nobody).retries(0).load_secrets(Some("project/bot"), &options).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Auth);
    let own = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
    let given = Config::from_environment(&Environment::empty("/")).root_url(root).credentials(own);
    let loaded = given.load_secrets(Some("project/bot"), &options).await.unwrap();
    assert_eq!(loaded.get("PORT"), Some(&json!(8080)));
    assert_eq!(loaded.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["DEBUG", "PORT", "KEY"]);
    let environment = nobody
        .with("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .with("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal());
    let config = Config::from_environment(&environment);
    assert_eq!(config.load_secrets(Some("project/bot"), &options).await.unwrap(), loaded);
    assert_eq!(config.load_secrets(None, &options).await.unwrap_err().kind(), Kind::Usage);
    let missing = config.load_secrets(Some("project/none"), &options).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
    let local = options.local(json!({"bot": {"KEY": 1}}).as_object().unwrap().clone());
    let nowhere = Config::from_environment(&Environment::empty("/"));
    assert_eq!(nowhere.load_secrets(None, &local).await.unwrap().get("KEY"), Some(&json!(1)));
}
