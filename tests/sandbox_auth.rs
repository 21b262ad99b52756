//! The sandbox's `auth` service: clients, roles, temporary credentials.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{SecondsFormat, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::wire::{Reply, Wire};

fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

fn call(sandbox: &Sandbox, verb: &str, path: &str) -> Reply {
    Wire::new(sandbox, verb, &format!("/api/auth/v1/{path}")).send()
}

fn send(sandbox: &Sandbox, verb: &str, path: &str, body: &Value) -> Reply {
    Wire::new(sandbox, verb, &format!("/api/auth/v1/{path}")).json(body).send()
}

fn client(scopes: &[&str]) -> Value {
    let expires = (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({"description": "d", "expires": expires, "scopes": scopes})
}

fn role(scopes: &[&str]) -> Value {
    json!({"description": "d", "scopes": scopes})
}

#[test]
fn clients_come_in_pages_and_by_prefix() {
    let sandbox = start();
    for id in ["b", "a%2F2", "a%2F1", "A%2F3"] {
        send(&sandbox, "PUT", &format!("clients/{id}"), &client(&[])).is(200, "");
    }
    let mut seen = Vec::new();
    let mut path = "clients/?limit=2".to_owned();
    loop {
        let page = call(&sandbox, "GET", &path).is(200, "").value();
        let ids =
            page["clients"].as_array().unwrap().iter().map(|client| client["clientId"].as_str().unwrap().to_owned());
        seen.push(ids.collect::<Vec<_>>());
        let Some(token) = page["continuationToken"].as_str() else { break };
        path = format!("clients/?limit=2&continuationToken={token}");
    }
    assert_eq!(seen[..2], [["a/1", "a/2"], ["A/3", "b"]]);
    assert!(seen[2..].iter().flatten().all(|id| id.starts_with("static/taskcluster/")), "{seen:?}");
    let page = call(&sandbox, "GET", "clients/?prefix=a/&limit=1000").value();
    assert_eq!(page["clients"].as_array().unwrap().len(), 2);
    // Garbage in place of a token means the first page.
    let page = call(&sandbox, "GET", "clients/?limit=1&continuationToken=garbage").value();
    assert_eq!(page["clients"][0]["clientId"], "a/1");
}

#[test]
fn making_a_client_again_is_a_repetition_or_a_conflict() {
    let sandbox = start();
    let body = client(&["a"]);
    let first = send(&sandbox, "PUT", "clients/x", &body).is(200, "").value();
    assert_eq!(send(&sandbox, "PUT", "clients/x", &body).is(200, "").value(), first);
    send(&sandbox, "PUT", "clients/x", &client(&["b"])).is(409, "RequestConflict");
    send(&sandbox, "PUT", "clients/y", &client(&["a**"])).is(400, "InputError");
    send(&sandbox, "PUT", "clients/static%2Fy", &client(&[])).is(400, "InputError");
    send(&sandbox, "PUT", "clients/a%20b", &client(&[])).is(400, "InvalidRequestArguments");
    for (verb, path) in [
        ("POST", "clients/static%2Ftaskcluster%2Froot/reset"),
        ("POST", "clients/static%2Ftaskcluster%2Froot/disable"),
        ("DELETE", "clients/static%2Ftaskcluster%2Froot"),
    ] {
        call(&sandbox, verb, path).is(400, "InputError");
    }
    for path in ["clients/nope/reset", "clients/nope/enable", "clients/nope/disable"] {
        call(&sandbox, "POST", path).is(404, "ResourceNotFound");
    }
    send(&sandbox, "POST", "clients/nope", &client(&[])).is(404, "ResourceNotFound");
}

#[test]
fn nobody_gives_away_what_he_has_not() {
    let sandbox = start();
    let scopes = ["auth:create-client:x", "auth:update-client:x", "auth:create-role:r", "auth:update-role:r", "a:*"];
    let made = send(&sandbox, "PUT", "clients/admin", &client(&scopes)).value();
    let admin = |verb: &str, path: &str, body: &Value| {
        Wire::new(&sandbox, verb, &format!("/api/auth/v1/{path}")).signed_with(&made).json(body).send()
    };
    let refused = admin("PUT", "clients/x", &client(&["a:b", "c"]));
    refused.is(403, "InsufficientScopes");
    assert!(refused.message().contains("missing the following scopes:\n\n```\nc\n```"), "{}", refused.message());
    admin("PUT", "clients/x", &client(&["a:b"])).is(200, "");
    send(&sandbox, "POST", "clients/x", &client(&["a:b", "c"])).is(200, "");
    // What the client has already, it may keep.
    admin("POST", "clients/x", &client(&["a:d", "c"])).is(200, "");
    admin("POST", "clients/x", &client(&["e"])).is(403, "InsufficientScopes");
    admin("PUT", "roles/r", &role(&["c"])).is(403, "InsufficientScopes");
    admin("PUT", "roles/r", &role(&["a:b"])).is(200, "");
    admin("POST", "roles/r", &role(&["a:b", "c"])).is(403, "InsufficientScopes");
    admin("POST", "roles/r", &role(&["a:c"])).is(200, "");
}

#[test]
fn roles_are_made_listed_and_removed() {
    let sandbox = start();
    send(&sandbox, "PUT", "roles/repo%3A*", &role(&["push:<..>", "assume:b"])).is(200, "");
    send(&sandbox, "PUT", "roles/b", &role(&["x"])).is(200, "");
    send(&sandbox, "PUT", "roles/b", &role(&["x"])).is(200, "");
    send(&sandbox, "PUT", "roles/b", &role(&["y"])).is(409, "RequestConflict");
    send(&sandbox, "PUT", "roles/b**", &role(&[])).is(400, "InputError");
    send(&sandbox, "PUT", "roles/loop*", &role(&["assume:loop-<..>"])).is(400, "InputError");
    let expanded = send(&sandbox, "POST", "scopes/expand", &json!({"scopes": ["assume:repo:a/b"]})).value();
    assert_eq!(expanded["scopes"], json!(["assume:b", "assume:repo:a/b", "push:a/b", "x"]));
    let ids = call(&sandbox, "GET", "roleids/?limit=2").value();
    assert_eq!(ids["roleIds"], json!(["anonymous", "b"]));
    let token = ids["continuationToken"].as_str().unwrap();
    let rest = call(&sandbox, "GET", &format!("roles2/?limit=2&continuationToken={token}")).value();
    assert_eq!(rest["roles"][0]["roleId"], "repo:*");
    assert_eq!(rest.get("continuationToken"), None);
    assert_eq!(call(&sandbox, "GET", "roles/").value().as_array().unwrap().len(), 3);
    call(&sandbox, "DELETE", "roles/b").is(204, "");
    call(&sandbox, "DELETE", "roles/b").is(204, "");
    call(&sandbox, "GET", "roles/b").is(404, "ResourceNotFound");
}

/// A certificate in the making, as the protocol tells it.
struct Certificate {
    name: Option<&'static str>,
    scopes: Vec<&'static str>,
    start: i64,
    expiry: i64,
}

impl Certificate {
    fn new() -> Self {
        let now = Utc::now().timestamp_millis();
        Self { name: Some("temporary"), scopes: vec!["secrets:get:x"], start: now, expiry: now + 3_600_000 }
    }

    /// The credentials, with `change` done to the certificate after it was signed.
    fn issue(&self, issuer: &str, token: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mac = |text: &str| {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(token.as_bytes()).unwrap();
            mac.update(text.as_bytes());
            mac.finalize().into_bytes()
        };
        let seed = "s".repeat(44);
        let named = self.name.map(|name| format!("clientId:{name}\nissuer:{issuer}\n")).unwrap_or_default();
        let scopes = self.scopes.join("\n");
        let text =
            format!("version:1\n{named}seed:{seed}\nstart:{}\nexpiry:{}\nscopes:\n{scopes}", self.start, self.expiry);
        let mut certificate = json!({
            "version": 1, "scopes": self.scopes, "start": self.start, "expiry": self.expiry, "seed": seed,
            "signature": STANDARD.encode(mac(&text)),
        });
        if self.name.is_some() {
            certificate["issuer"] = issuer.into();
        }
        change(&mut certificate);
        json!({
            "clientId": self.name.unwrap_or(issuer),
            "accessToken": URL_SAFE_NO_PAD.encode(mac(&seed)),
            "certificate": certificate.to_string(),
        })
    }
}

#[test]
fn temporary_credentials_are_checked_in_every_respect() {
    let sandbox = start();
    let made =
        send(&sandbox, "PUT", "clients/issuer", &client(&["secrets:get:*", "auth:create-client:temporary"])).value();
    let token = made["accessToken"].as_str().unwrap();
    let issue = |certificate: &Certificate| certificate.issue("issuer", token, |_| {});
    let changed = |change: fn(&mut Value)| Certificate::new().issue("issuer", token, change);
    let get = |credentials: &Value, name: &str| {
        Wire::new(&sandbox, "GET", &format!("/api/secrets/v1/secret/{name}")).signed_with(credentials).send()
    };
    for name in [Some("temporary"), None] {
        let credentials = issue(&Certificate { name, ..Certificate::new() });
        get(&credentials, "x").is(404, "ResourceNotFound");
        get(&credentials, "y").is(403, "InsufficientScopes");
        let url = Wire::new(&sandbox, "GET", "/api/secrets/v1/secret/x").signed_with(&credentials).bewit(60).send();
        url.is(404, "ResourceNotFound");
    }
    let now = Utc::now().timestamp_millis();
    const MINUTE: i64 = 60_000;
    let lasting = |start: i64, expiry: i64| issue(&Certificate { start, expiry, ..Certificate::new() });
    // Five minutes are forgiven at both ends.
    get(&lasting(now - 60 * MINUTE, now - 4 * MINUTE), "x").is(404, "ResourceNotFound");
    get(&lasting(now + 4 * MINUTE, now + 60 * MINUTE), "x").is(404, "ResourceNotFound");
    for (credentials, reason) in [
        (lasting(now - 60 * MINUTE, now - 6 * MINUTE), "ext.certificate.expiry < now"),
        (lasting(now + 6 * MINUTE, now + 60 * MINUTE), "ext.certificate.start > now"),
        (lasting(now, now + 32 * 24 * 60 * MINUTE), "ext.certificate cannot last longer than 31 days!"),
        (
            issue(&Certificate { scopes: vec!["queue:*"], ..Certificate::new() }),
            "ext.certificate issuer `issuer` doesn't satisfy all certificate scopes queue:*.",
        ),
        (
            issue(&Certificate { name: Some("other"), ..Certificate::new() }),
            "ext.certificate issuer `issuer` doesn't have `auth:create-client:other` for supplied clientId.",
        ),
        (
            changed(|it| it["scopes"] = json!(["secrets:get:*"])),
            "ext.certificate.signature is not valid, or wrong clientId",
        ),
        (changed(|it| it["version"] = json!(2)), "ext.certificate.version must be 1"),
        (changed(|it| it["seed"] = json!("short")), "ext.certificate.seed must be 44 characters"),
        (changed(|it| it["start"] = json!("now")), "ext.certificate.start must be a number"),
        (changed(|it| it["scopes"] = json!("a")), "ext.certificate.scopes must be an array"),
        (changed(|it| it["scopes"] = json!(["\u{e9}"])), "ext.certificate.scopes must be an array of valid scopes"),
        (
            changed(|it| it["issuer"] = json!("temporary")),
            "ext.certificate.issuer must differ from the supplied clientId",
        ),
        (changed(|it| it["issuer"] = json!(1)), "ext.certificate.issuer must be a string"),
        (changed(|it| it["issuer"] = json!("nobody")), "Client with clientId 'nobody' not found"),
    ] {
        let reply = get(&credentials, "x");
        reply.is(401, "AuthenticationFailed");
        assert!(reply.message().starts_with(reason), "{} in place of {reason}", reply.message());
    }
    // Temporary credentials cannot issue others.
    let temporary = issue(&Certificate::new());
    let token = temporary["accessToken"].as_str().unwrap();
    let second = Certificate { name: None, ..Certificate::new() }.issue("temporary", token, |_| {});
    assert_eq!(get(&second, "x").message(), "Client with clientId 'temporary' not found");
    // What the issuer loses, its credentials lose.
    call(&sandbox, "POST", "clients/issuer/disable").is(200, "");
    assert_eq!(get(&temporary, "x").message(), "Client with clientId 'issuer' is disabled");
}

#[test]
fn another_service_can_have_a_request_authenticated() {
    let sandbox = start();
    let wire = Wire::new(&sandbox, "GET", "/api/auth/v1/scopes/current");
    let request = String::from_utf8(wire.bytes()).unwrap();
    let line = request.lines().find_map(|line| line.strip_prefix("Authorization: ")).unwrap();
    let port: u16 = sandbox.root_url().rsplit(':').next().unwrap().parse().unwrap();
    let ask = |resource: &str, authorization: Option<&str>| {
        let mut body = json!({"method": "get", "resource": resource, "host": "localhost", "port": port});
        if let Some(authorization) = authorization {
            body["authorization"] = authorization.into();
        }
        send(&sandbox, "POST", "authenticate-hawk", &body).is(200, "").value()
    };
    let good = ask("/api/auth/v1/scopes/current", Some(line));
    assert_eq!(
        (&good["status"], &good["clientId"], &good["scopes"]),
        (&json!("auth-success"), &json!("static/taskcluster/root"), &json!(["*"]))
    );
    let bad = ask("/elsewhere", Some(line));
    assert_eq!(bad, json!({"status": "auth-failed", "message": "Unauthorized: Bad mac"}));
    assert_eq!(ask("/elsewhere", None)["status"], "no-auth");
}

#[test]
fn a_client_can_test_its_signing() {
    let sandbox = start();
    let post = |token: &str, required: &str| {
        let body = json!({"clientScopes": ["a:*"], "requiredScopes": [required]});
        Wire::new(&sandbox, "POST", "/api/auth/v1/test-authenticate").signed_by("tester", token).json(&body).send()
    };
    assert_eq!(post("no-secret", "a:b").value(), json!({"clientId": "tester", "scopes": ["a:*", "assume:anonymous"]}));
    post("no-secret", "b").is(403, "InsufficientScopes");
    post("wrong", "a:b").is(401, "AuthenticationFailed");
    let signed = Wire::new(&sandbox, "POST", "/api/auth/v1/test-authenticate").signed_by("tester", "no-secret");
    let body = json!({"clientScopes": ["a:*"], "requiredScopes": []}).to_string();
    signed.clone().body("application/json", &body).send().is(200, "");
    signed.signing("{}").body("application/json", &body).send().is(401, "AuthenticationFailed");
    call(&sandbox, "GET", "test-authenticate-get/").is(401, "AuthenticationFailed");
}
