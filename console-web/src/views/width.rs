//! Widths of chunks that the studio offers, and how they are called.

use planner_core::quantity::Hours;

/// Slider stops, in minutes.
pub const STOPS: [u32; 14] = [15, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 2880, 4320, 5760, 10_080];
/// Buttons beside the slider, in minutes.
pub const PRESETS: [u32; 6] = [15, 60, 360, 720, 1440, 10_080];
/// Buttons of calendar days.
pub const DAY_PRESETS: [u16; 4] = [1, 7, 14, 30];

/// Hours of a number of minutes.
pub fn of_minutes(minutes: u32) -> Hours {
    Hours::from_ms(i64::from(minutes.max(1)) * 60_000).unwrap_or_else(|| Hours::whole(1))
}

/// Hours of a slider stop.
pub fn at_stop(index: usize) -> Hours {
    of_minutes(STOPS.get(index).or(STOPS.last()).copied().unwrap_or(60))
}

/// The stop nearest to a width.
pub fn nearest_stop(hours: Hours) -> usize {
    let distance = |minutes: &u32| (i64::from(*minutes) * 60_000 - hours.ms()).abs();
    STOPS.iter().enumerate().min_by_key(|(_, minutes)| distance(minutes)).map_or(0, |(index, _)| index)
}

/// `15 min`, `6 h`, `7 d`, `2.5 h`.
pub fn name(hours: Hours) -> String {
    let minutes = hours.ms() / 60_000;
    if hours.ms() % 60_000 != 0 {
        return format!("{hours} h");
    }
    match minutes {
        m if m % 1440 == 0 => format!("{} d", m / 1440),
        m if m % 60 == 0 => format!("{} h", m / 60),
        m if m < 60 => format!("{m} min"),
        _ => format!("{hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_named_shortly() {
        let names: Vec<String> = ["0.25", "1", "6", "24", "168", "2.5", "0.00001"].map(|text| name(Hours::parse(text).unwrap())).into();
        assert_eq!(names, ["15 min", "1 h", "6 h", "1 d", "7 d", "2.5 h", "0.00001 h"]);
    }

    #[test]
    fn every_stop_finds_itself() {
        for (index, minutes) in STOPS.iter().enumerate() {
            assert_eq!(nearest_stop(of_minutes(*minutes)), index);
        }
        assert_eq!(nearest_stop(Hours::parse("7").unwrap()), 6);
    }
}
