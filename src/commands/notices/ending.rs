//! What commands that wait tell people in the end.

use futures::future::join_all;
use serde_json::{Value, json};

use super::post;
use crate::client::Client;
use crate::context::{Context, Deployment, Named};
use crate::domain::{Message, Recipient, RootUrl, scopes, web_page};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Most pages of tasks that a message names.
const MAX_PAGES: usize = 20;

/// Flag of commands that wait.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct NotifyArgs {
    /// Notify someone of the outcome: an e-mail address, slack:CHANNEL, matrix:!ROOM:SERVER or pulse:ROUTING-KEY;
    /// repeatable
    #[arg(long, value_name = "ADDRESS")]
    notify: Vec<Recipient>,
}

/// What was waited for.
#[derive(Debug, Clone)]
pub(crate) struct About {
    deployment: Deployment,
    /// `task group abc`
    name: String,
    /// What it is to a program.
    data: Value,
    /// What the pages are called, and where they are.
    pages: Vec<(&'static str, String)>,
}

impl About {
    /// A task group.
    ///
    /// # Errors
    /// When no deployment is in use.
    pub(crate) fn group(group: &Named, context: &Context) -> Result<Self> {
        let root = group.deployment.root_url(context)?;
        let page = page(&root, "listTaskGroup", "taskGroupId", &group.id);
        Ok(Self {
            deployment: group.deployment.clone(),
            name: format!("task group {}", group.id),
            data: json!({"taskGroupId": group.id}),
            pages: page.into_iter().map(|page| ("Task group", page)).collect(),
        })
    }

    /// Tasks; the message is sent by the deployment of the first.
    ///
    /// # Errors
    /// When no deployment is in use.
    pub(crate) fn tasks(tasks: &[(Deployment, &str)], context: &Context) -> Result<Self> {
        let mut pages = Vec::new();
        for (deployment, id) in tasks.iter().take(MAX_PAGES) {
            let page = page(&deployment.root_url(context)?, "status", "taskId", id);
            pages.extend(page.map(|page| ("Task", page)));
        }
        let ids: Vec<&str> = tasks.iter().map(|(_, id)| *id).collect();
        Ok(Self {
            deployment: tasks.first().map(|(deployment, _)| deployment.clone()).unwrap_or_default(),
            name: match ids.as_slice() {
                [id] => format!("task {id}"),
                all => format!("{} tasks", all.len()),
            },
            data: json!({"taskIds": ids}),
            pages,
        })
    }

    fn message(&self, outcome: &str, status: &str) -> Message {
        let subject = format!("{}: {outcome}", self.name);
        let lines = self.pages.iter().map(|(_, page)| format!("\n- {page}"));
        let content = std::iter::once(format!("{subject}\n")).chain(lines).collect();
        let link = match self.pages.as_slice() {
            [(name, page)] => Some(((*name).to_owned(), page.clone())),
            _ => None,
        };
        let mut data = self.data.clone();
        if let Some(members) = data.as_object_mut() {
            members.insert("outcome".into(), status.into());
            members.insert("message".into(), outcome.into());
        }
        Message { subject, content, link, data }
    }
}

fn page(root: &RootUrl, method: &str, name: &str, id: &str) -> Option<String> {
    web_page(root, "queue", method, &[(name, id)])
}

impl NotifyArgs {
    /// Waits, and tells those who want to know how that ended, whether or not it was a success. Nobody is told of an
    /// interrupt, or of a failure to look.
    ///
    /// # Errors
    /// [`Kind::Auth`] at once when the credentials do not allow to write to somebody; those of `wait`; those of the
    /// messages where waiting was a success.
    pub(crate) async fn after(
        &self,
        about: impl FnOnce() -> Result<About>,
        context: &Context,
        wait: impl Future<Output = Result<Status>>,
    ) -> Result<Status> {
        if self.notify.is_empty() {
            return wait.await;
        }
        let about = about()?;
        let client = about.deployment.client(context)?;
        self.check_scopes(&client).await?;
        let outcome = wait.await;
        let (words, status) = match &outcome {
            Ok(_) => ("completed".to_owned(), "completed"),
            Err(error) if error.kind() == Kind::Unsuccessful => (error.message().to_owned(), "unsuccessful"),
            Err(error) if error.kind() == Kind::Pending => (error.message().to_owned(), "pending"),
            Err(_) => return outcome,
        };
        let message = about.message(&words, status);
        let told = join_all(self.notify.iter().map(|to| {
            let (client, body) = (&client, to.body(&message));
            async move { post(client, to, &body).await }
        }))
        .await;
        let mut outcome = outcome;
        for (to, told) in self.notify.iter().zip(told) {
            match told {
                Ok(_) => context.ui.note(format_args!("Notified {}.", to.address())),
                Err(error) if outcome.is_ok() => outcome = Err(error),
                // How the wait ended is what the exit status tells.
                Err(error) => context.ui.warn(format_args!("cannot notify {}: {error}", to.address())),
            }
        }
        outcome
    }

    /// Hours later is too late to find out. What cannot be asked now is found out then.
    async fn check_scopes(&self, client: &Client) -> Result<()> {
        let Ok(answer) = client.call("auth", "currentScopes").send().await else { return Ok(()) };
        let answer: Value = answer.json()?;
        let has: Vec<&str> = answer["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let needs: Vec<String> = self.notify.iter().map(Recipient::scope).collect();
        match scopes::missing(&has, &needs).as_slice() {
            [] => Ok(()),
            missing => Err(Error::new(Kind::Auth, format!("the credentials lack {}", missing.join(" and ")))
                .hint("Leave out --notify, or sign in with these scopes: `tc signin -s SCOPE`.")),
        }
    }
}
