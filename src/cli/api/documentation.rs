//! What `tc api SERVICE METHOD --help` tells besides the flags.

use crate::reference::{Method, Service};
use crate::schema::{self, Field};

/// Text for before and after the usual help.
pub(super) struct Documentation {
    /// Verb, route, stability.
    pub before: String,
    /// Scopes and the fields of the body.
    pub after: String,
}

/// All that the reference tells about a method.
pub(super) fn of(service: &Service, method: &Method) -> Documentation {
    let before = format!(
        "{}.{} ({}, {})\n{} /api/{}/{}{}",
        service.service_name,
        method.name,
        service.api_version,
        method.stability,
        method.verb,
        service.service_name,
        service.api_version,
        method.route
    );
    let mut after = String::from("Scopes:\n");
    match &method.scopes {
        None => after.push_str("  none: anyone may call it\n"),
        Some(expression) => after.push_str(&expression.outline(1)),
    }
    if let Some(input) = &method.input {
        after.push_str(&format!("\nBody ({input}; * is required):\n"));
        match schema::fields(service, input) {
            Ok(found) if found.is_empty() => after.push_str("  any JSON object\n"),
            Ok(found) => fields(&found, &mut after),
            Err(_) => after.push_str("  its schema is not known\n"),
        }
    }
    match &method.output {
        Some(output) => after.push_str(&format!("\nAnswer: {output}\n")),
        None => after.push_str("\nAnswer: no documented body\n"),
    }
    if method.is_paginated() {
        after.push_str("It comes in pages: --paginate merges them, --jsonl prints one item a line.\n");
    }
    Documentation { before, after: after.trim_end().to_owned() }
}

fn fields(fields: &[Field], text: &mut String) {
    let width = fields.iter().map(|field| field.path.len()).max().unwrap_or(0).min(40);
    for field in fields {
        let mark = if field.required { '*' } else { ' ' };
        let mut kind = if field.types.is_empty() { "anything".to_owned() } else { field.types.join(" or ") };
        if let Some(format) = &field.format {
            kind.push_str(&format!(" ({format})"));
        }
        if !field.choices.is_empty() {
            let choices: Vec<String> = field
                .choices
                .iter()
                .map(|choice| choice.as_str().map_or_else(|| choice.to_string(), Into::into))
                .collect();
            kind.push_str(&format!(": {}", choices.join(", ")));
        }
        if let Some(default) = &field.default {
            kind.push_str(&format!(" [default: {default}]"));
        }
        text.push_str(&format!("{mark} {:width$}  {kind}\n", field.path));
    }
}
