//! What files of volumes and sequences hold, in numbers and words.

use std::io;

use formats::placed_volume::PlacedVolume;
use formats::plus_sequence::FrameReader;
use formats::summary::Summary;

use super::{
    LIMITS, Target, assert_said, bounded, has, inflated, nifti_pair, placed_volume, plus_sequence,
    plus_sequence_nrrd, with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target =
    Target { name: "summary", check, seeds, words: plus_sequence::TARGET.words };

fn check(bytes: &[u8]) {
    let (file, beside) = with_beside(bytes);
    let mut beside = |_: &str| {
        beside.map(<[u8]>::to_vec).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let is_compressed =
        [&b"gz"[..], b"CompressedData", b"\x1f\x8b"].iter().any(|word| has(bytes, word));
    let inflated = if is_compressed { inflated(bytes.len()) } else { 0 };
    let read =
        bounded(bytes.len(), inflated, || Summary::read("a.hdr", file, &LIMITS, &mut beside));
    let volume = PlacedVolume::read_named("a.hdr", file, &LIMITS, &mut beside);
    match read {
        Err(error) => {
            assert_said(&error);
            assert!(volume.is_err(), "it is read, but nothing is said: {error}");
        }
        Ok(Summary::Volume(summary)) => {
            let volume = volume.expect("what is summed up is read");
            assert!(!summary.format.is_empty());
            assert_eq!((summary.dims, summary.scalar), (volume.dims, volume.voxels.scalar()));
            assert!(summary.not_finite <= volume.len());
            assert_eq!(summary.range.is_none(), summary.not_finite == volume.len());
            assert!(
                summary
                    .range
                    .is_none_or(|[low, high]| low.is_finite() && low <= high && high.is_finite())
            );
            let extent_mm = summary.extent_mm();
            let lengths = summary.spacing_mm.iter().chain(&extent_mm);
            assert!(lengths.into_iter().all(|mm| *mm > 0.0 && mm.is_finite()));
            assert!(summary.origin_mm.iter().all(|mm| mm.is_finite()));
            // The angle between an axis and the side that it comes nearest to.
            assert!(summary.axes.iter().all(|axis| (0.0..54.8).contains(&axis.off_deg)));
            assert!(summary.direction().is_ascii() || summary.direction().contains('°'));
        }
        Ok(Summary::Sequence(summary)) => {
            assert!(volume.is_err());
            let frames = summary.frames;
            assert_eq!(summary.starts_at_s.is_some(), frames > 0);
            assert!(
                summary.starts_at_s.is_none_or(f64::is_finite) && summary.duration_s.is_finite()
            );
            assert_eq!(summary.median_gap_s.is_some(), frames > 1);
            assert!(summary.median_gap_s.is_none_or(f64::is_finite));
            assert!(summary.rate_hz().is_none_or(|rate| rate > 0.0 && rate.is_finite()));
            assert!(
                summary
                    .largest_gap
                    .is_none_or(|(gap, at)| gap.is_finite() && (1..frames).contains(&at))
            );
            assert!(summary.frames_without_image <= frames && summary.steps_back < frames.max(1));
            assert_eq!(summary.first_step_back.is_some(), summary.steps_back > 0);
            for tool in &summary.tools {
                assert!(tool.seen <= tool.named && (1..=frames).contains(&tool.named));
                assert!((0.0..=1.0).contains(&tool.share_seen));
            }
            let range = summary.images.and_then(|images| images.range);
            assert!(
                range.is_none_or(|[low, high]| low.is_finite() && low <= high && high.is_finite())
            );
            if let Ok(reader) = FrameReader::open(file, &LIMITS) {
                assert_eq!(reader.header().frames.len(), frames);
            }
        }
    }
}

/// Those of the readers below it.
fn seeds() -> Vec<Vec<u8>> {
    [placed_volume::TARGET, nifti_pair::TARGET, plus_sequence::TARGET, plus_sequence_nrrd::TARGET]
        .into_iter()
        .flat_map(|target| (target.seeds)().into_iter().step_by(3))
        .collect()
}
