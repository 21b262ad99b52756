//! Questions to the user, on standard error, answered on standard input.

use std::io::{self, Read as _};

use super::{Ui, lock};

/// What an answer to a yes-or-no question means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Go ahead.
    Yes,
    /// Leave it, which is what no word at all means, too.
    No,
    /// Neither.
    Unclear,
    /// There is no answer: the input has ended.
    End,
}

/// Answers that make no sense before no more is asked.
const MAX_QUESTIONS: usize = 3;

impl Reply {
    /// What a line means; none at the end of the input.
    pub(crate) fn parse(line: Option<&str>) -> Self {
        match line.map(|line| line.trim().to_lowercase()).as_deref() {
            None => Self::End,
            Some("y" | "yes") => Self::Yes,
            Some("" | "n" | "no") => Self::No,
            Some(_) => Self::Unclear,
        }
    }
}

impl Ui {
    /// Asks until the answer is clear, but not for ever. Blocks until there is a line or the end.
    ///
    /// # Errors
    /// When standard input cannot be read.
    pub(crate) fn ask(&self, question: &str) -> io::Result<Reply> {
        for _ in 0..MAX_QUESTIONS {
            self.write_stderr(format!("{question} [y/N] ").as_bytes());
            match Reply::parse(self.read_line()?.as_deref()) {
                Reply::Unclear => self.note("Please answer y or n."),
                Reply::End => {
                    self.write_stderr(b"\n");
                    return Ok(Reply::End);
                }
                clear => return Ok(clear),
            }
        }
        Ok(Reply::Unclear)
    }

    /// One line of standard input without its end; none at the end. What follows is left unread.
    pub(super) fn read_line(&self) -> io::Result<Option<String>> {
        let mut stdin = lock(&self.stdin);
        let (mut line, mut byte) = (Vec::new(), [0]);
        loop {
            match stdin.read(&mut byte) {
                Ok(0) if line.is_empty() => return Ok(None),
                Ok(0) => break,
                Ok(_) if byte == [b'\n'] => break,
                Ok(_) => line.extend_from_slice(&byte),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }
}

/// How the terminal treats keys, set back when this is dropped: a read that is left behind leaves its echo off.
pub(crate) struct KeptModes {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl KeptModes {
    /// Those of standard input as they are now.
    #[cfg(unix)]
    pub(crate) fn of_stdin() -> Self {
        Self { modes: rustix::termios::tcgetattr(io::stdin()).ok() }
    }

    /// Nothing: whoever reads there without echo deals with the keys itself.
    #[cfg(not(unix))]
    pub(crate) fn of_stdin() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for KeptModes {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcgetpgrp, tcsetattr};
        // In the background the terminal is somebody else's, and the system would stop this process.
        let is_ours = || tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp());
        if let Some(modes) = self.modes.take().filter(|_| is_ours()) {
            // A terminal that is gone has none.
            tcsetattr(io::stdin(), OptionalActions::Now, &modes).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (line, reply) in [
            ("y", Reply::Yes),
            (" YES\r", Reply::Yes),
            ("n", Reply::No),
            ("No", Reply::No),
            ("", Reply::No),
            ("yep", Reply::Unclear),
            ("q", Reply::Unclear),
        ] {
            assert_eq!(Reply::parse(Some(line)), reply, "{line}");
        }
        assert_eq!(Reply::parse(None), Reply::End);
    }
}
