//! Things that are named by a name or by the address of their page: secrets, worker pools, clients, roles.

use super::words::lines;
use crate::context::{Context, Named};
use crate::domain::page_ref::{is_address, page_ref};
use crate::error::{Error, Result};

/// What is named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noun {
    /// `secret`.
    pub name: &'static str,
    /// The paths of its pages, as [`page_ref`] reads them; more than one `{}` are joined with `/`.
    pub pages: &'static [&'static str],
}

/// A secret.
pub(crate) const SECRET: Noun = Noun { name: "secret", pages: &["secrets/{..}"] };
/// A client.
pub(crate) const CLIENT: Noun = Noun { name: "client", pages: &["auth/clients/{..}"] };
/// A role.
pub(crate) const ROLE: Noun = Noun { name: "role", pages: &["auth/roles/{..}"] };
/// A worker pool.
pub(super) const WORKER_POOL: Noun =
    Noun { name: "worker pool", pages: &["worker-manager/{}/*", "provisioners/{}/worker-types/{}/*"] };

impl Noun {
    /// What `text` names.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for an empty name, the address of another page, or one on another deployment than the
    /// one that was chosen.
    pub(crate) fn named(&self, text: &str, context: &Context) -> Result<Named> {
        if !is_address(text) {
            if text.trim().is_empty() {
                return Err(Error::usage(format!("the name of a {} is empty", self.name)));
            }
            return Ok(Named { deployment: context.deployment_of(None)?, id: text.to_owned() });
        }
        let page = page_ref(text, self.pages)
            .ok_or_else(|| Error::usage(format!("`{text}` is not the page of a {}", self.name)))?;
        Ok(Named { deployment: context.deployment_of(Some(&page.root))?, id: page.parts.join("/") })
    }

    /// What `words` name, each once; `-` reads more, one a line, from standard input.
    ///
    /// # Errors
    /// Those of [`Noun::named`]; when there is nothing at all.
    pub(crate) async fn all_named(&self, words: &[String], context: &Context) -> Result<Vec<Named>> {
        let mut found: Vec<Named> = Vec::new();
        for line in lines(words, context).await? {
            let named = self.named(&line, context)?;
            if !found.contains(&named) {
                found.push(named);
            }
        }
        if found.is_empty() {
            return Err(Error::usage(format!("no {} is named", self.name))
                .hint("Give names, or addresses of pages; `-` reads them from standard input."));
        }
        Ok(found)
    }
}
