//! OpenIGTLink messages of every type, whatever is in them, come back to the bit: from bytes, and from JSON.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, missing_docs, reason = "tests")]

mod openigtlink_samples;

use formats::openigtlink::*;
use openigtlink_samples::messages;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_comes_back(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        for message in messages(&bytes) {
            let encoded = message.encode().unwrap();
            let (read, size) = Message::decode(&encoded).unwrap();
            prop_assert_eq!(size, encoded.len());
            // NaN is not equal to itself, but looks the same.
            prop_assert_eq!(format!("{:?}", &read), format!("{message:?}"));
            prop_assert_eq!(read.encode().unwrap(), encoded.clone());
            let json = serde_json::to_string(&message).unwrap();
            let read: Message = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.encode().unwrap(), encoded, "{}", json);
        }
    }

    #[test]
    fn streams_come_in_pieces(
        bytes in prop::collection::vec(any::<u8>(), 1..100),
        pieces in prop::collection::vec(1_usize..400, 1..40),
    ) {
        let sent = messages(&bytes);
        let stream: Vec<u8> = sent.iter().flat_map(|message| message.encode().unwrap()).collect();
        let mut decoder = Decoder::new();
        let (mut rest, mut came) = (&stream[..], vec![]);
        for size in pieces.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            decoder.feed(piece);
            while let Some(message) = decoder.next_message().unwrap() {
                came.push(message);
            }
            if rest.is_empty() {
                break;
            }
            prop_assert!(decoder.position() <= (stream.len() - rest.len()) as u64);
        }
        decoder.finish().unwrap();
        prop_assert_eq!(decoder.position(), stream.len() as u64);
        prop_assert_eq!(format!("{came:?}"), format!("{sent:?}"));
        let all: Vec<Message> = Message::decode_all(&stream).map(Result::unwrap).collect();
        prop_assert_eq!(format!("{all:?}"), format!("{sent:?}"));
    }
}

#[test]
fn long_device_names_are_in_the_metadata() {
    let name = "UltrasoundProbeToReferenceSensör";
    let content = Content::String(StringMessage::new("a"));
    let message = Message::new("STRING", name, Timestamp::default(), content.clone()).unwrap();
    assert_eq!((message.version, message.device_name().as_ref()), (2, name));
    assert_eq!(message.device.to_str(), "UltrasoundProbeToRef");
    assert_eq!(message.metadata()[0].key, DEVICE_NAME_KEY.as_bytes());
    let read = Message::decode(&message.encode().unwrap()).unwrap().0;
    assert_eq!(read.device_name(), name);
    let short = Message::new("STRING", "Probe", Timestamp::default(), content).unwrap();
    assert_eq!((short.version, short.device_name().as_ref()), (1, "Probe"));
}

#[test]
fn json_says_what_is_in_a_message() {
    let content = Content::Transform(Transform { matrix: [0.1; 12] });
    let message =
        Message::new("TRANSFORM", "ProbeToTracker", Timestamp::from_bits(3 << 31), content);
    let json = serde_json::to_value(message.unwrap()).unwrap();
    let expected = serde_json::json!({
        "version": 1,
        "type": "TRANSFORM",
        "device": "ProbeToTracker",
        "timestamp": { "seconds": 1, "fraction": 2_147_483_648_u32 },
        "content": "transform",
        "fields": { "matrix": vec![0.1_f32; 12] },
    });
    assert_eq!(json, expected);
    let get = serde_json::json!({
        "version": 1, "type": "GET_IMAGE", "device": "", "timestamp": { "seconds": 0, "fraction": 0 },
        "content": "empty",
    });
    let get: Message = serde_json::from_value(get).unwrap();
    assert_eq!(get.query(), (Some(Query::Get), "IMAGE".to_owned()));
}

#[test]
fn numbers_of_arrays() {
    let numbers =
        |scalar, data: &[u8]| NdArray { scalar, size: vec![1], data: data.to_vec() }.numbers();
    assert_eq!(numbers(ScalarType::Int8, &[0xff]), [-1.0]);
    assert_eq!(numbers(ScalarType::Int16, &[0xff, 0xfe]), [-2.0]);
    assert_eq!(numbers(ScalarType::Float32, &1.5_f32.to_be_bytes()), [1.5]);
    let complex = [1.0_f64.to_be_bytes(), (-2.0_f64).to_be_bytes()].concat();
    assert_eq!(numbers(ScalarType::Complex, &complex), [1.0, -2.0]);
}

#[test]
fn colours_of_polydata_as_bytes() {
    let colors = Attribute {
        kind: AttributeKind::RGBA.of_cells(),
        components: 4,
        tuples: 2,
        name: b"colour".to_vec(),
        values: AttributeValues::Uint8(vec![1, 2, 3, 4, 5, 6, 7, 8]),
    };
    let polygons = PolyCells(vec![3, 0, 1, 2]);
    let polydata =
        PolyData { polygons, attributes: vec![colors], padding: 9, ..PolyData::default() };
    let content = Content::PolyData(polydata);
    let message = Message::new("POLYDATA", "", Timestamp::default(), content).unwrap();
    let read = Message::decode(&message.encode().unwrap()).unwrap().0;
    assert_eq!(read, message);
}

#[test]
fn what_cannot_be_written_is_said() {
    let said = |type_name: &str, content| {
        let message = Message::new(type_name, "", Timestamp::default(), content).unwrap();
        message.encode().unwrap_err().to_string()
    };
    let transform = || Content::Transform(Transform { matrix: [0.0; 12] });
    assert!(said("IMAGE", transform()).contains("a transform; give it the type TRANSFORM"));
    assert!(
        said("STRING", Content::String(StringMessage { encoding: 3, text: vec![b'a'; 65_536] }))
            .contains("the text is 65536 long, but OpenIGTLink has room for 65535")
    );
    let sensor = Sensor { status: 0, unit: Unit(0), values: vec![0.0; 256] };
    assert!(said("SENSOR", Content::Sensor(sensor)).contains("room for 255"));
    let array = NdArray { scalar: ScalarType::Int16, size: vec![2, 2], data: vec![0; 7] };
    assert!(said("NDARRAY", Content::NdArray(array)).contains("7 bytes for the size [2, 2]"));
    let mut message = Message::new("TRANSFORM", "", Timestamp::default(), transform()).unwrap();
    message.version = 2;
    assert!(message.encode().unwrap_err().to_string().contains("no extended header"));
}
