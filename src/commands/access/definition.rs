//! Clients and roles as lines that can be compared. Pure.

use serde_json::Value;

/// The scopes of a client or a role.
pub(super) fn scopes(of: &Value) -> Vec<String> {
    let scopes = of.get("scopes").and_then(Value::as_array).into_iter().flatten();
    scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
}

/// What a client or a role is, one fact a line, whatever the order of its scopes.
pub(super) fn lines(of: &Value) -> String {
    let mut text = String::new();
    for (name, key) in [("description", "description"), ("expires", "expires")] {
        if let Some(value) = of.get(key).and_then(Value::as_str) {
            for line in value.lines() {
                text.push_str(&format!("{name}: {line}\n"));
            }
        }
    }
    if let Some(value) = of.get("deleteOnExpiration").and_then(Value::as_bool) {
        text.push_str(&format!("delete on expiration: {}\n", if value { "yes" } else { "no" }));
    }
    let mut scopes = scopes(of);
    scopes.sort_unstable();
    scopes.iter().for_each(|scope| text.push_str(&format!("scope: {scope}\n")));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_scopes_makes_no_difference() {
        let client = json!({"description": "a\nb", "expires": "t", "deleteOnExpiration": false, "scopes": ["y", "x"],
            "clientId": "c", "lastModified": "t"});
        assert_eq!(
            lines(&client),
            "description: a\ndescription: b\nexpires: t\ndelete on expiration: no\nscope: x\nscope: y\n"
        );
        assert_eq!(lines(&json!({"description": ""})), "");
    }
}
