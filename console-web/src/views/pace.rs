//! How long a plan takes, in words: a range, since no machine is alone.

use executor_api::pace::{PaceAnswer, PaceOrigin};
use planner_core::pace;

use super::format;

/// `≈ 3 m 05 s – 5 m at 2 lanes`; `None` where nothing was measured.
pub fn range(bytes: u64, answer: &PaceAnswer, lanes: u16) -> Option<String> {
    let (quick, slow) = pace::seconds(bytes, answer.pace?, lanes);
    let words = |seconds: u64| format::duration(seconds.saturating_mul(1000));
    let (quick, slow) = (words(quick), words(slow));
    let range = if quick == slow { quick } else { format!("{quick} – {slow}") };
    Some(format!("≈ {range} at {}", format::plural(lanes.into(), "lane")))
}

/// What the range rests on.
pub fn origin(answer: &PaceAnswer) -> String {
    match answer.origin {
        PaceOrigin::PastJobs => format!("as {} of past jobs between these tables ran", format::plural(answer.chunks, "chunk")),
        PaceOrigin::Calibration => {
            format!("from {} of a piece of a chunk each, into a temporary table", format::plural(answer.chunks, "trial"))
        }
    }
}

#[cfg(test)]
mod tests {
    use planner_core::pace::Pace;

    use super::*;

    #[test]
    fn a_range_of_time() {
        let answer = PaceAnswer { chunks: 31, origin: PaceOrigin::PastJobs, pace: Some(Pace { fast: 200, lanes: 2, slow: 100 }) };
        assert_eq!(range(40_000, &answer, 2).as_deref(), Some("≈ 1 m 40 s – 3 m 20 s at 2 lanes"));
        assert_eq!(range(100, &answer, 1).as_deref(), Some("≈ 1.0 s at 1 lane"));
        assert_eq!(range(100, &PaceAnswer { pace: None, ..answer }, 1), None);
        assert_eq!(origin(&answer), "as 31 chunks of past jobs between these tables ran");
    }
}
