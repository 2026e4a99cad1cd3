//! Sizes of chunks that the studio offers, and how they are written: binary units, as planners and servers count them.

const MIB: u64 = 1 << 20;
const UNITS: [(u64, &[&str]); 5] = [
    (1 << 40, &["t", "tb", "tib"]),
    (1 << 30, &["g", "gb", "gib"]),
    (1 << 20, &["m", "mb", "mib"]),
    (1 << 10, &["k", "kb", "kib"]),
    (1, &["", "b"]),
];

/// Slider stops a doubling.
const STEPS: u64 = 4;
/// The slider's last stop: from 64 MiB to 16 GiB in quarters of a doubling.
pub const LAST_STOP: u64 = 8 * STEPS;
/// Buttons beside the slider.
pub const PRESETS: [u64; 5] = [128 * MIB, 512 * MIB, 1024 * MIB, 4096 * MIB, 16_384 * MIB];

/// Bytes of a slider stop; between two doublings in even steps, so that every stop is a round number of mebibytes.
pub fn at_stop(stop: u64) -> u64 {
    let stop = stop.min(LAST_STOP);
    let doubling = (64 * MIB) << (stop / STEPS);
    doubling + doubling / STEPS * (stop % STEPS)
}

/// The stop nearest to a budget.
pub fn nearest_stop(bytes: u64) -> u64 {
    (0..=LAST_STOP).min_by_key(|stop| at_stop(*stop).abs_diff(bytes)).unwrap_or(0)
}

/// Reads `512M`, `1.5 GiB`, `268435456`; at least one byte.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (scale, _) = UNITS.iter().find(|(_, names)| names.contains(&unit.trim()))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.get(..fraction.len().min(6))?;
    let thousandths =
        if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? * scale / 10_u64.pow(u32::try_from(fraction.len()).ok()?) };
    let whole = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    whole.checked_mul(*scale)?.checked_add(thousandths).filter(|bytes| *bytes > 0)
}

/// `512M`, `1280M`, `4G`: the largest unit that divides it, as addresses and the command write it.
pub fn text(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(scale, _)| bytes > 0 && bytes.is_multiple_of(*scale));
    let (scale, names) = unit.copied().unwrap_or((1, &[""]));
    format!("{}{}", bytes / scale, names.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read: Vec<Option<u64>> =
            ["512M", "512 MiB", "1.5g", "4 GB", "1024", "7kib", ".5G", "0", "-1M", "M", "5X", "99999999T"].map(parse).into();
        let mib = |count: u64| Some(count * MIB);
        assert_eq!(read, [mib(512), mib(512), mib(1536), mib(4096), Some(1024), Some(7168), mib(512), None, None, None, None, None]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for bytes in (0..=LAST_STOP).map(at_stop).chain([1, 1023, 1 << 40, 3 << 30, u64::MAX]) {
            assert_eq!(parse(&text(bytes)), Some(bytes), "{}", text(bytes));
        }
        assert_eq!([at_stop(0), at_stop(LAST_STOP)], [64 * MIB, 16_384 * MIB]);
    }

    #[test]
    fn every_stop_finds_itself() {
        for stop in 0..=LAST_STOP {
            assert_eq!(nearest_stop(at_stop(stop)), stop);
        }
        assert_eq!(nearest_stop(1), 0);
        assert!(PRESETS.iter().all(|preset| at_stop(nearest_stop(*preset)) == *preset));
    }
}
