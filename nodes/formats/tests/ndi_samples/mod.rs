//! One command and one reply of every kind, for the tests and the fuzz target.
#![allow(clippy::unwrap_used, dead_code, missing_docs, reason = "tests; not each of them uses all")]

use formats::ndi::*;

pub const PLACEMENT: Placement = Placement {
    quaternion: [0.5, -0.5, 0.5, 0.5],
    position_mm: [-12.25, 150.5, -1200.75],
    error: 0.125,
};

pub const READY: PortStatus = PortStatus(0x31);

pub fn commands() -> Vec<Command> {
    let mut block = [0; 64];
    block.iter_mut().zip(3..).for_each(|(byte, value)| *byte = value);
    vec![
        Command::Reset,
        Command::Init,
        Command::Comm(SerialSettings::with_baud(115_200).unwrap()),
        Command::Get("Features.Firmware.Version".to_owned()),
        Command::GetInfo("Param.Tracking.*".to_owned()),
        Command::Set { name: "Param.User.String0".to_owned(), value: "a=b".to_owned() },
        Command::Version(4),
        Command::ApiRevision,
        Command::Beep(2),
        Command::Echo("one two: three".to_owned()),
        Command::RequestHandle(HandleRequest::WIRELESS),
        Command::RequestHandle(HandleRequest::wired_port(3).unwrap()),
        Command::SearchHandles(HandleFilter::Uninitialized),
        Command::HandleInfo { handle: 0x0a, options: InfoOptions::IDENTITY },
        Command::WriteRom { handle: 1, address: 0x02c0, block },
        Command::InitHandle(1),
        Command::EnableHandle { handle: 1, priority: Priority::Dynamic },
        Command::DisableHandle(255),
        Command::FreeHandle(2),
        Command::StartTracking(None),
        Command::StartTracking(Some(0x80)),
        Command::StopTracking,
        Command::Tx(Tx::OPTIONS),
        Command::Bx(ReplyOptions(0x0801)),
        Command::Bx2(Bx2Options::default()),
        Command::Features(3),
        Command::Other { name: "LED".to_owned(), parameters: "011S".to_owned() },
    ]
}

pub fn bx(options: ReplyOptions) -> Bx {
    let marker = |is_out_of_volume| BxMarker { is_out_of_volume, position_mm: [1.0, -2.0, 3.5] };
    let mut seen = BxHandle::new(1, BxState::Seen(PLACEMENT), READY, 7000);
    let mut missing = BxHandle::new(2, BxState::Missing, PortStatus(0x71), 7000);
    let disabled = BxHandle::new(3, BxState::Disabled, PortStatus::default(), 0);
    for handle in [&mut seen, &mut missing] {
        if options.has(ReplyOptions::TOOL_INFORMATION) {
            let mut uses = [MarkerUse::Missing; 20];
            uses[..3].copy_from_slice(&[
                MarkerUse::Used,
                MarkerUse::OffAngle,
                MarkerUse::TooFarOff,
            ]);
            handle.information = Some((ToolInformation(0x21), uses));
        }
        if options.has(ReplyOptions::STRAY_MARKER) {
            handle.stray = Some(marker(false));
        }
        if options.has(ReplyOptions::MARKERS) {
            handle.markers = (0..9).map(|index| marker(index % 3 == 0)).collect();
        }
    }
    let strays =
        if options.has(ReplyOptions::PASSIVE_STRAYS) { vec![marker(true)] } else { vec![] };
    Bx { handles: vec![seen, missing, disabled], strays, system: SystemStatus(0x0040) }
}

pub fn gbf() -> Gbf {
    let pose = |handle, status, placement| Tool6d { handle, status, placement };
    let frame = |frame_type, number, components| Frame {
        frame_type,
        sequence_index: 1,
        status: ToolStatus::ENABLED,
        number,
        seconds: 1_700_000_000,
        nanoseconds: 5,
        data: Gbf::new(components),
    };
    let missing = Marker3d { state: MarkerState::MISSING, index: 1, position_mm: None };
    let there = Marker3d { state: MarkerState::OK, index: 0, position_mm: Some([1.0, 2.0, -3.0]) };
    Gbf::new(vec![
        Component::Frames(vec![
            frame(
                FrameType::Passive,
                41,
                vec![
                    Component::Poses(vec![
                        pose(1, ToolStatus::ENABLED, Some(PLACEMENT)),
                        pose(2, ToolStatus::TOO_FEW_MARKERS.without_pose(), None),
                    ]),
                    Component::Markers(vec![Tool3d { handle: 1, markers: vec![there, missing] }]),
                    Component::Buttons(vec![Buttons { handle: 1, pressed: vec![0, 1] }]),
                ],
            ),
            frame(
                FrameType::Active,
                42,
                vec![Component::Poses(vec![pose(3, ToolStatus::UNPLUGGED.without_pose(), None)])],
            ),
        ]),
        Component::Alerts(vec![
            Alert { kind: AlertKind::Alert, code: 2 },
            Alert { kind: AlertKind::Event, code: 1 },
        ]),
        Component::Other { kind: 0x0011, option: 3, count: 1, bytes: vec![9; 5] },
    ])
}

pub fn tx() -> Tx {
    let handle = |handle, state| {
        let is_on = matches!(state, TxState::Seen(_) | TxState::Missing);
        let (status, frame) = if is_on { (READY, 0x1b58) } else { (PortStatus::default(), 0) };
        TxHandle { handle, state, status, frame }
    };
    Tx {
        handles: vec![
            handle(1, TxState::Seen(PLACEMENT)),
            handle(2, TxState::Missing),
            handle(3, TxState::Disabled),
            handle(0x10, TxState::Unoccupied),
        ],
        system: SystemStatus(0),
    }
}

pub fn info() -> PortInfo {
    PortInfo {
        tool: Some(ToolDescription {
            tool_type: "02000000".to_owned(),
            manufacturer: "NDI".to_owned(),
            revision: "001".to_owned(),
            serial: 0x3480_1403,
            status: READY,
        }),
        current_test: Some(0),
        part_number: Some("8700339".to_owned()),
        accessories: Some(1),
        marker_type: Some(0x29),
        location: Some(PortLocation {
            device: "P9-00311".to_owned(),
            system: 0,
            is_wireless: true,
            port: "0A".to_owned(),
            channel: 0,
        }),
        gpio: Some(0),
    }
}

pub fn replies() -> Vec<Reply> {
    let handles = PortHandles(vec![PortHandle { handle: 1, status: READY }]);
    let binary = |body: Vec<u8>| Reply::Binary(Binary::of(body));
    vec![
        Reply::Okay,
        Reply::Reset,
        Reply::Error(DeviceError::NO_TOOL),
        Reply::Warning(DeviceWarning(3)),
        Reply::Text("Polaris Vega Control Firmware\nNDI S/N: P9-00311\n".to_owned()),
        Reply::Text(handles.to_text()),
        Reply::Text(PortInfo::to_text(Some(&info())).unwrap()),
        Reply::Text(tx().to_text().unwrap()),
        binary(bx(ReplyOptions(0x0801)).to_body(ReplyOptions(0x0801)).unwrap()),
        binary(bx(ReplyOptions::KNOWN).to_body(ReplyOptions::KNOWN).unwrap()),
        binary(gbf().to_body().unwrap()),
        Reply::Binary(Binary::Long(gbf().to_body().unwrap())),
    ]
}

pub fn rom() -> Rom {
    let marker =
        |x, y| RomMarker { position_mm: [x, y, 0.0], normal: [0.0, 0.0, 1.0], face: 1, group: 1 };
    let mut face_normals = [[0.0; 3]; 8];
    face_normals[0] = [0.0, 0.0, 1.0];
    Rom {
        main_type: 2,
        sub_type: 1,
        revision: 3,
        serial: 0x3c5d_a803,
        max_angle_deg: 90,
        min_markers: 3,
        max_marker_error_mm: 0.5,
        min_spread_mm: [0.0; 3],
        markers: vec![
            marker(0.0, 0.0),
            marker(0.0, 50.0),
            marker(25.0, 100.0),
            marker(-25.0, 135.0),
        ],
        manufacturer: "Sample".to_owned(),
        part_number: "Pointer 1".to_owned(),
        algorithm: 0x80,
        marker_type: 41,
        face_normals,
    }
}
