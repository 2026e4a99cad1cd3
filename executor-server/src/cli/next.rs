//! The command to give next: as it must be typed here, with the flags that say where things are.

use std::fmt::Display;
use std::path::Path;
use std::sync::OnceLock;

/// Flags of this command that the next one needs, too.
static PLACE: OnceLock<String> = OnceLock::new();

/// Remembers where this command was told to look. What environment and files say, they say to the next command as well.
pub(super) fn remember(config: Option<&Path>, state_dir: Option<&str>) {
    let config = config.map(|path| ("config", path.to_string_lossy().into_owned()));
    let state_dir = state_dir.map(|folder| ("state-dir", folder.to_owned()));
    let flags = [config, state_dir].into_iter().flatten().map(|(name, value)| format!(" --{name} {}", word(&value)));
    // One process gives one command.
    let _ = PLACE.set(flags.collect());
}

/// `penstock run --plan-id 6f1c2a9be0d47753`
pub(super) fn of_plan(command: &str, id: impl Display) -> String {
    format!("penstock {command} --plan-id {id}{}", PLACE.get().map_or("", String::as_str))
}

/// A value as one word of a shell.
fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn values_are_words_of_a_shell() {
        assert_eq!(["a/b.c", "a b", "it's", ""].map(word), ["a/b.c", "'a b'", r"'it'\''s'", "''"]);
    }
}
