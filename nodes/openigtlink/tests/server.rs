//! The server as its clients see it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use formats::openigtlink::{
    Command, Content, CoordinateSystem, Decoder, Message, StartTracking, Text, Timestamp,
};
use messages::wire::Validity;
use messages::{
    Affine, Health, LocatedImage, Placement, Pose, ToolPoses, TrackedTool, Transform,
    UltrasoundImage,
};
use nalgebra::{Isometry3, Matrix3x4, Vector3};
use openigtlink::coordinates::Coordinates;
use openigtlink::server::Server;
use runtime::{Topic, clock};
use support::{received, server};

const LONG: Duration = Duration::from_secs(30);

struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.local()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self { stream, decoder: Decoder::new() }
    }

    /// One that the server knows to be there.
    fn known(server: &Server) -> Self {
        let mut client = Self::new(server);
        client.ask("GET_CAPABIL", "", Content::Empty);
        client.until("CAPABILITY", "");
        client
    }

    fn ask(&mut self, kind: &str, device: &str, content: Content) {
        let message = Message::new(kind, device, Timestamp::default(), content).unwrap();
        self.stream.write_all(&message.encode().unwrap()).unwrap();
    }

    fn next(&mut self, patience: Duration) -> Option<Message> {
        let since = clock::monotonic();
        let mut bytes = vec![0; 1 << 16];
        loop {
            if let Some(message) = self.decoder.next_message().unwrap() {
                return Some(message);
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(length) => self.decoder.feed(&bytes[..length]),
                Err(_) if clock::monotonic().saturating_sub(since) > patience => return None,
                Err(_) => {}
            }
        }
    }

    /// Takes what comes until the connection is closed, which is not the same as silence.
    fn until_closed(&mut self) {
        let since = clock::monotonic();
        while self.next(LONG).is_some() {}
        assert!(clock::monotonic().saturating_sub(since) < LONG, "not closed");
    }

    /// The next of a type and device.
    fn until(&mut self, kind: &str, device: &str) -> Message {
        let since = clock::monotonic();
        while clock::monotonic().saturating_sub(since) < LONG {
            let Some(message) = self.next(LONG) else { break };
            if message.type_name.to_str() == kind && message.device_name() == device {
                return message;
            }
        }
        panic!("no {kind} of {device} came");
    }
}

impl Client {
    /// The next of each type and device, in whichever order they come.
    fn each<const N: usize>(&mut self, wanted: [(&str, &str); N]) -> [Message; N] {
        let mut came: [Option<Message>; N] = std::array::from_fn(|_| None);
        let since = clock::monotonic();
        while came.iter().any(Option::is_none) && clock::monotonic().saturating_sub(since) < LONG {
            let Some(message) = self.next(LONG) else { break };
            let is_it = |(kind, device): &(&str, &str)| {
                message.type_name.to_str() == *kind && message.device_name() == *device
            };
            if let Some(index) = wanted.iter().position(is_it) {
                came[index] = Some(message);
            }
        }
        let missing: Vec<_> =
            wanted.iter().zip(&came).filter(|(_, came)| came.is_none()).map(|(of, _)| of).collect();
        assert!(missing.is_empty(), "{missing:?} did not come");
        came.map(Option::unwrap)
    }
}

fn tracker_from_probe() -> Isometry3<f64> {
    Isometry3::new(Vector3::new(1.0, 2.0, 3.0), Vector3::new(0.3, -0.2, 0.5))
}

fn poses(probe_is_seen: bool) -> ToolPoses {
    let tool = |name: &str, pose| TrackedTool { name: name.to_owned(), pose };
    let seen = || Pose::Visible {
        to_from_tool: Transform::from_isometry(tracker_from_probe()),
        error_mm: None,
    };
    let hidden = || Pose::Hidden { reason: "out of view".to_owned() };
    let probe = if probe_is_seen { seen() } else { hidden() };
    ToolPoses { tools: vec![tool("probe", probe), tool("needle_of_the_left_hand", seen())] }
}

fn located(grey: u8, side: u32) -> LocatedImage {
    let rows = Matrix3x4::new(0.5, 0.0, 0.0, 10.0, 0.0, 0.25, 0.0, -20.0, 0.0, 0.0, 1.0, 30.0);
    LocatedImage {
        image: UltrasoundImage::new(side, side, vec![grey; (side * side) as usize]).unwrap(),
        placement: Placement::Placed {
            patient_from_image: Affine::from_rows(rows).unwrap(),
            error_mm: None,
            pose_gap_ns: 0,
        },
    }
}

fn plain(coordinates: Coordinates) -> Server {
    server(coordinates, &[], PathBuf::from("nothing"))
}

#[test]
fn poses_and_images_come_in_ras_and_what_is_chained_fits() {
    let server = plain(Coordinates::Ras);
    let mut client = Client::known(&server);
    let sent = poses(true);
    // It is given to those who are there when it comes, and to those who come later.
    server.give(Topic::Stream, received("tracker.poses", 0, 5, &sent, &Validity::Valid));
    server.give(Topic::Stream, received("locate.located", 0, 7, &located(9, 4), &Validity::Valid));
    // A client gets what waits for it in an order that the server chooses.
    let [probe, _, placed] = client.each([
        ("TRANSFORM", "ProbeToTracker"),
        ("TRANSFORM", "NeedleOfTheLeftHandToTracker"),
        ("IMAGE", "locate.located"),
    ]);
    assert_eq!(probe.timestamp.to_nanoseconds(), 5_000_000);
    let Content::Transform(transform) = probe.content else { panic!("no transform") };
    let inside = tracker_from_probe().to_homogeneous();
    let half_turn = nalgebra::Matrix4::from_diagonal(&nalgebra::Vector4::new(-1.0, -1.0, 1.0, 1.0));
    assert!((transform.to_matrix() - half_turn * inside * half_turn).amax() < 1e-5);
    let Content::Image(image) = placed.content else { panic!("no image") };
    assert_eq!((image.coordinates, image.size), (CoordinateSystem::Ras, [4, 4, 1]));
    assert_eq!(image.pixels, [9; 16]);
    let lps = image.lps_from_voxel();
    assert!((lps.column(3).xyz() - Vector3::new(10.0, -20.0, 30.0)).norm() < 1e-4);
    assert!((lps[(0, 0)] - 0.5).abs() < 1e-6 && (lps[(1, 1)] - 0.25).abs() < 1e-6);
    let mut late = Client::new(&server);
    late.until("IMAGE", "locate.located");
}

#[test]
fn a_hidden_tool_is_withdrawn_and_said_to_be_hidden() {
    let server = plain(Coordinates::Lps);
    let mut client = Client::known(&server);
    server.give(Topic::Stream, received("tracker.poses", 0, 5, &poses(true), &Validity::Valid));
    client.until("TRANSFORM", "ProbeToTracker");
    server.give(Topic::Stream, received("tracker.poses", 1, 25, &poses(false), &Validity::Valid));
    let Content::Status(status) = client.until("STATUS", "ProbeToTracker").content else {
        panic!("none")
    };
    assert_eq!((status.code, status.message.as_slice()), (13, &b"out of view\0"[..]));
    client.ask("GET_TRANS", "ProbeToTracker", Content::Empty);
    assert_eq!(client.until("RTS_TRANS", "ProbeToTracker").content, Content::Response(1));
    // What is stale may not guide either.
    let stale = Validity::Stale { reason: "old".into() };
    server.give(Topic::Stream, received("locate.located", 0, 7, &located(9, 4), &Validity::Valid));
    client.until("IMAGE", "locate.located");
    server.give(Topic::Stream, received("locate.located", 1, 27, &located(9, 4), &stale));
    let Content::Status(status) = client.until("STATUS", "locate.located").content else {
        panic!("none")
    };
    assert!(String::from_utf8_lossy(&status.message).contains("stale: old"));
    client.ask("GET_IMAGE", "locate.located", Content::Empty);
    assert_eq!(client.until("RTS_IMAGE", "locate.located").content, Content::Response(1));
}

#[test]
fn tdata_is_for_those_who_ask_and_questions_are_answered() {
    let server = plain(Coordinates::Lps);
    let mut client = Client::known(&server);
    client.ask("GET_CAPABIL", "", Content::Empty);
    client.until("CAPABILITY", "");
    client.ask("GET_STATUS", "Vesalius", Content::Empty);
    let Content::Status(status) = client.until("STATUS", "Vesalius").content else {
        panic!("none")
    };
    assert!(status.is_ok() && String::from_utf8_lossy(&status.message).contains("0123abcd"));
    let start = StartTracking { interval_ms: 0, coordinate_system: Text::truncated("") };
    client.ask("STT_TDATA", "", Content::StartTracking(start));
    assert_eq!(client.until("RTS_TDATA", "").content, Content::Response(0));
    server.give(Topic::Stream, received("tracker.poses", 0, 5, &poses(false), &Validity::Valid));
    let Content::TrackingData(data) = client.until("TDATA", "tracker.poses").content else {
        panic!("none")
    };
    let names: Vec<_> = data.tools.iter().map(|tool| tool.name.to_str().into_owned()).collect();
    assert_eq!(names, ["NeedleOfTheLeftHandT"], "hidden tools are left out, long names are cut");
    client.ask("STP_TDATA", "", Content::Empty);
    assert_eq!(client.until("RTS_TDATA", "").content, Content::Response(0));
    let degraded = Health::Degraded { reason: "no probe".into() };
    server.give(Topic::Stream, received("tracker.poses", 1, 25, &poses(true), &Validity::Valid));
    server.give(Topic::Health, received("locate.health", 0, 26, &degraded, &Validity::Valid));
    let mut came = Vec::new();
    loop {
        let message = client.next(LONG).expect("the status comes last");
        came.push(message.type_name.to_string());
        if message.type_name.to_str() == "STATUS" && message.device_name() == "locate" {
            break;
        }
    }
    assert!(!came.contains(&"TDATA".to_owned()), "{came:?}");
    server.give(Topic::Stream, received("locate.located", 0, 7, &located(9, 4), &Validity::Valid));
    client.until("IMAGE", "locate.located");
    client.ask("GET_IMGMETA", "", Content::Empty);
    let Content::ImageMeta(meta) = client.until("IMGMETA", "").content else { panic!("none") };
    assert_eq!(
        (meta.images[0].device.to_string().as_str(), meta.images[0].size),
        ("locate.located", [4, 4, 1])
    );
}

#[test]
fn a_client_that_takes_nothing_holds_up_nobody() {
    let server = plain(Coordinates::Lps);
    let stuck = Client::known(&server);
    let mut client = Client::known(&server);
    // More than all buffers between have room for.
    let image = located(7, 1000);
    for number in 0..100 {
        server.give(
            Topic::Stream,
            received("locate.located", number, number as i64, &image, &Validity::Valid),
        );
        let last = client.until("IMAGE", "locate.located");
        assert_eq!(last.timestamp.to_nanoseconds(), number * 1_000_000);
    }
    // It is sent away, and its place is free again.
    let since = clock::monotonic();
    while server.clients() > 1 {
        assert!(clock::monotonic().saturating_sub(since) < LONG);
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(stuck);
    let mut newcomer = Client::new(&server);
    newcomer.until("IMAGE", "locate.located");
}

#[test]
fn nonsense_costs_its_sender_the_connection_and_too_many_are_sent_away() {
    let server = plain(Coordinates::Lps);
    let mut client = Client::known(&server);
    client.stream.write_all(&[0xff; 200]).unwrap();
    client.until_closed();
    let _three: Vec<Client> = (0..3).map(|_| Client::known(&server)).collect();
    let mut fourth = Client::new(&server);
    fourth.until_closed();
}

#[test]
fn a_command_changes_what_clients_may_change_and_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("vesalius");
    std::fs::write(&program, "#!/bin/sh\necho \"$5 took $6 in $3\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = server(Coordinates::Lps, &["locate"], program);
    let mut client = Client::known(&server);
    let mut set = |node: &str| {
        let text = format!(
            r#"<Command><Parameter Node="{node}" Key="max_pose_gap_ms" Value="40"/></Command>"#
        );
        let command =
            Command { id: 3, name: Text::truncated("Set"), encoding: 3, text: text.into_bytes() };
        client.ask("COMMAND", "slicer", Content::Command(command));
        let Content::Command(answer) = client.until("RTS_COMMAND", "slicer").content else {
            panic!("none")
        };
        assert_eq!(answer.id, 3);
        String::from_utf8(answer.text).unwrap()
    };
    assert_eq!(
        set("locate"),
        "<Command><Result>true</Result><Message>locate took max_pose_gap_ms=40 in 0123abcd</Message></Command>"
    );
    let refused = set("register");
    assert!(
        refused.contains("<Result>false</Result>") && refused.contains("may not change"),
        "{refused}"
    );
}
