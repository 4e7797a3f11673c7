//! The CRC-16 of commands and replies: polynomial 0x8005, bits reflected, beginning with zero.

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// The CRC-16 of bytes, as the Combined API has it.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that NDI's devices and clients are known to send.
    #[test]
    fn known_lines() {
        assert_eq!(crc16(b"INIT:"), 0xe3a5);
        assert_eq!(crc16(b"OKAY"), 0xa896);
        assert_eq!(crc16(b"RESET"), 0xbe6f);
        assert_eq!(crc16(b"VER:0"), 0x65ee);
        assert_eq!(crc16(b"GETINFO:Features.Firmware.Version"), 0x0492);
        assert_eq!(crc16(b"PHSR:00"), 0x20ff);
        assert_eq!(crc16(b"SFLIST:03"), 0x500f);
    }

    /// The check value of CRC-16/ARC in the catalogue of G. Cook.
    #[test]
    fn the_check_value() {
        assert_eq!(crc16(b"123456789"), 0xbb3d);
    }
}
