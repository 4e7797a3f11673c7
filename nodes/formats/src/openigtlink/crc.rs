//! The CRC-64 of a body: ECMA-182, polynomial 0x42F0E1EBA9EA3693, beginning with zero, bits not reflected.

use crc_fast::CrcAlgorithm::Crc64Ecma182;

/// The CRC-64 of bytes, as an OpenIGTLink header has it of the body.
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(Crc64Ecma182, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-64/ECMA-182 in the catalogue of G. Cook.
    #[test]
    fn the_check_value() {
        assert_eq!(crc64(b"123456789"), 0x6c40_df5f_0b49_7347);
        assert_eq!(crc64(b""), 0);
    }

    /// Long and short, and however they lie in memory.
    #[test]
    fn many_at_once_as_one_by_one() {
        const POLYNOMIAL: u64 = 0x42F0_E1EB_A9EA_3693;
        let bytes: Vec<u8> = (0..1200_u32).map(|at| (at * at * 31 + 7) as u8).collect();
        for (begin, end) in (0..300).map(|end| (0, end)).chain((0..20).map(|begin| (begin, 1200))) {
            let bytes = &bytes[begin..end];
            let slow = bytes.iter().fold(0_u64, |crc, byte| {
                (0..8).fold(crc ^ (*byte as u64) << 56, |crc, _| {
                    if crc >> 63 == 1 { crc << 1 ^ POLYNOMIAL } else { crc << 1 }
                })
            });
            assert_eq!(crc64(bytes), slow, "{begin} to {end}");
        }
    }
}
