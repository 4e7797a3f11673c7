//! Instants as OpenIGTLink has them: seconds since 1970 and their fraction, 32 bits each.

use serde::{Deserialize, Serialize};

const FRACTIONS: u64 = 1 << 32;
const NANOSECONDS: u64 = 1_000_000_000;

/// An instant, or a length of time: whole seconds, and the rest in units of 2⁻³² s.
///
/// UTC since 1970, by the protocol; some senders count from their own start. Zero is an instant that nobody gave.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp {
    /// Whole seconds.
    pub seconds: u32,
    /// The rest, in units of 2⁻³² s, or 0.23 ns.
    pub fraction: u32,
}

impl Timestamp {
    /// From the 64 bits on the wire.
    pub const fn from_bits(bits: u64) -> Self {
        Self { seconds: (bits >> 32) as u32, fraction: bits as u32 }
    }

    /// The 64 bits on the wire.
    pub const fn to_bits(self) -> u64 {
        (self.seconds as u64) << 32 | self.fraction as u64
    }

    /// From nanoseconds, to the nearest fraction; later than the year 2106 it is the last instant there is.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        let (seconds, rest) = (nanoseconds / NANOSECONDS, nanoseconds % NANOSECONDS);
        if seconds >= FRACTIONS {
            return Self { seconds: u32::MAX, fraction: u32::MAX };
        }
        let fraction = (rest * FRACTIONS + NANOSECONDS / 2) / NANOSECONDS;
        Self { seconds: seconds as u32, fraction: fraction as u32 }
    }

    /// To the nearest nanosecond: what [`from_nanoseconds`](Self::from_nanoseconds) made is what went in.
    pub const fn to_nanoseconds(self) -> u64 {
        let rest = (self.fraction as u64 * NANOSECONDS + FRACTIONS / 2) / FRACTIONS;
        self.seconds as u64 * NANOSECONDS + rest
    }

    /// Whether it says no instant.
    pub const fn is_unset(self) -> bool {
        self.to_bits() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_come_back() {
        for nanoseconds in [0, 1, 999_999_999, 1_700_000_000_123_456_789, 4_294_967_295_999_999_999]
        {
            assert_eq!(Timestamp::from_nanoseconds(nanoseconds).to_nanoseconds(), nanoseconds);
        }
        assert_eq!(Timestamp::from_nanoseconds(500_000_000), Timestamp::from_bits(1 << 31));
        assert_eq!(Timestamp::from_nanoseconds(u64::MAX).to_bits(), u64::MAX);
    }
}
