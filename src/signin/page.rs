//! The address of the page that makes a client. Pure, but for the random name.

use crate::domain::RootUrl;
use crate::domain::root_url::encode_component;

/// Where the deployment of 2018 has its page.
const LEGACY: &str = "https://tools.taskcluster.net/auth/clients/new";

/// What the page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<'a> {
    /// The deployment.
    pub root: &'a RootUrl,
    /// Scopes that the client is to have; the page leaves out those that the user does not have.
    pub scopes: &'a [String],
    /// The last part of the client's ID.
    pub name: &'a str,
    /// How long the client is to live, as a relative time.
    pub expires: &'a str,
    /// What people see in the list of clients.
    pub description: &'a str,
    /// Where the browser is sent with the credentials.
    pub callback: &'a str,
}

impl Page<'_> {
    /// The address to open.
    pub(crate) fn url(&self) -> String {
        let mut url =
            if self.root.is_legacy() { LEGACY.to_owned() } else { format!("{}/auth/clients/create", self.root) };
        let scopes = self.scopes.iter().map(|scope| ("scope", scope.as_str()));
        let rest = [
            ("name", self.name),
            ("expires", self.expires),
            ("callback_url", self.callback),
            ("description", self.description),
        ];
        for (index, (name, value)) in scopes.chain(rest).enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.push_str(&encode_component(value));
        }
        url
    }
}

/// A client's name with six random characters after it, so that every sign-in makes a client of its own.
pub(crate) fn unique_name(name: &str) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{name}-{}", &random[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page<'a>(root: &'a RootUrl, scopes: &'a [String]) -> Page<'a> {
        Page {
            root,
            scopes,
            name: "tc-abc123",
            expires: "15 minutes",
            description: "made by a & b",
            callback: "http://localhost:1234/xyz",
        }
    }

    #[test]
    fn everything_is_encoded() {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let scopes = ["queue:rerun-task:*".to_owned(), "secrets:get:a&b=c d".to_owned()];
        assert_eq!(
            page(&root, &scopes).url(),
            "https://tc.example.com/auth/clients/create?scope=queue%3Arerun-task%3A*&scope=secrets%3Aget%3Aa%26b%3Dc%20d\
             &name=tc-abc123&expires=15%20minutes&callback_url=http%3A%2F%2Flocalhost%3A1234%2Fxyz\
             &description=made%20by%20a%20%26%20b"
        );
    }

    #[test]
    fn the_deployment_of_2018_has_another_page() {
        let root = RootUrl::parse("https://taskcluster.net").unwrap();
        let url = page(&root, &[]).url();
        assert!(url.starts_with("https://tools.taskcluster.net/auth/clients/new?name=tc-abc123&"), "{url}");
    }

    #[test]
    fn no_two_names_are_alike() {
        let (a, b) = (unique_name("tc"), unique_name("tc"));
        assert_ne!(a, b);
        assert_eq!(a.len(), "tc-".len() + 6);
    }
}
