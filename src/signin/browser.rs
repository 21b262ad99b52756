//! Opening the browser: which program, with which words.

use std::process::{Command, Stdio};

use crate::env::{self, Environment};

/// Programs to try in turn; none where there is no screen to show a browser on.
///
/// `BROWSER` holds one command or several with colons between them; `%s` in one stands for the
/// address, which otherwise comes last.
pub(crate) fn commands(url: &str, environment: &Environment) -> Vec<Command> {
    let mut commands: Vec<Command> = match environment.get(env::BROWSER) {
        Some(browser) => chosen(browser, url).iter().filter_map(|words| command(words)).collect(),
        None if has_screen(environment) => open::commands(url),
        None => Vec::new(),
    };
    for command in &mut commands {
        command.env_clear().envs(environment.variables()).current_dir(&environment.directory);
        // Standard output is for the credentials alone.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    }
    commands
}

/// Starts the first program that can be started and does not fail at once; false when there is none.
///
/// Runs for as long as the program does, and leaves it running when dropped: some end only with the
/// browser's window.
pub(crate) async fn open(commands: Vec<Command>) -> bool {
    for command in commands {
        if let Ok(mut child) = tokio::process::Command::from(command).spawn()
            && child.wait().await.is_ok_and(|status| status.success())
        {
            return true;
        }
    }
    false
}

fn command(words: &[String]) -> Option<Command> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments);
    Some(command)
}

/// The commands of `BROWSER`, word by word.
fn chosen(browser: &str, url: &str) -> Vec<Vec<String>> {
    // A drive letter has a colon of its own.
    let separator = if cfg!(windows) { ';' } else { ':' };
    browser
        .split(separator)
        .filter_map(shlex::split)
        .filter(|words| !words.is_empty())
        .map(|mut words| {
            if words.iter().any(|word| word.contains("%s")) {
                words.iter_mut().for_each(|word| *word = word.replace("%s", url));
            } else {
                words.push(url.to_owned());
            }
            words
        })
        .collect()
}

/// Without one, launchers fall back to browsers for the terminal, which is ours.
fn has_screen(environment: &Environment) -> bool {
    cfg!(any(windows, target_os = "macos"))
        || [env::DISPLAY, env::WAYLAND_DISPLAY, env::WSL_DISTRO_NAME].iter().any(|it| environment.get(*it).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(browser: &str) -> Vec<Vec<String>> {
        chosen(browser, "http://x/?a=b&c")
    }

    #[test]
    #[cfg(unix)]
    fn browser_is_a_list_of_commands() {
        assert_eq!(words("firefox"), [["firefox", "http://x/?a=b&c"]]);
        assert_eq!(
            words("'my browser' --new-window %s:w3m -o 'a b'"),
            [vec!["my browser", "--new-window", "http://x/?a=b&c"], vec!["w3m", "-o", "a b", "http://x/?a=b&c"]]
        );
        assert_eq!(words("::"), [[""; 0]; 0]);
        assert_eq!(words("fire'fox"), [[""; 0]; 0]);
    }

    #[test]
    #[cfg(unix)]
    fn without_a_screen_there_is_no_browser() {
        let environment = Environment::empty("/");
        assert!(cfg!(target_os = "macos") || commands("http://x", &environment).is_empty());
        assert!(!commands("http://x", &environment.clone().with("DISPLAY", ":0")).is_empty());
        assert_eq!(commands("http://x", &environment.with("BROWSER", "a:b")).len(), 2);
    }
}
