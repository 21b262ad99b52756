//! `tc references update`

use std::collections::BTreeSet;

use serde_json::json;

use super::distill;
use crate::config::{KeptReferences, ReferenceCache};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::distill::{descriptions, distill as distil};
use crate::reference::{Catalogue, Source};

/// Fetch the references of the deployment in use, and use them from now on
///
/// `tc api`, its help, validation and completion then know what this deployment has, in its own words: methods that are newer
/// than this program, and none that are gone. Other deployments are not concerned. `tc references reset` goes back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Take the roll-up from this file, URL or (`-`) standard input instead of the deployment
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
}

/// Fetches, checks and keeps them; what was kept before stays when anything is wrong.
///
/// # Errors
/// When there is no deployment, it does not answer, or its references cannot be used.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let root = context.root_url()?;
    let cache = ReferenceCache::of(&context.env).ok_or_else(|| {
        Error::failed("no home directory is known, so there is no place for references").hint("Set HOME.")
    })?;
    let input = args.from.clone().unwrap_or_else(|| format!("{root}/references/references.json"));
    let text = distill::read_input(&input, context).await?;
    let unusable = |reason: String| {
        Error::failed(format!("{input} has no references that can be used"))
            .caused_by(reason)
            .hint("Nothing was changed.")
    };
    let distilled = distil(&text).map_err(|source| unusable(source.to_string()))?;
    if distilled.source == Source::Legacy {
        return Err(unusable("they are those of 2018, which are embedded: `--legacy`".into()));
    }
    let files = distilled.files.into_iter().filter_map(|(name, text)| {
        let service = name.strip_suffix(".json").filter(|name| !name.contains('/'))?;
        Some((service.to_owned(), text))
    });
    // That it tells none is no reason to do without its references.
    let version = if args.from.is_none() { context.deployment_version().await } else { None };
    let kept = KeptReferences::new(&root, version, context.now(), files, descriptions(&text)).map_err(|error| {
        unusable(std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
    })?;
    let difference = Difference::of(&kept.catalogue()?)?;
    cache.write(&root, &kept)?;
    difference.tell(&kept, context).await
}

/// What a deployment has that is not embedded, and the other way about.
struct Difference {
    services: usize,
    methods: usize,
    new: Vec<String>,
    gone: Vec<String>,
}

impl Difference {
    fn of(catalogue: &Catalogue) -> Result<Self> {
        let (here, there) = (names(Catalogue::embedded(Source::Current))?, names(catalogue)?);
        Ok(Self {
            services: catalogue.services()?.len(),
            methods: there.len(),
            new: there.difference(&here).cloned().collect(),
            gone: here.difference(&there).cloned().collect(),
        })
    }

    async fn tell(&self, kept: &KeptReferences, context: &Context) -> Result<Status> {
        if context.wants_json() {
            let said = json!({
                "rootUrl": kept.root_url,
                "taskclusterVersion": kept.taskcluster_version,
                "fetched": kept.fetched,
                "services": self.services,
                "methods": self.methods,
                "new": self.new,
                "gone": self.gone,
            });
            context.print_json(said.to_string()).await?;
            return Ok(Status::DONE);
        }
        let version = kept.taskcluster_version.as_ref().map_or_else(String::new, |version| format!(" ({version})"));
        let (services, methods) = (distill::count(self.services, "service"), distill::count(self.methods, "method"));
        context.ui.note(format_args!("Kept the references of {}{version}: {services}, {methods}.", kept.root_url));
        for (names, what) in [(&self.new, "New"), (&self.gone, "Gone")] {
            if !names.is_empty() {
                context.ui.note(format_args!("{what}: {}.", names.join(", ")));
            }
        }
        Ok(Status::DONE)
    }
}

/// All methods, as `service.method`.
fn names(catalogue: &Catalogue) -> Result<BTreeSet<String>> {
    let services = catalogue.services()?;
    let of = |service: &&crate::reference::Service| {
        let name = service.service_name.clone();
        service.methods.iter().map(move |method| format!("{name}.{}", method.name)).collect::<Vec<_>>()
    };
    Ok(services.iter().flat_map(of).collect())
}
