//! Routes such as `/task/<taskId>/runs/<runId>`, taken apart once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A route: literal text and parameters in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    segments: Vec<Segment>,
}

/// A piece of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text that stands as it is, slashes included.
    Literal(String),
    /// `<taskId>`: replaced by the argument of that name.
    Param(String),
}

impl Route {
    /// Takes `text` apart; an unclosed `<` is literal text.
    pub fn parse(text: &str) -> Self {
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('<') {
            let Some((name, tail)) = after.split_once('>') else { break };
            if !literal.is_empty() {
                segments.push(Segment::Literal(literal.into()));
            }
            segments.push(Segment::Param(name.into()));
            rest = tail;
        }
        if !rest.is_empty() {
            segments.push(Segment::Literal(rest.into()));
        }
        Self { segments }
    }

    /// The pieces, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Names of the parameters, in the order of the route.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Param(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => f.write_str(text),
            Segment::Param(name) => write!(f, "<{name}>"),
        })
    }
}

impl Serialize for Route {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_reads_back_as_it_was() {
        for text in ["/ping", "/task/<taskId>", "/a/<b>/c/<d>.svg", "/<a", "", "/<a><b>/"] {
            assert_eq!(Route::parse(text).to_string(), text);
        }
        let route = Route::parse("/task/<taskId>/runs/<runId>");
        assert_eq!(route.params().collect::<Vec<_>>(), ["taskId", "runId"]);
    }
}
