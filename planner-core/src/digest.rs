//! Names that follow from content: SHA-256, whole or cut, in lower-case hex.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Declares a fixed-length lower-case hex name.
macro_rules! hex_name {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the text form; refuses any other length or alphabet.
            pub fn parse(text: &str) -> Result<Self, String> {
                let fine = text.len() == $length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                if fine { Ok(Self(text.to_owned())) } else { Err(format!("'{text}' is not {} lower-case hex characters", $length)) }
            }

            /// The text form.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            fn of(hash: Sha256) -> Self {
                Self(hex(hash.finalize().iter().take($length / 2)))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

hex_name!(
    /// SHA-256 of a document's canonical bytes.
    Digest, 64
);
hex_name!(
    /// Names a plan; see design.md section 3 for the formula.
    PlanId, 16
);
hex_name!(
    /// Names a chunk within its plan.
    ChunkId, 16
);
hex_name!(
    /// A deduplication token.
    Token, 64
);

/// Digest of a document whose serialized form is canonical, under a domain tag.
///
/// The tag and the length-free separator keep two kinds of document from ever sharing a digest.
pub fn of_document<T: Serialize>(domain: &str, document: &T) -> Digest {
    let mut hash = tagged(domain);
    crate::canonical::write(document, Hashing(&mut hash));
    Digest::of(hash)
}

/// The same for a document whose parts are read while it is hashed: that may fail.
pub fn try_of_document<T: Serialize>(domain: &str, document: &T) -> serde_json::Result<Digest> {
    let mut hash = tagged(domain);
    crate::canonical::try_write(document, Hashing(&mut hash))?;
    Ok(Digest::of(hash))
}

fn tagged(domain: &str) -> Sha256 {
    Sha256::new().chain_update(domain.as_bytes()).chain_update([0])
}

/// The id of a plan, from the text that the formula names.
pub(crate) fn plan_id(text: &str) -> PlanId {
    PlanId::of(Sha256::new().chain_update(text.as_bytes()))
}

/// The id of a chunk, from its plan, statement and span.
pub(crate) fn chunk_id(plan: &PlanId, statement: u32, span_key: &str) -> ChunkId {
    let mut hash = Sha256::new();
    for part in ["penstock-chunk", plan.as_str(), &statement.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    ChunkId::of(hash.chain_update(span_key.as_bytes()))
}

/// Makes the tokens of one statement: everything that its chunks share is hashed once.
pub(crate) struct TokenMaker(Sha256);

impl TokenMaker {
    pub(crate) fn new(target_uuid: &str, generation: u32, before: &str, after: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["penstock-token", target_uuid, &generation.to_string(), before, after] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash)
    }

    pub(crate) fn token(&self, predicate: &str) -> Token {
        Token::of(self.0.clone().chain_update(predicate.as_bytes()))
    }
}

/// SHA-256 of bytes, as a digest: for documents that are already text.
pub fn of_bytes(domain: &str, bytes: &[u8]) -> Digest {
    Digest::of(tagged(domain).chain_update(bytes))
}

struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex<'a>(bytes: impl ExactSizeIterator<Item = &'a u8>) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}
