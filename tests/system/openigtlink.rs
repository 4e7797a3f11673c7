//! What the OpenIGTLink server gives out comes in again through the OpenIGTLink devices, unchanged; and a client changes
//! a parameter.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use formats::openigtlink::{Command, Content, Decoder, Message, Text, Timestamp};
use runtime::clock;
use system_tests::{Place, alone, free_port};

const LONG: Duration = Duration::from_mins(1);

fn graph(address: &str) -> String {
    format!(
        r#"
version = 1

[common.patient]
seed = 1

[calibrations]
probe = {{ file = "{root}/launch/graphs/calibrations/simulated-probe.toml", sha256 = "bbb5e530631e0ebd6c187f4437752f6400aac8b8c6a2241feee7984c6a699576" }}

[nodes.ultrasound]
runs = "simulation/ultrasound"
parameters.rate_hz = 10.0

[nodes.tracker]
runs = "simulation/tracker"
parameters.rate_hz = 50.0

[nodes.locate]
runs = "fusion/locate_image"
inputs.image = "ultrasound.image"
inputs.poses = "tracker.poses"
parameters.calibration = "probe"
parameters.reference = "reference"
parameters.max_pose_gap_ms = 100

[nodes.server]
runs = "openigtlink/server"
parameters.listen = "{address}"
parameters.coordinates = "ras"
parameters.streams = ["ultrasound.image", "tracker.poses", "images.image", "poses.poses"]
parameters.may_set = ["locate"]

[nodes.images]
runs = "imaging/openigtlink"
parameters.address = "{address}"
parameters.device = "ultrasound.image"

[nodes.poses]
runs = "tracking/openigtlink"
parameters.address = "{address}"
parameters.tools = ["probe"]
parameters.axes = "ras"

[nodes.record]
runs = "recordings/record"
"#,
        root = system_tests::root().display()
    )
}

/// The messages of a server, as they come; nothing when it is over.
struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    fn new(address: &str) -> Self {
        let since = clock::monotonic();
        let stream = loop {
            match TcpStream::connect(address) {
                Ok(stream) => break stream,
                Err(error) => {
                    assert!(clock::monotonic().saturating_sub(since) < LONG, "{error}");
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        };
        stream.set_read_timeout(Some(LONG)).unwrap();
        Self { stream, decoder: Decoder::new() }
    }

    fn next(&mut self) -> Option<Message> {
        let mut bytes = vec![0; 1 << 16];
        loop {
            if let Some(message) = self.decoder.next_message().unwrap() {
                return Some(message);
            }
            let length = self.stream.read(&mut bytes).unwrap_or(0);
            if length == 0 {
                return None;
            }
            self.decoder.feed(&bytes[..length]);
        }
    }

    fn set(&mut self, node: &str, value: &str) {
        let text = format!(
            r#"<Command><Parameter Node="{node}" Key="max_pose_gap_ms" Value="{value}"/></Command>"#
        );
        let command =
            Command { id: 1, name: Text::truncated("Set"), encoding: 3, text: text.into_bytes() };
        let content = Content::Command(command);
        let message = Message::new("COMMAND", node, Timestamp::default(), content).unwrap();
        self.stream.write_all(&message.encode().unwrap()).unwrap();
    }
}

#[test]
fn what_goes_out_comes_in_again_and_a_client_changes_a_parameter() {
    let _alone = alone();
    let place = Place::new();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let file = place.path("both-ways.toml");
    std::fs::write(&file, graph(&address)).unwrap();
    let running = place.start(file.to_str().unwrap(), "both", &["--stop-after", "12s"]);
    let mut client = Client::new(&address);
    let (mut sent_images, mut sent_poses) = (vec![], vec![]);
    let (mut images, mut poses, mut answers) = (vec![], vec![], vec![]);
    let mut asked = 0;
    while let Some(message) = client.next() {
        let name = message.device_name().into_owned();
        match message.content {
            Content::Image(image) if name == "ultrasound.image" => sent_images.push(image.pixels),
            Content::Image(image) => images.push(image.pixels),
            Content::Transform(transform) if name == "ProbeToTracker" => {
                sent_poses.push(transform.to_matrix());
            }
            Content::Transform(transform) if name == "poses_ProbeToTracker" => {
                poses.push(transform.to_matrix());
            }
            Content::Command(answer) => {
                answers.push((name, String::from_utf8_lossy(&answer.text).into_owned()));
            }
            _ => {}
        }
        // In mid-procedure: a value that is taken, one beyond its range, and a node that may not be changed.
        let questions = [("locate", "80"), ("locate", "-5"), ("server", "1")];
        if images.len() > 5 * (asked + 1) && asked < questions.len() {
            let (node, value) = questions[asked];
            client.set(node, value);
            asked += 1;
        }
    }
    let closing = running.wait();
    let log = &closing.log;
    assert!(images.len() > 20 && poses.len() > 100, "{} {}\n{log}", images.len(), poses.len());
    // The first of them may have been sent before this client came.
    let strangers = images.iter().filter(|pixels| !sent_images.contains(pixels)).count();
    assert!(strangers <= 1, "{strangers} of {} images were never sent", images.len());
    let is_sent = |pose: &nalgebra::Matrix4<f64>| {
        sent_poses.iter().any(|sent: &nalgebra::Matrix4<f64>| (sent - pose).amax() < 1e-4)
    };
    let strangers = poses.iter().filter(|pose| !is_sent(pose)).count();
    assert!(strangers <= 2, "{strangers} of {} poses were never sent", poses.len());
    let [taken, beyond, forbidden] = &answers[..] else { panic!("{answers:?}\n{log}") };
    assert!(taken.1.contains("<Result>true</Result>") && taken.1.contains("80"), "{taken:?}");
    assert!(beyond.1.contains("<Result>false</Result>"), "{beyond:?}");
    assert!(forbidden.1.contains("may not change `server`"), "{forbidden:?}");
    let sent = closing.stream("images.image")["sent"].as_u64().unwrap();
    assert!(sent > 20, "{sent}");
}
