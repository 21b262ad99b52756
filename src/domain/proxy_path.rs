//! Where a request to a proxy of Taskcluster leads, by its path. Pure.

/// Where a request leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyPath<'a> {
    /// To a service.
    Service {
        /// The service's name: `queue`.
        service: &'a str,
        /// The version of its API: `v1`.
        version: &'a str,
        /// What follows, from its slash on, with the query.
        rest: &'a str,
    },
    /// To a signed URL for the one in the body.
    SignedUrl,
    /// To the credentials that the proxy signs with.
    Credentials,
    /// Nowhere.
    Unknown,
}

impl<'a> ProxyPath<'a> {
    /// Reads a path with its query, as it stands in the request. Older clients leave out `/api`.
    pub(crate) fn parse(target: &'a str) -> Self {
        match target {
            "/bewit" => return Self::SignedUrl,
            "/credentials" => return Self::Credentials,
            _ => {}
        }
        let Some(path) = target.strip_prefix("/api/").or_else(|| target.strip_prefix('/')) else {
            return Self::Unknown;
        };
        let Some((service, after)) = path.split_once('/') else { return Self::Unknown };
        let (version, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
        if is_service(service) && is_version(version) {
            Self::Service { service, version, rest }
        } else {
            Self::Unknown
        }
    }
}

/// A service's name may become part of a host's name, so nothing else may be in it.
fn is_service(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn service<'a>(service: &'a str, version: &'a str, rest: &'a str) -> ProxyPath<'a> {
        ProxyPath::Service { service, version, rest }
    }

    #[test]
    fn paths_lead_to_services_with_or_without_their_first_part() {
        for (target, expected) in [
            ("/api/queue/v1/task/x?a=b", service("queue", "v1", "/task/x?a=b")),
            ("/queue/v1/task/x%2Fy", service("queue", "v1", "/task/x%2Fy")),
            ("/api/worker-manager/v1/ping", service("worker-manager", "v1", "/ping")),
            ("/api/queue/v1", service("queue", "v1", "")),
            ("/queue/v1?x", service("queue", "v1", "?x")),
            ("/bewit", ProxyPath::SignedUrl),
            ("/credentials", ProxyPath::Credentials),
        ] {
            assert_eq!(ProxyPath::parse(target), expected, "{target}");
        }
    }

    #[test]
    fn what_is_no_path_of_a_service_leads_nowhere() {
        for unknown in [
            "/",
            "",
            "/queue",
            "/queue/ping",
            "//v1/x",
            "/api/queue",
            "/api/api/queue/v1/ping",
            "/api/evil.example%23/v1/x",
            "/evil.example:80/v1/x",
            "/me@evil/v1/x",
            "/api/queue/v/x",
            "*",
        ] {
            assert_eq!(ProxyPath::parse(unknown), ProxyPath::Unknown, "{unknown}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_path_is_lost(target in "/(api/)?[a-z]{1,6}/v[0-9](/[ -~]{0,20})?") {
            if let ProxyPath::Service { service, version, rest } = ProxyPath::parse(&target) {
                let (whole, with_first_part) = (format!("/api/{service}/{version}{rest}"), format!("/api{target}"));
                prop_assert!(whole == target || whole == with_first_part);
            }
        }

        #[test]
        fn any_text_is_read(target in ".*") {
            let _ = ProxyPath::parse(&target);
        }
    }
}
