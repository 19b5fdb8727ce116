//! Repeatable chance with random access: the same seed, table, row and column give the same throw,
//! whatever was asked before. For samples only.

/// Chance for one column of one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a seed and a name.
    pub(crate) fn new(seed: u64, name: &str) -> Dice {
        // FNV-1a over the name, then mixed with the seed.
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Dice(mix(name.bytes().fold(0xcbf2_9ce4_8422_2325, fold) ^ mix(seed)))
    }

    /// The throw for this place.
    pub(crate) fn throw(self, place: u64) -> u64 {
        mix(self.0 ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `end` (0 for an empty range).
    pub(crate) fn below(self, place: u64, end: u64) -> u64 {
        if end == 0 { 0 } else { self.throw(place) % end }
    }

    /// A number from `first` to `last`.
    pub(crate) fn between(self, place: u64, first: i64, last: i64) -> i64 {
        let width = u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(1);
        first + i64::try_from(self.below(place, width)).unwrap_or(0)
    }

    /// One of the choices.
    pub(crate) fn pick<T: Copy>(self, place: u64, choices: &[T]) -> T {
        choices[usize::try_from(self.below(place, choices.len() as u64)).unwrap_or(0)]
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
