//! From words to a filter that fits its type.

use super::super::QueryError;
use super::super::schema::{Kind, Model};
use super::expression::{Comparison, Condition, Function, Operand, Path, Sort};
use super::lexer::{Placed, Token, tokens};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// Reads a whole filter.
pub(crate) fn parse(text: &str, model: Model) -> Result<Condition, QueryError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, model };
    let condition = parser.or()?;
    parser.expect(&Token::End)?;
    Ok(condition)
}

/// Reads the way to a property, such as `Props/Subscription`, and says of what sort it is.
pub(crate) fn read_path(text: &str, model: Model) -> Result<(Path, Sort), QueryError> {
    let mut names = text.split('/');
    let mut property = model.property(names.next().unwrap_or_default())?;
    let mut path = vec![property.name];
    for name in names {
        property = match property.kind {
            Kind::Complex(entity) => model.of(entity).property(name)?,
            _ => return Err(QueryError::unknown_property(name, property.name)),
        };
        path.push(property.name);
    }
    let sort = match property.kind {
        Kind::Text | Kind::Choice => Sort::Text,
        Kind::Integer => Sort::Integer,
        Kind::Boolean => Sort::Boolean,
        Kind::DateTime => Sort::DateTime,
        Kind::Complex(_) | Kind::Other | Kind::Navigation => Sort::Other,
    };
    Ok((Path(path), sort))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    model: Model,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Condition, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::too_deep());
        }
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Condition, QueryError> {
        let mut left = self.not()?;
        while self.take_word("and") {
            left = Condition::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Condition, QueryError> {
        let mut negated = false;
        while self.take_word("not") {
            negated = !negated;
        }
        let condition = if self.take(&Token::Open) {
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            inner
        } else {
            self.comparison()?
        };
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn comparison(&mut self) -> Result<Condition, QueryError> {
        let (left, left_sort) = self.operand()?;
        let Token::Word(word) = self.peek() else {
            return is(left, left_sort);
        };
        if word == "in" {
            self.at += 1;
            return self.list(left, left_sort);
        }
        let Some(comparison) = Comparison::from_word(word) else {
            return is(left, left_sort);
        };
        self.at += 1;
        let (right, right_sort) = self.operand()?;
        comparable(left_sort, right_sort, comparison)?;
        Ok(Condition::Compare(left, comparison, right))
    }

    fn list(&mut self, left: Operand, sort: Sort) -> Result<Condition, QueryError> {
        self.expect(&Token::Open)?;
        let mut values = Vec::new();
        loop {
            let token = self.peek().clone();
            let value = token.literal().ok_or_else(|| self.error())?;
            comparable(sort, sort_of(&token), Comparison::Equal)?;
            self.at += 1;
            values.push(value);
            if !self.take(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        Ok(Condition::In(left, values))
    }

    fn operand(&mut self) -> Result<(Operand, Sort), QueryError> {
        let token = self.peek().clone();
        if let Some(value) = token.literal() {
            self.at += 1;
            return Ok((Operand::Literal(value), sort_of(&token)));
        }
        let Token::Word(word) = token else {
            return Err(self.error());
        };
        self.at += 1;
        if self.take(&Token::Open) {
            return self.call(&word);
        }
        let (path, sort) = read_path(&word, self.model)?;
        Ok((Operand::Path(path), sort))
    }

    fn call(&mut self, name: &str) -> Result<(Operand, Sort), QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::too_deep());
        }
        let function = Function::from_name(name).ok_or_else(|| QueryError::unknown_function(name))?;
        let mut arguments = Vec::new();
        for (position, wanted) in function.arguments().iter().enumerate() {
            if position > 0 {
                self.expect(&Token::Comma)?;
            }
            let (argument, sort) = self.operand()?;
            if !sort.fits(*wanted) {
                return Err(QueryError::unknown_function(name));
            }
            arguments.push(argument);
        }
        self.expect(&Token::Close)?;
        self.depth -= 1;
        Ok((Operand::Call(function, arguments), function.result()))
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |placed| &placed.token)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(found) if found == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Result<(), QueryError> {
        if self.take(token) { Ok(()) } else { Err(self.error()) }
    }

    fn error(&self) -> QueryError {
        let position = self.tokens.get(self.at).map_or(0, |placed| placed.position);
        QueryError::syntax(position, self.text)
    }
}

fn is(operand: Operand, sort: Sort) -> Result<Condition, QueryError> {
    if sort == Sort::Boolean { Ok(Condition::Is(operand)) } else { Err(QueryError::not_boolean()) }
}

fn comparable(left: Sort, right: Sort, comparison: Comparison) -> Result<(), QueryError> {
    if left.fits(right) {
        return Ok(());
    }
    let operator = format!("{comparison:?}");
    Err(QueryError::incompatible(left.name(), right.name(), &operator))
}

fn sort_of(literal: &Token) -> Sort {
    match literal {
        Token::Text(_) => Sort::Text,
        Token::Integer(_) | Token::Decimal(_) => Sort::Integer,
        Token::Date(text) if text.len() == 10 => Sort::Date,
        Token::Date(_) => Sort::DateTime,
        Token::Word(word) if word == "null" => Sort::Null,
        Token::Word(_) => Sort::Boolean,
        Token::Open | Token::Close | Token::Comma | Token::End => Sort::Other,
    }
}
