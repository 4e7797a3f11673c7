//! Replies that are damaged on their way: a checksum that does not fit, or an end in the middle.

use std::ops::Range;
use std::time::Duration;

use rand::RngExt;

use super::kind::FaultKind;
use super::script::FaultScript;
use crate::randomness::{Purpose, stream_of};

/// What happens to one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    Whole,
    /// Its checksum does not fit.
    WrongCrc,
    /// Only its first half arrives.
    Half,
}

impl FaultScript {
    /// What happens to reply number `reply`, sent `at` after the start.
    pub fn damage(&self, at: Duration, reply: u64) -> Damage {
        let mut damage = Damage::Whole;
        for now in self.in_force(at) {
            let (share, worse) = match now.fault.fault {
                FaultKind::WrongCrc { share } => (share, Damage::WrongCrc),
                FaultKind::HalfFrames { share } => (share, Damage::Half),
                _ => continue,
            };
            let mut rng = stream_of(self.seed(), Purpose::FaultBytes, now.line.into(), reply);
            if damage != Damage::Half && rng.random_range(0.0..1.0) < share {
                damage = worse;
            }
        }
        damage
    }
}

impl Damage {
    /// Damages a reply whose checksum lies at `crc`, as hexadecimal digits or as bytes.
    pub fn apply(self, reply: &mut Vec<u8>, crc: Range<usize>) {
        match self {
            Self::Whole => {}
            Self::Half => reply.truncate(reply.len() / 2),
            Self::WrongCrc => {
                let Some(digits) = reply.get_mut(crc) else { return };
                let hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
                for digit in digits {
                    // Hexadecimal digits stay such, so that only the value is wrong.
                    *digit = match (hexadecimal, *digit) {
                        (true, b'9') => b'A',
                        (true, b'f' | b'F') => b'0',
                        (true, other) => other + 1,
                        (false, other) => !other,
                    };
                }
            }
        }
    }
}
