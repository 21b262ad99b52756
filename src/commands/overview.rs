//! What `tc` alone prints: the commands that people need, and a first step.

use crate::config::{Given, Settings};
use crate::env::Environment;

const COMMANDS: &str = "\
Look at tasks:
  tc task status TASK              where a task stands
  tc task log TASK                 its log
  tc group list GROUP --failed     the failed tasks of a group
  tc group watch GROUP             watch a group until it is over

Act on them:
  tc task create FILE              create tasks from a file
  tc group rerun GROUP             rerun what failed
  tc artifact download TASK NAME   fetch what a task made

Everything else:
  tc signin                        sign in through the browser
  tc whoami                        who you are, and what you may do
  tc api SERVICE METHOD            call any method of the API
";

const THREE_WAYS: &str = "\
No deployment is set yet. Three ways to set one:
  tc profile use firefox-ci        from now on (or: community, staging)
  export TASKCLUSTER_ROOT_URL=https://tc.example.com
                                   for this shell
  tc -R https://tc.example.com ..  for one command
Then `tc signin`. Without any deployment: `tc sandbox demo`.
";

const MORE: &str = "`tc --help` lists all commands, `tc help scripting` and others explain a topic.\n";

/// The overview, with the first step that is to be done where things stand.
pub(super) fn overview(environment: &Environment) -> String {
    let settings = Settings::load(environment, Given::default());
    let root_url = settings.and_then(|settings| settings.root_url());
    let first_step = match root_url {
        Ok(Some((root, source))) => {
            format!("Deployment: {root} (from {source})\nFirst step: `tc signin`; a tour of tc: `tc sandbox demo`.\n")
        }
        Ok(None) => THREE_WAYS.to_owned(),
        // Help must not fail, and the fault stands in the way of all that comes next.
        Err(fault) => format!("The deployment is not known:\n  {}\nSettings: `tc config list`.\n", fault.message()),
    };
    format!("tc talks to any Taskcluster deployment.\n\n{COMMANDS}\n{first_step}\n{MORE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_fits_a_screen_and_has_a_first_step() {
        let environment = Environment::empty("/nowhere");
        let without = overview(&environment);
        let with = overview(&environment.clone().with("TASKCLUSTER_ROOT_URL", "https://tc.example.com"));
        let broken = overview(&environment.with("TASKCLUSTER_ROOT_URL", "tc example"));
        for text in [&without, &with, &broken] {
            assert!(text.lines().count() <= 30, "{text}");
            assert!(text.lines().all(|line| line.len() <= 80), "{text}");
            assert_eq!(COMMANDS.lines().filter(|line| line.starts_with("  tc ")).count(), 10);
        }
        assert!(without.contains("Three ways") && !with.contains("Three ways"), "{without}");
        assert!(with.contains("Deployment: https://tc.example.com (from "), "{with}");
        assert!(broken.contains("The deployment is not known:\n  `tc example`"), "{broken}");
    }
}
