//! Settings as variables of an environment, in the formats that take them. Pure.

use crate::domain::Shell;
use crate::error::{Error, Result};

/// A variable and its value.
pub(super) type Pair = (String, String);

/// How variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Statements of a shell.
    Shell(Shell),
    /// A `.env` file.
    Dotenv,
    /// A file as `GITHUB_ENV` names it.
    Github,
}

/// Checks that an environment can hold these.
///
/// # Errors
/// [`crate::error::Kind::Usage`] with all invalid names.
pub(super) fn check(pairs: &[Pair]) -> Result<()> {
    let wrong: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !is_variable_name(name)).collect();
    if !wrong.is_empty() {
        return Err(Error::usage(format!("invalid variable name `{}`", wrong.join("`, `")))
            .hint("Print JSON with --json, or choose sections with --prefix."));
    }
    match pairs.iter().find(|(_, value)| value.contains('\0')) {
        Some((name, _)) => Err(Error::usage(format!("the value of `{name}` has a NUL, which no variable can hold"))),
        None => Ok(()),
    }
}

fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The variables in a format, with a line end after each.
pub(super) fn write(pairs: &[Pair], format: Format) -> String {
    let one = |(name, value): &Pair| match format {
        Format::Shell(shell) => shell.assign(name, value),
        Format::Dotenv => format!("{name}={}", dotenv(value)),
        Format::Github => github(name, value),
    };
    pairs.iter().map(|pair| one(pair) + "\n").collect()
}

/// In single quotes, where everything stands for itself, or else in double quotes with backslashes.
fn dotenv(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,+".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '"' | '\\' | '$' | '`' => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// More than one line stands between two lines that are a word which is not among them.
fn github(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}");
    }
    let mut word = "EOF".to_owned();
    while value.lines().any(|line| line == word) {
        word.push('_');
    }
    format!("{name}<<{word}\n{value}\n{word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(&str, &str)]) -> Vec<Pair> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_that_no_environment_has_are_refused_together() {
        let refused = check(&pairs(&[("A_1", ""), ("_b", ""), ("1a", ""), ("a-b", ""), ("", ""), ("ä", "")]));
        assert_eq!(refused.unwrap_err().message(), "invalid variable name `1a`, `a-b`, ``, `ä`");
        assert!(check(&pairs(&[("A", "a\0b")])).unwrap_err().message().contains("`A` has a NUL"));
        check(&pairs(&[("A_1", "x\ny")])).unwrap();
    }

    #[test]
    fn dotenv_values_are_quoted_as_far_as_they_must() {
        let text = write(&pairs(&[("A", "a-1"), ("B", "a b$c\"d"), ("C", "it's $x\n\\"), ("D", "")]), Format::Dotenv);
        assert_eq!(text, "A=a-1\nB='a b$c\"d'\nC=\"it's \\$x\\n\\\\\"\nD=''\n");
    }

    #[test]
    fn github_values_of_more_lines_stand_between_words() {
        let text = write(&pairs(&[("A", "x y"), ("B", "1\nEOF\n2\n")]), Format::Github);
        assert_eq!(text, "A=x y\nB<<EOF_\n1\nEOF\n2\n\nEOF_\n");
    }

    #[test]
    fn shells_have_their_own_statements() {
        let one = pairs(&[("A", "it's")]);
        assert_eq!(write(&one, Format::Shell(Shell::Sh)), "export A='it'\\''s';\n");
        assert_eq!(write(&one, Format::Shell(Shell::Fish)), "set -gx A 'it\\'s';\n");
    }
}
