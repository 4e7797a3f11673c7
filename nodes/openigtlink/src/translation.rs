//! Messages of this house as those of OpenIGTLink.
//!
//! | message | becomes |
//! | --- | --- |
//! | `ToolPoses` | TRANSFORM of each tool that is seen, one TDATA of all; a STATUS when one is hidden or seen again |
//! | `LocatedImage`, `SegmentedImage`, `Volume`, `IntensityVolume`, `LabelVolume` | IMAGE, in its place |
//! | `UltrasoundImage` | IMAGE, a pixel a millimetre |
//! | `VesselTree`, `Surfaces` | POLYDATA: lines with radii; a surface of each structure |
//! | `Landmarks` | POINT, with their names |
//! | `Registration` | TRANSFORM `PatientToPreoperative`, its rigid part; a STATUS of whether it may guide |
//! | `Distances` | STRING, a line for each tool |
//! | health of a node | STATUS |
//! | failures | STRING `events` |
//!
//! **What must not guide is not sent.** Of a tool that is hidden, an image that is not placed, a registration that is
//! refused, and of all that is blank or stale, the last one is withdrawn: nobody who asks gets it. A STATUS says why. A
//! client that draws the last thing that came must heed it.

mod states;

use std::collections::BTreeMap;

use formats::openigtlink::{Content, Message, PolyData, StringMessage, Timestamp as Stamp};
use messages::wire::{Kind, Received, Validity, WireError};
use messages::{
    Alarm, Distances, Event, Frame, Health, IntensityVolume, LabelVolume, Landmarks, LocatedImage,
    Patient, Placement, Preoperative, Registration, SegmentedImage, Surfaces, Timestamp, ToolPoses,
    UltrasoundImage, VesselTree, Volume,
};
use runtime::Topic;

use crate::coordinates::Coordinates;
use crate::images::{self, Numbers};
use crate::names::Names;
use crate::shapes;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// Send this, of a stream.
    Send {
        /// The message.
        message: Box<Message>,
        /// The stream.
        stream: String,
    },
    /// What was sent under this type and name is no longer so.
    Withdraw {
        /// The type.
        kind: &'static str,
        /// The name.
        device: String,
    },
}

/// Translates; one for all clients.
#[derive(Debug)]
pub struct Translation {
    coordinates: Coordinates,
    names: Names,
    /// What each STATUS said last.
    said: BTreeMap<String, String>,
    /// The names that a stream sent anything under.
    sent: BTreeMap<String, Vec<(&'static str, String)>>,
    /// When distances were told last, and what the worst was.
    distances: BTreeMap<String, (Timestamp, Option<Alarm>)>,
    out: Vec<Outgoing>,
}

impl Translation {
    /// Into these coordinates, under these names.
    pub fn new(coordinates: Coordinates, names: Names) -> Self {
        Self {
            coordinates,
            names,
            said: BTreeMap::new(),
            sent: BTreeMap::new(),
            distances: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// What is to be done for a message.
    ///
    /// # Errors
    /// If it cannot be read, or the protocol has no room for it.
    pub fn translate(
        &mut self,
        topic: Topic,
        received: &Received,
    ) -> Result<Vec<Outgoing>, String> {
        let done = self.take(topic, received);
        let out = std::mem::take(&mut self.out);
        let envelope = received.envelope();
        done.map(|()| out).map_err(|error| {
            format!("message {} of {} is not sent: {error}", envelope.sequence, envelope.stream)
        })
    }

    fn take(&mut self, topic: Topic, received: &Received) -> Result<(), String> {
        let envelope = received.envelope();
        let told = |error: WireError| error.to_string();
        match (topic, envelope.kind) {
            (_, Kind::Mark | Kind::End)
            | (Topic::Journal | Topic::Status, _)
            | (Topic::Health | Topic::Event, Kind::Blank) => Ok(()),
            (Topic::Health, Kind::Message) => {
                let health = received.decode::<Health>().map_err(told)?.value;
                self.health(received, &health)
            }
            (Topic::Event, Kind::Message) => {
                let event = received.decode::<Event>().map_err(told)?.value;
                if !event.kind.is_failure() {
                    return Ok(());
                }
                let text = format!("{}: {}", event.node, event.text);
                self.send(received, "STRING", "events", Content::String(string(&text)))
            }
            (Topic::Stream, Kind::Message) => match &envelope.validity {
                Validity::Valid => self.stream(received),
                Validity::Stale { reason } => self.nothing(received, &format!("stale: {reason}")),
            },
            (Topic::Stream, Kind::Blank) => {
                let reason = match &envelope.validity {
                    Validity::Valid => "blank".to_owned(),
                    Validity::Stale { reason } => reason.clone(),
                };
                self.nothing(received, &reason)
            }
        }
    }

    fn stream(&mut self, received: &Received) -> Result<(), String> {
        macro_rules! value {
            ($type:ty) => {
                received.decode::<$type>().map_err(|error| error.to_string())?.value
            };
        }
        let envelope = received.envelope();
        let frame = envelope.frames.first().map(String::as_str);
        match (envelope.schema.as_str(), frame) {
            ("ToolPoses", _) => self.poses(received, &value!(ToolPoses)),
            ("UltrasoundImage", _) => {
                let image = value!(UltrasoundImage);
                let numbers = Numbers::bytes(image.pixels.as_bytes());
                let size = [image.width_px, image.height_px, 1];
                self.image(
                    received,
                    images::image(numbers, size, &images::unplaced(), self.coordinates)?,
                )
            }
            ("LocatedImage", _) => {
                let LocatedImage { image, placement } = value!(LocatedImage);
                let size = [image.width_px, image.height_px, 1];
                self.placed(received, image.pixels.as_bytes(), size, &placement)
            }
            ("SegmentedImage", _) => {
                let image = value!(SegmentedImage);
                let size = [image.width_px, image.height_px, 1];
                self.placed(received, image.labels.as_bytes(), size, &image.placement)
            }
            ("Volume", _) => {
                let volume = value!(Volume);
                let numbers = Numbers::bytes(volume.voxels.as_bytes());
                let place = &volume.patient_from_voxel;
                self.image(received, images::volume(numbers, volume.size, place, self.coordinates)?)
            }
            ("IntensityVolume", Some(Patient::NAME)) => {
                self.intensities(received, &value!(IntensityVolume<Patient>))
            }
            ("IntensityVolume", Some(Preoperative::NAME)) => {
                self.intensities(received, &value!(IntensityVolume<Preoperative>))
            }
            ("LabelVolume", Some(Patient::NAME)) => {
                self.labels(received, &value!(LabelVolume<Patient>))
            }
            ("LabelVolume", Some(Preoperative::NAME)) => {
                self.labels(received, &value!(LabelVolume<Preoperative>))
            }
            ("VesselTree", Some(Patient::NAME)) => {
                self.tree(received, &value!(VesselTree<Patient>))
            }
            ("VesselTree", Some(Preoperative::NAME)) => {
                self.tree(received, &value!(VesselTree<Preoperative>))
            }
            ("Surfaces", Some(Patient::NAME)) => {
                self.surfaces(received, &value!(Surfaces<Patient>))
            }
            ("Surfaces", Some(Preoperative::NAME)) => {
                self.surfaces(received, &value!(Surfaces<Preoperative>))
            }
            ("Landmarks", Some(Patient::NAME)) => {
                self.landmarks(received, &value!(Landmarks<Patient>))
            }
            ("Landmarks", Some(Preoperative::NAME)) => {
                self.landmarks(received, &value!(Landmarks<Preoperative>))
            }
            ("Registration", _) => self.registration(received, &value!(Registration)),
            ("Distances", _) => self.told_distances(received, &value!(Distances)),
            _ => Ok(()),
        }
    }

    fn placed(
        &mut self,
        received: &Received,
        pixels: &[u8],
        size: [u32; 3],
        placement: &Placement,
    ) -> Result<(), String> {
        match placement {
            Placement::Placed { patient_from_image, .. } => {
                let place = images::matrix(patient_from_image);
                let image = images::image(Numbers::bytes(pixels), size, &place, self.coordinates)?;
                self.image(received, image)?;
                let device = self.names.stream("IMAGE", &received.envelope().stream);
                self.status(received, &device, None, "placed")
            }
            Placement::Unplaced { reason } => {
                let device = self.names.stream("IMAGE", &received.envelope().stream);
                self.withdraw("IMAGE", &device);
                self.status(received, &device, Some("Unplaced"), reason)
            }
        }
    }

    fn image(
        &mut self,
        received: &Received,
        image: formats::openigtlink::Image,
    ) -> Result<(), String> {
        let device = self.names.stream("IMAGE", &received.envelope().stream);
        self.send(received, "IMAGE", &device, Content::Image(image))
    }

    fn intensities<In>(
        &mut self,
        received: &Received,
        volume: &IntensityVolume<In>,
    ) -> Result<(), String> {
        let numbers = Numbers::shorts(volume.voxels.as_bytes());
        let place = &volume.frame_from_voxel;
        self.image(received, images::volume(numbers, volume.size, place, self.coordinates)?)
    }

    fn labels<In>(&mut self, received: &Received, volume: &LabelVolume<In>) -> Result<(), String> {
        let numbers = Numbers::bytes(volume.labels.as_bytes());
        let place = &volume.frame_from_voxel;
        self.image(received, images::volume(numbers, volume.size, place, self.coordinates)?)
    }

    fn tree<In>(&mut self, received: &Received, tree: &VesselTree<In>) -> Result<(), String> {
        let device = self.names.stream("POLYDATA", &received.envelope().stream);
        self.poly_data(received, &device, shapes::tree(tree, self.coordinates))
    }

    fn surfaces<In>(&mut self, received: &Received, surfaces: &Surfaces<In>) -> Result<(), String> {
        let stream = received.envelope().stream.clone();
        let mut now = Vec::new();
        for mesh in surfaces.meshes() {
            let device = self.names.own("POLYDATA", &stream, &mesh.surface.structure.name);
            self.poly_data(received, &device, shapes::surface(&mesh, self.coordinates))?;
            now.push(device);
        }
        let before = self.sent.get(&stream).cloned().unwrap_or_default();
        for (_, device) in before.iter().filter(|(_, device)| !now.contains(device)) {
            self.withdraw("POLYDATA", device);
        }
        Ok(())
    }

    fn landmarks<In>(
        &mut self,
        received: &Received,
        landmarks: &Landmarks<In>,
    ) -> Result<(), String> {
        let device = self.names.stream("POINT", &received.envelope().stream);
        let points = shapes::points(landmarks, self.coordinates);
        self.send(received, "POINT", &device, Content::Points(points))
    }

    fn poly_data(
        &mut self,
        received: &Received,
        device: &str,
        data: PolyData,
    ) -> Result<(), String> {
        self.send(received, "POLYDATA", device, Content::PolyData(data))
    }

    fn send(
        &mut self,
        received: &Received,
        kind: &'static str,
        device: &str,
        content: Content,
    ) -> Result<(), String> {
        let envelope = received.envelope();
        let stamp = Stamp::from_nanoseconds(u64::try_from(envelope.acquired_at.0).unwrap_or(0));
        let message =
            Message::new(kind, device, stamp, content).map_err(|error| error.to_string())?;
        let stream = envelope.stream.clone();
        if kind != "STATUS" {
            let sent = self.sent.entry(stream.clone()).or_default();
            if !sent.iter().any(|(of, name)| *of == kind && name == device) {
                sent.push((kind, device.to_owned()));
            }
            // All is well again with a stream that said that it had nothing.
            if self.said.get(&stream).is_some_and(|said| said.starts_with("Blank")) {
                self.status(received, &stream, None, "usable")?;
            }
        }
        self.out.push(Outgoing::Send { message: Box::new(message), stream });
        Ok(())
    }

    fn withdraw(&mut self, kind: &'static str, device: &str) {
        self.out.push(Outgoing::Withdraw { kind, device: device.to_owned() });
    }
}

/// STRING has room for 65535 bytes.
fn string(text: &str) -> StringMessage {
    StringMessage::new(&text[..text.floor_char_boundary(u16::MAX.into())])
}
