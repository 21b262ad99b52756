//! What to do about an error, in words of the command line. What is below `commands` knows no flag and no verb.

use crate::domain::shell::quote;
use crate::env;
use crate::error::{Advice, Error};

/// The error with its advice as hints.
pub fn worded(mut error: Error) -> Error {
    let advice = error.take_advice();
    advice.iter().fold(error, |error, advice| error.hint(words(advice)))
}

fn words(advice: &Advice) -> String {
    match advice {
        Advice::SignIn => "To get credentials: tc signin".to_owned(),
        Advice::GetScopes(scopes) => {
            let flags: String = scopes.iter().map(|scope| format!(" -s {}", quote(scope))).collect();
            format!("To get what is missing: tc signin{flags}")
        }
        Advice::SelectDeployment => {
            format!("Set {}, or give -R with a URL or a known name.", env::ROOT_URL.name)
        }
        Advice::CheckRootUrl => "Check the root URL and the network.".to_owned(),
        Advice::TrustCertificate => "If the deployment's CA is a private one, name its file with --cacert.".to_owned(),
        Advice::AllowMoreTime => "A longer --timeout may help.".to_owned(),
        Advice::UseRootUrl(root) => format!("To use the page's deployment: -R {root}"),
        Advice::ListServices => "`tc api` lists all services.".to_owned(),
        Advice::ListMethods(service) => format!("`tc api {service}` lists its methods."),
        Advice::ListSchemas => "`tc schema list` lists all schemas.".to_owned(),
        Advice::ListArtifacts(task) => format!("`tc artifact list {task}` lists the artifacts that exist."),
        Advice::FetchByUrl => {
            "Fetch the URL that `tc artifact url` prints with another tool; tc decodes gzip and zstd.".to_owned()
        }
        Advice::ChooseFile => "Wait until it is done, or choose another file with -o.".to_owned(),
        Advice::ChoosePort => "Choose another port with --port, or omit it to use any free port.".to_owned(),
        Advice::PasteAddress => "Use --paste to paste the browser's last address instead of waiting for it.".to_owned(),
        Advice::EditSettings => "Repair it with `tc config edit`; the file was left unchanged.".to_owned(),
        Advice::SetSetting { key, value } => format!("Set it with `tc config set {key} {value}`."),
        Advice::ListProfiles => "`tc profile list` shows all profiles.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_scopes_become_a_sign_in_with_quoted_scopes() {
        let error = Error::failed("refused")
            .hint("Missing: a or b")
            .advise(Advice::GetScopes(vec!["queue:scheduler-id:rec".to_owned(), "secrets:get:rec/it's".to_owned()]));
        let hints = worded(error).hints().to_vec();
        assert_eq!(
            hints,
            [
                "Missing: a or b",
                r#"To get what is missing: tc signin -s queue:scheduler-id:rec -s "secrets:get:rec/it's""#
            ]
        );
    }

    #[test]
    fn an_error_without_advice_keeps_its_hints() {
        assert_eq!(worded(Error::failed("x").hint("y")).hints(), ["y"]);
    }
}
