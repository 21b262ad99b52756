//! Assignments that a shell can evaluate, for any value, in the ways in which people evaluate them.
//!
//! The usual form is `eval $(tc signin)` without quotes around it. The shell then splits the output
//! at white space, matches the pieces against file names, and joins them with single spaces. What is
//! printed here survives that: every statement ends with a semicolon, and white space and pattern
//! characters of a value are written as escapes where the shell has any.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A family of shells with one syntax for environment variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) enum Shell {
    /// sh, dash, bash, zsh, ksh.
    #[default]
    Sh,
    /// csh and tcsh.
    Csh,
    /// fish.
    Fish,
    /// Windows PowerShell and pwsh.
    Powershell,
}

impl Shell {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Shell; 4] = [Shell::Sh, Shell::Csh, Shell::Fish, Shell::Powershell];

    /// The statement that sets and exports a variable, without a newline at its end.
    ///
    /// `name` must be a plain variable name; it is not quoted. NUL, which no environment variable
    /// can hold, is left out of the value. csh has no escape for a newline but a backslash before it: a
    /// value with one is right when the output is read with `source`; backquotes make it `\\` and a space.
    pub(crate) fn assign(self, name: &str, value: &str) -> String {
        let value = value.replace('\0', "");
        match self {
            Shell::Sh => sh_assign(name, &value),
            Shell::Csh => format!("setenv {name} {};", csh_quote(&value)),
            Shell::Fish => format!("set -gx {name} {};", fish_quote(&value)),
            Shell::Powershell => format!("$env:{name} = {};", powershell_quote(&value)),
        }
    }

    /// The statement that removes a variable, whether it is set or not, without a newline at its end.
    pub(crate) fn unset(self, name: &str) -> String {
        match self {
            Shell::Sh => format!("unset {name};"),
            Shell::Csh => format!("unsetenv {name};"),
            Shell::Fish => format!("set -e {name};"),
            // Removing a variable that does not exist is an error there; emptying one removes it.
            Shell::Powershell => format!("$env:{name} = '';"),
        }
    }

    /// How to evaluate the output of `command` in this shell.
    pub(crate) fn evaluate(self, command: &str) -> String {
        match self {
            Shell::Sh => format!("eval \"$({command})\""),
            Shell::Csh => format!("eval \"`{command}`\""),
            Shell::Fish => format!("{command} | source"),
            Shell::Powershell => format!("{command} | Out-String | Invoke-Expression"),
        }
    }
}

/// A text as one word of a command line for a POSIX shell, without NUL, which no argument can hold.
pub(crate) fn quote(word: &str) -> String {
    let word = word.replace('\0', "");
    shlex::try_quote(&word).map_or_else(|_| String::new(), Cow::into_owned)
}

/// In single quotes where that is safe without quotes around `$(..)`, else through `printf`,
/// whose escapes are known to every POSIX shell.
fn sh_assign(name: &str, value: &str) -> String {
    if !value.chars().any(sh_needs_escape) {
        return format!("export {name}='{}';", value.replace('\'', r"'\''"));
    }
    let mut format = String::with_capacity(value.len() * 2);
    for (i, c) in value.chars().enumerate() {
        match c {
            '%' => format.push_str("%%"),
            // A leading dash would start an option of printf.
            '-' if i == 0 => format.push_str(r"\055"),
            c if sh_needs_escape(c) || c == '\'' => {
                // Writing to a string cannot fail.
                _ = write!(format, "\\{:03o}", u32::from(c));
            }
            c => format.push(c),
        }
    }
    if value.ends_with('\n') {
        // A command substitution loses the newlines at its end, so something else stands there for a moment.
        format!("{name}=\"$(printf '{format}.')\"; export {name}=\"${{{name}%.}}\";")
    } else {
        format!("export {name}=\"$(printf '{format}')\";")
    }
}

/// What an unquoted expansion splits, matches against file names, expands (ksh) or loses count of (old shells).
fn sh_needs_escape(c: char) -> bool {
    c.is_ascii_control() || matches!(c, ' ' | '*' | '?' | '[' | '{' | '\\' | '(' | ')')
}

/// Even in single quotes csh takes `!` for history and ends the word at a newline.
fn csh_quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    for c in value.chars() {
        match c {
            '\'' => quoted.push_str(r"'\''"),
            '!' => quoted.push_str(r"\!"),
            '\n' => quoted.push_str("\\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// In fish's single quotes only `\\` and `\'` are escapes; `\n` is one outside of them.
fn fish_quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    for c in value.chars() {
        match c {
            '\'' => quoted.push_str(r"\'"),
            '\\' => quoted.push_str(r"\\"),
            '\n' => quoted.push_str(r"'\n'"),
            '\r' => quoted.push_str(r"'\r'"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// PowerShell takes typographic single quotes for plain ones; line ends are escapes in double quotes.
fn powershell_quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    for c in value.chars() {
        match c {
            '\'' | '\u{2018}'..='\u{201b}' => quoted.extend([c, c]),
            '\n' => quoted.push_str("' + \"`n\" + '"),
            '\r' => quoted.push_str("' + \"`r\" + '"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_stay_readable() {
        let name = "TASKCLUSTER_CLIENT_ID";
        let value = "mozilla-auth0/ad|Mozilla-LDAP|who/x";
        for (shell, expected) in [
            (Shell::Sh, format!("export {name}='{value}';")),
            (Shell::Csh, format!("setenv {name} '{value}';")),
            (Shell::Fish, format!("set -gx {name} '{value}';")),
            (Shell::Powershell, format!("$env:{name} = '{value}';")),
        ] {
            assert_eq!(shell.assign(name, value), expected);
        }
    }

    #[test]
    fn quotes_and_line_ends_are_escaped_as_each_shell_wants() {
        for (shell, expected) in [
            (Shell::Sh, r#"export A="$(printf 'it\047s\012\052!')";"#),
            (Shell::Csh, "setenv A 'it'\\''s\\\n*\\!';"),
            (Shell::Fish, r"set -gx A 'it\'s'\n'*!';"),
            (Shell::Powershell, "$env:A = 'it''s' + \"`n\" + '*!';"),
        ] {
            assert_eq!(shell.assign("A", "it's\n*!"), expected);
        }
        assert_eq!(Shell::Sh.assign("A", "it's"), r"export A='it'\''s';");
        assert_eq!(Shell::Sh.assign("A", "-%\n"), r#"A="$(printf '\055%%\012.')"; export A="${A%.}";"#);
    }

    #[test]
    fn typographic_quotes_cannot_end_a_powershell_string() {
        assert_eq!(Shell::Powershell.assign("A", "a\u{2019}; b"), "$env:A = 'a\u{2019}\u{2019}; b';");
    }

    #[test]
    fn nul_is_left_out_as_no_variable_can_hold_it() {
        for shell in Shell::ALL {
            assert_eq!(shell.assign("A", "a\0b"), shell.assign("A", "ab"));
        }
    }

    #[test]
    fn unset_ends_with_a_separator_too() {
        assert_eq!(Shell::ALL.map(|shell| shell.unset("A")), ["unset A;", "unsetenv A;", "set -e A;", "$env:A = '';"]);
    }
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod in_real_shells;
