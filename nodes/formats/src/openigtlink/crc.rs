//! The CRC-64 of a body: ECMA-182, polynomial 0x42F0E1EBA9EA3693, beginning with zero, bits not reflected.

const POLYNOMIAL: u64 = 0x42F0_E1EB_A9EA_3693;

/// Eight tables, so that eight bytes are taken at once: bodies are whole images, many times a second.
const TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u64) << 56;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc >> 63 == 1 { crc << 1 ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = before << 8 ^ tables[0][(before >> 56) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// The CRC-64 of bytes, as an OpenIGTLink header has it of the body.
pub fn crc64(bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut crc = 0;
    for eight in eights {
        let mixed = (crc ^ u64::from_be_bytes(*eight)).to_be_bytes();
        crc = mixed
            .iter()
            .zip(TABLES.iter().rev())
            .fold(0, |sum, (byte, table)| sum ^ table[*byte as usize]);
    }
    for byte in rest {
        crc = crc << 8 ^ TABLES[0][(crc >> 56) as usize ^ *byte as usize];
    }
    crc
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

    #[test]
    fn eight_at_once_as_one_by_one() {
        let bytes: Vec<u8> = (0..100_u32).map(|at| (at * at * 31 + 7) as u8).collect();
        for end in 0..bytes.len() {
            let slow = bytes[..end].iter().fold(0_u64, |crc, byte| {
                (0..8).fold(crc ^ (*byte as u64) << 56, |crc, _| {
                    if crc >> 63 == 1 { crc << 1 ^ POLYNOMIAL } else { crc << 1 }
                })
            });
            assert_eq!(crc64(&bytes[..end]), slow);
        }
    }
}
