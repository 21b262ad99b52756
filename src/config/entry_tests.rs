use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + 60 * minutes, 0).unwrap()
}

fn root(name: &str) -> RootUrl {
    RootUrl::parse(&format!("https://{name}.example.com")).unwrap()
}

fn lasting(minutes: i64) -> Stored {
    Stored::new(Credentials::new("me", "key")).with_life(at(0), at(minutes))
}

#[test]
fn a_certificate_tells_its_time() {
    let certificate = r#"{"version":1,"start":1700000000000,"expiry":1700003600000}"#;
    let stored = Stored::new(Credentials::new("me", "key").with_certificate(certificate));
    assert_eq!((stored.issued, stored.expires), (Some(at(0)), Some(at(60))));
    assert_eq!(stored.clone().with_life(at(5), at(30)).expires, Some(at(30)));
    assert_eq!(stored.with_life(at(5), at(90)).expires, Some(at(60)));
}

#[test]
fn the_end_is_near_in_the_last_five_minutes_or_the_last_tenth() {
    let day = 24 * 60;
    for (life, elapsed, near) in
        [(15, 9, false), (15, 11, true), (day, day - 145, false), (day, day - 143, true), (4, 0, true)]
    {
        assert_eq!(lasting(life).is_nearly_expired(at(elapsed)), near, "{life} {elapsed}");
    }
    assert!(!Stored::new(Credentials::new("me", "key")).is_nearly_expired(at(1 << 30)));
}

#[test]
fn credentials_end_at_the_very_moment() {
    assert!(!lasting(15).is_expired(at(14)));
    assert!(lasting(15).is_expired(at(15)));
}

#[test]
fn what_is_unknown_stays() {
    let text = r#"{"version": 1, "note": [1.50, {"a": null}], "credentials": {
        "https://a.example.com": {"clientId": "a", "accessToken": "x", "refresh": "later", "expires": null}}}"#;
    let mut contents = Contents::parse(text).unwrap();
    contents.put(&root("b"), &lasting(15));
    let again: Value = serde_json::from_str(&contents.render()).unwrap();
    assert_eq!(again["note"].to_string(), r#"[1.50,{"a":null}]"#);
    assert_eq!(again["credentials"]["https://a.example.com"]["refresh"], "later");
    assert_eq!(again["credentials"]["https://b.example.com"]["expires"], "2023-11-14T22:28:20Z");
}

#[test]
fn only_what_has_expired_is_dropped() {
    let mut contents = Contents::default();
    contents.put(&root("short"), &lasting(15));
    contents.put(&root("long"), &lasting(60));
    contents.put(&root("permanent"), &Stored::new(Credentials::new("me", "key")));
    contents.drop_expired(at(30));
    assert_eq!(contents.roots(), ["https://long.example.com", "https://permanent.example.com"]);
}

#[test]
fn a_file_of_another_form_is_refused_without_showing_what_is_in_it() {
    for (text, expected) in [
        ("", "line 1, column 0: not valid JSON"),
        ("{\n  \"hunter2\" }", "line 2, column 13: not valid JSON"),
        ("[]", "`{..}` is missing or has another form"),
        ("{}", "`version` is missing or has another form"),
        (r#"{"version": 2}"#, "its form has version 2, which is newer than this program"),
        (r#"{"version": 1}"#, "`credentials` is missing or has another form"),
        (
            r#"{"version": 1, "credentials": {"r": {"clientId": "me"}}}"#,
            "`credentials[\"r\"].accessToken` is missing or has another form",
        ),
        (
            r#"{"version": 1, "credentials": {"r": {"clientId": "me", "accessToken": 7}}}"#,
            "`credentials[\"r\"].accessToken` is missing or has another form",
        ),
        (
            r#"{"version": 1, "credentials": {"r": {"clientId": "me", "accessToken": "hunter2", "expires": "soon"}}}"#,
            "`credentials[\"r\"].expires` is missing or has another form",
        ),
    ] {
        match Contents::parse(text) {
            Err(fault) => assert_eq!(fault.to_string(), expected, "{text}"),
            Ok(_) => panic!("{text} was accepted"),
        }
    }
}

prop_compose! {
    fn any_stored()(
        client_id in any::<String>(),
        access_token in any::<String>(),
        certificate in any::<Option<String>>(),
        authorized_scopes in any::<Option<Vec<String>>>(),
        issued in prop::option::of(0..4_000_000_000_000_i64),
        expires in prop::option::of(0..4_000_000_000_000_i64),
        name in any::<Option<String>>(),
        scopes in any::<Option<Vec<String>>>(),
    ) -> Stored {
        Stored {
            credentials: Credentials {
                client_id,
                access_token: Secret::new(access_token),
                certificate: certificate.map(Secret::new),
                authorized_scopes,
            },
            issued: issued.and_then(DateTime::from_timestamp_millis),
            expires: expires.and_then(DateTime::from_timestamp_millis),
            name,
            scopes,
        }
    }
}

proptest! {
    #[test]
    fn what_is_put_is_got_after_writing_and_reading(
        entries in prop::collection::btree_map("[a-z]{1,8}", any_stored(), 0..5),
    ) {
        let mut contents = Contents::default();
        for (name, stored) in &entries {
            contents.put(&root(name), stored);
        }
        let again = Contents::parse(&contents.render()).unwrap();
        for (name, stored) in &entries {
            prop_assert_eq!(again.get(&root(name)), Some(stored.clone()));
        }
        prop_assert_eq!(again.roots().len(), entries.len());
    }

    #[test]
    fn no_text_is_a_panic(text in any::<String>()) {
        prop_assert!(Contents::parse(&text).is_err());
    }
}
