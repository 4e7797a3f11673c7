//! Messages of the OpenIGTLink library's own tests: bytes to values, to JSON and back to the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_imports,
    missing_docs,
    reason = "tests"
)]

use std::path::PathBuf;

use formats::openigtlink::*;

/// The messages and their names, or a printed line that they are absent.
fn vectors() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/openigtlink_vectors");
    let Ok(files) = std::fs::read_dir(folder) else {
        println!("SKIPPED: real data openigtlink_vectors is absent");
        return vec![];
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "bin"));
    paths.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn vector(name: &str) -> Option<Message> {
    let (_, bytes) = vectors().into_iter().find(|(other, _)| other == name)?;
    Some(Message::decode(&bytes).unwrap().0)
}

#[test]
fn each_comes_back_to_the_byte() {
    for (name, bytes) in vectors() {
        let (message, size) = Message::decode(&bytes).unwrap();
        assert_eq!(size, bytes.len(), "{name}");
        assert!(!matches!(message.content, Content::Opaque(_)), "{name}");
        assert_eq!(message.encode().unwrap(), bytes, "{name}");
        let json = serde_json::to_string_pretty(&message).unwrap();
        let read: Message = serde_json::from_str(&json).unwrap();
        assert_eq!(read.encode().unwrap(), bytes, "{name}: {json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let read: Message = serde_json::from_value(value).unwrap();
        assert_eq!(read.encode().unwrap(), bytes, "{name}: {json}");
    }
}

#[test]
fn cut_off_anywhere() {
    for (name, bytes) in vectors() {
        for end in 0..bytes.len() {
            let error = Message::decode(&bytes[..end]).unwrap_err();
            assert!(matches!(error, Error::Truncated { .. }), "{name} to {end}: {error}");
        }
    }
}

/// The body is guarded by its CRC; of the header, only version, size and CRC are.
#[test]
fn any_byte_changed() {
    for (name, bytes) in vectors() {
        for at in 0..bytes.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                let decoded = Message::decode(&changed);
                match at {
                    0..2 => match decoded {
                        // Another version that is known has the body begin with something else.
                        Ok((message, _)) => assert_eq!(changed[1], 3, "{name}: {message:?}"),
                        Err(error) => assert!(
                            matches!(error, Error::Version { .. } | Error::Field { .. }),
                            "{name} at {at}: {error}"
                        ),
                    },
                    2..14 => match decoded {
                        Ok((message, _)) => assert_eq!(message.encode().unwrap(), changed),
                        Err(error) => {
                            assert!(matches!(error, Error::Field { .. }), "{name}: {error}");
                        }
                    },
                    14..42 => assert_eq!(decoded.unwrap().0.encode().unwrap(), changed),
                    42..50 => {
                        let error = decoded.unwrap_err();
                        let is_seen = matches!(error, Error::Truncated { .. } | Error::Crc { .. });
                        assert!(is_seen, "{name} at {at}: {error}");
                    }
                    _ => {
                        let error = decoded.unwrap_err();
                        assert!(matches!(error, Error::Crc { .. }), "{name} at {at}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn values_of_the_library() {
    let Some(transform) = vector("transform") else { return };
    assert_eq!((transform.version, transform.type_name.to_str().as_ref()), (1, "TRANSFORM"));
    assert_eq!(transform.device_name(), "DeviceName");
    assert_eq!(transform.timestamp.to_bits(), 1_234_567_892);
    let Content::Transform(Transform { matrix }) = transform.content else { panic!() };
    assert_eq!(&matrix[9..], [46.0531, 19.4709, 46.0531]);
    assert_eq!(matrix[0], -0.954_892);

    let position = vector("position").unwrap();
    let Content::Position(position) = position.content else { panic!() };
    let Orientation::Quaternion([x, .., w]) = position.orientation else { panic!() };
    assert_eq!((x, w), (0.0, 1.0 / 3.0));

    let image = vector("image").unwrap();
    let Content::Image(image) = image.content else { panic!() };
    assert_eq!(
        (image.size, image.scalar, image.endian),
        ([50, 50, 1], ScalarType::Uint8, Endian::Little)
    );
    assert!(image.is_whole());
    assert_eq!(image.coordinates, CoordinateSystem::Ras);

    let status = vector("status").unwrap();
    let Content::Status(status) = status.content else { panic!() };
    assert_eq!((status.code, status.subcode), (15, 10));
    assert_eq!(status.meaning(), Some("device disabled"));
    assert_eq!(status.error_name.to_str(), "ACTUATOR_DISABLED");
    assert_eq!(status.message, b"Actuator A is disabled.\0");

    let tools = vector("tdata").unwrap();
    let Content::TrackingData(TrackingData { tools }) = tools.content else { panic!() };
    let names: Vec<_> = tools.iter().map(|tool| tool.name.to_string()).collect();
    assert_eq!(names, ["Tracker0", "Tracker1", "Tracker2"]);

    let second = vector("transformFormat2").unwrap();
    assert_eq!(second.version, 2);
    assert_eq!(second.extended_header.as_ref().unwrap().message_id, 1);
    assert_eq!(second.metadata()[0], MetadataEntry::new("First patient age", "22"));
}
