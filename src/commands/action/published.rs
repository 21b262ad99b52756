//! What a decision task publishes: its actions, and the scopes that stand behind them.

use serde_json::{Value, json};

use super::subject::Subject;
use crate::client::{ApiError, Client};
use crate::context::{Context, Deployment};
use crate::definition::actions::{ARTIFACT_NAME, Action, Actions, ActionsError, MAX_FILE_BYTES};
use crate::domain::scopes::covers;
use crate::error::{Error, Kind, Result};
use crate::reference::suggest;
use crate::transfer::{ContentSource, Options, to_buffer};

/// The actions of a decision task.
#[derive(Debug)]
pub(super) struct Published {
    deployment: Deployment,
    /// The decision task.
    pub(super) decision: String,
    /// Its actions.
    pub(super) actions: Actions,
}

/// A failure of what is published, as an error.
pub(super) fn failed(source: ActionsError) -> Error {
    match source {
        ActionsError::TakesNoInput(_) => Error::usage(source.to_string()),
        ActionsError::Template { name, source } => {
            Error::failed(format!("the template of the action `{name}` cannot be rendered")).caused_by(source)
        }
        other => Error::failed(other.to_string()),
    }
}

impl Published {
    /// Reads the actions that fit a subject.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there are none; when the file is not one.
    pub(super) async fn load(subject: &Subject, context: &Context) -> Result<Self> {
        let client = subject.deployment.client(context)?;
        let decision = subject.decision.clone();
        let source = ContentSource::Artifact { task: decision.clone(), run: None, name: ARTIFACT_NAME.to_owned() };
        let bytes = to_buffer(&client, &source, MAX_FILE_BYTES, &Options::default()).await.map_err(|error| {
            let is_missing =
                error.kind() == Kind::NotFound || ApiError::of(&error).is_some_and(|error| error.status == 404);
            if !is_missing {
                return error;
            }
            Error::new(Kind::NotFound, format!("task {decision} publishes no actions"))
                .caused_by(error.to_string())
                .hint("The actions of a group are an artifact of its decision task; --decision-task names another one.")
        })?;
        let actions = Actions::parse(&bytes).map_err(failed)?;
        Ok(Self { deployment: subject.deployment.clone(), decision, actions })
    }

    /// Whether these are the actions for a subject.
    pub(super) fn is_for(&self, subject: &Subject) -> bool {
        self.deployment == subject.deployment && self.decision == subject.decision
    }

    /// The action that a name means for a subject.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when none fits.
    pub(super) fn find<'a>(&'a self, name: &str, subject: &Subject) -> Result<&'a Action> {
        if let Some(action) = self.actions.find(name, subject.target()) {
            return Ok(action);
        }
        let fitting = self.actions.fitting(subject.target());
        let names: Vec<&str> = fitting.iter().map(|(action, _)| action.name.as_str()).collect();
        let exists = self.actions.actions.iter().any(|action| action.name == name);
        let (label, id) = (subject.label(), subject.id());
        let error = if exists {
            Error::new(Kind::NotFound, format!("the action `{name}` does not fit {label}"))
        } else {
            Error::new(Kind::NotFound, format!("{label} has no action `{name}`"))
        };
        let task = if subject.task.is_some() && subject.group == id { " --task" } else { "" };
        Err(match suggest(name, names).first() {
            Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
            None => error.hint(format!("`tc action list {id}{task}` lists those that fit.")),
        })
    }

    /// The scopes of the decision task.
    pub(super) async fn scopes(&self, client: &Client) -> Result<Vec<String>> {
        let definition: Value = client.call("queue", "task").arg(self.decision.as_str()).send().await?.json()?;
        Ok(texts(definition.get("scopes")))
    }

    /// Refuses an action whose hook the decision task may not offer: otherwise any task could have people trigger any
    /// hook that they may trigger.
    ///
    /// # Errors
    /// [`Kind::Failed`] when the decision task lacks the scope.
    pub(super) async fn check_hook(&self, action: &Action, client: &Client) -> Result<()> {
        let Some(required) = action.kind.decision_scope() else { return Ok(()) };
        let scopes = self.scopes(client).await?;
        if scopes.iter().any(|scope| covers(scope, &required)) {
            return Ok(());
        }
        let answer: Value =
            client.call("auth", "expandScopes").json(&json!({"scopes": scopes})).send().await?.json()?;
        if texts(answer.get("scopes")).iter().any(|scope| covers(scope, &required)) {
            return Ok(());
        }
        Err(Error::failed(format!("the action `{}` is refused: its hook is not one of this project", action.name))
            .hint(format!("Decision task {} lacks the scope {required}.", self.decision)))
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
