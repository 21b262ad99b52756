//! The request body from what was given: `-d`, `-f`, `-F`, or standard input.

use serde_json::Value;

use super::Flags;
use crate::commands::documents::set_fields;
use crate::context::Context;
use crate::domain::yaml;
use crate::error::{Error, Result};
use crate::reference::{Method, Service};
use crate::ui::json;

/// The body to send, or none for a method that takes none.
///
/// JSON is sent byte for byte as it was given, so numbers and key order survive.
///
/// # Errors
/// When there is a body and none is taken, none and one is needed, or it is neither JSON nor YAML.
pub(super) async fn read(
    service: &Service,
    method: &Method,
    flags: &Flags,
    context: &Context,
) -> Result<Option<Vec<u8>>> {
    let given = flags.data.is_some() || !flags.field.is_empty() || !flags.json_field.is_empty();
    let name = format!("{}.{}", service.service_name, method.name);
    if method.input.is_none() {
        if given {
            return Err(Error::usage(format!("{name} takes no body")).hint("Leave out -d, -f and -F."));
        }
        return Ok(None);
    }
    let text = match &flags.data {
        Some(data) => Some(source(data, context).await?),
        None if given => None,
        None => Some(piped(&name, context).await?),
    };
    let body = text.map(|(text, origin)| to_json(text, &origin)).transpose()?;
    if flags.field.is_empty() && flags.json_field.is_empty() {
        return Ok(body);
    }
    with_fields(body, flags).map(Some)
}

/// A body on standard input; it is read only when it is no terminal.
async fn piped(name: &str, context: &Context) -> Result<(Vec<u8>, String)> {
    let missing = || {
        Error::usage(format!("{name} takes a body, and there is none"))
            .hint("Give one with -d JSON, -d @FILE, -f KEY=TEXT, or on standard input; --template prints a skeleton.")
    };
    if context.ui.terminal.stdin {
        return Err(missing());
    }
    let (text, origin) = source("-", context).await?;
    if text.iter().all(u8::is_ascii_whitespace) { Err(missing()) } else { Ok((text, origin)) }
}

/// The text behind `-d`, and what to call it in messages.
async fn source(data: &str, context: &Context) -> Result<(Vec<u8>, String)> {
    if data == "-" || data == "@-" {
        let text = context.read_stdin().await?;
        return Ok((text, "standard input".into()));
    }
    match data.strip_prefix('@') {
        Some(path) => {
            let text = std::fs::read(context.env.resolve(path))
                .map_err(|source| Error::io("read the body from", format_args!("`{path}`"), source))?;
            Ok((text, format!("`{path}`")))
        }
        None => Ok((data.as_bytes().to_vec(), "the body".into())),
    }
}

/// JSON stays as it is; YAML is turned into JSON.
fn to_json(text: Vec<u8>, origin: &str) -> Result<Vec<u8>> {
    let text = match text.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => text,
    };
    let Err(fault) = json::check(&text) else { return Ok(text) };
    let not_json = || {
        let place = format!("line {} column {}", fault.line(), fault.column());
        Error::usage(format!("{origin} is neither JSON nor YAML: as JSON it goes wrong at {place}"))
            .caused_by(fault.to_string())
    };
    let Ok(text) = String::from_utf8(text) else { return Err(not_json()) };
    match yaml::parse(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value.to_string().into_bytes()),
        // Any word is a YAML string; nobody means a body by that.
        Ok(_) if text.trim().is_empty() => Err(Error::usage(format!("{origin} is empty"))),
        Ok(_) => Err(Error::usage(format!("{origin} is a single value, and a body is a map or a list"))),
        Err(_) if text.trim_start().starts_with(['{', '[']) => Err(not_json()),
        Err(yaml) => Err(Error::usage(format!("{origin} is neither JSON nor YAML")).caused_by(yaml.to_string())),
    }
}

fn with_fields(body: Option<Vec<u8>>, flags: &Flags) -> Result<Vec<u8>> {
    let mut value: Value = match body {
        Some(body) => serde_json::from_slice(&body)
            .map_err(|source| Error::usage("the body cannot be combined with -f and -F").caused_by(source))?,
        None => Value::Object(serde_json::Map::new()),
    };
    set_fields(&mut value, &flags.field, &flags.json_field)?;
    Ok(value.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str) -> std::result::Result<String, String> {
        to_json(text.into(), "the body").map(|json| String::from_utf8(json).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn json_is_not_touched() {
        let text = "{ \"b\": 1.0,\n \"a\": 1e400 }";
        assert_eq!(convert(text).unwrap(), text);
        assert_eq!(convert("\u{feff}{}").unwrap(), "{}");
    }

    #[test]
    fn yaml_becomes_json() {
        let json = convert("a: 1\nb:\n  - x: yes it is\n    y: '2'\n").unwrap();
        assert_eq!(json, r#"{"a":1,"b":[{"x":"yes it is","y":"2"}]}"#);
    }

    #[test]
    fn a_slip_in_json_is_told_with_line_and_column() {
        assert_eq!(
            convert("{\"a\": 1\n \"b\": 2}").unwrap_err(),
            "the body is neither JSON nor YAML: as JSON it goes wrong at line 2 column 2"
        );
        assert_eq!(convert(" \n").unwrap_err(), "the body is empty");
        for word in ["nope", "--- >\n folded\n"] {
            assert_eq!(convert(word).unwrap_err(), "the body is a single value, and a body is a map or a list");
        }
    }
}
