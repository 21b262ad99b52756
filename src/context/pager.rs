//! Which program shows long output on a terminal.

use super::given;
use crate::cli::Globals;
use crate::config::Settings;
use crate::env::{self, Environment};

/// The pager where nobody chose one.
const USUAL_PAGER: &str = "less";

/// The command line of the pager: the variable `TC_PAGER` says it, else the setting, else `PAGER`, else it is `less`. None
/// where the one that counts is empty, as well as for `cat` and with `--no-pager`.
pub(crate) fn pager(environment: &Environment, globals: &Globals) -> Option<String> {
    if globals.no_pager || environment.is_set_to_nothing(env::TC_PAGER) {
        return None;
    }
    // A broken file is not worth a word here: a command that needs it says so.
    let chosen = || Settings::load(environment, given(globals)).ok().and_then(|settings| settings.pager());
    let own = environment.get(env::TC_PAGER).map(str::to_owned).or_else(chosen);
    let pager = own.unwrap_or_else(|| environment.get(env::PAGER).unwrap_or(USUAL_PAGER).to_owned());
    let pager = pager.trim();
    (!pager.is_empty() && pager != "cat").then(|| pager.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(settings: &str, variables: &[(&str, &str)]) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("tc")).unwrap();
        std::fs::write(directory.path().join("tc/config.toml"), settings).unwrap();
        let environment = Environment::empty("/").with("HOME", "/nowhere").with("XDG_CONFIG_HOME", directory.path());
        let environment =
            variables.iter().fold(environment, |environment, (name, value)| environment.with(name, value));
        pager(&environment, &Globals::default())
    }

    #[test]
    fn the_variable_comes_before_the_setting_and_that_before_the_common_variable() {
        let setting = "pager = \"more -e\"\n";
        for (settings, variables, expected) in [
            ("", &[][..], Some("less")),
            ("", &[("PAGER", "most")], Some("most")),
            (setting, &[("PAGER", "most")], Some("more -e")),
            (setting, &[("TC_PAGER", "less -S"), ("PAGER", "most")], Some("less -S")),
            ("retries = [", &[("PAGER", "most")], Some("most")),
        ] {
            assert_eq!(chosen(settings, variables).as_deref(), expected, "{settings:?} {variables:?}");
        }
    }

    #[test]
    fn an_empty_choice_means_none() {
        assert_eq!(chosen("pager = \"less\"\n", &[("TC_PAGER", ""), ("PAGER", "most")]), None);
        assert_eq!(chosen("pager = \"\"\n", &[("PAGER", "most")]), None);
        assert_eq!(chosen("", &[("PAGER", "cat")]), None);
        // Other programs take an empty PAGER for none that is set.
        assert_eq!(chosen("", &[("PAGER", "")]).as_deref(), Some("less"));
        let globals = Globals { no_pager: true, ..Globals::default() };
        assert_eq!(pager(&Environment::empty("/").with("TC_PAGER", "less"), &globals), None);
    }
}
