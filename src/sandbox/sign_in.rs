//! Who signs in on the sandbox's page.

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Whether the page confirms by itself, as scripts need it.
    pub auto_approve: bool,
    /// The scopes of the person before the page: clients get no more.
    pub scopes: Vec<String>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { auto_approve: false, scopes: vec!["*".into()] }
    }
}
