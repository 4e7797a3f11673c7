//! The emulated tracker answers as a real one would, and shows its faults.

mod host;

use std::time::Duration;

use formats::ndi::{
    Bx2Options, BxState, Command, Component, DeviceError, Form, HandleFilter, HandleRequest,
    InfoOptions, PortHandles, PortInfo, PortStatus, Priority, Reply, ReplyDecoder, ReplyOptions,
    Rom, SystemStatus, ToolStatus, TxState,
};
use nalgebra::Isometry3;
use proptest::prelude::*;

use super::{Line, Model, Moment, NdiEmulator};
use crate::faults::FaultScript;
use crate::trajectory::{KeyPoses, SmoothRandom, Trajectory as _};
use host::{Host, place, rom};

const WITH_OUT: ReplyOptions = ReplyOptions(0x0801);

fn refused(error: DeviceError) -> Reply {
    Reply::Error(error)
}

#[test]
fn commands_out_of_order_are_refused_as_a_device_does() {
    let mut host = Host::new(Model::Vega, &[("probe", place(0.0, -1500.0))], "");
    let request = || Command::RequestHandle(HandleRequest::WIRELESS);
    let tx = || Command::Tx(WITH_OUT);
    assert_eq!(host.ask(request()), refused(DeviceError::SYSTEM_NOT_INITIALIZED));
    assert_eq!(host.ask(tx()), refused(DeviceError::SYSTEM_NOT_INITIALIZED));
    host.okay(Command::Init);
    assert_eq!(host.ask(tx()), refused(DeviceError::WRONG_MODE));
    assert_eq!(host.ask(Command::StopTracking), refused(DeviceError::WRONG_MODE));
    assert_eq!(host.ask(Command::InitHandle(1)), refused(DeviceError::INVALID_HANDLE));
    let wired = Command::RequestHandle(HandleRequest::WIRED);
    assert_eq!(host.ask(wired), refused(DeviceError(0x2f)));

    let handle = PortHandles::requested(&host.text(request())).unwrap();
    let enable = || Command::EnableHandle { handle, priority: Priority::Dynamic };
    assert_eq!(host.ask(Command::InitHandle(handle)), refused(DeviceError::NO_TOOL));
    let mut damaged = rom("8700001");
    damaged[100] ^= 1;
    for (address, block) in Rom::blocks(&damaged) {
        host.okay(Command::WriteRom { handle, address, block });
    }
    assert_eq!(host.ask(enable()), refused(DeviceError::NOT_INITIALIZED));
    assert_eq!(host.ask(Command::InitHandle(handle)), refused(DeviceError::BAD_ROM));
    for (address, block) in Rom::blocks(&rom("8700001")) {
        host.okay(Command::WriteRom { handle, address, block });
    }
    host.enable(handle);
    host.okay(Command::StartTracking(None));
    assert_eq!(host.ask(enable()), refused(DeviceError::WRONG_MODE));
    assert_eq!(host.ask(Command::StartTracking(None)), refused(DeviceError::WRONG_MODE));
    assert_eq!(host.tx(WITH_OUT).handles.len(), 1);
    let other = Command::Other { name: "XYZZY".into(), parameters: String::new() };
    assert_eq!(host.ask(other), refused(DeviceError::INVALID_COMMAND));
    assert_eq!(host.ask(Command::Reset), Reply::Reset);
    assert_eq!(host.ask(tx()), refused(DeviceError::SYSTEM_NOT_INITIALIZED));
}

#[test]
fn a_damaged_command_is_refused_and_a_split_one_is_put_together() {
    let mut host = Host::new(Model::Vega, &[], "");
    let hear =
        |host: &mut Host, bytes: &[u8]| host.emulator.hear(&mut host.line, host.now, true, bytes);
    assert!(hear(&mut host, b"INIT:E3A6\r").starts_with(b"ERROR04"));
    assert_eq!(hear(&mut host, b"INI"), b"");
    assert_eq!(hear(&mut host, b"T:E3A5\r"), b"OKAYA896\r");
    assert_eq!(hear(&mut host, b"INIT \rINIT \r"), b"OKAYA896\rOKAYA896\r");
}

#[test]
fn all_three_replies_say_where_the_tool_is() {
    let truth = place(30.0, -1500.0);
    let mut host = Host::tracking(truth, "");
    host.at(1.0);
    let near = |pose: Isometry3<f64>, mm: f64| {
        (pose.translation.vector - truth.translation.vector).norm() < mm
            && pose.rotation.angle_to(&truth.rotation) < 1e-3
    };
    let tx = host.tx(WITH_OUT);
    let TxState::Seen(placement) = tx.handles[0].state else { panic!("{tx:?}") };
    assert!(near(placement.isometry().unwrap(), 0.02) && (placement.error - 0.1).abs() < 1e-6);
    // On for 6 s at 60 Hz.
    assert_eq!((tx.handles[0].frame, tx.system), (360, SystemStatus::default()));
    let states = PortStatus::OCCUPIED.with(PortStatus::INITIALIZED).with(PortStatus::ENABLED);
    assert_eq!(tx.handles[0].status, states);

    let bx = host.bx(ReplyOptions(0x080b));
    let BxState::Seen(placement) = bx.handles[0].state else { panic!("{bx:?}") };
    assert!(near(placement.isometry().unwrap(), 1e-3));
    assert_eq!(bx.handles[0].markers.len(), 4);
    let marker = bx.handles[0].markers[1].position_mm.map(f64::from);
    let expected = truth * nalgebra::Point3::new(50.0, 0.0, 0.0);
    assert!((nalgebra::Point3::from(marker) - expected).norm() < 1e-3);

    let first = host.bx2();
    let frame = first.frames().next().unwrap();
    let Component::Poses(poses) = &frame.data.components[0] else { panic!("{frame:?}") };
    assert!(near(poses[0].placement.unwrap().isometry().unwrap(), 1e-3));
    assert_eq!((frame.number, frame.seconds, poses[0].status), (360, 6, ToolStatus::ENABLED));
    assert_eq!(host.bx2().frames().count(), 0, "the same frame came again");
    assert_eq!(host.at(1.1).bx2().frames().next().unwrap().number, 366);
}

#[test]
fn what_is_out_of_volume_is_shown_only_to_whoever_asks_for_it() {
    let mut host = Host::tracking(place(0.0, -800.0), "");
    let out = PortStatus::OUT_OF_VOLUME;
    let handle = host.tx(ReplyOptions::POSES).handles[0];
    assert!(handle.state == TxState::Missing && handle.status.has(out), "{handle:?}");
    let handle = host.tx(WITH_OUT).handles[0];
    assert!(matches!(handle.state, TxState::Seen(_)) && handle.status.has(out), "{handle:?}");
    // The tool's origin is in the volume; a marker is not.
    let mut host = Host::tracking(Isometry3::translation(0.0, 200.0, -950.5), "");
    let handle = host.tx(WITH_OUT).handles[0];
    assert!(handle.status.has(PortStatus::PARTIALLY_OUT_OF_VOLUME), "{handle:?}");
}

#[test]
fn definitions_find_their_tools_and_ports_tell_who_is_in_them() {
    let course = "[[tools]]\nname = 'a'\nposes = [{ at_s = 0, position_mm = [1, 0, -1500] }]\n\
         [[tools]]\nname = 'b'\npart_number = '8700002'\nposes = [{ at_s = 0, position_mm = [2, 0, -1500] }]";
    let faults = FaultScript::default();
    let course = Box::new(KeyPoses::from_toml(course).unwrap());
    let emulator = NdiEmulator::new(Model::Vega, course, faults);
    let mut host = Host { emulator, line: Line::default(), now: Moment::default() };
    host.okay(Command::Init);
    let handles = [rom("8700002"), rom("other"), rom("third")].map(|rom| host.load(&rom));
    let info = Command::HandleInfo { handle: handles[0], options: InfoOptions::IDENTITY };
    let info = PortInfo::from_text(&host.text(info), InfoOptions::IDENTITY).unwrap().unwrap();
    assert_eq!(info.part_number.as_deref().map(str::trim), Some("8700002"));
    assert_eq!(info.tool.unwrap().serial, 0x1234_5678);
    host.okay(Command::StartTracking(None));
    let xs = host
        .tx(WITH_OUT)
        .handles
        .iter()
        .map(|handle| match handle.state {
            TxState::Seen(placement) => Some(placement.position_mm[0]),
            _ => None,
        })
        .collect::<Vec<_>>();
    assert_eq!(xs, [Some(2.0), Some(1.0), None]);
}

#[test]
fn tools_of_the_aurora_are_plugged_in_until_they_are_pulled() {
    let tools = [("probe", place(0.0, -200.0)), ("organ", place(50.0, -300.0))];
    let pulled = "[[faults]]\nat_s = 2\nfor_s = 1\ntools = ['organ']\nfault = 'unplugged'";
    let mut host = Host::new(Model::Aurora, &tools, pulled);
    host.okay(Command::Init);
    let search = |host: &mut Host, filter| {
        let found = PortHandles::from_text(&host.text(Command::SearchHandles(filter))).unwrap();
        found.0.iter().map(|port| port.handle).collect::<Vec<_>>()
    };
    assert_eq!(search(&mut host, HandleFilter::Uninitialized), [0x0a, 0x0b]);
    host.enable(0x0a);
    host.enable(0x0b);
    host.okay(Command::StartTracking(Some(0x80)));
    let handles = host.at(1.0).tx(WITH_OUT).handles;
    assert!(handles.iter().all(|handle| matches!(handle.state, TxState::Seen(_))), "{handles:?}");
    // It counts frames from TSTART on: 6 s after switching on, at 40 Hz.
    assert_eq!(handles[0].frame, 240);
    let tx = host.at(2.5).tx(WITH_OUT);
    assert_eq!(tx.handles[1].state, TxState::Unoccupied);
    assert!(tx.system.has(SystemStatus::PORT_UNOCCUPIED));
    assert_eq!(search(&mut host, HandleFilter::Stale), [0x0b]);
    // Back in, but to be made ready anew.
    assert!(host.at(3.5).tx(WITH_OUT).system.has(SystemStatus::PORT_OCCUPIED));
    assert_eq!(search(&mut host, HandleFilter::Uninitialized), [0x0b]);
    assert_eq!(
        host.ask(Command::Bx2(Bx2Options::default())),
        refused(DeviceError::INVALID_COMMAND)
    );
}

#[test]
fn faults_show_in_the_replies() {
    let script = "[[faults]]\nat_s = 1\nfor_s = 1\nfault.dropout.share = 1\n\
         [[faults]]\nat_s = 3\nfor_s = 1\nfault.frozen.frame_numbers = true\n\
         [[faults]]\nat_s = 5\nfor_s = 1\nfault.wrong_crc.share = 1\n\
         [[faults]]\nat_s = 7\nfor_s = 1\nfault.half_frames.share = 1\n\
         [[faults]]\nat_s = 9\nfor_s = 1\nfault = 'stuck_connection'\n\
         [[faults]]\nat_s = 11\nfor_s = 1\nfault = 'power_cycle'";
    let mut host = Host::tracking(place(0.0, -1500.0), script);
    let frame = |host: &mut Host, at| host.at(at).tx(WITH_OUT).handles[0].frame;
    assert_eq!(host.at(1.5).tx(WITH_OUT).handles[0].state, TxState::Missing);
    assert!(matches!(host.at(2.5).tx(WITH_OUT).handles[0].state, TxState::Seen(_)));
    assert_eq!(frame(&mut host, 3.1), frame(&mut host, 3.9));
    assert_eq!(frame(&mut host, 4.0), 540);

    let raw = |host: &mut Host, at: f64, command: Command| {
        host.at(at);
        let bytes = host.bytes(&command);
        let mut decoder = ReplyDecoder::new();
        decoder.feed(&bytes);
        (bytes, decoder.next_reply())
    };
    for command in [Command::Tx(WITH_OUT), Command::Bx(WITH_OUT), Command::ApiRevision] {
        let (_, reply) = raw(&mut host, 5.5, command.clone());
        let error = reply.unwrap_err().to_string();
        assert!(error.contains("CRC"), "{command:?}: {error}");
        let (whole, _) = raw(&mut host, 6.5, command.clone());
        let (half, _) = raw(&mut host, 7.5, command);
        assert_eq!(half.len(), whole.len() / 2);
    }
    assert_eq!(raw(&mut host, 9.5, Command::ApiRevision).0, b"");
    assert_eq!(host.at(10.5).text(Command::ApiRevision), "G.003.001");
    assert_eq!(raw(&mut host, 11.5, Command::ApiRevision).0, b"");
    // Back, it has forgotten everything.
    assert_eq!(
        host.at(12.5).ask(Command::Tx(WITH_OUT)),
        refused(DeviceError::SYSTEM_NOT_INITIALIZED)
    );
}

#[test]
fn parameters_are_read_and_set_and_monitors_may_only_look() {
    let mut host = Host::tracking(place(0.0, -1500.0), "");
    let serial = host.text(Command::Get("Features.Hardware.Serial Number".into()));
    assert_eq!(serial, "Features.Hardware.Serial Number=P9-00001");
    let nothing = Command::Get("Param.Nothing".into());
    assert_eq!(host.ask(nothing), refused(DeviceError::NO_PARAMETER));
    let rate = |value: &str| Command::Set {
        name: "Param.Tracking.Frame Frequency".into(),
        value: value.into(),
    };
    host.okay(Command::StopTracking);
    assert_eq!(host.ask(rate("61")), refused(DeviceError(0x36)));
    host.okay(rate("400"));
    host.okay(Command::StartTracking(None));
    assert_eq!(host.at(1.0).tx(WITH_OUT).handles[0].frame, 2400);

    let mut monitor = Line::default();
    let stop = Command::StopTracking.encode(Form::Checked).unwrap();
    let said = host.emulator.hear(&mut monitor, host.now, false, &stop);
    assert!(said.starts_with(b"ERROR39"));
    let look = Command::Tx(WITH_OUT).encode(Form::Checked).unwrap();
    assert!(host.emulator.hear(&mut monitor, host.now, false, &look).starts_with(b"0101"));
}

proptest! {
    /// Whatever a host sends, in whatever pieces, the tracker goes on, and each line has one reply.
    #[test]
    fn no_bytes_stop_it(pieces in proptest::collection::vec(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            Just(b"INIT \r".to_vec()), Just(b"TSTART \r".to_vec()), Just(b"TX 0801\r".to_vec()),
            Just(b"PHRQ *********1****\r".to_vec()), Just(b"PINIT 01\r".to_vec()), Just(b"BX 180F\r".to_vec()),
            Just(b"PHSR 00\r".to_vec()), Just(b"PHINF 0A007F\r".to_vec()), Just(b"RESET \r".to_vec()),
        ], 0..30), wired: bool) {
        let model = if wired { Model::Aurora } else { Model::Vega };
        let mut host = Host::new(model, &[("probe", place(0.0, -300.0))], "");
        for piece in pieces {
            let lines = piece.split(|byte| *byte == b'\r').count() - 1;
            let sent = host.emulator.hear(&mut host.line, host.now, true, &piece);
            prop_assert!(lines == 0 || !sent.is_empty());
        }
        host.emulator.hear(&mut host.line, host.now, true, b"\r");
        prop_assert_eq!(host.ask(Command::Reset), Reply::Reset);
    }

    /// Frames follow each other at the device's rate, and show the tool where it was when they were taken.
    #[test]
    fn frames_show_their_own_instant(seed: u64, at_ms in 0..60_000u64, more_ms in 0..2000u64) {
        let names = ["probe".to_owned()];
        let course = SmoothRandom::new(seed, &names, Model::Aurora.middle(), 100.0);
        let emulator = NdiEmulator::new(Model::Aurora, Box::new(course.clone()), FaultScript::default());
        let mut host = Host { emulator, line: Line::default(), now: Moment::default() };
        host.okay(Command::Init);
        host.enable(0x0a);
        host.okay(Command::StartTracking(None));
        let mut look = |ms: u64| {
            host.at(ms as f64 * 1e-3);
            let bx = host.bx(WITH_OUT);
            let BxState::Seen(placement) = bx.handles[0].state else { panic!("{bx:?}") };
            (bx.handles[0].frame, placement.position_mm)
        };
        let (first, place) = look(at_ms);
        let (later, _) = look(at_ms + more_ms);
        let frames = f64::from(later - first);
        prop_assert!((frames - more_ms as f64 * 0.04).abs() <= 1.0);
        // 5 s before the procedure it was switched on.
        let taken = Duration::from_secs_f64((f64::from(first) / 40.0 - 5.0).max(0.0));
        let crate::faults::Sight::Seen { pose, .. } = course.sight(0, taken) else { panic!() };
        for (said, truth) in place.iter().zip(pose.translation.vector.iter()) {
            prop_assert!((f64::from(*said) - truth).abs() < 1e-2, "{} {}", said, truth);
        }
    }
}
