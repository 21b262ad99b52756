//! `tc hook export`

use serde_json::Value;

use super::named::{self, NamedHook};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print definitions of hooks, as `tc hook create` and `update` read them
///
/// One hook is printed as a definition; several, and those of a group, as a list of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hooks (GROUP/HOOK) and hook groups (GROUP), or addresses of their pages
    #[arg(value_name = "HOOK|GROUP", required = true)]
    names: Vec<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut definitions: Vec<Value> = Vec::new();
    let mut has_group = false;
    for name in &args.names {
        match NamedHook::parse(name, context) {
            Ok(hook) => definitions.push(hook.definition(&hook.deployment.client(context)?).await?),
            Err(not_a_hook) => {
                let Ok((deployment, group)) = named::group(name, context) else { return Err(not_a_hook) };
                definitions.extend(named::hooks_of(&deployment.client(context)?, &group).await?);
                has_group = true;
            }
        }
    }
    let document = match definitions.as_slice() {
        [only] if !has_group => only.clone(),
        _ => Value::from(definitions),
    };
    context.print_json(document.to_string()).await?;
    Ok(Status::DONE)
}
