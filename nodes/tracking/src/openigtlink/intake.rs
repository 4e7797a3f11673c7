//! What is said of tools, out of the bytes of a connection; stamped on the session's clock; no socket and no clock of its
//! own.

use formats::openigtlink::{
    Content, Decoder, Message, Query, StartTracking, Text, Timestamp as Stamp,
};
use messages::Timestamp;
use runtime::SenderClock;
use runtime::tcp_link::Protocol;

use super::axes::Axes;
use super::sightings::{self, Sightings};

/// The largest message that is taken: a server may send images besides, which are left aside.
pub const LIMIT: u64 = 64 << 20;

/// What is wanted of a server.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Whether TDATA is asked for and taken, with so many milliseconds between two; else TRANSFORM and POSITION are taken.
    pub tdata_ms: Option<i32>,
    /// Which axes the matrices are in.
    pub axes: Axes,
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// Something of tools.
    Tools {
        /// What.
        said: Sightings,
        /// When the server saw it, on the session's clock.
        at: Timestamp,
        /// When it arrived.
        arrived_at: Timestamp,
    },
    /// A message that was damaged.
    Refused {
        /// A sentence for a person.
        reason: String,
    },
}

/// Takes the bytes of a server.
#[derive(Debug)]
pub struct Intake {
    wanted: Wanted,
    decoder: Decoder,
    clock: SenderClock,
    steps: u64,
}

impl Intake {
    /// For a server of which nothing came yet.
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, decoder: Decoder::with_limit(LIMIT), clock: SenderClock::new(), steps: 0 }
    }

    fn message(&mut self, message: &Message, arrived_at: Timestamp) -> Option<Came> {
        let is_tdata = matches!(
            message.content,
            Content::TrackingData(_) | Content::QuaternionTrackingData(_)
        );
        if is_tdata != self.wanted.tdata_ms.is_some() {
            return None;
        }
        if let Content::Response(1..) = message.content {
            let reason =
                format!("the server refuses: it answers {} with an error", message.type_name);
            return Some(Came::Refused { reason });
        }
        let said = sightings::of(message, self.wanted.axes)?;
        let at = if message.timestamp.is_unset() {
            arrived_at
        } else {
            self.clock.session_time(message.timestamp.to_nanoseconds() as i64, arrived_at)
        };
        Some(Came::Tools { said, at, arrived_at })
    }
}

/// The bytes that ask for tracking data.
fn question(interval_ms: i32) -> Vec<u8> {
    let start = StartTracking { interval_ms, coordinate_system: Text::truncated("") };
    let name = Query::Start.of("TDATA").to_str().into_owned();
    let message = Message::new(&name, "", Stamp::default(), Content::StartTracking(start));
    message.and_then(|message| message.encode()).unwrap_or_default()
}

impl Protocol for Intake {
    type Item = Came;

    fn connected(&mut self) -> Vec<u8> {
        // It may be another server, with another clock.
        *self = Self::new(self.wanted);
        self.wanted.tdata_ms.map(question).unwrap_or_default()
    }

    fn take(
        &mut self,
        bytes: &[u8],
        arrived_at: Timestamp,
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
            let reason = "the server's clock went back; poses are stamped anew by it".to_owned();
            items.push(Came::Refused { reason });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{TrackedTool, TrackingData, Transform};

    use super::*;

    const MATRIX: [f32; 12] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];

    fn bytes(kind: &str, stamp_ms: u64) -> Vec<u8> {
        let content = match kind {
            "TDATA" => {
                let name = Text::truncated("Probe");
                let tool = TrackedTool { name, kind: 2, reserved: 0, matrix: MATRIX };
                Content::TrackingData(TrackingData { tools: vec![tool] })
            }
            "RTS_TDATA" => Content::Response(1),
            _ => Content::Transform(Transform { matrix: MATRIX }),
        };
        let stamp = Stamp::from_nanoseconds(stamp_ms * 1_000_000);
        Message::new(kind, "ProbeToTracker", stamp, content).unwrap().encode().unwrap()
    }

    fn take(intake: &mut Intake, bytes: &[u8], at_ms: i64) -> Vec<Came> {
        let mut items = Vec::new();
        intake.take(bytes, Timestamp(at_ms * 1_000_000), &mut items).unwrap();
        items
    }

    #[test]
    fn of_two_ways_to_say_a_pose_one_is_taken() {
        let mut pushed = Intake::new(Wanted { tdata_ms: None, axes: Axes::AsSent });
        assert!(pushed.connected().is_empty());
        let mut asked = Intake::new(Wanted { tdata_ms: Some(20), axes: Axes::AsSent });
        let question = Message::decode(&asked.connected()).unwrap().0;
        let Content::StartTracking(start) = question.content else { panic!("no question") };
        assert_eq!((question.type_name.to_string().as_str(), start.interval_ms), ("STT_TDATA", 20));
        let both = [bytes("TDATA", 1000), bytes("TRANSFORM", 1000)].concat();
        let came = take(&mut pushed, &both, 6000);
        assert!(matches!(&came[..], [Came::Tools { said: Sightings::One(_), .. }]), "{came:?}");
        let came = take(&mut asked, &both, 6000);
        assert!(matches!(&came[..], [Came::Tools { said: Sightings::All(_), .. }]), "{came:?}");
    }

    #[test]
    fn a_pose_is_of_when_the_server_saw_it() {
        let mut intake = Intake::new(Wanted { tdata_ms: None, axes: Axes::AsSent });
        take(&mut intake, &bytes("TRANSFORM", 1000), 6001);
        let came = take(&mut intake, &bytes("TRANSFORM", 1020), 6060);
        let [Came::Tools { at, arrived_at, .. }] = &came[..] else { panic!("{came:?}") };
        assert_eq!((at.0, arrived_at.0), (6_021_000_000, 6_060_000_000));
        let came = take(&mut intake, &bytes("TRANSFORM", 0), 6080);
        let [Came::Tools { at, arrived_at, .. }] = &came[..] else { panic!("{came:?}") };
        assert_eq!(at, arrived_at, "without a stamp it is of its arrival");
    }

    #[test]
    fn damage_is_told_and_never_a_pose() {
        let mut intake = Intake::new(Wanted { tdata_ms: None, axes: Axes::AsSent });
        let whole = bytes("TRANSFORM", 1000);
        for at in 58..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            damaged.extend(bytes("TRANSFORM", 1020));
            let came = take(&mut intake, &damaged, 6000);
            assert!(matches!(&came[..], [Came::Refused { .. }, Came::Tools { .. }]), "{came:?}");
        }
        let error = intake.take(&[7; 58], Timestamp(1), &mut Vec::new()).unwrap_err();
        assert!(error.contains("another protocol"), "{error}");
    }
}
