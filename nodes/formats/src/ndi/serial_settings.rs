//! How the serial line is set (COMM).

use super::Error;
use super::error::quoted;

/// Parity of the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Parity {
    /// None.
    #[default]
    None,
    /// Odd.
    Odd,
    /// Even.
    Even,
}

/// Settings of the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SerialSettings {
    baud: u32,
    /// Whether a byte has 7 bits instead of 8; then BX and BX2 cannot be used.
    pub seven_bits: bool,
    /// Parity.
    pub parity: Parity,
    /// Whether there are two stop bits instead of one.
    pub two_stop_bits: bool,
    /// Whether the lines RTS and CTS hold up whoever sends too fast.
    pub handshake: bool,
}

/// The digit of each speed.
const BAUDS: [(u8, u32); 9] = [
    (b'0', 9600),
    (b'1', 14_400),
    (b'2', 19_200),
    (b'3', 38_400),
    (b'4', 57_600),
    (b'5', 115_200),
    (b'6', 921_600),
    (b'7', 1_228_739),
    (b'A', 230_400),
];

impl SerialSettings {
    /// As every device speaks after a reset: 9600 baud, 8 bits, no parity, one stop bit.
    pub const AFTER_RESET: Self = Self {
        baud: 9600,
        seven_bits: false,
        parity: Parity::None,
        two_stop_bits: false,
        handshake: false,
    };

    /// With 8 bits, no parity, one stop bit and no handshake.
    ///
    /// # Errors
    /// If no device has this speed.
    pub fn with_baud(baud: u32) -> Result<Self, Error> {
        if BAUDS.iter().any(|(_, known)| *known == baud) {
            return Ok(Self { baud, ..Self::AFTER_RESET });
        }
        let known: Vec<_> = BAUDS.iter().map(|(_, baud)| baud.to_string()).collect();
        let reason = format!("{baud} baud is none of {}", known.join(", "));
        Err(Error::unwritable("the speed of the serial line", reason))
    }

    /// Bits a second.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    pub(super) fn text(self) -> [u8; 5] {
        let digit =
            BAUDS.iter().find(|(_, baud)| *baud == self.baud).map_or(b'0', |(digit, _)| *digit);
        let parity = match self.parity {
            Parity::None => b'0',
            Parity::Odd => b'1',
            Parity::Even => b'2',
        };
        let flag = |set| if set { b'1' } else { b'0' };
        [digit, flag(self.seven_bits), parity, flag(self.two_stop_bits), flag(self.handshake)]
    }

    pub(super) fn from_text(text: &[u8]) -> Result<Self, Error> {
        let wrong =
            || Error::field("COMM", "the settings", "five digits such as 50000", quoted(text));
        let [baud, bits, parity, stop, handshake] = *text else { return Err(wrong()) };
        let baud = BAUDS.iter().find(|(digit, _)| *digit == baud).ok_or_else(wrong)?.1;
        let flag = |byte| match byte {
            b'0' => Ok(false),
            b'1' => Ok(true),
            _ => Err(wrong()),
        };
        let parity = match parity {
            b'0' => Parity::None,
            b'1' => Parity::Odd,
            b'2' => Parity::Even,
            _ => return Err(wrong()),
        };
        Ok(Self {
            baud,
            seven_bits: flag(bits)?,
            parity,
            two_stop_bits: flag(stop)?,
            handshake: flag(handshake)?,
        })
    }
}
