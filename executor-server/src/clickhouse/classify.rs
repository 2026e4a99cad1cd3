//! What an answer of ClickHouse asks for: classified once, here (clickhouse.md section 5).

use planner_core::sql::fence::LATE;

/// What a failure asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The chunk is too big, or the server is full: back off, a few times.
    TooBig,
    /// The server is busy: back off.
    Busy,
    /// The answer is lost, or the server cannot tell: the outcome is unknown until evidence is found.
    Lost,
    /// A query of this id runs: adopt it.
    StillRunning,
    /// The statement is wrong: fail at once.
    Fatal,
    /// Not allowed, or read-only: fail at once.
    NotAllowed,
    /// Not in the table: find out what was written, then repeat a few times.
    Unclear,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] = [Self::TooBig, Self::Busy, Self::Lost, Self::StillRunning, Self::Fatal, Self::NotAllowed, Self::Unclear];
}

/// The class of an exception code.
pub fn class(code: i32) -> Class {
    match code {
        // MEMORY_LIMIT_EXCEEDED, TIMEOUT_EXCEEDED, TOO_MANY_PARTS
        241 | 159 | 252 => Class::TooBig,
        // QUOTA_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES
        201 | 202 => Class::Busy,
        // SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION,
        // TABLE_IS_READ_ONLY, NO_ZOOKEEPER, ABORTED; and of another server: ATTEMPT_TO_READ_AFTER_EOF, DNS_ERROR,
        // NO_REMOTE_SHARD_AVAILABLE
        209 | 210 | 279 | 319 | 999 | 242 | 225 | 236 | 32 | 198 | 519 => Class::Lost,
        // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
        216 => Class::StillRunning,
        // READONLY, SETTING_CONSTRAINT_VIOLATION, ACCESS_DENIED, AUTHENTICATION_FAILED, REQUIRED_PASSWORD, WRONG_PASSWORD, UNKNOWN_USER
        164 | 452 | 497 | 516 | 194 | 193 | 192 => Class::NotAllowed,
        // The statement, its names, its types or its values are wrong: a repeat gives the same answer.
        6 | 10 | 15 | 16 | 20 | 27 | 36 | 38 | 41 | 42 | 43 | 44 | 46 | 47 | 48 | 50 | 53 | 57 | 60 | 62 | 63 | 69 | 70 | 72 | 81 | 115
        | 117 | 130 | 131 | 153 | 179 | 182 | 184 | 207 | 215 | 218 | 321 | 349 | 352 | 386 | 392 | 395 | 407 | 456 | 457 | 469 | 701 => {
            Class::Fatal
        }
        _ => Class::Unclear,
    }
}

/// The same where the words say more than the code: a request that was late is refused by Penstock's own condition.
pub fn class_of(code: i32, words: &str) -> Class {
    if code == 395 && words.contains(LATE) { Class::Lost } else { class(code) }
}

/// Whether a request that was answered with this code provably never became a query: the user was not let in. Any other
/// code may come after some parts were committed: a view that the INSERT fires throws what a wrong statement does.
pub fn never_a_query(code: i32) -> bool {
    // WRONG_PASSWORD, REQUIRED_PASSWORD, UNKNOWN_USER, AUTHENTICATION_FAILED
    matches!(code, 193 | 194 | 192 | 516)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_section_5_row_by_row() {
        let check = |codes: &[i32], expected: Class| {
            for code in codes {
                assert_eq!(class(*code), expected, "{code}");
            }
        };
        check(&[241, 159, 252], Class::TooBig);
        check(&[202, 201], Class::Busy);
        check(&[209, 210, 279], Class::Lost);
        check(&[319, 999, 242, 225], Class::Lost);
        check(&[32, 198, 519], Class::Lost);
        check(&[216], Class::StillRunning);
        check(&[60, 47, 16, 62, 53, 20], Class::Fatal);
        check(&[497, 516, 164, 452], Class::NotAllowed);
        check(&[0, 1_000_000, 999_999], Class::Unclear);
    }

    #[test]
    fn a_late_request_is_lost_and_any_other_throw_is_fatal() {
        assert_eq!(class_of(395, "Code: 395. DB::Exception: penstock: arrived too late: while executing"), Class::Lost);
        assert_eq!(class_of(395, "Code: 395. DB::Exception: amount is negative"), Class::Fatal);
        assert_eq!(class_of(241, LATE), Class::TooBig);
    }

    #[test]
    fn only_who_is_not_let_in_has_written_nothing() {
        for code in [241, 159, 252, 209, 210, 319, 999, 394, 395, 0, 47, 60, 62, 497, 164, 202, 216] {
            assert!(!never_a_query(code), "{code}");
        }
        for code in [192, 193, 194, 516] {
            assert!(never_a_query(code), "{code}");
        }
    }
}
