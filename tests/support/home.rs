//! The files of the user whose home a run has.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Tc;

/// Where a user's files are.
pub struct Paths {
    pub directory: PathBuf,
    pub settings: PathBuf,
    pub credentials: PathBuf,
    pub go_tool: PathBuf,
}

/// The file of stored credentials, in the form that users' files have.
pub struct Store(PathBuf);

impl Store {
    /// Puts the credentials of a client into the file; `life` is from when to when they are good.
    pub fn put(&self, root: &str, client_id: &str, access_token: &str, life: Option<(&str, &str)>) {
        let text = fs::read_to_string(&self.0).unwrap_or_else(|_| r#"{"version": 1, "credentials": {}}"#.to_owned());
        let mut contents: Value = serde_json::from_str(&text).unwrap();
        let mut entry = json!({"clientId": client_id, "accessToken": access_token});
        if let Some((issued, expires)) = life {
            entry["issued"] = issued.into();
            entry["expires"] = expires.into();
        }
        contents["credentials"][root] = entry;
        fs::create_dir_all(self.0.parent().unwrap()).unwrap();
        fs::write(&self.0, contents.to_string()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Client ID and access token for a deployment, where there are some.
    pub fn get(&self, root: &str) -> Option<(String, String)> {
        let contents: Value = serde_json::from_str(&fs::read_to_string(&self.0).ok()?).unwrap();
        let entry = contents["credentials"].get(root)?;
        Some((entry["clientId"].as_str()?.to_owned(), entry["accessToken"].as_str()?.to_owned()))
    }
}

impl Tc {
    /// Where the user's files are.
    pub fn paths(&self) -> Paths {
        let base = self.directory().join(".config");
        let directory = base.join("tc");
        Paths {
            settings: directory.join("config.toml"),
            credentials: directory.join("credentials.json"),
            go_tool: base.join("taskcluster.yml"),
            directory,
        }
    }

    /// The store of credentials.
    pub fn store(&self) -> Store {
        Store(self.paths().credentials)
    }

    /// Writes the settings file.
    pub fn settings(self, text: &str) -> Self {
        let paths = self.paths();
        fs::create_dir_all(&paths.directory).unwrap();
        fs::write(&paths.settings, text).unwrap();
        self
    }

    /// Writes the Go tool's file.
    pub fn go_settings(self, text: &str) -> Self {
        let path = self.paths().go_tool;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// What stands in the settings file.
    pub fn settings_text(&self) -> String {
        fs::read_to_string(self.paths().settings).unwrap()
    }
}
