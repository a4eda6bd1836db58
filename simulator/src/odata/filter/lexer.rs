//! A filter's words and signs.

use serde_json::Value;

use super::super::QueryError;

/// A word or a sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Integer(i64),
    Decimal(f64),
    /// A date, or a date with time, both without quotes.
    Date(String),
    Open,
    Close,
    Comma,
    End,
}

/// A token, and where it starts, in characters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) position: usize,
}

/// Splits an expression. The last token is [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut position = 0;
    while let Some(&letter) = letters.get(position) {
        if letter.is_whitespace() {
            position += 1;
            continue;
        }
        let rest = &letters[position..];
        let (token, length) = match letter {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => quoted(rest).ok_or_else(|| QueryError::syntax(position, text))?,
            '-' | '0'..='9' => number_or_date(rest).ok_or_else(|| QueryError::syntax(position, text))?,
            'd' if rest.starts_with(&DURATION) => {
                let quoted = quoted(&rest[DURATION.len() - 1..]).ok_or_else(|| QueryError::syntax(position, text))?;
                (quoted.0, quoted.1 + DURATION.len() - 1)
            }
            letter if letter.is_alphabetic() || letter == '_' => word(rest),
            _ => return Err(QueryError::syntax(position, text)),
        };
        tokens.push(Placed { token, position });
        position += length;
    }
    tokens.push(Placed { token: Token::End, position });
    Ok(tokens)
}

/// How a duration begins.
const DURATION: [char; 9] = ['d', 'u', 'r', 'a', 't', 'i', 'o', 'n', '\''];

/// A text in quotes; a quote inside is doubled. Known.
fn quoted(letters: &[char]) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match (letters.get(at)?, letters.get(at + 1)) {
            ('\'', Some('\'')) => {
                text.push('\'');
                at += 2;
            }
            ('\'', _) => return Some((Token::Text(text), at + 1)),
            (letter, _) => {
                text.push(*letter);
                at += 1;
            }
        }
    }
}

fn number_or_date(letters: &[char]) -> Option<(Token, usize)> {
    let text: String = letters
        .iter()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':' | '.' | '+'))
        .collect();
    let token = match text.parse() {
        Ok(number) => Token::Integer(number),
        Err(_) if is_date(&text) => Token::Date(text.clone()),
        // An identifier, or a time of day: both are compared as text.
        Err(_) if text.len() == 36 || text.as_bytes().get(2) == Some(&b':') => Token::Text(text.clone()),
        Err(_) => Token::Decimal(text.parse().ok()?),
    };
    Some((token, text.len()))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let date = digits(0, 4) && digits(5, 7) && digits(8, 10) && bytes[4] == b'-' && bytes[7] == b'-';
    date && matches!(bytes.get(10), None | Some(b'T'))
}

fn word(letters: &[char]) -> (Token, usize) {
    let word: String =
        letters.iter().take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '/' | '.')).collect();
    let length = word.chars().count();
    (Token::Word(word), length)
}

impl Token {
    /// The value that the token stands for, if it is a literal.
    pub(crate) fn literal(&self) -> Option<Value> {
        match self {
            Self::Text(text) | Self::Date(text) => Some(Value::from(text.as_str())),
            Self::Integer(number) => Some(Value::from(*number)),
            Self::Decimal(number) => Some(Value::from(*number)),
            Self::Word(word) => match word.as_str() {
                "null" => Some(Value::Null),
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Open | Self::Close | Self::Comma | Self::End => None,
        }
    }
}
