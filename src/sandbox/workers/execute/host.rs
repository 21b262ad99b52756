//! What a worker takes over from the environment of the person who started it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, Client, NoProxy, Proxy};

use super::limits::with_limits;

/// What tasks see of it.
const FOR_TASKS: &[&str] = &["PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];
/// What the worker uses itself: for downloads, and where its folder is.
const FOR_THE_WORKER: &[&str] =
    &["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "TMPDIR"];
/// Where programs are looked for when nothing says so.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables that matter; all others, credentials among them, are forgotten.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Host {
    variables: BTreeMap<OsString, OsString>,
}

impl fmt::Debug for Host {
    /// Names only: the URL of a proxy can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.keys()).finish()
    }
}

impl Host {
    /// Picks what matters out of an environment.
    pub(in crate::sandbox) fn new<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let matters = |name: &OsStr| FOR_TASKS.iter().chain(FOR_THE_WORKER).any(|known| name == *known);
        let picked = variables.into_iter().filter(|(name, value)| matters(name.as_ref()) && !value.as_ref().is_empty());
        Self { variables: picked.map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned())).collect() }
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// A variable that is set in either case, as those of proxies are.
    fn any_case(&self, name: &str) -> Option<&str> {
        self.get(&name.to_lowercase()).or_else(|| self.get(name)).and_then(OsStr::to_str)
    }

    /// Where temporary files go.
    pub(super) fn temporary(&self) -> PathBuf {
        self.get("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// The variables that every task begins with, for a task with this folder.
    pub(super) fn for_task(&self, folder: &Path) -> BTreeMap<OsString, OsString> {
        let own = FOR_TASKS.iter().filter_map(|name| Some((OsString::from(name), self.get(name)?.to_owned())));
        let mut variables: BTreeMap<_, _> = [(OsString::from("PATH"), OsString::from(PATH))].into();
        variables.extend(own);
        variables.insert("HOME".into(), folder.into());
        variables
    }

    /// A client for downloads from this machine, which need neither proxy nor TLS, or from others.
    ///
    /// # Errors
    /// When the certificates or the proxies cannot be used.
    pub(super) fn client(&self, is_local: bool) -> Result<Client, String> {
        // It fails when a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = with_limits(Client::builder()).user_agent("tc-sandbox").no_proxy();
        if is_local {
            builder = builder.tls_certs_only([]);
            return builder.build().map_err(|error| error.to_string());
        }
        if let Some(file) = self.get("SSL_CERT_FILE") {
            let text = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&text).map_err(|error| error.to_string())?);
        }
        let direct = self.any_case("NO_PROXY").and_then(NoProxy::from_string);
        if let Some(url) = self.any_case("HTTP_PROXY") {
            builder = builder.proxy(Proxy::http(url).map_err(|_| "HTTP_PROXY is not a URL")?.no_proxy(direct.clone()));
        }
        if let Some(url) = self.any_case("HTTPS_PROXY") {
            builder = builder.proxy(Proxy::https(url).map_err(|_| "HTTPS_PROXY is not a URL")?.no_proxy(direct));
        }
        builder.build().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_see_a_path_and_no_credentials() {
        let host = Host::new([("TASKCLUSTER_ACCESS_TOKEN", "secret"), ("HTTPS_PROXY", "http://u:p@x"), ("LANG", "C")]);
        let variables = host.for_task(Path::new("/t"));
        let shown: Vec<String> =
            variables.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect();
        assert_eq!(shown, ["HOME=/t".to_owned(), "LANG=C".to_owned(), format!("PATH={PATH}")]);
        assert_eq!(format!("{host:?}"), r#"["HTTPS_PROXY", "LANG"]"#);
        assert_eq!(Host::new([("PATH", "/x")]).for_task(Path::new("/t"))[OsStr::new("PATH")], "/x");
    }
}
