//! Commands and replies of NDI's Combined API: as real devices and clients write them, and back.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, missing_docs, reason = "tests")]

mod ndi_samples;

use std::f64::consts::PI;

use formats::ndi::*;
use nalgebra::{Isometry3, Vector3};
use ndi_samples::{PLACEMENT, READY, bx, commands, gbf, info, replies, tx};
use proptest::prelude::*;

fn line(command: &Command) -> String {
    String::from_utf8(command.encode(Form::Checked).unwrap()).unwrap()
}

/// Lines that client libraries are known to send.
#[test]
fn commands_as_clients_send_them() {
    assert_eq!(line(&Command::Init), "INIT:E3A5\r");
    assert_eq!(line(&Command::Version(0)), "VER:065EE\r");
    assert_eq!(line(&Command::SearchHandles(HandleFilter::All)), "PHSR:0020FF\r");
    assert_eq!(line(&Command::InitHandle(1)), "PINIT:0131EA\r");
    assert_eq!(line(&Command::Features(3)), "SFLIST:03500F\r");
    assert_eq!(
        line(&Command::GetInfo("Param.Tracking.*".into())),
        "GETINFO:Param.Tracking.*8D17\r"
    );
    let plain = |text: &[u8]| Command::decode(text).unwrap();
    assert_eq!(plain(b"INIT"), (Command::Init, Form::Plain));
    assert_eq!(plain(b"VER 4"), (Command::Version(4), Form::Plain));
    assert_eq!(plain(b"TX"), (Command::Tx(ReplyOptions::POSES), Form::Plain));
    assert_eq!(plain(b"PHRQ *********1****").0, Command::RequestHandle(HandleRequest::WIRELESS));
    let comm = Command::Comm(SerialSettings::with_baud(115_200).unwrap());
    assert_eq!(plain(b"COMM 50000").0, comm);
}

#[test]
fn every_command_and_back() {
    for command in commands() {
        for form in [Form::Checked, Form::Plain] {
            let line = command.encode(form).unwrap();
            let read = Command::decode(line.strip_suffix(b"\r").unwrap()).unwrap();
            assert_eq!(read, (command.clone(), form));
        }
    }
}

/// A changed byte in a command with a CRC is refused, or changes only whether it has one.
#[test]
fn a_changed_command_is_refused() {
    for command in commands() {
        let line = command.encode(Form::Checked).unwrap();
        let line = line.strip_suffix(b"\r").unwrap();
        for at in 0..line.len() {
            for mask in 1..=255 {
                let mut changed = line.to_vec();
                changed[at] ^= mask;
                // Digits of the CRC may be small letters; and where the colon has become a space there is no CRC.
                let same = changed.eq_ignore_ascii_case(line) && at >= line.len() - 4;
                let unguarded = !changed.contains(&b':');
                match Command::decode(&changed) {
                    Ok((read, _)) if same => assert_eq!(read, command),
                    Ok((_, form)) => assert!(unguarded && form == Form::Plain, "{changed:?}"),
                    Err(_) => {}
                }
            }
        }
    }
}

#[test]
fn what_a_device_answers_to_wrong_lines() {
    let answer = |line: &[u8]| Command::decode(line).unwrap_err().answer;
    assert_eq!(answer(b""), DeviceError::INVALID_COMMAND);
    assert_eq!(answer(b"init"), DeviceError::INVALID_COMMAND);
    assert_eq!(answer(b"\xff\xfe"), DeviceError::INVALID_COMMAND);
    assert_eq!(answer(b"INIT:E3A6"), DeviceError::BAD_CRC);
    assert_eq!(answer(b"INIT:E3A"), DeviceError::TOO_SHORT);
    assert_eq!(answer(b"INIT 1"), DeviceError::PARAMETERS);
    assert_eq!(answer(b"PVWR 0100"), DeviceError::PARAMETERS);
    assert_eq!(answer(b"PENA 01X"), DeviceError::INVALID_PRIORITY);
    assert_eq!(answer(b"PHSR 05"), DeviceError::OUT_OF_RANGE);
    assert_eq!(answer(b"COMM 90000"), DeviceError::BAD_COMM);
    assert_eq!(answer(b"BX2 --6d=all"), DeviceError::PARAMETERS);
    let unknown = Command::decode(b"VSEL 1").unwrap().0;
    assert_eq!(unknown, Command::Other { name: "VSEL".into(), parameters: "1".into() });
}

#[test]
fn what_has_no_form_is_not_written() {
    assert!(Command::Echo("one\rTSTOP".to_owned()).encode(Form::Checked).is_err());
    assert!(Command::Version(10).encode(Form::Checked).is_err());
    let name = Command::Other { name: "tx".to_owned(), parameters: String::new() };
    assert!(name.encode(Form::Plain).is_err());
    assert!(Reply::Text("a\rb".to_owned()).encode().is_err());
    let far = Placement { position_mm: [10_000.0, 0.0, 0.0], ..PLACEMENT };
    let handle = TxHandle { handle: 1, state: TxState::Seen(far), status: READY, frame: 1 };
    assert!(Tx { handles: vec![handle], ..Tx::default() }.to_text().is_err());
    let lying = Tool6d {
        handle: 1,
        status: ToolStatus::MISSING.without_pose(),
        placement: Some(PLACEMENT),
    };
    assert!(Gbf::new(vec![Component::Poses(vec![lying])]).to_body().is_err());
}

#[test]
fn replies_as_devices_send_them() {
    let read = |line: &[u8]| Reply::decode_line(line).unwrap();
    assert_eq!(read(b"OKAYA896"), Reply::Okay);
    assert_eq!(read(b"RESETBE6F"), Reply::Reset);
    for reply in [Reply::Error(DeviceError(0x2d)), Reply::Warning(DeviceWarning(5))] {
        let bytes = reply.encode().unwrap();
        assert_eq!(read(bytes.strip_suffix(b"\r").unwrap()), reply);
    }
    assert!(
        Reply::decode_line(b"OKAYA897").unwrap_err().to_string().contains("damaged on its way")
    );
    assert!(
        Reply::decode_line(b"ABC").unwrap_err().to_string().contains("without the four digits")
    );
}

#[test]
fn a_line_of_tx_to_the_letter() {
    let text = tx().to_text().unwrap();
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!(
        lines,
        [
            "0401+05000-05000+05000+05000-001225+015050-120075+01250000000310".to_owned()
                + "0001B58",
            "02MISSING0000003100001B58".to_owned(),
            "03DISABLED".to_owned(),
            "10UNOCCUPIED".to_owned(),
            "0000".to_owned(),
        ]
    );
    assert_eq!(Tx::from_text(&text).unwrap(), tx());
    // Some devices give the status of a disabled handle as well.
    let with_status = text.replace("DISABLED\n", "DISABLED0000000000000000\n");
    assert_eq!(Tx::from_text(&with_status).unwrap(), tx());
}

#[test]
fn handles_and_what_is_in_them() {
    let handles = PortHandles::from_text("020103102FFF").unwrap();
    assert_eq!(handles.0[0], PortHandle { handle: 1, status: PortStatus(0x031) });
    assert_eq!(handles.to_text(), "020103102FFF");
    assert!(PortHandles::from_text("0301031").is_err());
    assert_eq!(PortHandles::requested("0A").unwrap(), 10);
    let all = InfoOptions(InfoOptions::KNOWN);
    let text = PortInfo::to_text(Some(&info())).unwrap();
    assert_eq!(&text[..33], "02000000NDI         0013480140331");
    assert_eq!(PortInfo::from_text(&text, all).unwrap(), Some(info()));
    assert_eq!(PortInfo::from_text("UNOCCUPIED", all).unwrap(), None);
    assert!(PortInfo::from_text(&text, InfoOptions::BASIC).is_err());
}

#[test]
fn revisions_of_the_protocol() {
    let vega = ApiRevision::from_text("G.003.001").unwrap();
    assert!(vega.has_bx2() && vega.has_bx());
    let spectra = ApiRevision::from_text("G.001.006").unwrap();
    assert!(!spectra.has_bx2() && spectra.has_bx());
    assert!(!ApiRevision::from_text("D.001.004").unwrap().has_bx());
    assert_eq!(vega.to_string(), "G.003.001");
    for wrong in ["", "G", "G.3", "g.001.001", "GG.001.001", "G.1.2.3", "G.x.1"] {
        assert!(ApiRevision::from_text(wrong).is_err(), "{wrong}");
    }
}

/// Each set of options has its own layout.
#[test]
fn bx_with_all_options() {
    for bits in 0..32_u16 {
        let options = ReplyOptions(bits & 15 | bits >> 4 << 12 | 0x0801);
        let body = bx(options).to_body(options).unwrap();
        assert_eq!(Bx::from_body(&body, options).unwrap(), bx(options), "{options:?}");
        let shorter = &body[..body.len() - 1];
        assert!(Bx::from_body(shorter, options).is_err());
    }
    assert!(Bx::from_body(&[0, 0, 0], ReplyOptions(0x2001)).is_err());
}

#[test]
fn bx2_and_back() {
    let body = gbf().to_body().unwrap();
    assert_eq!(Gbf::from_body(&body).unwrap(), gbf());
    for end in 0..body.len() {
        assert!(Gbf::from_body(&body[..end]).is_err());
    }
    assert_eq!(gbf().frames().map(|frame| frame.number).collect::<Vec<_>>(), [41, 42]);
    let options = "--6d=tools --3d=all --sensor=none --1d=none";
    let read = Bx2Options::from_text(options).unwrap();
    assert_eq!(read.to_string(), options);
}

/// Frames in frames in frames, each of a few bytes.
#[test]
fn nesting_has_an_end() {
    let mut body = vec![1, 0, 0, 0];
    for _ in 0..2000 {
        let mut frame = vec![2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        frame.extend(&body);
        let mut component = vec![1, 0];
        component.extend((frame.len() as u32 + 12).to_le_bytes());
        component.extend([0, 0, 1, 0, 0, 0]);
        component.extend(frame);
        body = [vec![1, 0, 1, 0], component].concat();
    }
    assert!(Gbf::from_body(&body).unwrap_err().to_string().contains("within others"));
}

#[test]
fn places_that_are_none() {
    assert!(PLACEMENT.isometry().is_ok());
    let bad =
        |quaternion, position_mm| Placement { quaternion, position_mm, error: 0.0 }.isometry();
    let none = -3.697_314e28;
    assert!(bad([none; 4], [none; 3]).is_err());
    assert!(bad([0.0; 4], [0.0; 3]).is_err());
    assert!(bad([f32::NAN, 0.0, 0.0, 0.0], [0.0; 3]).is_err());
    assert!(bad([1.0, 0.0, 0.0, 0.0], [f32::NAN, 0.0, 0.0]).is_err());
    assert!(bad([1.0, 0.0, 0.0, 0.0], [f32::INFINITY, 0.0, 0.0]).is_err());
    assert!(bad([1.02, 0.0, 0.0, 0.0], [0.0; 3]).unwrap_err().to_string().contains("1.0200"));
}

/// Every code has words of its own, and they say more than the code.
#[test]
fn every_status_is_a_sentence() {
    let mut said = std::collections::BTreeSet::new();
    for code in (1..=0x42).filter(|code| ![0x26, 0x27, 0x31, 0x3a, 0x3e, 0x3f].contains(code)) {
        let sentence = DeviceError(code).sentence();
        assert!(
            said.insert(sentence) && !sentence.contains("do not name"),
            "{code:02x}: {sentence}"
        );
    }
    for code in 1..=6 {
        assert!(said.insert(DeviceWarning(code).sentence()));
    }
    assert!(PortStatus(0x3f).reasons().is_empty());
    assert_eq!(PortStatus(0x71).reasons().len(), 1);
    assert!(PortStatus(0x71).reasons()[0].starts_with("out of volume"));
    assert!(PortStatus(0x00).reasons()[0].starts_with("not plugged in"));
    assert!(PortStatus(0x11).reasons()[0].starts_with("not enabled"));
    assert_eq!(SystemStatus(0x07ff).sentences().len(), 11);
    for code in [3, 9, 13, 14, 17, 18, 19, 20, 21, 22, 31, 32, 33] {
        assert!(!ToolStatus(code).sentence().unwrap().contains("do not name"));
    }
    assert_eq!(ToolStatus::ENABLED.sentence(), None);
    assert!(ToolStatus(200).sentence().unwrap().contains("manual"));
    assert_eq!(ToolInformation(0x73).face(), 7);
}

fn placements() -> impl Strategy<Value = Placement> {
    let number = -1e4_f64..1e4;
    let axis = prop::array::uniform3(-PI..PI);
    (axis, prop::array::uniform3(number), 0.0_f32..9.9).prop_map(|(axis, position, error)| {
        let motion = Isometry3::new(Vector3::from(position), Vector3::from(axis));
        Placement::of(&motion, error)
    })
}

proptest! {
    #[test]
    fn any_pose_through_bx_and_bx2_exactly(placement in placements(), handle: u8, frame: u32, status: u32) {
        let options = ReplyOptions(0x0801);
        let sent = BxHandle::new(handle, BxState::Seen(placement), PortStatus(status), frame);
        let bx = Bx { handles: vec![sent], ..Bx::default() };
        prop_assert_eq!(Bx::from_body(&bx.to_body(options).unwrap(), options).unwrap(), bx);
        let tool = Tool6d { handle: handle.into(), status: ToolStatus(status as u16 & 0xfeff), placement: Some(placement) };
        let gbf = Gbf::new(vec![Component::Poses(vec![tool])]);
        prop_assert_eq!(Gbf::from_body(&gbf.to_body().unwrap()).unwrap(), gbf);
        placement.isometry().unwrap();
    }

    /// Four digits of the quaternion, hundredths of a millimetre.
    #[test]
    fn any_pose_through_tx_as_closely_as_it_has_digits(placement in placements(), frame: u32) {
        let handle = TxHandle { handle: 1, state: TxState::Seen(placement), status: READY, frame };
        let text = Tx { handles: vec![handle], ..Tx::default() }.to_text();
        prop_assume!(placement.position_mm.iter().all(|part| part.abs() < 9_999.99));
        let read = Tx::from_text(&text.unwrap()).unwrap();
        let TxState::Seen(came) = read.handles[0].state else { panic!("{read:?}") };
        for (came, sent) in came.quaternion.iter().zip(placement.quaternion) {
            prop_assert!((came - sent).abs() <= 0.51e-4);
        }
        for (came, sent) in came.position_mm.iter().zip(placement.position_mm) {
            prop_assert!((came - sent).abs() <= 0.0056, "{} {}", came, sent);
        }
        // What has been rounded once is not rounded again.
        let again = Tx::from_text(&read.to_text().unwrap()).unwrap();
        prop_assert_eq!(again, read);
        came.isometry().unwrap();
    }

    #[test]
    fn any_text_and_bytes_through_replies(text in "[ -~\n]{0,80}", body: Vec<u8>) {
        let line = Reply::Text(text.clone()).encode().unwrap();
        let read = Reply::decode_line(line.strip_suffix(b"\r").unwrap()).unwrap();
        prop_assert_eq!(read.encode().unwrap(), line);
        for binary in [Binary::Checked(body.clone()), Binary::Long(body)] {
            let bytes = Reply::Binary(binary.clone()).encode().unwrap();
            let mut decoder = ReplyDecoder::new();
            decoder.feed(&bytes);
            prop_assert_eq!(decoder.next_reply().unwrap(), Some(Reply::Binary(binary)));
        }
    }
}

#[test]
fn every_reply_and_back() {
    for reply in replies() {
        let mut decoder = ReplyDecoder::new();
        decoder.feed(&reply.encode().unwrap());
        assert_eq!(decoder.next_reply().unwrap(), Some(reply));
        assert_eq!((decoder.next_reply(), decoder.pending()), (Ok(None), 0));
    }
}
