//! `tc schema export`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference;

/// Write all schemas to a directory, for editors
///
/// They refer to each other by relative paths. `settings.json` beside them maps the names of files to schemas, in the
/// form that editors with a JSON or YAML language server take.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Directory, which is created if it does not exist
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    directory: PathBuf,
}

/// Files of people's, and the schema that each follows.
const KNOWN_FILES: [(&str, &str); 2] = [
    ("github/v1/taskcluster-github-config.v1.json", ".taskcluster.yml"),
    ("queue/v1/create-task-request.json", "*.task.{yml,yaml,json}"),
];

/// # Errors
/// When a file cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let directory = context.env.resolve(&args.directory);
    // Those of the deployment in use, and those of workers' payloads, which no reference has.
    let services = context.catalogue(false).services()?;
    let own = services.iter().flat_map(|service| {
        service.schemas.iter().map(|(file, schema)| (service.schema_uri(file), schema.get().to_owned()))
    });
    let families = reference::family_schema_uris().filter_map(|uri| {
        let schema = reference::schema(&uri)?.get().to_owned();
        Some((uri, schema))
    });
    let mut count = 0;
    for (uri, schema) in own.chain(families) {
        let Some(path) = relative(&uri) else { continue };
        let mut schema: Value = serde_json::from_str(&schema)
            .map_err(|source| Error::failed(format!("the schema {uri} is broken")).caused_by(source))?;
        let depth = path.matches('/').count();
        localize(&mut schema, &"../".repeat(depth));
        // An absolute `$id` would have editors look for the others on the web.
        if let Value::Object(members) = &mut schema {
            members.shift_remove("$id");
        }
        write(&directory.join(path), &schema)?;
        count += 1;
    }
    let schemas: Vec<Value> =
        KNOWN_FILES.iter().map(|(schema, files)| json!({"fileMatch": [files], "url": format!("./{schema}")})).collect();
    write(&directory.join("settings.json"), &json!({"json.schemas": schemas}))?;
    writeln!(context.ui.out(), "{count} schemas written to {}", directory.display())?;
    Ok(Status::DONE)
}

/// Where the schema at a URI of references goes, below the directory; none where that would be outside of it.
fn relative(uri: &str) -> Option<&str> {
    let path = uri.trim_end_matches('#').strip_prefix("/schemas/")?;
    let is_name = |name: &str| !name.is_empty() && name != "." && name != ".." && !name.contains(['\\', ':', '\0']);
    path.split('/').all(is_name).then_some(path)
}

/// Makes references from the root of a deployment relative to the file.
fn localize(schema: &mut Value, up: &str) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(path) = reference.strip_prefix("/schemas/")
            {
                *reference = format!("{up}{path}");
            }
            members.values_mut().for_each(|member| localize(member, up));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| localize(item, up)),
        _ => {}
    }
}

fn write(path: &Path, value: &Value) -> Result<()> {
    let cannot = |source: std::io::Error| Error::io("write", path.display(), source);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(cannot)?;
    }
    fs::write(path, format!("{value:#}\n")).map_err(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_whose_name_leads_out_of_the_directory_is_not_written() {
        assert_eq!(relative("/schemas/queue/v1/task.json#"), Some("queue/v1/task.json"));
        for uri in
            ["/schemas/queue/../../x.json#", "/schemas//etc/x.json", "/schemas/q/./x", "/schemas/q/C:\\x", "/other/x"]
        {
            assert_eq!(relative(uri), None, "{uri}");
        }
    }
}
