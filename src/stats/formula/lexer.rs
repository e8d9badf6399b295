//! From characters to tokens. Names may hold letters, digits, `_` and `.`, or anything between backticks.

use super::error::{FormulaError, Problem, Span};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Text(String),
    Name(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// How an error names it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Number(_) => "a number".to_owned(),
            Self::Text(_) => "a quoted text".to_owned(),
            Self::Name(name) => format!("`{name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longer symbols first, so that `||` is not read as two bars.
const SYMBOLS: [&str; 22] = [
    "||", "&&", "==", "!=", "<=", ">=", "~", "|", "+", "-", "*", "/", "^", ":", "(", ")", ",", "<",
    ">", "&", "!", "=",
];

pub(crate) fn tokens(text: &str) -> Result<Vec<(Token, Span)>, FormulaError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (token, length) = if starts_number(rest) {
            number(text, at)?
        } else if c.is_alphabetic() || c == '_' || c == '.' {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                .unwrap_or(rest.len());
            (Token::Name(rest[..length].to_owned()), length)
        } else if matches!(c, '`' | '"' | '\'') {
            let Some(length) = rest[1..].find(c) else {
                return Err(error(text, at, rest.len(), "an unclosed quote", "its end"));
            };
            let inside = rest[1..=length].to_owned();
            let token = if c == '`' {
                Token::Name(inside)
            } else {
                Token::Text(inside)
            };
            (token, length + 2)
        } else if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            (Token::Symbol(symbol), symbol.len())
        } else if c == '[' {
            return Err(FormulaError {
                problem: Problem::Unsupported {
                    what: "a slope that varies by effect".to_owned(),
                    hint: "interact the variable with a factor",
                },
                text: text.to_owned(),
                span: Span {
                    start: at,
                    end: at + 1,
                },
            });
        } else {
            return Err(error(
                text,
                at,
                c.len_utf8(),
                "this character",
                "a name, a number or an operator",
            ));
        };
        let span = Span {
            start: at,
            end: at + length,
        };
        found.push((token, span));
        at += length;
    }
    let end = Span {
        start: text.len(),
        end: text.len(),
    };
    found.push((Token::End, end));
    Ok(found)
}

fn error(
    text: &str,
    start: usize,
    length: usize,
    found: &str,
    expected: &'static str,
) -> FormulaError {
    FormulaError {
        problem: Problem::Unexpected {
            found: found.to_owned(),
            expected,
        },
        text: text.to_owned(),
        span: Span {
            start,
            end: start + length,
        },
    }
}

fn starts_number(rest: &str) -> bool {
    let mut bytes = rest.bytes();
    match bytes.next() {
        Some(b'.') => bytes.next().is_some_and(|b| b.is_ascii_digit()),
        Some(b) => b.is_ascii_digit(),
        None => false,
    }
}

/// A decimal number with an optional exponent.
fn number(text: &str, at: usize) -> Result<(Token, usize), FormulaError> {
    let bytes = &text.as_bytes()[at..];
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    match text[at..at + end].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err(error(text, at, end, "this", "a finite number")),
    }
}
