//! Tracked ultrasound as PLUS serves it: what is sent for one frame, as OpenIGTLink messages, without a socket or a clock.

use std::time::Duration;

use formats::openigtlink::{
    Content, CoordinateSystem, Endian, Error as IgtlError, Image, Message, ScalarType, Timestamp,
    Transform as IgtlTransform,
};
use messages::{Pose, Probe, Tool, Tracker, Transform};
use nalgebra::{Isometry3, Matrix4};

use crate::anatomy::deformation::TooSteep;
use crate::faults::{FaultScript, Hidden, Sight};
use crate::tool_shape::ToolKind;
use crate::{Scanner, SimulatedTracker, Subject};

/// What can be named in a fault script: the probe, the patient's reference sensor, and the image itself.
pub const STREAMS: [&str; 3] = ["probe", "reference", "image"];
/// Name of the image where it is placed relative to the reference sensor.
const IMAGE_REFERENCE: &str = "Image_Reference";
/// Its name where nothing is tracked.
const IMAGE: &str = "Image_Image";
/// Where the CRC lies in a message.
const CRC: std::ops::Range<usize> = 50..58;

/// Why a frame cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The probe is pressed in too far.
    #[error(transparent)]
    Pressure(#[from] TooSteep),
    /// It does not fit into a message.
    #[error(transparent)]
    Message(#[from] IgtlError),
}

/// A scanner and a tracker at a simulated patient.
pub struct TrackedUltrasound {
    subject: Subject,
    scanner: Scanner,
    simulated: SimulatedTracker,
    faults: FaultScript,
    rate_hz: f64,
    is_tracked: bool,
}

impl TrackedUltrasound {
    /// With `rate_hz` frames a second; `seed` is the patient's.
    pub fn new(
        seed: u64,
        subject: Subject,
        scanner: Scanner,
        rate_hz: f64,
        faults: FaultScript,
    ) -> Self {
        let simulated = SimulatedTracker::new(seed);
        Self { subject, scanner, simulated, faults, rate_hz, is_tracked: true }
    }

    /// The same scanner where another system tracks: images alone, placed nowhere.
    #[must_use]
    pub fn untracked(self) -> Self {
        Self { is_tracked: false, ..self }
    }

    /// Frames a second.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// What goes wrong.
    pub fn faults(&self) -> &FaultScript {
        &self.faults
    }

    /// When frame number `number` is due after the start.
    pub fn due(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.rate_hz)
    }

    /// When it leaves the device, if none before it is held up for longer.
    pub fn leaves(&self, number: u64) -> Duration {
        let due = self.due(number);
        due + self.faults.delivery_delay(number, due)
    }

    /// The bytes that are sent for a frame: the transforms that are valid, `ProbeToTracker` and `ReferenceToTracker`, then
    /// the image `Image_Reference`, placed relative to the reference sensor. As with PLUS, what is not valid is left out.
    /// Untracked, the image `Image_Image` alone, a millimetre for each pixel.
    ///
    /// `started_at_ns` is the start on the device's clock, since 1970, which may drift by the faults.
    ///
    /// # Errors
    /// If the patient cannot be scanned there, or the image is larger than a message can say.
    pub fn frame(&self, number: u64, started_at_ns: u64) -> Result<Vec<u8>, FrameError> {
        let at = self.due(number);
        let since_start = u64::try_from(self.faults.device_time(at).as_nanos()).unwrap_or(u64::MAX);
        let timestamp = Timestamp::from_nanoseconds(started_at_ns.saturating_add(since_start));
        let mut messages = Vec::new();
        let mut image = None;
        if self.is_tracked {
            let tracker_from_probe = self.pose("probe", ToolKind::Probe, at);
            let tracker_from_reference = self.pose("reference", ToolKind::Reference, at);
            for (name, pose) in [
                ("ProbeToTracker", tracker_from_probe),
                ("ReferenceToTracker", tracker_from_reference),
            ] {
                if let Some(pose) = pose {
                    let content = IgtlTransform::from_matrix(&pose.to_homogeneous());
                    let content = Content::Transform(content);
                    messages.push(Message::new("TRANSFORM", name, timestamp, content)?);
                }
            }
            if let Some((reference, probe)) = tracker_from_reference.zip(tracker_from_probe) {
                image = Some((IMAGE_REFERENCE, self.placed(&(reference.inverse() * probe))));
            }
        } else {
            image = Some((IMAGE, Matrix4::identity()));
        }
        if let (Some((name, placed)), Some(shown)) = (image, self.faults.instant_shown("image", at))
        {
            let content = Content::Image(self.image(&placed, shown)?);
            messages.push(Message::new("IMAGE", name, timestamp, content)?);
        }
        let mut bytes = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            let mut encoded = message.encode()?;
            let message_number = number.saturating_mul(messages.len() as u64) + index as u64;
            self.faults.damage(at, message_number).apply(&mut encoded, CRC);
            bytes.extend(encoded);
        }
        Ok(bytes)
    }

    /// Maps pixels to millimetres relative to the reference sensor.
    fn placed(&self, reference_from_probe: &Isometry3<f64>) -> Matrix4<f64> {
        let probe_from_image = self.scanner.geometry().probe_from_image();
        let mut image = Matrix4::identity();
        image.fixed_view_mut::<3, 4>(0, 0).copy_from(probe_from_image.rows());
        reference_from_probe.to_homogeneous() * image
    }

    fn image(&self, placed: &Matrix4<f64>, shown: Duration) -> Result<Image, FrameError> {
        let sample = self.sample(shown);
        let grey = self.subject.scan(&self.scanner, shown, sample)?.grey;
        let (height, width) = grey.dim();
        let size = [width as u16, height as u16, 1];
        Ok(Image {
            version: 1,
            components: 1,
            scalar: ScalarType::Uint8,
            endian: Endian::Little,
            coordinates: CoordinateSystem::Ras,
            size,
            matrix: Image::matrix_of(placed, size),
            subvolume_offset: [0; 3],
            subvolume_size: size,
            pixels: grey.into_iter().collect(),
        })
    }

    /// The number of the frame at an instant, of which noise is a function.
    fn sample(&self, at: Duration) -> u64 {
        (at.as_secs_f64() * self.rate_hz).round() as u64
    }

    fn pose(&self, name: &str, kind: ToolKind, at: Duration) -> Option<Isometry3<f64>> {
        let truth = |at: Duration| Ok::<_, std::convert::Infallible>(self.seen(kind, at));
        match self.faults.measure(name, at, &[], truth) {
            Ok(Sight::Seen { pose, .. }) => Some(pose),
            Ok(Sight::OutOfVolume { .. } | Sight::Hidden(_)) => None,
            Err(never) => match never {},
        }
    }

    fn seen(&self, kind: ToolKind, at: Duration) -> Sight {
        let patient_from_tool: Transform<messages::Patient, Tool> = match kind {
            ToolKind::Probe => {
                let motion = self.subject.motion();
                let pose: Transform<messages::Patient, Probe> = motion.patient_from_probe(at);
                pose.rename_from()
            }
            _ => Transform::identity(),
        };
        let sample = self.sample(at);
        let pose: Pose<Tracker, Tool> =
            self.simulated.tool(kind, patient_from_tool, false, at, sample);
        match pose {
            Pose::Visible { to_from_tool, .. } => Sight::whole(*to_from_tool.isometry()),
            Pose::Hidden { .. } => Sight::Hidden(Hidden::Blocked),
        }
    }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::Decoder;

    use super::*;
    use crate::{ScanGeometry, ScannerSettings, SubjectKind};

    const STARTED_AT_NS: u64 = 1_700_000_000_000_000_000;

    fn emulated(faults: &str) -> TrackedUltrasound {
        let geometry = ScanGeometry::default();
        let scanner = Scanner::new(geometry, ScannerSettings::default()).unwrap();
        let family = crate::anatomy::family::Family::DEMONSTRATION;
        let subject = Subject::new(SubjectKind::default(), 3, family).unwrap();
        let faults = FaultScript::from_toml(faults, 0).unwrap();
        TrackedUltrasound::new(3, subject, scanner, 20.0, faults)
    }

    fn heard(bytes: &[u8]) -> Vec<Message> {
        let mut decoder = Decoder::new();
        decoder.feed(bytes);
        std::iter::from_fn(|| decoder.next_message().unwrap()).collect()
    }

    fn names(messages: &[Message]) -> Vec<String> {
        messages.iter().map(|message| message.device_name().into_owned()).collect()
    }

    #[test]
    fn a_frame_is_the_transforms_and_the_image_in_its_place() {
        let emulated = emulated("");
        let messages = heard(&emulated.frame(7, STARTED_AT_NS).unwrap());
        assert_eq!(names(&messages), ["ProbeToTracker", "ReferenceToTracker", "Image_Reference"]);
        let at = messages[2].timestamp.to_nanoseconds();
        assert_eq!(at, STARTED_AT_NS + 350_000_000);
        let matrix = |index: usize| match &messages[index].content {
            Content::Transform(transform) => transform.to_matrix(),
            other => panic!("{other:?}"),
        };
        let Content::Image(image) = &messages[2].content else { panic!() };
        let geometry = ScanGeometry::default();
        let mut probe_from_image = Matrix4::identity();
        probe_from_image.fixed_view_mut::<3, 4>(0, 0).copy_from(geometry.probe_from_image().rows());
        let expected = matrix(1).try_inverse().unwrap() * matrix(0) * probe_from_image;
        assert!((image.space_from_voxel() - expected).amax() < 1e-2);
        assert_eq!(image.size, [geometry.width_px as u16, geometry.height_px as u16, 1]);
        assert!(image.pixels.iter().any(|pixel| *pixel > 0));
        assert_eq!(
            emulated.frame(7, STARTED_AT_NS).unwrap(),
            emulated.frame(7, STARTED_AT_NS).unwrap()
        );
        assert_ne!(
            emulated.frame(7, STARTED_AT_NS).unwrap(),
            emulated.frame(8, STARTED_AT_NS).unwrap()
        );
    }

    #[test]
    fn untracked_images_come_alone_and_always() {
        let emulated = emulated("").untracked();
        for number in 0..160 {
            let heard = heard(&emulated.frame(number, STARTED_AT_NS).unwrap());
            assert_eq!(names(&heard), ["Image_Image"]);
        }
    }

    #[test]
    fn what_is_not_valid_is_left_out_and_what_is_damaged_is_noticed() {
        let emulated = emulated(
            "[[faults]]\nat_s = 1\nfor_s = 1\ntools = ['probe']\nfault.dropout.share = 1\n\
             [[faults]]\nat_s = 3\nfor_s = 1\ntools = ['image']\nfault.frozen.frame_numbers = false\n\
             [[faults]]\nat_s = 5\nfor_s = 1\nfault.wrong_crc.share = 1\n\
             [[faults]]\nat_s = 7\nfor_s = 1\nfault.half_frames.share = 1",
        );
        let frame = |at_s: u64| emulated.frame(at_s * 20 + 10, STARTED_AT_NS).unwrap();
        assert_eq!(names(&heard(&frame(1))), ["ReferenceToTracker"]);
        let pixels = |number: u64| {
            let messages = heard(&emulated.frame(number, STARTED_AT_NS).unwrap());
            match messages.into_iter().next_back().map(|message| message.content) {
                Some(Content::Image(image)) => image.pixels,
                other => panic!("{other:?}"),
            }
        };
        // Where the probe is in sight at both instants.
        assert_eq!(pixels(62), pixels(66));
        let mut decoder = Decoder::new();
        decoder.feed(&frame(5));
        assert!(decoder.next_message().unwrap_err().to_string().contains("CRC"));
        assert!(frame(7).len() < frame(8).len());
    }
}
