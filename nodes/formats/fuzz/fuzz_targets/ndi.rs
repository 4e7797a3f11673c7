//! NDI's Combined API: both streams, what replies hold, tool definition files, and back.

use formats::ndi::{
    Binary, Bx, Command, CommandDecoder, Error, Gbf, InfoOptions, PortHandles, PortInfo, Reply,
    ReplyDecoder, ReplyOptions, Rom, Tx,
};

use super::{Target, assert_said, bounded, odd_numbers};

#[path = "../../tests/ndi_samples/mod.rs"]
mod ndi_samples;

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "ndi", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    bounded(bytes.len(), 0, || replies(bytes));
    bounded(bytes.len(), 0, || commands(bytes));
    // Behind the CRC of the streams.
    bounded(bytes.len(), 0, || body(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        contents(text);
    }
    match Rom::read(bytes) {
        Ok(rom) => {
            let written = rom.to_bytes().expect("what was read can be written");
            let read = Rom::read(&written).expect("what was written can be read");
            // As text, because NaN is not equal to itself.
            assert_eq!(format!("{read:?}"), format!("{rom:?}"));
        }
        Err(error) => assert_said(&error),
    }
}

fn replies(bytes: &[u8]) {
    let mut decoder = ReplyDecoder::with_limit(1 << 16);
    let mut taken = 0;
    for piece in bytes.chunks(1 + bytes.len() / 5) {
        decoder.feed(piece);
        loop {
            match decoder.next_reply() {
                Ok(Some(reply)) => {
                    taken += reply.encode().expect("what was read can be written").len();
                }
                Ok(None) => break,
                Err(error) => assert_said(&error),
            }
        }
    }
    assert!(taken + decoder.pending() <= bytes.len());
}

fn commands(bytes: &[u8]) {
    let mut decoder = CommandDecoder::new();
    for piece in bytes.chunks(1 + bytes.len() / 3) {
        decoder.feed(piece);
        loop {
            match decoder.next_command() {
                Ok(Some((command, form))) => {
                    let line = command.encode(form).expect("what was read can be written");
                    let line = line.strip_suffix(b"\r").expect("a line ends");
                    assert_eq!(Command::decode(line), Ok((command, form)));
                }
                Ok(None) => break,
                Err(error) => assert_said(&error),
            }
        }
    }
}

fn body(bytes: &[u8]) {
    match Gbf::from_body(bytes) {
        Ok(gbf) => {
            // Reserved bytes and item formats are not kept.
            let written = gbf.to_body().expect("what was read can be written");
            let read = Gbf::from_body(&written).expect("what was written can be read");
            assert_eq!(format!("{read:?}"), format!("{gbf:?}"));
        }
        Err(error) => assert_said(&error),
    }
    for bits in [0x0001, 0x0801, 0x180f] {
        let options = ReplyOptions(bits);
        match Bx::from_body(bytes, options) {
            Ok(bx) => {
                let written = bx.to_body(options).expect("what was read can be written");
                let read = Bx::from_body(&written, options).expect("what was written can be read");
                assert_eq!(format!("{read:?}"), format!("{bx:?}"));
            }
            Err(error) => assert_said(&error),
        }
    }
}

fn contents(text: &str) {
    if let Ok(tx) = Tx::from_text(text) {
        match tx.to_text() {
            Ok(written) => {
                let read = Tx::from_text(&written).expect("what was written can be read");
                assert_eq!(read.handles.len(), tx.handles.len());
            }
            Err(Error::Unwritable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    if let Ok(handles) = PortHandles::from_text(text) {
        assert_eq!(PortHandles::from_text(&handles.to_text()), Ok(handles));
    }
    let all = InfoOptions(InfoOptions::KNOWN);
    if let Ok(info) = PortInfo::from_text(text, all) {
        let written = PortInfo::to_text(info.as_ref()).expect("what was read can be written");
        assert_eq!(PortInfo::from_text(&written, all), Ok(info));
    }
}

/// Every command and reply, what stands behind the CRC, and a tool definition.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![ndi_samples::rom().to_bytes().expect("a sample can be written")];
    let mut commands = vec![];
    for command in ndi_samples::commands() {
        commands
            .extend(command.encode(formats::ndi::Form::Checked).expect("samples can be written"));
    }
    seeds.push(commands);
    let mut stream = vec![];
    for reply in ndi_samples::replies() {
        stream.extend(reply.encode().expect("samples can be written"));
        match reply {
            Reply::Text(text) => seeds.push(text.into_bytes()),
            Reply::Binary(Binary::Checked(body)) => seeds.push(body),
            _ => {}
        }
    }
    seeds.push(stream);
    seeds
}

const WORDS: &[&str] = odd_numbers![
    "OKAYA896\r",
    "RESETBE6F\r",
    "INIT:E3A5\r",
    "ERROR",
    "WARNING",
    "MISSING",
    "DISABLED",
    "UNOCCUPIED",
    "PVWR ",
    "PHRQ *********1****",
    "BX2 --6d=tools --3d=all --1d=buttons",
    "TX 0801",
];
