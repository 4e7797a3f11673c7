//! What a message says of tools: which one, where, or that it was not seen.

use formats::openigtlink::{Content, Message};
use messages::{Pose, Tool, Tracker};
use nalgebra::Matrix4;

use super::axes::{self, Axes};

/// What is said of one tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// Its name, as the server has it: `ProbeToTracker`, `Probe`, …
    pub name: String,
    /// Where it is.
    pub pose: Pose<Tracker, Tool>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Sightings {
    /// Of one tool; others of the same instant come in messages of their own.
    One(Sighting),
    /// Of all tools that are seen.
    All(Vec<Sighting>),
}

/// What a message says of tools, if it is about any.
pub fn of(message: &Message, axes: Axes) -> Option<Sightings> {
    let one = |matrix: Result<Matrix4<f64>, String>| {
        let name = message.device_name().into_owned();
        let status = ["TransformStatus", "Status"].iter().find_map(|key| text(message, key));
        let invalid = text(message, "TransformValid").is_some_and(|text| is_no(&text));
        let pose = match (status.filter(|status| status != "OK"), matrix) {
            (Some(status), _) => hidden(&status),
            (None, _) if invalid => hidden("not valid"),
            (None, Ok(matrix)) => axes.pose(&matrix),
            (None, Err(reason)) => Pose::Hidden { reason },
        };
        Sightings::One(Sighting { name, pose })
    };
    // PLUS tells of each tool in the metadata under its whole name, which TDATA has no room for.
    let of_all = |name: String, matrix: Result<Matrix4<f64>, String>| {
        let pose = match (status_of(message, &name), matrix) {
            (Some(status), _) => hidden(&status),
            (None, Ok(matrix)) => axes.pose(&matrix),
            (None, Err(reason)) => Pose::Hidden { reason },
        };
        Sighting { name, pose }
    };
    Some(match &message.content {
        Content::Transform(transform) => one(Ok(transform.to_matrix())),
        Content::Position(position) => one(axes::matrix_of(position)),
        Content::TrackingData(data) => {
            let tools = data.tools.iter().map(|tool| {
                let transform = formats::openigtlink::Transform { matrix: tool.matrix };
                of_all(tool.name.to_str().into_owned(), Ok(transform.to_matrix()))
            });
            Sightings::All(tools.collect())
        }
        Content::QuaternionTrackingData(data) => {
            let tools = data.tools.iter().map(|tool| {
                let matrix = axes::matrix(tool.position_mm, tool.quaternion.map(f64::from));
                of_all(tool.name.to_str().into_owned(), matrix)
            });
            Sightings::All(tools.collect())
        }
        _ => return None,
    })
}

fn hidden(status: &str) -> Pose<Tracker, Tool> {
    Pose::Hidden { reason: format!("the server says that it is {status}") }
}

fn is_no(text: &str) -> bool {
    ["false", "0", "no"].contains(&text.to_ascii_lowercase().as_str())
}

fn text(message: &Message, key: &str) -> Option<String> {
    let entry = message.metadata().iter().find(|entry| entry.key == key.as_bytes())?;
    Some(String::from_utf8_lossy(&entry.value).trim().to_owned())
}

/// The bytes of a name in TDATA.
pub const NAME_BYTES: usize = 20;

/// The status of a tool of TDATA, if the metadata says one other than `OK`; of a name that was cut, that of the whole
/// one, and if several begin so, the worst.
fn status_of(message: &Message, name: &str) -> Option<String> {
    let is_cut = name.len() >= NAME_BYTES;
    message.metadata().iter().find_map(|entry| {
        let key = String::from_utf8_lossy(&entry.key);
        let whole = key.strip_suffix("Status")?;
        let fits = whole == name || is_cut && whole.starts_with(name);
        let status = String::from_utf8_lossy(&entry.value).trim().to_owned();
        (fits && status != "OK").then_some(status)
    })
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{
        Orientation, Position, QuaternionTool, QuaternionTrackingData, Text, Timestamp,
        TrackedTool, TrackingData, Transform,
    };

    use super::*;

    const HERE: [f32; 12] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 4.0, 5.0, 6.0];

    fn message(kind: &str, name: &str, content: Content, metadata: &[(&str, &str)]) -> Message {
        let mut message = Message::new(kind, name, Timestamp::default(), content).unwrap();
        for (key, value) in metadata {
            message.set_metadata(key, value);
        }
        // As it comes.
        Message::decode(&message.encode().unwrap()).unwrap().0
    }

    fn is_seen(pose: &Pose<Tracker, Tool>) -> bool {
        match pose {
            Pose::Visible { to_from_tool, .. } => {
                assert_eq!(to_from_tool.isometry().translation.vector.as_slice(), [4.0, 5.0, 6.0]);
                true
            }
            Pose::Hidden { .. } => false,
        }
    }

    #[test]
    fn what_plus_says_of_a_transform_is_heeded() {
        for (metadata, seen) in [
            (&[][..], true),
            (&[("TransformStatus", "OK"), ("TransformValid", "True")], true),
            (&[("TransformStatus", "OUT_OF_VIEW"), ("TransformValid", "False")], false),
            (&[("TransformValid", "0")], false),
            (&[("Status", "INVALID")], false),
        ] {
            let transform = Content::Transform(Transform { matrix: HERE });
            let said =
                of(&message("TRANSFORM", "ProbeToTracker", transform, metadata), Axes::AsSent);
            let Some(Sightings::One(said)) = said else { panic!("{said:?}") };
            assert_eq!(
                (said.name.as_str(), is_seen(&said.pose)),
                ("ProbeToTracker", seen),
                "{metadata:?}"
            );
            let position = Position {
                position_mm: [4.0, 5.0, 6.0],
                orientation: Orientation::Quaternion([0.0, 0.0, 0.0, 1.0]),
            };
            for kind in ["POSITION", "QTRANS"] {
                let content = Content::Position(position.clone());
                let said = of(&message(kind, "ProbeToTracker", content, metadata), Axes::AsSent);
                let Some(Sightings::One(said)) = said else { panic!("{said:?}") };
                assert_eq!(is_seen(&said.pose), seen);
            }
        }
    }

    #[test]
    fn tools_of_one_instant_come_together() {
        let name = "StylusTipLeftToTrack";
        let tool = |name: &str| TrackedTool {
            name: Text::truncated(name),
            kind: 2,
            reserved: 0,
            matrix: HERE,
        };
        let data = TrackingData { tools: vec![tool("ProbeToTracker"), tool(name)] };
        let quaternions = QuaternionTrackingData {
            tools: ["ProbeToTracker", name]
                .map(|name| QuaternionTool {
                    name: Text::truncated(name),
                    kind: 2,
                    reserved: 0,
                    position_mm: [4.0, 5.0, 6.0],
                    quaternion: [0.0, 0.0, 0.0, 1.0],
                })
                .into(),
        };
        let metadata =
            [("ProbeToTrackerStatus", "OK"), ("StylusTipLeftToTrackerStatus", "MISSING")];
        for (kind, content) in [
            ("TDATA", Content::TrackingData(data)),
            ("QTDATA", Content::QuaternionTrackingData(quaternions)),
        ] {
            let said = of(&message(kind, "TDATA_2Elem", content, &metadata), Axes::AsSent);
            let Some(Sightings::All(said)) = said else { panic!("{said:?}") };
            assert_eq!(
                said.iter().map(|one| is_seen(&one.pose)).collect::<Vec<_>>(),
                [true, false]
            );
            let Pose::Hidden { reason } = &said[1].pose else { panic!("seen") };
            assert!(reason.contains("MISSING"), "{reason}");
        }
    }

    #[test]
    fn other_messages_say_nothing_of_tools() {
        assert_eq!(of(&message("STATUS", "x", Content::Empty, &[]), Axes::AsSent), None);
    }
}
