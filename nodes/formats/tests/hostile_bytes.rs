//! Bytes of any kind are read into well-formed values or refused, without a panic and within memory that came with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

// The same checks, on the same seeds, as the fuzz targets.
#[path = "../fuzz/fuzz_targets/mod.rs"]
mod fuzz_targets;

use std::panic::catch_unwind;

use fuzz_targets::{ALL, Target};

/// Runs a check; a panic tells which bytes it was.
fn check(target: &Target, bytes: &[u8], what: &str) {
    let name = target.name;
    let checked = catch_unwind(|| (target.check)(bytes));
    assert!(checked.is_ok(), "{name}, {what}: {}", bytes.escape_ascii());
}

/// Every place in a small file, every k-th in a larger one.
fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(1 + bytes.len() / 700)
}

/// Each reader also gets the seeds of all others.
#[test]
fn seeds_are_read_whole_and_by_each_reader() {
    for target in ALL {
        for other in ALL {
            for (index, seed) in (other.seeds)().iter().enumerate() {
                check(target, seed, &format!("seed {index} of {}", other.name));
            }
        }
    }
}

#[test]
fn files_cut_off_anywhere() {
    for target in ALL {
        for (index, seed) in (target.seeds)().iter().enumerate() {
            for end in places(seed) {
                check(target, &seed[..end], &format!("seed {index} to {end}"));
            }
        }
    }
}

#[test]
fn files_with_any_byte_changed() {
    for target in ALL {
        for (index, seed) in (target.seeds)().iter().enumerate() {
            for at in places(seed) {
                for mask in [0xff, 0x01, 0x10] {
                    let mut bytes = seed.clone();
                    bytes[at] ^= mask;
                    check(target, &bytes, &format!("seed {index} changed at {at}"));
                }
            }
        }
    }
}
