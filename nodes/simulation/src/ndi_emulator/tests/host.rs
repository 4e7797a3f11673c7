//! A host of the emulated tracker, for its tests.

use std::time::Duration;

use formats::ndi::{
    Bx, Bx2Options, Command, Form, Gbf, HandleRequest, PortHandles, Priority, Reply, ReplyDecoder,
    ReplyOptions, Rom, RomMarker, Tx,
};
use nalgebra::{Isometry3, Vector3};

use crate::faults::FaultScript;
use crate::ndi_emulator::{Line, Model, Moment, NdiEmulator};
use crate::trajectory::KeyPoses;

/// A host and its tracker.
pub struct Host {
    pub emulator: NdiEmulator,
    pub line: Line,
    pub now: Moment,
}

pub fn place(x: f64, z: f64) -> Isometry3<f64> {
    Isometry3::new(Vector3::new(x, 40.0, z), Vector3::new(0.1, -0.2, 0.3))
}

pub fn rom(part_number: &str) -> Vec<u8> {
    let corners = [[0.0, 0.0, 0.0], [50.0, 0.0, 0.0], [0.0, 70.0, 0.0], [30.0, 40.0, 20.0]];
    let markers = corners.map(|position_mm| RomMarker {
        position_mm,
        normal: [0.0, 0.0, 1.0],
        face: 1,
        group: 1,
    });
    let rom = Rom {
        main_type: 2,
        sub_type: 1,
        revision: 0,
        serial: 0x1234_5678,
        max_angle_deg: 90,
        min_markers: 3,
        max_marker_error_mm: 2.0,
        min_spread_mm: [0.0; 3],
        markers: markers.to_vec(),
        manufacturer: "NDI".into(),
        part_number: part_number.into(),
        algorithm: 0x80,
        marker_type: 41,
        face_normals: [[0.0, 0.0, 1.0]; 8],
    };
    rom.to_bytes().unwrap()
}

impl Host {
    pub fn new(model: Model, tools: &[(&str, Isometry3<f64>)], faults: &str) -> Self {
        let faults = FaultScript::from_toml(faults, 5).unwrap();
        let emulator = NdiEmulator::new(model, Box::new(KeyPoses::resting(tools)), faults);
        Self { emulator, line: Line::default(), now: Moment::default() }
    }

    pub fn at(&mut self, seconds: f64) -> &mut Self {
        let procedure = Duration::from_secs_f64(seconds);
        self.now = Moment { up: procedure + Duration::from_secs(5), procedure };
        self
    }

    pub fn bytes(&mut self, command: &Command) -> Vec<u8> {
        let sent = command.encode(Form::Checked).unwrap();
        self.emulator.hear(&mut self.line, self.now, true, &sent)
    }

    pub fn ask(&mut self, command: Command) -> Reply {
        let mut decoder = ReplyDecoder::new();
        decoder.feed(&self.bytes(&command));
        let reply = decoder.next_reply().unwrap().expect("a reply");
        assert_eq!(decoder.pending(), 0, "more than one reply");
        reply
    }

    pub fn text(&mut self, command: Command) -> String {
        match self.ask(command) {
            Reply::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    pub fn okay(&mut self, command: Command) {
        assert_eq!(self.ask(command.clone()), Reply::Okay, "{command:?}");
    }

    pub fn load(&mut self, rom: &[u8]) -> u8 {
        let request = Command::RequestHandle(HandleRequest::WIRELESS);
        let handle = PortHandles::requested(&self.text(request)).unwrap();
        for (address, block) in Rom::blocks(rom) {
            self.okay(Command::WriteRom { handle, address, block });
        }
        self.enable(handle);
        handle
    }

    pub fn enable(&mut self, handle: u8) {
        self.okay(Command::InitHandle(handle));
        self.okay(Command::EnableHandle { handle, priority: Priority::Dynamic });
    }

    pub fn tx(&mut self, options: ReplyOptions) -> Tx {
        Tx::from_text(&self.text(Command::Tx(options))).unwrap()
    }

    pub fn bx(&mut self, options: ReplyOptions) -> Bx {
        match self.ask(Command::Bx(options)) {
            Reply::Binary(binary) => Bx::from_body(binary.body(), options).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub fn bx2(&mut self) -> Gbf {
        match self.ask(Command::Bx2(Bx2Options::default())) {
            Reply::Binary(binary) => Gbf::from_body(binary.body()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// A Vega that tracks one tool.
    pub fn tracking(tool: Isometry3<f64>, faults: &str) -> Self {
        let mut host = Self::new(Model::Vega, &[("probe", tool)], faults);
        host.okay(Command::Init);
        host.load(&rom("8700001"));
        host.okay(Command::StartTracking(None));
        host
    }
}
