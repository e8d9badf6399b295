//! Parameters of a measure, put into its SQL as quoted text. The result is a query that anybody can read and run again, which
//! is what `explain` shows. Tokens are replaced, not characters: a `$name` inside a string or a comment stays.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// The query with every `$name` replaced by the parameter's value.
///
/// # Errors
/// A message that names the parameter without a value, or the place where the SQL is not SQL.
pub(crate) fn bind(sql: &str, params: &BTreeMap<String, String>) -> Result<String, String> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .with_unescape(false)
        .tokenize()
        .map_err(|error| error.to_string())?;
    let mut bound = String::with_capacity(sql.len());
    for token in tokens {
        match &token {
            Token::Placeholder(name) => {
                let value = name
                    .strip_prefix('$')
                    .and_then(|name| params.get(name))
                    .ok_or_else(|| format!("the parameter `{name}` has no value"))?;
                bound.push('\'');
                bound.push_str(&value.replace('\'', "''"));
                bound.push('\'');
            }
            _ => bound.push_str(&token.to_string()),
        }
    }
    Ok(bound)
}
