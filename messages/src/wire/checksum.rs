//! Checksums of arrays, block by block, taken while the bytes are copied anyway.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

/// Bytes that share one checksum: 1 MiB, so that damage is located and large arrays are hashed on
/// two threads.
pub const BLOCK: usize = 1 << 20;

/// Bytes copied and hashed at a time: they stay in the first-level cache.
const STRIDE: usize = 4 << 10;

/// From this size on a second thread takes half of the blocks; below, starting it costs more than it saves.
const PARALLEL_FROM: usize = 12 * BLOCK;

/// XXH3-64 (seed 0) of each block of 1 MiB; none for an empty array.
pub fn block_checksums(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks(BLOCK).map(XxHash3_64::oneshot).collect()
}

/// Copies `from` to `to` (of the same length) and returns the checksums of its blocks.
pub(super) fn copy_with_checksums(from: &[u8], to: &mut [u8]) -> Vec<u64> {
    debug_assert_eq!(from.len(), to.len());
    if from.len() < PARALLEL_FROM {
        return copy_blocks(from, to);
    }
    let half = (from.len() / BLOCK / 2).max(1) * BLOCK;
    let (from_front, from_back) = from.split_at(half);
    let (to_front, to_back) = to.split_at_mut(half);
    std::thread::scope(|scope| {
        let back = scope.spawn(|| copy_blocks(from_back, to_back));
        let mut checksums = copy_blocks(from_front, to_front);
        match back.join() {
            Ok(rest) => checksums.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        checksums
    })
}

fn copy_blocks(from: &[u8], to: &mut [u8]) -> Vec<u64> {
    from.chunks(BLOCK)
        .zip(to.chunks_mut(BLOCK))
        .map(|(from, to)| {
            if from.len() <= STRIDE {
                to.copy_from_slice(from);
                return XxHash3_64::oneshot(from);
            }
            let mut hasher = XxHash3_64::new();
            for (from, to) in from.chunks(STRIDE).zip(to.chunks_mut(STRIDE)) {
                to.copy_from_slice(from);
                hasher.write(from);
            }
            hasher.finish()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copying_gives_the_same_checksums_as_hashing() {
        let lengths = [
            0,
            1,
            100,
            STRIDE,
            STRIDE + 1,
            BLOCK - 1,
            BLOCK,
            2 * BLOCK,
            2 * BLOCK + 7,
            13 * BLOCK + 3,
        ];
        for length in lengths {
            let from: Vec<u8> = (0..length).map(|i| ((i * 31) >> 3) as u8).collect();
            let mut to = vec![0; length];
            let checksums = copy_with_checksums(&from, &mut to);
            assert_eq!(from, to);
            assert_eq!(checksums, block_checksums(&from), "{length} bytes");
            assert_eq!(checksums.len(), length.div_ceil(BLOCK));
        }
    }
}
