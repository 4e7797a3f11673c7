//! Images out of the bytes of a connection, stamped on the session's clock; no socket and no clock of its own.

use formats::openigtlink::{Content, Decoder, Message, Query, Timestamp as Stamp};
use messages::{Placement, UltrasoundImage};
use runtime::SenderClock;
use runtime::tcp_link::Protocol;

use super::grey::Conversion;

/// What came of a message.
#[derive(Debug)]
pub enum Came {
    /// An image.
    Image {
        /// On the session's clock.
        acquired_at: messages::Timestamp,
        /// The image.
        image: UltrasoundImage,
        /// Where it lies, if the matrix is to say that.
        placement: Option<Placement>,
    },
    /// An image that cannot be used, or a message that was damaged.
    Refused {
        /// A sentence for a person.
        reason: String,
    },
}

/// What is wanted of a server.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name of the device whose images are taken; without one, the first that sends any.
    pub device: Option<String>,
    /// How images are made grey.
    pub conversion: Conversion,
    /// Whether the matrix says where the image lies, and if so, how.
    pub places: Option<Places>,
    /// Whether images are asked for with `STT_IMAGE`.
    pub ask: bool,
    /// The largest message that is taken, bytes.
    pub limit: u64,
}

/// How the matrix of an image says where it lies.
#[derive(Clone, Debug)]
pub struct Places {
    /// Whether its axes are RAS or LPS, as it says, and turned to LPS; else its numbers are taken as they are.
    pub anatomical: bool,
    /// The transforms that must have been seen, by the names that PLUS gives them; none for all that are told of.
    pub by: Vec<String>,
}

/// Takes the bytes of a server.
#[derive(Debug)]
pub struct Intake {
    wanted: Wanted,
    /// The device whose images are taken.
    device: Option<String>,
    /// Others that were said to be there.
    others: Vec<String>,
    decoder: Decoder,
    clock: SenderClock,
    steps: u64,
    /// Stamp and time of the image before.
    last: Option<(Stamp, messages::Timestamp)>,
}

/// How many other devices are told of.
const MOST_OTHERS: usize = 8;

impl Intake {
    /// For a server of which nothing came yet.
    pub fn new(wanted: Wanted) -> Self {
        Self {
            decoder: Decoder::with_limit(wanted.limit),
            device: wanted.device.clone(),
            wanted,
            others: Vec::new(),
            clock: SenderClock::new(),
            steps: 0,
            last: None,
        }
    }

    /// What is sent to ask for images, if they must be asked for.
    fn question(&self) -> Vec<u8> {
        if !self.wanted.ask {
            return Vec::new();
        }
        let device = self.wanted.device.clone().unwrap_or_default();
        let name = Query::Start.of("IMAGE").to_str().into_owned();
        let message = Message::new(&name, &device, Stamp::default(), Content::Empty);
        message.and_then(|message| message.encode()).unwrap_or_default()
    }

    fn message(&mut self, message: &Message, arrived_at: messages::Timestamp) -> Option<Came> {
        let Content::Image(image) = &message.content else { return None };
        let name = message.device_name();
        let device = self.device.get_or_insert_with(|| name.clone().into_owned());
        if *device != *name {
            return self.another(&name);
        }
        let refused = |reason: String| Some(Came::Refused { reason: format!("{name}: {reason}") });
        // The offset is learnt from every image, also from those that cannot be used.
        let acquired_at = match self.time(message.timestamp, arrived_at) {
            Ok(at) => at,
            Err(reason) => return refused(reason),
        };
        if let Some(status) = status_of(message, "ImageStatus") {
            return refused(format!("the server says that its image is {status}"));
        }
        let grey = match self.wanted.conversion.grey(image) {
            Ok(grey) => grey,
            Err(reason) => return refused(reason),
        };
        let placement = self.wanted.places.as_ref().map(|places| {
            if let Some((transform, status)) = hidden(message, &places.by) {
                let reason = format!("the server says that {transform} is {status}");
                return Placement::Unplaced { reason };
            }
            match self.wanted.conversion.place(image, places.anatomical) {
                Ok(patient_from_image) => {
                    Placement::Placed { patient_from_image, error_mm: None, pose_gap_ns: 0 }
                }
                Err(reason) => Placement::Unplaced { reason },
            }
        });
        Some(Came::Image { acquired_at, image: grey, placement })
    }

    fn another(&mut self, name: &str) -> Option<Came> {
        let is_new = self.wanted.device.is_none()
            && self.others.len() < MOST_OTHERS
            && !self.others.iter().any(|other| other == name);
        is_new.then(|| {
            self.others.push(name.to_owned());
            let taken = self.device.clone().unwrap_or_default();
            Came::Refused {
                reason: format!(
                    "the server also sends images of `{name}`; those of `{taken}` are taken, because they came first: name the one that is meant in `device`"
                ),
            }
        })
    }

    /// When an image was acquired; always later than the one before.
    fn time(
        &mut self,
        stamp: Stamp,
        arrived_at: messages::Timestamp,
    ) -> Result<messages::Timestamp, String> {
        let mut at = arrived_at;
        if !stamp.is_unset() {
            at = self.clock.session_time(stamp.to_nanoseconds() as i64, arrived_at);
        }
        if let Some((last_stamp, last)) = self.last
            && at <= last
        {
            if stamp == last_stamp && !stamp.is_unset() {
                return Err("an image came twice; the second one is not used".to_owned());
            }
            // While the offset is still learnt, or where two arrive at the same instant.
            if stamp < last_stamp {
                return Err(format!(
                    "an image came {:.1} ms out of order and is not used",
                    last.since(at).as_secs_f64() * 1e3
                ));
            }
            at = last + std::time::Duration::from_nanos(1);
        }
        self.last = Some((stamp, at));
        Ok(at)
    }
}

/// The value of a key of the metadata that says a status, if it is there and not `OK`.
fn status_of(message: &Message, key: &str) -> Option<String> {
    let entry = message.metadata().iter().find(|entry| entry.key == key.as_bytes())?;
    let status = String::from_utf8_lossy(&entry.value);
    (status.trim() != "OK").then(|| status.into_owned())
}

/// A transform that was not seen when the image was placed, and its status, as PLUS tells it in the metadata.
fn hidden(message: &Message, by: &[String]) -> Option<(String, String)> {
    message.metadata().iter().find_map(|entry| {
        let key = String::from_utf8_lossy(&entry.key).into_owned();
        let name = key.strip_suffix("TransformStatus")?.to_owned();
        let concerned = by.is_empty() || by.contains(&name);
        if concerned { status_of(message, &key).map(|status| (name, status)) } else { None }
    })
}

impl Protocol for Intake {
    type Item = Came;

    fn connected(&mut self) -> Vec<u8> {
        self.decoder = Decoder::with_limit(self.wanted.limit);
        // It may be another server, with another clock.
        self.clock = SenderClock::new();
        self.steps = 0;
        self.device.clone_from(&self.wanted.device);
        if let Some((stamp, _)) = &mut self.last {
            *stamp = Stamp::default();
        }
        self.question()
    }

    fn take(
        &mut self,
        bytes: &[u8],
        arrived_at: messages::Timestamp,
        items: &mut Vec<Came>,
    ) -> Result<(), String> {
        self.decoder.feed(bytes);
        loop {
            match self.decoder.next_message() {
                Ok(None) => break,
                Ok(Some(message)) => items.extend(self.message(&message, arrived_at)),
                Err(error) if self.decoder.is_stopped() => return Err(error.to_string()),
                Err(error) => items.push(Came::Refused { reason: error.to_string() }),
            }
        }
        if self.clock.steps() > self.steps {
            self.steps = self.clock.steps();
            let reason = "the server's clock went back; images are stamped anew by it".to_owned();
            items.push(Came::Refused { reason });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{CoordinateSystem, Endian, Image, ScalarType};
    use messages::Timestamp;

    use super::*;

    const MS: u64 = 1_000_000;

    fn wanted(device: Option<&str>) -> Wanted {
        Wanted {
            device: device.map(str::to_owned),
            conversion: Conversion { orientation: "MF".parse().unwrap(), window: None },
            places: Some(Places { anatomical: false, by: vec!["ProbeToTracker".into()] }),
            ask: true,
            limit: 1 << 20,
        }
    }

    fn message(device: &str, stamp_ms: u64, grey: u8) -> Message {
        let image = Image {
            version: 1,
            components: 1,
            scalar: ScalarType::Uint8,
            endian: Endian::Little,
            coordinates: CoordinateSystem::Ras,
            size: [2, 1, 1],
            matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
            subvolume_offset: [0; 3],
            subvolume_size: [2, 1, 1],
            pixels: vec![grey; 2],
        };
        let stamp = Stamp::from_nanoseconds(stamp_ms * MS);
        Message::new("IMAGE", device, stamp, Content::Image(image)).unwrap()
    }

    fn take(intake: &mut Intake, bytes: &[u8], at_ms: u64) -> Vec<Came> {
        let mut items = Vec::new();
        intake.take(bytes, Timestamp((at_ms * MS) as i64), &mut items).unwrap();
        items
    }

    fn refusal(items: &[Came]) -> &str {
        match items {
            [Came::Refused { reason }] => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn images_are_stamped_as_the_server_saw_them_and_never_twice() {
        let mut intake = Intake::new(wanted(None));
        let asked = intake.connected();
        assert_eq!(Message::decode(&asked).unwrap().0.type_name.to_str(), "STT_IMAGE");
        let mut times = Vec::new();
        for (index, delay) in [30, 1, 1, 25].into_iter().enumerate() {
            let stamp = 1000 + 20 * index as u64;
            let bytes = message("Image_Reference", stamp, index as u8).encode().unwrap();
            let came = take(&mut intake, &bytes, stamp + 5000 + delay);
            let [Came::Image { acquired_at, image, .. }] = &came[..] else { panic!("{came:?}") };
            assert_eq!(image.pixels.as_slice()[0], index as u8);
            times.push(acquired_at.0);
        }
        // The first came late, which was learnt from the second; the third is exact, the fourth late, but known.
        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        assert_eq!(times[2] as u64, (1040 + 5001) * MS);
        assert_eq!(times[3] as u64, (1060 + 5001) * MS);
        let again = message("Image_Reference", 1060, 3).encode().unwrap();
        assert!(refusal(&take(&mut intake, &again, 6100)).contains("came twice"));
    }

    #[test]
    fn images_of_another_device_are_not_mixed_in_and_told_once() {
        let mut intake = Intake::new(wanted(None));
        let other = message("Volume", 40, 1).encode().unwrap();
        assert!(matches!(
            &take(&mut intake, &message("Live", 20, 1).encode().unwrap(), 25)[..],
            [Came::Image { .. }]
        ));
        assert!(refusal(&take(&mut intake, &other, 45)).contains("`device`"));
        assert!(take(&mut intake, &other, 65).is_empty());
        let mut named = Intake::new(wanted(Some("Volume")));
        assert!(take(&mut named, &message("Live", 20, 1).encode().unwrap(), 25).is_empty());
        assert!(matches!(&take(&mut named, &other, 45)[..], [Came::Image { .. }]));
    }

    #[test]
    fn an_image_whose_pose_was_not_seen_is_not_placed() {
        let mut intake = Intake::new(wanted(None));
        let mut placed = |metadata: &[(&str, &str)], stamp: u64| {
            let mut message = message("Image", stamp, 1);
            for (key, value) in metadata {
                message.set_metadata(key, value);
            }
            take(&mut intake, &message.encode().unwrap(), stamp).remove(0)
        };
        let status = "ProbeToTrackerTransformStatus";
        for (index, (metadata, is_placed)) in [
            (vec![], true),
            (vec![(status, "OK")], true),
            (vec![(status, "INVALID")], false),
            (vec![("StylusToTrackerTransformStatus", "INVALID")], true),
        ]
        .into_iter()
        .enumerate()
        {
            let came = placed(&metadata, 100 + 20 * index as u64);
            let Came::Image { placement: Some(placement), .. } = came else { panic!("{came:?}") };
            assert_eq!(matches!(placement, Placement::Placed { .. }), is_placed, "{metadata:?}");
        }
        assert!(matches!(placed(&[("ImageStatus", "INVALID")], 900), Came::Refused { .. }));
    }

    #[test]
    fn damage_is_told_and_never_an_image() {
        let mut intake = Intake::new(wanted(None));
        let mut damaged = message("Image", 20, 1).encode().unwrap();
        *damaged.last_mut().unwrap() ^= 1;
        damaged.extend(message("Image", 40, 2).encode().unwrap());
        let came = take(&mut intake, &damaged, 50);
        assert!(matches!(&came[..], [Came::Refused { .. }, Came::Image { .. }]), "{came:?}");
        let mut items = Vec::new();
        let error = intake.take(&[0xff; 100], Timestamp(60), &mut items).unwrap_err();
        assert!(error.contains("another protocol") && items.is_empty(), "{error}");
        // A new connection begins anew.
        intake.connected();
        assert!(matches!(
            &take(&mut intake, &message("Image", 60, 3).encode().unwrap(), 70)[..],
            [Came::Image { .. }]
        ));
    }

    #[test]
    fn a_size_beyond_the_limit_is_refused_before_it_comes() {
        let mut intake = Intake::new(wanted(None));
        let mut huge = message("Image", 20, 1).encode().unwrap();
        huge[42..50].copy_from_slice(&(1_u64 << 40).to_be_bytes());
        let error = intake.take(&huge, Timestamp(60), &mut Vec::new()).unwrap_err();
        assert!(error.contains("more than the limit"), "{error}");
    }
}
