//! The device `ultrasound`: B-mode images of the simulated patient, and the vessels they truly show.

use std::time::Duration;

use messages::{Placement, SegmentedImage, UltrasoundImage};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, PatientParameters, first_sample, sample_time};
use crate::subject::Scan;
use crate::{ScanGeometry, Scanner, ScannerSettings, Subject};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Who is scanned.
    #[serde(default)]
    pub patient: PatientParameters,
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
        Ok(Self {
            subject: parameters.patient.subject()?,
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
            serde_json::from_value(serde_json::json!({ "patient": { "seed": 4 } })).unwrap();
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
