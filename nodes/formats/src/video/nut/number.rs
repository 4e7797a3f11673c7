//! Numbers of any length: seven bits in each byte, the first bit says that more follow.

use std::io::{self, Read};

use super::NutError;

/// The next byte; `None` at the end.
pub(super) fn byte(source: &mut impl Read) -> Result<Option<u8>, NutError> {
    let mut one = [0];
    loop {
        match source.read(&mut one) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(one[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A number that is not negative.
pub(super) fn number(source: &mut impl Read) -> Result<u64, NutError> {
    let mut value = 0_u64;
    loop {
        let byte = byte(source)?.ok_or(NutError::Cut("a number"))?;
        if value >> 57 != 0 {
            return Err(NutError::Wrong { expected: "a number of 64 bits", came: value });
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// A number with a sign, which is its last bit.
pub(super) fn signed(source: &mut impl Read) -> Result<i64, NutError> {
    let value = number(source)?;
    let half = (value / 2 + value % 2) as i64;
    Ok(if value % 2 == 0 { -half } else { half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_any_length() {
        assert_eq!(number(&mut &[0x05][..]).unwrap(), 5);
        assert_eq!(number(&mut &[0x85, 0xbf, 0x10][..]).unwrap(), (5 << 14) + (0x3f << 7) + 0x10);
        assert!(matches!(number(&mut &[0x85][..]), Err(NutError::Cut(_))));
        assert!(matches!(number(&mut &[0xff; 20][..]), Err(NutError::Wrong { .. })));
        let of = |byte: u8| signed(&mut &[byte][..]).unwrap();
        assert_eq!((of(0), of(1), of(2), of(3), of(4)), (0, 1, -1, 2, -2));
    }
}
