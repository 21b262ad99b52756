//! Lists with commas in one option, some of whose parts are in quotes.

/// Splits a text at its commas. A part that starts with a double quote goes to the next single one, and `""` in it stands for
/// one, as in RFC 4180 (2.5 to 2.7) and in the Go tool.
///
/// # Errors
/// Where a quoted part does not end, and where commas stand beside quotes that are not around a whole part: who writes
/// `A={"b":1,"c":2}` does not mean two parts.
pub(super) fn parts(text: &str) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut rest = Some(text);
    let mut has_bare_quote = false;
    while let Some(here) = rest {
        let (part, after) = match here.strip_prefix('"') {
            Some(quoted) => {
                let (part, after) =
                    unquoted(quoted).ok_or_else(|| format!("has a quote that does not end: `{text}`"))?;
                if !after.is_empty() && !after.starts_with(',') {
                    return Err(format!("has text behind a closing quote: `{text}`"));
                }
                (part, after.strip_prefix(','))
            }
            None => {
                let (part, after) = here.split_once(',').map_or((here, None), |(part, after)| (part, Some(after)));
                has_bare_quote |= part.contains('"');
                (part.to_owned(), after)
            }
        };
        parts.push(part);
        rest = after;
    }
    if has_bare_quote && parts.len() > 1 {
        return Err(format!("has commas and quotes that are not around a whole NAME=VALUE: `{text}`"));
    }
    Ok(parts)
}

/// What is before the closing quote, and what is behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        let Some(more) = after.strip_prefix('"') else { return Some((part, after)) };
        part.push('"');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commas_separate_and_quotes_keep_them() {
        let cases: [(&str, &[&str]); 8] = [
            ("A=1", &["A=1"]),
            ("A=1,B=2", &["A=1", "B=2"]),
            ("\"A=1,2\",B=3", &["A=1,2", "B=3"]),
            ("B=3,\"A=say \"\"x\"\"\"", &["B=3", "A=say \"x\""]),
            ("A={\"b\":1}", &["A={\"b\":1}"]),
            ("A=", &["A="]),
            ("A=1,", &["A=1", ""]),
            ("\"\"", &[""]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(text).unwrap(), expected, "{text}");
        }
    }

    /// They came out as `A={"b":1` and `"c":2}`.
    #[test]
    fn a_value_is_not_torn_at_a_comma_between_quotes() {
        for text in ["A={\"b\":1,\"c\":2}", "A=\"x,y\"", "\"A=1", "\"A=1\"x", "A=1,\"B"] {
            assert!(parts(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_out_whole(texts in prop::collection::vec(".*", 1..4)) {
            let quoted: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect();
            prop_assert_eq!(parts(&quoted.join(",")).unwrap(), texts);
        }
    }
}
