//! Seeded random streams, so that every random decision of the simulation is a function of its seed.

use nalgebra::Vector3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What a stream decides; streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Vessels = 1,
    BodyWall = 2,
    Speckle = 3,
    Motion = 4,
    Occlusion = 5,
    TrackerSetup = 6,
    ProbeSample = 7,
    ReferenceSample = 8,
    Electronics = 9,
    Training = 10,
    Misalignment = 11,
    Breathing = 12,
    Packing = 13,
    Approach = 14,
    Hand = 15,
    InstrumentOcclusion = 16,
    StylusOcclusion = 17,
    InstrumentSample = 18,
    StylusSample = 19,
    Marking = 20,
    Delineation = 21,
    Targets = 22,
    OrganSensor = 23,
    OrganSample = 24,
    SecondReferenceSample = 25,
    LiverShape = 32,
    HepaticTrees = 33,
    Tumours = 34,
    AbdomenSurroundings = 35,
    Pelvis = 36,
    ComputedTomography = 37,
    MagneticResonance = 38,
    ConeBeam = 39,
    Centrelines = 40,
    FaultTimes = 48,
    FaultDropout = 49,
    FaultJitter = 50,
    FaultNoise = 51,
    FaultField = 52,
    FaultBytes = 53,
    Trajectory = 54,
}

/// The stream number `index` for one purpose: the same bytes in every run and on every thread.
///
/// Seed, purpose and index fill the key of the cipher side by side, so no two triples meet.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    stream_of(seed, purpose, 0, index)
}

/// The same for each of several parts, such as the lines of a script.
pub(crate) fn stream_of(seed: u64, purpose: Purpose, part: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8] = purpose as u8;
    key[16..24].copy_from_slice(&index.to_le_bytes());
    key[24..].copy_from_slice(&part.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Evenly from a range, both ends included.
pub(crate) fn within(range: (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    rng.random_range(range.0..=range.1)
}

/// A normally distributed number of mean 0 and variance 1.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

/// A vector whose components are evenly distributed between `-amplitude` and `amplitude`.
pub(crate) fn jitter(amplitude: f64, rng: &mut ChaCha8Rng) -> Vector3<f64> {
    Vector3::from_fn(|_, _| amplitude * rng.random_range(-1.0..=1.0))
}

/// Mixes a lattice point and a seed to 32 well-scattered bits; two rounds of multiplication and
/// shift as in `lowbias32` (C. Wellons, "Prospecting for Hash Functions", 2018).
#[inline]
pub(crate) fn lattice_hash(x: u32, y: u32, z: u32, seed: u32) -> u32 {
    let mut bits = x.wrapping_mul(0x8da6_b343)
        ^ y.wrapping_mul(0xd816_3841)
        ^ z.wrapping_mul(0xcb1a_b31f)
        ^ seed;
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x7feb_352d);
    bits ^= bits >> 15;
    bits = bits.wrapping_mul(0x846c_a68b);
    bits ^ (bits >> 16)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_seed_purpose_and_index() {
        let first = |seed, purpose, index| stream(seed, purpose, index).next_u64();
        assert_eq!(first(7, Purpose::Motion, 3), first(7, Purpose::Motion, 3));
        let all = [
            first(7, Purpose::Motion, 3),
            first(8, Purpose::Motion, 3),
            first(7, Purpose::Vessels, 3),
            first(7, Purpose::Motion, 4),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn neighbouring_lattice_points_are_uncorrelated() {
        let value = |x, y, z| f64::from(lattice_hash(x, y, z, 5)) / f64::from(u32::MAX) - 0.5;
        for (dx, dy, dz) in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (2, 0, 0)] {
            let mut product = 0.0;
            let mut power = 0.0;
            for i in 0..20_000u32 {
                let (x, y, z) = (i % 27, (i / 27) % 27, i / 729);
                product += value(x, y, z) * value(x + dx, y + dy, z + dz);
                power += value(x, y, z).powi(2);
            }
            assert!((product / power).abs() < 0.03, "{dx} {dy} {dz}: {}", product / power);
        }
    }
}
