//! What can be wrong with a template before there is any data.

use super::TemplateError;
use super::parse::{Node, Operand, Pipeline};

/// Names that there are: the first level, and the second.
type Known<'a> = &'a [(&'a str, &'a [&'a str])];

/// What has several fields besides the first level, and is no map. Go prints it in an order that only Go knows.
const STRUCTS: [[&str; 2]; 2] = [["task", "metadata"], ["status", "runs"]];

/// Finds fields and variables that cannot be there, and values that cannot be printed. Inside `range` and `with` the dot
/// is something else, so only paths from the root are looked at there. With nothing known, fields are not looked at.
pub(super) fn check(nodes: &[Node], known: Known<'_>) -> Result<(), TemplateError> {
    Check { known, variables: Vec::new() }.all(nodes, true)
}

struct Check<'a> {
    known: Known<'a>,
    variables: Vec<String>,
}

impl Check<'_> {
    fn all(&mut self, nodes: &[Node], at_root: bool) -> Result<(), TemplateError> {
        let before = self.variables.len();
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Print(pipeline) => {
                    self.pipeline(pipeline, at_root)?;
                    self.printed(pipeline, at_root)?;
                }
                Node::Set { variable, is_new, value } => {
                    self.pipeline(value, at_root)?;
                    if *is_new {
                        self.variables.push(variable.clone());
                    } else {
                        self.variable(variable)?;
                    }
                }
                Node::If { variables, condition: subject, then, otherwise } => {
                    self.block(variables, subject, (then, at_root), (otherwise, at_root), at_root)?;
                }
                Node::Range { variables, over: subject, each: then, otherwise }
                | Node::With { variables, value: subject, then, otherwise } => {
                    self.block(variables, subject, (then, false), (otherwise, at_root), at_root)?;
                }
            }
        }
        self.variables.truncate(before);
        Ok(())
    }

    fn block(
        &mut self,
        variables: &[String],
        subject: &Pipeline,
        then: (&[Node], bool),
        otherwise: (&[Node], bool),
        at_root: bool,
    ) -> Result<(), TemplateError> {
        self.pipeline(subject, at_root)?;
        let before = self.variables.len();
        self.variables.extend(variables.iter().cloned());
        self.all(then.0, then.1)?;
        self.all(otherwise.0, otherwise.1)?;
        self.variables.truncate(before);
        Ok(())
    }

    fn pipeline(&self, pipeline: &Pipeline, at_root: bool) -> Result<(), TemplateError> {
        for operand in pipeline.iter().flat_map(|command| &command.operands) {
            match operand {
                Operand::Field(path) if at_root => self.path(path)?,
                Operand::Root(path) => self.path(path)?,
                Operand::Group(inner, _) => self.pipeline(inner, at_root)?,
                Operand::Variable(name, _) => self.variable(name)?,
                Operand::Field(_) | Operand::Constant(_) => {}
            }
        }
        Ok(())
    }

    fn variable(&self, name: &String) -> Result<(), TemplateError> {
        if self.variables.contains(name) {
            Ok(())
        } else {
            Err(TemplateError::new(format!("unknown variable `${name}`")))
        }
    }

    fn path(&self, path: &[String]) -> Result<(), TemplateError> {
        if self.known.is_empty() {
            return Ok(());
        }
        let unknown = |path: &[String], there: Vec<&str>| {
            TemplateError::new(format!("unknown field .{}; there are {}", path.join("."), there.join(", ")))
        };
        let Some(first) = path.first() else { return Ok(()) };
        let Some((_, inner)) = self.known.iter().find(|(name, _)| name.eq_ignore_ascii_case(first)) else {
            return Err(unknown(&path[..1], self.known.iter().map(|(name, _)| *name).collect()));
        };
        match path.get(1) {
            Some(second) if !inner.iter().any(|name| name.eq_ignore_ascii_case(second)) => {
                Err(unknown(&path[..2], inner.to_vec()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to print a value alone that has several fields.
    fn printed(&self, pipeline: &Pipeline, at_root: bool) -> Result<(), TemplateError> {
        let [command] = pipeline.as_slice() else { return Ok(()) };
        let path = match command.operands.as_slice() {
            [Operand::Field(path)] if at_root => path,
            [Operand::Root(path)] => path,
            _ => return Ok(()),
        };
        let has_fields = match path.as_slice() {
            [] => true,
            [first] => self.known.iter().any(|(name, _)| name.eq_ignore_ascii_case(first)),
            [first, second] => {
                STRUCTS.iter().any(|[one, two]| one.eq_ignore_ascii_case(first) && two.eq_ignore_ascii_case(second))
            }
            _ => false,
        };
        if self.known.is_empty() || command.function.is_some() || !has_fields {
            return Ok(());
        }
        Err(TemplateError::new(format!(
            "`.{}` has several fields, and cannot be printed: name one of them",
            path.join(".")
        )))
    }
}
