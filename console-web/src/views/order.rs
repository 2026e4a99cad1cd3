//! One sort for every list: each type of its own would bring another copy of it.

/// Positions by ascending key; equal keys keep their order.
pub fn by_key(keys: impl Iterator<Item = u64>) -> Vec<usize> {
    let mut places: Vec<(u64, usize)> = keys.zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_keep_their_order() {
        assert_eq!(by_key([3, 1, 3, 1, 2].into_iter()), [1, 3, 4, 0, 2]);
        assert_eq!(by_key(std::iter::empty()), [0_usize; 0]);
    }
}
