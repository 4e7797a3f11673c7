//! SHA-256 of bytes and of files, as hexadecimal digits.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::problem::file_reason;

/// SHA-256 of a file of any size, hexadecimal.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String, String> {
    let mut digest = Sha256::new();
    let mut file = File::open(path).map_err(|error| file_reason(&error))?;
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hexadecimal(&digest.finalize())),
            Ok(bytes) => digest.update(&piece[..bytes]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(file_reason(&error)),
        }
    }
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, the examples of NIST for one block and for none.
    #[test]
    fn known_bytes_have_their_known_sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((sha256(b""), sha256(b"abc")), (empty.to_owned(), abc.to_owned()));
    }

    #[test]
    fn a_file_longer_than_a_piece_has_the_sum_of_its_bytes() {
        let here = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..(1_u32 << 20) + 7).map(|number| number.to_le_bytes()[1]).collect();
        let path = here.path().join("long");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(sha256_of_file(&path), Ok(sha256(&bytes)));
        assert!(sha256_of_file(&here.path().join("nowhere")).unwrap_err().contains("no such file"));
    }
}
