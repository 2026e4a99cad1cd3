//! Names of databases, tables and columns. Any text that ClickHouse allows is allowed here; quoting makes it safe.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A database, table or column name as the server stores it, unquoted. Not empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(String);

impl Identifier {
    /// Takes a name as it is; refuses only the empty one.
    pub fn new(name: impl Into<String>) -> Result<Self, String> {
        let name = name.into();
        if name.is_empty() {
            return Err("a name is empty".into());
        }
        Ok(Self(name))
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in backticks, ready for SQL.
    pub fn quoted(&self) -> String {
        let mut sql = String::with_capacity(self.0.len() + 2);
        sql.push('`');
        super::literal::escape_into(&mut sql, &self.0, '`');
        sql.push('`');
        sql
    }
}

impl TryFrom<String> for Identifier {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        Self::new(name)
    }
}

impl From<Identifier> for String {
    fn from(name: Identifier) -> Self {
        name.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table with its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableName {
    /// The database.
    pub database: Identifier,
    /// The table.
    pub table: Identifier,
}

impl TableName {
    /// Both parts as they are.
    pub fn new(database: impl Into<String>, table: impl Into<String>) -> Result<Self, String> {
        Ok(Self { database: Identifier::new(database)?, table: Identifier::new(table)? })
    }

    /// Reads `db.table`; names that hold a dot go in backticks: `` db.`a.b` ``.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a table; write database.table (in backticks where a name holds a dot)");
        let tokens = super::tokens::tokens(text);
        let mut names = Vec::new();
        let mut dots = 0;
        if !text.contains('`') {
            let (database, table) = text.split_once('.').ok_or_else(wrong)?;
            if table.contains('.') {
                return Err(wrong());
            }
            return Self::new(database, table).map_err(|_| wrong());
        }
        for token in &tokens {
            match token {
                super::tokens::Token::Quoted(name) => names.push(name.clone()),
                super::tokens::Token::Symbol('.') => dots += 1,
                super::tokens::Token::Word(word) => {
                    names.push(word.clone());
                }
                super::tokens::Token::Symbol(_) | super::tokens::Token::Text(_) | super::tokens::Token::Number(_) => return Err(wrong()),
            }
        }
        match (<[String; 2]>::try_from(names), dots) {
            (Ok([database, table]), 1) => Self::new(database, table).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// Both parts in backticks, ready for SQL.
    pub fn quoted(&self) -> String {
        format!("{}.{}", self.database.quoted(), self.table.quoted())
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}
