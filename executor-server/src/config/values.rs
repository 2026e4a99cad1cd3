//! Texts become values once, here; a reason says what is accepted.

use planner_core::limits::LEAST_BUDGET;
use reqwest::Url;

use super::Secret;

/// A whole number within bounds.
pub(crate) fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let wrong = || format!("'{text}' is not a whole number from {least} to {most}");
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wrong)
}

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

/// A number of bytes with `K`, `M`, `G` or `T` behind it for powers of 1024; at least what a chunk may be planned with.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is not a size; write bytes, or 64M (K, M, G or T; at least {LEAST_BUDGET} bytes)");
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (text.get(..at), 10),
        Some((at, 'M' | 'm')) => (text.get(..at), 20),
        Some((at, 'G' | 'g')) => (text.get(..at), 30),
        Some((at, 'T' | 't')) => (text.get(..at), 40),
        _ => (Some(text), 0),
    };
    let digits = digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(wrong)?;
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)).ok_or_else(wrong)?;
    if bytes >= LEAST_BUDGET { Ok(bytes) } else { Err(wrong()) }
}

/// Where ClickHouse is, with what the address said about the user.
pub(super) struct Address {
    pub(super) url: Url,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
}

/// What holds when nobody says where ClickHouse is.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:8123/";

/// The default address.
pub(super) fn default_address() -> Address {
    Address { url: Url::parse(DEFAULT_URL).expect("a constant"), user: None, password: None }
}

/// Reads an address and moves `user:password@` out of it, so that no later print can show them.
pub(super) fn address(text: &str) -> Result<Address, String> {
    // The text is not quoted in these answers: it may hold the password.
    let mut url = Url::parse(text).map_err(|reason| format!("not an address ({reason}); write http://127.0.0.1:8123"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("not an address over HTTP; write http://127.0.0.1:8123 or https://host:8443".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address must end at its path; user, password and database are settings of their own".into());
    }
    let decode = |text: &str| String::from_utf8_lossy(&percent_decode(text)).into_owned();
    let user = (!url.username().is_empty()).then(|| decode(url.username()));
    let password = url.password().map(|password| Secret::new(decode(password)));
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| "user and password cannot stand in this address".to_owned())?;
    Ok(Address { url, user, password })
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let coded = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(byte)) = (*first, coded) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(
            [size("4096"), size("1K"), size("64M"), size("2g"), size("1T")],
            [Ok(4096), Ok(1024), Ok(64 << 20), Ok(2 << 30), Ok(1 << 40)]
        );
        for wrong in ["", "M", "1.5G", "-1", "64MB", "1023", "99999999999T", "６４M", "1_000K"] {
            assert!(size(wrong).unwrap_err().contains("write bytes, or 64M"), "{wrong}");
        }
    }
}
