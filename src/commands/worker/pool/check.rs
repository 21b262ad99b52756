//! What worker-manager would refuse of a definition, found before it is sent.

use serde_json::Value;

use super::definition::PoolFile;
use crate::client::Client;
use crate::commands::documents::report;
use crate::commands::selection::collect;
use crate::context::Context;
use crate::definition::finding::Finding;
use crate::error::{Error, Result};
use crate::schema::Checker;

/// Checks a definition against the schema of the method that takes it, and its configuration against that of its provider.
///
/// Callers who may not ask for the kinds of providers get a note of the rest.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when the service would not take it, after each fault was shown at its line.
pub(super) async fn check(file: &PoolFile, method: &str, client: &Client, context: &Context) -> Result<()> {
    let (service, method) = client.catalogue().method("worker-manager", method)?;
    let mut findings = Vec::new();
    // The services of 2018 come without schemas.
    if let Some(input) = method.input.as_ref().filter(|input| service.schemas.contains_key(*input)) {
        findings.extend(Checker::new(service, input)?.mismatches(&file.body).into_iter().map(|it| Finding::of(it, "")));
    }
    let config = file.body.get("config").filter(|config| config.is_object());
    if let Some(config) = config {
        let schema = config_schema(file.body.get("providerId").and_then(Value::as_str), client).await;
        if let Some(schema) = schema.filter(|schema| service.schemas.contains_key(schema)) {
            let mismatches = Checker::new(service, &schema)?.mismatches(config);
            findings.extend(mismatches.into_iter().map(|it| Finding::of(it, "/config")));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    report(&findings, Some(&file.document), context);
    let faults = if findings.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", findings.len()) };
    Err(Error::usage(format!("{} is not a valid worker pool: {faults}", file.document.name))
        .hint("To send it nevertheless: --no-validate"))
}

/// The schema of configurations for a provider, by the kind that the deployment says it is of.
async fn config_schema(provider: Option<&str>, client: &Client) -> Option<String> {
    let provider = provider?;
    // The service knows this one without listing it: its pools are on their way out.
    if provider == "null-provider" {
        return Some(schema_of("null"));
    }
    let providers = match collect(client.call("worker-manager", "listProviders"), "providers").await {
        Ok(providers) => providers,
        Err(error) => {
            tracing::info!("the kinds of providers are not known: {error}");
            return None;
        }
    };
    let listed = providers.iter().find(|listed| listed.get("providerId").and_then(Value::as_str) == Some(provider));
    listed?.get("providerType")?.as_str().map(schema_of)
}

fn schema_of(kind: &str) -> String {
    format!("v1/config-{kind}.json")
}
