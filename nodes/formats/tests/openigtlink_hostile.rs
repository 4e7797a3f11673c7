//! OpenIGTLink bytes that lie: sizes that nothing follows, streams that are something else, messages in messages.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, missing_docs, reason = "tests")]

mod openigtlink_samples;

use formats::openigtlink::*;
use openigtlink_samples::messages;

/// A message of header version 1 with a right CRC.
fn message(type_name: &str, body: &[u8]) -> Vec<u8> {
    let header = Header {
        version: 1,
        type_name: Text::new(type_name, "type").unwrap(),
        device: Text::default(),
        timestamp: Timestamp::default(),
        body_size: body.len() as u64,
        crc: crc64(body),
    };
    let mut bytes = vec![];
    header.encode(&mut bytes);
    bytes.extend(body);
    bytes
}

fn said(type_name: &str, body: &[u8]) -> String {
    Message::decode(&message(type_name, body)).unwrap_err().to_string()
}

#[test]
fn every_content_cut_off_anywhere() {
    for sample in messages(b"some bytes to draw the messages from, 0123456789") {
        let bytes = sample.encode().unwrap();
        let body = &bytes[HEADER_SIZE..];
        for end in 0..body.len() {
            let mut cut = message(&sample.type_name.to_str(), &body[..end]);
            cut[..2].copy_from_slice(&sample.version.to_be_bytes());
            // A shorter list is a list; what is read is written as it was.
            if let Ok((read, _)) = Message::decode(&cut) {
                assert_eq!(read.encode().unwrap(), cut, "{read:?}");
            }
        }
    }
}

#[test]
fn sizes_that_nothing_follows() {
    let mut body = vec![0; 40];
    body[..4].fill(0xff);
    assert!(said("POLYDATA", &body).contains("the points should be 4294967295 times 12 bytes"));
    body[..4].fill(0);
    body[36..].fill(0xff);
    assert!(
        said("POLYDATA", &body).contains("the list of attributes should be 4294967295 times 6")
    );
    let array = [&[11, 255][..], &[0xff; 510]].concat();
    assert!(said("NDARRAY", &array).contains("which no message can hold"));
    assert!(said("NDARRAY", &[3, 2, 0, 9, 0, 9, 1]).contains("81 bytes, as its size [9, 9] says"));
    assert!(said("SENSOR", &[255; 10]).contains("the values should be 255 times 8 bytes"));
    assert!(said("STRING", &[0, 3, 255, 255, b'a']).contains("cut off after 1"));
    let command = [&[0; 134][..], &[255; 4]].concat();
    assert!(said("COMMAND", &command).contains("4294967295"));
    assert!(said("BIND", &[255; 2]).contains("65535 times 20 bytes"));
    let bind = [&[0, 1][..], b"TRANSFORM\0\0\0", &[255; 8], &[0, 0]].concat();
    assert!(said("BIND", &bind).contains("18446744073709551615"));
    let mut image = vec![0; 72];
    image[2..6].copy_from_slice(&[255, 11, 1, 1]);
    image[6..12].fill(0xff);
    image[66..].fill(0xff);
    assert!(said("IMAGE", &image).contains("the list of pixels should be"));
    image[60] = 1;
    assert!(said("IMAGE", &image).contains("the subvolume should be inside"));
    assert!(said("COLORT", &[5, 19, 0]).contains("65536 times 3 bytes"));
}

#[test]
fn metadata_that_does_not_fit() {
    let extended = |size: u16, index: u16, values: u32, rest: &[u8]| {
        let mut body = size.to_be_bytes().to_vec();
        body.extend(index.to_be_bytes());
        body.extend(values.to_be_bytes());
        body.extend([0; 4]);
        body.extend(rest);
        let mut bytes = message("GET_IMAGE", &body);
        bytes[1] = 2;
        Message::decode(&bytes).map(|(message, _)| message).map_err(|error| error.to_string())
    };
    assert!(extended(11, 0, 0, &[]).unwrap_err().contains("at least 12"));
    assert!(extended(0xffff, 0, 0, &[]).unwrap_err().contains("the extended header"));
    assert!(
        extended(12, 0xffff, u32::MAX, &[])
            .unwrap_err()
            .contains("the metadata should be at most 0")
    );
    assert!(extended(12, 2, 0, &[255, 255]).unwrap_err().contains("the size of a key"));
    assert!(extended(12, 2, 1, &[0, 0, 1]).unwrap_err().contains("followed by 1 bytes"));
    assert!(
        extended(12, 10, 2, &[0, 1, 0, 1, 0, 3, 0, 0, 0, 9, b'k', b'v'])
            .unwrap_err()
            .contains("a value")
    );
    let read = extended(12, 10, 2, &[0, 1, 0, 1, 0, 3, 0, 0, 0, 1, b'k', b'v']).unwrap();
    assert_eq!(read.metadata(), [MetadataEntry::new("k", "v")]);
    assert_eq!(extended(12, 0, 0, &[]).unwrap().extended_header.unwrap().metadata, None);
}

#[test]
fn messages_in_messages_do_not_exhaust_the_stack() {
    let mut body = vec![];
    for _ in 0..20_000 {
        let size = body.len() as u64;
        let head = [&[0, 1][..], b"BIND\0\0\0\0\0\0\0\0", &size.to_be_bytes(), &[0, 0]].concat();
        body = [head, body].concat();
    }
    let bytes = message("BIND", &body);
    let (read, _) = Message::decode(&bytes).unwrap();
    assert_eq!(read.encode().unwrap(), bytes);
}

#[test]
fn a_stream_of_something_else_stops() {
    let mut decoder = Decoder::new();
    decoder.feed(b"GET / HTTP/1.1\r\n");
    let error = decoder.next_message().unwrap_err();
    assert_eq!(error, Error::Version { came: 0x4745 });
    decoder.feed(&message("GET_IMAGE", &[]));
    assert_eq!(decoder.next_message().unwrap_err(), error);
    assert_eq!(decoder.finish().unwrap_err(), error);
}

#[test]
fn a_body_beyond_the_limit_stops_the_stream() {
    let mut header = message("IMAGE", &[]);
    header[42..50].fill(0xff);
    let mut decoder = Decoder::new();
    decoder.feed(&header);
    assert!(matches!(decoder.next_message(), Err(Error::TooLarge { declared: u64::MAX, .. })));
    let mut decoder = Decoder::with_limit(4);
    decoder.feed(&message("STRING", &[0, 3, 0, 0]));
    assert!(decoder.next_message().unwrap().is_some());
    decoder.feed(&message("STRING", &[0, 3, 0, 1, b'a']));
    assert!(decoder.next_message().unwrap_err().to_string().contains("more than the limit of 4"));
}

/// A damaged body costs its own message alone.
#[test]
fn after_a_damaged_body_the_stream_goes_on() {
    let mut damaged = message("STRING", &[0, 3, 0, 1, b'a']);
    *damaged.last_mut().unwrap() ^= 1;
    let wrong = message("STRING", &[0, 3, 0, 9, b'a']);
    let right = message("STRING", &[0, 3, 0, 1, b'b']);
    let mut decoder = Decoder::new();
    decoder.feed(&[damaged, wrong, right].concat());
    assert!(matches!(decoder.next_message(), Err(Error::Crc { .. })));
    assert!(matches!(decoder.next_message(), Err(Error::Field { .. })));
    let message = decoder.next_message().unwrap().unwrap();
    assert_eq!(message.content, Content::String(StringMessage::new("b")));
    assert_eq!(decoder.next_message().unwrap(), None);
    decoder.feed(&[0, 1, b'I']);
    assert_eq!(decoder.next_message().unwrap(), None);
    assert!(matches!(decoder.finish(), Err(Error::Truncated { expected: 58, came: 3, .. })));
}

#[test]
fn packets_of_rtp_are_known() {
    let part = message("IMAGE", &[1, 2, 3]);
    let packet = RtpPacket {
        flags: 0x80,
        payload_type: 98,
        sequence: 7,
        timestamp: 0xbe14_6d6c,
        source: 0x1234_5678,
        payload: &part,
    };
    let bytes = packet.encode();
    assert!(RtpPacket::is_rtp(&bytes));
    let read = RtpPacket::decode(&bytes).unwrap();
    assert_eq!(read, packet);
    assert_eq!(read.header().unwrap().type_name.to_str(), "IMAGE");
    assert_eq!(Message::decode(&bytes).unwrap_err(), Error::Rtp);
    assert!(RtpPacket::decode(&part).is_err());
    for end in 0..12 + HEADER_SIZE {
        assert!(RtpPacket::decode(&bytes[..end]).is_err());
    }
}
