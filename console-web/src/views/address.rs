//! Addresses: queries built and parts encoded in one place.

use planner_core::sql::identifier::TableName;

/// Percent-encodes one part of an address; unreserved characters stay.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

/// `path?a=1&b=2`; pairs with an empty value are left out.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut mark = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(mark);
        out.push_str(name);
        out.push('=');
        out.push_str(&encode(value));
        mark = '&';
    }
    out
}

/// Page of one table.
pub fn table_page(database: &str, table: &str) -> String {
    format!("/tables/{}/{}", encode(database), encode(table))
}

/// A table as it stands in a query: names that hold a dot go in backticks, as `TableName::parse` reads them.
pub fn table_text(name: &TableName) -> String {
    let (database, table) = (name.database.as_str(), name.table.as_str());
    if format!("{database}{table}").contains(['.', '`', '\\', '"']) { name.quoted() } else { format!("{database}.{table}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_encoded_and_empty_pairs_left_out() {
        assert_eq!(encode("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!(with_query("/jobs", &[("state", ""), ("table", "db.x y"), ("q", "1")]), "/jobs?table=db.x%20y&q=1");
        assert_eq!(with_query("/jobs", &[("state", "")]), "/jobs");
        assert_eq!(table_page("de mo", "e"), "/tables/de%20mo/e");
    }

    #[test]
    fn tables_are_read_back() {
        for (database, table) in [("demo", "events"), ("a.b", "c"), ("x", "we`ird")] {
            let name = TableName::new(database, table).unwrap();
            assert_eq!(TableName::parse(&table_text(&name)).unwrap(), name);
        }
    }
}
