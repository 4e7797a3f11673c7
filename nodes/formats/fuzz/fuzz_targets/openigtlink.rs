//! OpenIGTLink messages: from a file, from a stream, and back.

use formats::openigtlink::{Decoder, Error, HEADER_SIZE, Header, Message, RtpPacket, crc64};

use super::{Target, bounded, odd_numbers};

#[path = "../../tests/openigtlink_samples/mod.rs"]
mod openigtlink_samples;

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "openigtlink", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    read(bytes);
    // Hardly any change keeps the CRC; behind it is what matters.
    read(&with_right_crcs(bytes));
    if let Ok(packet) = RtpPacket::decode(bytes) {
        assert_eq!(packet.encode(), bytes);
    }
}

fn read(bytes: &[u8]) {
    let messages = bounded(bytes.len(), 0, || {
        Message::decode_all(bytes).map_while(Result::ok).collect::<Vec<_>>()
    });
    let mut rest = bytes;
    for message in &messages {
        let written = message.encode().expect("what was read can be written");
        rest = rest.strip_prefix(&written[..]).expect("what was read is written as it was");
    }
    let mut streamed = 0;
    bounded(bytes.len(), 0, || {
        let mut decoder = Decoder::new();
        for piece in bytes.chunks(1 + bytes.len() / 5) {
            decoder.feed(piece);
            loop {
                match decoder.next_message() {
                    Ok(Some(_)) => streamed += 1,
                    Ok(None) => break,
                    Err(Error::Crc { .. } | Error::Field { .. }) => {}
                    Err(_) => return,
                }
            }
        }
    });
    // The stream goes on after a damaged body.
    assert!(streamed >= messages.len());
}

/// The same bytes with each header that is found having the CRC of the body that follows it.
fn with_right_crcs(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(header) = bytes.get(at..).and_then(<[u8]>::first_chunk::<HEADER_SIZE>) {
        let Ok(header) = Header::decode(header) else { break };
        let end = usize::try_from(header.body_size)
            .ok()
            .and_then(|size| size.checked_add(at + HEADER_SIZE));
        let Some(body) = end.and_then(|end| bytes.get(at + HEADER_SIZE..end)) else { break };
        let crc = crc64(body).to_be_bytes();
        bytes[at + HEADER_SIZE - 8..at + HEADER_SIZE].copy_from_slice(&crc);
        at = end.unwrap_or(usize::MAX);
    }
    bytes
}

/// A message of every type, and all of them as one stream.
pub fn seeds() -> Vec<Vec<u8>> {
    let messages = openigtlink_samples::messages(
        b"A few bytes of which messages are made: 0123456789 \x00\xff",
    );
    let mut seeds: Vec<Vec<u8>> =
        messages.iter().map(|message| message.encode().expect("samples can be written")).collect();
    seeds.push(seeds.iter().filter(|seed| seed.len() < 200).flatten().copied().collect());
    seeds
}

const WORDS: &[&str] = odd_numbers![
    "TRANSFORM",
    "POSITION",
    "IMAGE",
    "STATUS",
    "CAPABILITY",
    "TDATA",
    "QTDATA",
    "POINT",
    "TRAJ",
    "POLYDATA",
    "STRING",
    "SENSOR",
    "NDARRAY",
    "IMGMETA",
    "LBMETA",
    "COLORT",
    "BIND",
    "COMMAND",
    "VIDEO",
    "VIDEOMETA",
    "GET_",
    "STT_",
    "STP_",
    "RTS_",
    "IGTL_DEVICE_NAME",
];
