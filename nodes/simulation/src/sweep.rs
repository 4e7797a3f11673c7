//! The tool `simulate-sweep`: a tracked sweep over the simulated patient as a PLUS sequence file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use formats::metaimage::ScalarType;
use formats::plus_sequence::{
    Frame, ImageFormat, ImageStatus, Orientation, Sequence, SequenceHeader, TrackedTransform,
    TransformName, TransformStatus,
};
use messages::{Pose, Tracker};
use nalgebra::Matrix4;

use crate::devices::sample_time;
use crate::{
    Family, ProbeMotion, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient, SimulatedTracker,
};

/// Writes a tracked sweep over a simulated patient as a PLUS sequence (`.igs.mha`).
#[derive(Debug, Parser)]
#[command(name = "vesalius simulate-sweep")]
struct Arguments {
    /// The file to write.
    output: PathBuf,
    /// The patient and the course of the probe.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Images.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    frames: u64,
    /// Images a second.
    #[arg(long, default_value_t = 20.0)]
    rate_hz: f64,
}

/// Runs the tool.
pub fn run(arguments: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius simulate-sweep".to_owned());
    let arguments = Arguments::parse_from(name.chain(arguments.iter().cloned()));
    let written = sequence(&arguments)
        .and_then(|sequence| sequence.write(true).map_err(|error| error.to_string()))
        .and_then(|bytes| {
            std::fs::write(&arguments.output, bytes)
                .map_err(|error| format!("cannot write {}: {error}", arguments.output.display()))
        });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn sequence(arguments: &Arguments) -> Result<Sequence, String> {
    if !(0.1..=100.0).contains(&arguments.rate_hz) {
        return Err(format!(
            "--rate-hz must lie between 0.1 and 100, but is {}",
            arguments.rate_hz
        ));
    }
    let patient = SimulatedPatient::new(arguments.seed, Family::DEMONSTRATION);
    let motion = ProbeMotion::new(arguments.seed);
    let tracker = SimulatedTracker::new(arguments.seed);
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default())
        .map_err(|error| error.to_string())?;
    let (width_px, height_px) = (scanner.geometry().width_px, scanner.geometry().height_px);
    let (mut frames, mut pixels) = (Vec::new(), Vec::new());
    for number in 0..arguments.frames {
        let elapsed = sample_time(number, arguments.rate_hz);
        let mut frame = Frame::at(elapsed.as_secs_f64());
        frame.number = Some(number);
        frame.image_status = ImageStatus::Ok;
        frame.transforms.insert(
            TransformName::new("Probe", "Tracker"),
            tracked(&tracker.probe(&motion, elapsed, number)),
        );
        frame.transforms.insert(
            TransformName::new("Reference", "Tracker"),
            tracked(&tracker.reference(number)),
        );
        frames.push(frame);
        pixels.extend(scanner.image(&patient, &motion.patient_from_probe(elapsed), number));
    }
    let images = ImageFormat {
        width_px,
        height_px,
        channels: 1,
        scalar: ScalarType::U8,
        orientation: Some(Orientation::MF),
        image_type: "BRIGHTNESS".to_owned(),
    };
    let header = SequenceHeader {
        images: Some(images),
        frames,
        pixel_spacing: [1.0, 1.0],
        other: Vec::new(),
    };
    Sequence::new(header, pixels).map_err(|error| error.to_string())
}

fn tracked<From>(pose: &Pose<Tracker, From>) -> TrackedTransform {
    match pose {
        Pose::Visible { to_from_tool, .. } => TrackedTransform {
            matrix: to_from_tool.isometry().to_homogeneous(),
            status: TransformStatus::Ok,
        },
        Pose::Hidden { .. } => {
            TrackedTransform { matrix: Matrix4::identity(), status: TransformStatus::Invalid }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::metaimage::Limits;

    #[test]
    fn what_is_written_reads_back_with_its_hidden_phases() {
        let arguments = Arguments { output: PathBuf::new(), seed: 3, frames: 40, rate_hz: 5.0 };
        let bytes = sequence(&arguments).unwrap().write(true).unwrap();
        let read = Sequence::read(&bytes, &Limits::default()).unwrap();
        let frames = &read.header().frames;
        assert_eq!((frames.len(), frames[39].timestamp_s), (40, 7.8));
        let occlusions = SimulatedTracker::new(3).occlusions();
        for (number, frame) in frames.iter().enumerate() {
            let seen = frame.transform("Probe", "Tracker").unwrap().usable().is_some();
            assert_eq!(seen, !occlusions.hidden(sample_time(number as u64, 5.0)), "frame {number}");
        }
        assert!(read.gray_image(0).unwrap().pixels.iter().any(|pixel| *pixel > 0));
    }

    #[test]
    fn the_calibrations_of_the_graphs_are_those_of_the_simulated_probe() {
        let deep = ScanGeometry { depth_mm: 140.0, ..ScanGeometry::default() };
        for (name, geometry) in
            [("simulated-probe", ScanGeometry::default()), ("simulated-probe-deep", deep)]
        {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../launch/graphs/calibrations");
            let text = std::fs::read_to_string(format!("{folder}/{name}.toml")).unwrap();
            let rows = text.split_once("probe_from_image").unwrap().1;
            let numbers: Vec<f64> = rows
                .split(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '-' | '.')))
                .filter_map(|word| word.parse().ok())
                .collect();
            let truth = geometry.probe_from_image();
            for row in 0..3 {
                for column in 0..4 {
                    assert!(
                        (truth.rows()[(row, column)] - numbers[row * 4 + column]).abs() < 1e-9,
                        "{name}: {row}, {column}"
                    );
                }
            }
        }
    }
}
