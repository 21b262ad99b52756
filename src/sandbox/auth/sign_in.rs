//! The client that a person makes on the sign-in page.

use chrono::{DateTime, Utc};

use super::expand::{normalize, satisfies};
use super::records::{Auth, Client};
use crate::domain::Secret;

/// What both scope sets satisfy: of two scopes that overlap the narrower one.
fn intersection(a: &[String], b: &[String]) -> Vec<String> {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let common = pairs.filter_map(|(a, b)| match (satisfies(a, b), satisfies(b, a)) {
        (true, _) => Some(b.clone()),
        (_, true) => Some(a.clone()),
        _ => None,
    });
    normalize(common.collect())
}

impl Auth {
    /// Those of the scopes that are asked for which a person has, who has these scopes and their roles.
    pub(in crate::sandbox) fn sign_in_scopes(&self, asked: &[String], user: &[String]) -> Vec<String> {
        intersection(asked, &self.expand(user))
    }

    /// Makes the client and returns its access token; nothing when there is one of that name.
    pub(in crate::sandbox) fn sign_in(
        &mut self,
        id: &str,
        description: &str,
        expires: DateTime<Utc>,
        scopes: Vec<String>,
        now: DateTime<Utc>,
    ) -> Option<Secret> {
        if self.client(id).is_some() {
            return None;
        }
        let mut client = Client::new(id, description, expires, scopes, now);
        client.delete_on_expiration = true;
        let access_token = client.access_token.clone();
        self.insert(client);
        Some(access_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn common(a: &[&str], b: &[&str], expected: &[&str]) {
        let owned = |scopes: &[&str]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(intersection(&owned(a), &owned(b)), expected);
        assert_eq!(intersection(&owned(b), &owned(a)), expected);
    }

    #[test]
    fn the_narrower_of_two_scopes_is_common() {
        common(&["*"], &["a:b", "c:*"], &["a:b", "c:*"]);
        common(&["queue:*"], &["queue:rerun-task:*", "secrets:get:a"], &["queue:rerun-task:*"]);
        common(&["a:*", "b"], &["a:x", "a:y*", "b"], &["a:x", "a:y*", "b"]);
        common(&["a"], &["b"], &[]);
        common(&["a*", "ab*"], &["abc"], &["abc"]);
    }
}
