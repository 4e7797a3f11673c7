//! The device `ultrasound`: B-mode images of the simulated patient, and the vessels they truly show.

use std::time::Duration;

use messages::{Placement, SegmentedImage, UltrasoundImage};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, check_operation, first_sample, sample_time};
use crate::anatomy::family::Family;
use crate::subject::Scan;
use crate::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The patient and the course of the probe; give the tracker the same.
    #[serde(default)]
    pub seed: u64,
    /// What of the patient is there; give the tracker the same.
    #[serde(default)]
    pub anatomy: SubjectKind,
    /// The build of the patient and the style of the vessels; the block has the first three. Give the
    /// tracker the same.
    #[serde(default = "family")]
    #[schemars(default = "family")]
    pub family: Family,
    /// The breath is held at the end of expiration, as anaesthesia does for a sweep that is to be
    /// registered: between other images, organs move by their own breathing.
    #[serde(default)]
    pub breath_held: bool,
    /// How far packs push the organs aside where they lie; give all devices of the patient the same.
    #[serde(default)]
    #[schemars(range(min = 0, max = 20))]
    pub packing_mm: f64,
    /// When the packs are laid, in seconds after the start, within two seconds; 0 for before the start.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub packed_at_s: f64,
    /// Images a second.
    #[serde(default = "rate_hz")]
    #[schemars(default = "rate_hz", range(min = 1, max = 100))]
    pub rate_hz: f64,
    /// The probe and the image.
    #[serde(default)]
    pub probe: ScanGeometry,
    /// The knobs of the scanner.
    #[serde(default)]
    pub scanner: ScannerSettings,
}

fn family() -> Family {
    Family::DEMONSTRATION
}
fn rate_hz() -> f64 {
    25.0
}

outputs! {
    /// What the scanner shows, and the truth of the same instant.
    pub enum Output { image => Image(UltrasoundImage), truth => Truth(SegmentedImage) }
}

/// The device.
pub struct Ultrasound {
    subject: Subject,
    scanner: Scanner,
    rate_hz: f64,
    next: u64,
}

impl Device for Ultrasound {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Error::check("rate_hz", parameters.rate_hz, 1.0, 100.0)?;
        check_operation(parameters.packing_mm, parameters.packed_at_s, 0.0)?;
        Ok(Self {
            subject: Subject::new(parameters.anatomy, parameters.seed, parameters.family)?
                .with_breath_held(parameters.breath_held)
                .with_packing(parameters.packing_mm, parameters.packed_at_s),
            scanner: Scanner::new(parameters.probe, parameters.scanner)?,
            rate_hz: parameters.rate_hz,
            next: 0,
        })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let since_start = sample_time(self.next, self.rate_hz);
        let Scan { patient_from_probe, grey, vessels } =
            self.subject.scan(&self.scanner, since_start, self.next)?;
        let (height, width) = grey.dim();
        let (width_px, height_px) = (width as u32, height as u32);
        let image = UltrasoundImage::new(width_px, height_px, grey.into_iter().collect())?;
        let geometry = self.scanner.geometry();
        let truth = SegmentedImage {
            width_px,
            height_px,
            classes: vec!["background".to_owned(), "vessel".to_owned()],
            placement: Placement::Placed {
                patient_from_image: patient_from_probe * geometry.probe_from_image(),
                error_mm: Some(0.0),
                pose_gap_ns: 0,
            },
            model: None,
            labels: vessels.into_iter().collect::<Vec<u8>>().into(),
        };
        self.next += 1;
        Ok(Reading::Scheduled {
            since_start,
            outputs: vec![Output::Image(image), Output::Truth(truth)],
        })
    }

    fn seek(&mut self, since_start: Duration) {
        self.next = first_sample(since_start, self.rate_hz);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_seek_the_images_are_those_of_an_undisturbed_run() {
        let parameters: Parameters =
            serde_json::from_value(serde_json::json!({ "seed": 4 })).unwrap();
        let mut undisturbed = Ultrasound::open(parameters.clone()).unwrap();
        let mut restarted = Ultrasound::open(parameters).unwrap();
        let third = (0..3).map(|_| undisturbed.read().unwrap()).last().unwrap();
        restarted.seek(Duration::from_millis(80));
        let (
            Reading::Scheduled { since_start: at, outputs: expected },
            Reading::Scheduled { since_start, outputs: came },
        ) = (third, restarted.read().unwrap())
        else {
            panic!("not scheduled")
        };
        assert_eq!(at, since_start);
        let (Output::Image(expected), Output::Image(came)) = (&expected[0], &came[0]) else {
            panic!()
        };
        assert_eq!(expected, came);
    }

    #[test]
    fn an_impossible_rate_is_refused() {
        let parameters = serde_json::from_value(serde_json::json!({ "rate_hz": 0.0 })).unwrap();
        let error = Ultrasound::open(parameters).err().unwrap().to_string();
        assert!(error.contains("between 1 and 100, but is 0"), "{error}");
    }
}
