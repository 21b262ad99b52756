//! Expressions of JSON-e, read into a tree.

use serde_json::Value;

use super::JsonEError;

/// Nesting of one expression beyond this is an error.
const MAXIMUM_EXPRESSION_NESTING: usize = 50;
/// More operators in one expression are an error: a chain of them is a tree as deep.
const MAXIMUM_OPERATORS: usize = 1_000;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Value),
    Name(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    Unary(char, Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Index(Box<Node>, Box<Node>),
    Slice(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    Property(Box<Node>, String),
    Call(Box<Node>, Vec<Node>),
}

/// Operators by how loosely they bind; `**` binds tightest, and from the right.
const LEVELS: [&[&str]; 7] =
    [&["||"], &["&&"], &["in"], &["==", "!="], &[">=", "<=", "<", ">"], &["+", "-"], &["*", "/"]];

/// All symbols, longest first.
const SYMBOLS: [&str; 23] = [
    "**", ">=", "<=", "==", "!=", "&&", "||", "+", "-", "*", "/", "[", "]", ".", "(", ")", "{", "}", ":", ",", "<",
    ">", "!",
];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Symbol(&'static str),
    Name(String),
    Text(String),
    Number(Value),
    End,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Symbol(symbol) => (*symbol).into(),
            Self::Name(name) => name.clone(),
            Self::Text(text) => format!("{text:?}"),
            Self::Number(number) => number.to_string(),
            Self::End => "end of input".into(),
        }
    }
}

/// A whole text as one expression.
pub(super) fn parse(source: &str) -> Result<Node, JsonEError> {
    let mut parser = Parser::new(source)?;
    let node = parser.expression(0, 0)?;
    match &parser.token {
        Token::End => Ok(node),
        token => Err(unexpected(token)),
    }
}

/// The expression that ends at a `}`, and where that stands.
pub(super) fn parse_until_brace(source: &str) -> Result<(Node, usize), JsonEError> {
    let mut parser = Parser::new(source)?;
    let node = parser.expression(0, 0)?;
    match &parser.token {
        Token::Symbol("}") => Ok((node, parser.start)),
        Token::End => Err(JsonEError::syntax("unterminated ${..} expression")),
        token => Err(unexpected(token)),
    }
}

fn unexpected(token: &Token) -> JsonEError {
    match token {
        Token::End => JsonEError::syntax("Unexpected end of input"),
        token => JsonEError::syntax(format!("Found: {} token, which cannot stand there", token.shown())),
    }
}

struct Parser<'a> {
    source: &'a str,
    /// Where the current token starts, and where what follows it does.
    start: usize,
    after: usize,
    token: Token,
    operators: usize,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Result<Self, JsonEError> {
        let mut parser = Self { source, start: 0, after: 0, token: Token::End, operators: 0 };
        parser.advance()?;
        Ok(parser)
    }

    /// Reads the next token. Only what stands before a `}` is read, so text behind an expression does not matter.
    fn advance(&mut self) -> Result<Token, JsonEError> {
        let rest = &self.source[self.after..];
        let trimmed = rest.trim_start();
        self.start = self.after + (rest.len() - trimmed.len());
        let (token, length) = read_token(trimmed)?;
        self.after = self.start + length;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn take(&mut self, symbol: &str) -> Result<bool, JsonEError> {
        let found = matches!(&self.token, Token::Symbol(found) if *found == symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<(), JsonEError> {
        if self.take(symbol)? { Ok(()) } else { Err(unexpected(&self.token)) }
    }

    fn expression(&mut self, level: usize, nesting: usize) -> Result<Node, JsonEError> {
        if nesting > MAXIMUM_EXPRESSION_NESTING {
            return Err(JsonEError::syntax("the expression is nested too deeply"));
        }
        let Some(operators) = LEVELS.get(level) else { return self.power(nesting) };
        let mut left = self.expression(level + 1, nesting)?;
        while let Some(operator) = self.operator_of(operators) {
            self.count_operator()?;
            self.advance()?;
            let right = self.expression(level + 1, nesting)?;
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn count_operator(&mut self) -> Result<(), JsonEError> {
        self.operators += 1;
        if self.operators > MAXIMUM_OPERATORS {
            return Err(JsonEError::syntax("the expression is too long"));
        }
        Ok(())
    }

    fn operator_of(&self, operators: &[&'static str]) -> Option<&'static str> {
        match &self.token {
            Token::Symbol(symbol) => operators.iter().find(|operator| *operator == symbol).copied(),
            Token::Name(name) => operators.iter().find(|operator| *operator == name).copied(),
            _ => None,
        }
    }

    fn power(&mut self, nesting: usize) -> Result<Node, JsonEError> {
        if nesting > MAXIMUM_EXPRESSION_NESTING {
            return Err(JsonEError::syntax("the expression is nested too deeply"));
        }
        let left = self.access(nesting)?;
        if self.take("**")? {
            let right = self.power(nesting + 1)?;
            return Ok(Node::Binary("**", Box::new(left), Box::new(right)));
        }
        Ok(left)
    }

    /// A value with what is taken out of it, or called: `a.b[0](c)`.
    fn access(&mut self, nesting: usize) -> Result<Node, JsonEError> {
        let mut node = self.unit(nesting + 1)?;
        loop {
            if matches!(self.token, Token::Symbol("." | "(" | "[")) {
                self.count_operator()?;
            }
            if self.take(".")? {
                match self.advance()? {
                    Token::Name(name) => node = Node::Property(Box::new(node), name),
                    token => return Err(unexpected(&token)),
                }
            } else if self.take("(")? {
                node = Node::Call(Box::new(node), self.list(")", nesting)?);
            } else if self.take("[")? {
                node = self.index(node, nesting)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn index(&mut self, node: Node, nesting: usize) -> Result<Node, JsonEError> {
        let from = if matches!(self.token, Token::Symbol(":")) { None } else { Some(self.expression(0, nesting + 1)?) };
        let node = Box::new(node);
        if self.take(":")? {
            let bound = matches!(self.token, Token::Symbol("]"));
            let to = if bound { None } else { Some(Box::new(self.expression(0, nesting + 1)?)) };
            self.expect("]")?;
            return Ok(Node::Slice(node, from.map(Box::new), to));
        }
        self.expect("]")?;
        match from {
            Some(index) => Ok(Node::Index(node, Box::new(index))),
            None => Err(unexpected(&self.token)),
        }
    }

    fn list(&mut self, end: &str, nesting: usize) -> Result<Vec<Node>, JsonEError> {
        let mut items = Vec::new();
        if self.take(end)? {
            return Ok(items);
        }
        loop {
            items.push(self.expression(0, nesting + 1)?);
            if self.take(end)? {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn unit(&mut self, nesting: usize) -> Result<Node, JsonEError> {
        if nesting > MAXIMUM_EXPRESSION_NESTING {
            return Err(JsonEError::syntax("the expression is nested too deeply"));
        }
        // The brace that ends an interpolation must not be read past.
        if matches!(self.token, Token::Symbol("}") | Token::End) {
            return Err(unexpected(&self.token));
        }
        match self.advance()? {
            Token::Number(number) => Ok(Node::Literal(number)),
            Token::Text(text) => Ok(Node::Literal(text.into())),
            Token::Name(name) => Ok(match name.as_str() {
                "true" => Node::Literal(true.into()),
                "false" => Node::Literal(false.into()),
                "null" => Node::Literal(Value::Null),
                "in" => return Err(unexpected(&Token::Name(name))),
                _ => Node::Name(name),
            }),
            Token::Symbol(symbol @ ("-" | "+" | "!")) => {
                let operand = self.access(nesting + 1)?;
                Ok(Node::Unary(symbol.chars().next().unwrap_or('!'), Box::new(operand)))
            }
            Token::Symbol("(") => {
                let node = self.expression(0, nesting + 1)?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Symbol("[") => Ok(Node::List(self.list("]", nesting)?)),
            Token::Symbol("{") => self.object(nesting),
            token => Err(unexpected(&token)),
        }
    }

    fn object(&mut self, nesting: usize) -> Result<Node, JsonEError> {
        let mut members = Vec::new();
        if self.take("}")? {
            return Ok(Node::Object(members));
        }
        loop {
            let key = match self.advance()? {
                Token::Name(name) => name,
                Token::Text(text) => text,
                token => return Err(unexpected(&token)),
            };
            self.expect(":")?;
            members.push((key, self.expression(0, nesting + 1)?));
            if self.take("}")? {
                return Ok(Node::Object(members));
            }
            self.expect(",")?;
        }
    }
}

/// The token at the start of `text` and its length.
fn read_token(text: &str) -> Result<(Token, usize), JsonEError> {
    let Some(first) = text.chars().next() else { return Ok((Token::End, 0)) };
    let length_of = |belongs: fn(char) -> bool| text.find(|c| !belongs(c)).unwrap_or(text.len());
    if first.is_ascii_digit() {
        let mut length = length_of(|c| c.is_ascii_digit());
        if let Some(fraction) = text[length..].strip_prefix('.') {
            let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            length += if digits > 0 { digits + 1 } else { 0 };
        }
        // JSON has no leading zeros; expressions have.
        let digits = text[..length].trim_start_matches('0');
        let digits =
            if digits.starts_with(|c: char| c.is_ascii_digit()) { digits.into() } else { format!("0{digits}") };
        let number = serde_json::from_str(&digits).map_err(|_| JsonEError::syntax("invalid number"))?;
        return Ok((Token::Number(number), length));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = length_of(|c| c.is_ascii_alphanumeric() || c == '_');
        return Ok((Token::Name(text[..length].into()), length));
    }
    if first == '"' || first == '\'' {
        let rest = &text[1..];
        return match rest.find(first) {
            Some(end) => Ok((Token::Text(rest[..end].into()), end + 2)),
            None => Err(JsonEError::syntax("unterminated string")),
        };
    }
    match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
        Some(symbol) => Ok((Token::Symbol(symbol), symbol.len())),
        None => Err(JsonEError::syntax(format!("unexpected character {first:?}"))),
    }
}
