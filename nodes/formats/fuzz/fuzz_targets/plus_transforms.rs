//! Chains of the transforms of a PLUS device set and of the sequence beside it.

use formats::plus_config::PlusConfig;
use formats::plus_sequence::Sequence;
use formats::plus_transforms::Chain;
use nalgebra::Matrix4;

use super::{BESIDE, LIMITS, Target, assert_said, bounded, odd_numbers, with_beside};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "plus_transforms", check, seeds, words: WORDS };

/// So many frames of reference are tried with each other.
const MOST_NAMES: usize = 12;

fn check(bytes: &[u8]) {
    let (config, sequence) = with_beside(bytes);
    let Ok(config) = PlusConfig::parse(config) else { return };
    let sequence = sequence.and_then(|sequence| Sequence::read(sequence, &LIMITS).ok());
    let frames = sequence.as_ref().map_or(&[][..], |sequence| &sequence.header().frames);
    let fixed = config.transforms.iter().flat_map(|transform| [&transform.from, &transform.to]);
    let tracked = frames.iter().flat_map(|frame| frame.transforms.keys());
    let tracked = tracked.flat_map(|name| [&name.from, &name.to]);
    let mut names: Vec<&String> = fixed.chain(tracked).collect();
    names.sort();
    names.dedup();
    for from in names.iter().take(MOST_NAMES) {
        for to in names.iter().take(MOST_NAMES) {
            let find = || Chain::find(&config, frames, from, to);
            let found = bounded(bytes.len(), 0, find);
            let is_back = Chain::find(&config, frames, to, from).is_ok();
            assert_eq!(found.is_ok(), is_back, "{from} and {to}");
            let chain = match found {
                Ok(chain) => chain,
                Err(error) => {
                    assert_said(&error);
                    continue;
                }
            };
            for matrix in frames.iter().filter_map(|frame| chain.matrix(frame)) {
                let back = matrix.try_inverse().expect("what can be computed with has an inverse");
                let mut numbers = matrix.iter().chain(&back);
                assert!(numbers.all(|number| number.is_finite()), "{from} to {to}: {matrix}{back}");
                assert!(from != to || matrix == Matrix4::identity());
            }
        }
    }
}

/// Device sets with a sequence of poses.
fn seeds() -> Vec<Vec<u8>> {
    let config = |transforms: &str| {
        format!("<PlusConfiguration><CoordinateDefinitions>{transforms}</CoordinateDefinitions></PlusConfiguration>")
            .into_bytes()
    };
    let fixed = |from: &str, to: &str, matrix: &str| {
        format!("<Transform From=\"{from}\" To=\"{to}\" Matrix=\"{matrix}\"/>")
    };
    let image = fixed("Image", "Probe", "0.1 0 0 5 0 0.2 0 6 0 0 0.1 7 0 0 0 1");
    let small = "1e-99 0 0 0 0 1e-99 0 0 0 0 1e-99 0 0 0 0 1";
    let chained: String =
        ["AB", "BC", "CD", "DE"].map(|names| fixed(&names[..1], &names[1..], small)).concat();
    let poses: &[u8] = b"NDims = 3\nDimSize = 0 0 2\nElementType = MET_OTHER\nSeq_Frame0000_Timestamp = 0\nSeq_Frame0000_ProbeToTrackerTransform = 0 -1 0 10 1 0 0 20 0 0 1 30 0 0 0 1\nSeq_Frame0000_ProbeToTrackerTransformStatus = OK\nSeq_Frame0000_ReferenceToTrackerTransform = 1 0 0 1 0 1 0 2 0 0 1 3 0 0 0 1\nSeq_Frame0000_ReferenceToTrackerTransformStatus = OK\nSeq_Frame0001_Timestamp = 1\nSeq_Frame0001_ProbeToTrackerTransform = 1 0 0 1 0 1 0 2 0 0 1 3 0 0 0 1\nSeq_Frame0001_ProbeToTrackerTransformStatus = INVALID\nElementDataFile = LOCAL\n";
    vec![
        [&config(&image), BESIDE, poses].concat(),
        config(&(image + &fixed("Tip", "Stylus", "1 0 0 5 0 1 0 6 0 0 1 7 0 0 0 1"))),
        [&config(&chained), BESIDE, poses].concat(),
        [&config(""), BESIDE, poses].concat(),
    ]
}

const WORDS: &[&str] = odd_numbers![
    "<Transform ",
    " From=\"Image\"",
    " From=\"Probe\"",
    " To=\"Probe\"",
    " To=\"Tracker\"",
    " Matrix=\"1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\"",
    "/>",
    "Seq_Frame0000_",
    "Seq_Frame0001_",
    "ProbeToTracker",
    "ReferenceToTracker",
    "ImageToProbe",
    "Transform = ",
    "TransformStatus = ",
    "OK\n",
    "INVALID\n",
    "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n",
    "DimSize = 0 0 ",
];
