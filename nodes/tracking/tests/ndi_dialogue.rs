//! The conversation with a tracker on a serial line, without the line: what is done in which order.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::time::Duration;

use formats::ndi::{
    Binary, Bx, BxHandle, BxState, Command, CommandDecoder, DeviceError, Placement, PortStatus,
    Reply, ReplyOptions, SerialSettings, SystemStatus,
};
use messages::{Pose, Timestamp};
use tracking::ndi::dialogue::{Action, Dialogue};
use tracking::ndi::parameters::Parameters;

fn parameters() -> Parameters {
    serde_json::from_value(serde_json::json!({
        "address": "serial:///dev/ttyUSB0?baud=115200",
        "tools": [{ "name": "probe", "port": 1 }],
        "reply_timeout_ms": 200,
    }))
    .unwrap()
}

/// A conversation and its clock.
struct Talk {
    dialogue: Dialogue,
    now: Timestamp,
}

impl Talk {
    fn begin() -> Self {
        let mut dialogue = Dialogue::new(parameters().setup().unwrap(), true);
        let now = Timestamp(1_000_000_000_000);
        dialogue.connected(now);
        Self { dialogue, now }
    }

    fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.dialogue.tick(self.now);
    }

    fn hear(&mut self, reply: &Reply) {
        self.now = self.now + Duration::from_millis(1);
        self.dialogue.receive(&reply.encode().unwrap(), self.now);
    }

    /// A tracker on a serial line wants a moment after some answers.
    fn settle(&mut self) {
        assert_eq!(self.dialogue.next_action(), None);
        self.wait(Duration::from_millis(100));
    }

    /// The next command that is sent.
    fn command(&mut self) -> Command {
        match self.dialogue.next_action().unwrap() {
            Action::Send(bytes) => {
                let mut decoder = CommandDecoder::new();
                decoder.feed(&bytes);
                decoder.next_command().unwrap().unwrap().0
            }
            other => panic!("{other:?}"),
        }
    }

    fn text(&mut self, text: &str) {
        self.hear(&Reply::Text(text.to_owned()));
    }

    /// Up to tracking.
    fn started() -> Self {
        let mut talk = Self::begin();
        assert_eq!(talk.dialogue.next_action(), Some(Action::Break));
        talk.hear(&Reply::Reset);
        talk.settle();
        assert_eq!(talk.command(), Command::Init);
        talk.hear(&Reply::Okay);
        talk.settle();
        let settings = SerialSettings::with_baud(115_200).unwrap();
        assert_eq!(talk.command(), Command::Comm(settings));
        talk.hear(&Reply::Okay);
        assert_eq!(talk.dialogue.next_action(), Some(Action::Set(settings)));
        talk.settle();
        assert_eq!(talk.command(), Command::Version(4));
        talk.text("Aurora\n");
        assert_eq!(talk.command(), Command::ApiRevision);
        talk.text("E.002.001");
        for empty in ["PHSR", "PHSR"] {
            assert_eq!(talk.command().name(), empty);
            talk.text("00");
        }
        assert_eq!(talk.command().name(), "PHSR");
        talk.text("010A001");
        assert_eq!(talk.command(), Command::InitHandle(10));
        talk.hear(&Reply::Okay);
        assert_eq!(talk.command().name(), "PHSR");
        talk.text("00");
        assert_eq!(talk.command().name(), "PHSR");
        talk.text("010A011");
        assert_eq!(talk.command().name(), "PHINF");
        talk.text("UNOCCUPIED");
        talk
    }
}

#[test]
fn a_serial_tracker_is_reset_and_set_before_all_else() {
    let mut talk = Talk::started();
    // What is in the port could not be understood, so that it is not enabled, and tracking starts without it.
    assert_eq!(talk.command(), Command::StartTracking(None));
    talk.hear(&Reply::Okay);
    assert_eq!(talk.dialogue.next_action(), Some(Action::Ready));
    assert_eq!(talk.command(), Command::Bx(ReplyOptions(0x0801)));
}

/// Not every adapter passes a break on, and a client that went away may have left the tracker at another speed.
#[test]
fn a_break_that_is_not_heeded_is_followed_by_the_command_at_both_speeds() {
    let mut talk = Talk::begin();
    assert_eq!(talk.dialogue.next_action(), Some(Action::Break));
    talk.wait(Duration::from_millis(2900));
    assert_eq!(talk.dialogue.next_action(), None);
    talk.wait(Duration::from_millis(200));
    assert_eq!(talk.command(), Command::Reset);
    talk.wait(Duration::from_millis(10_100));
    let settings = SerialSettings::with_baud(115_200).unwrap();
    assert_eq!(talk.dialogue.next_action(), Some(Action::Set(settings)));
    assert_eq!(talk.command(), Command::Reset);
    assert_eq!(talk.dialogue.next_action(), Some(Action::Set(SerialSettings::AFTER_RESET)));
    talk.hear(&Reply::Reset);
    talk.settle();
    assert_eq!(talk.command(), Command::Init);

    let mut silent = Talk::begin();
    silent.wait(Duration::from_millis(3100));
    silent.wait(Duration::from_millis(10_100));
    silent.wait(Duration::from_millis(10_100));
    let last = std::iter::from_fn(|| silent.dialogue.next_action()).last();
    assert!(matches!(last, Some(Action::Lost(reason)) if reason.contains("has not answered")));
}

#[test]
fn no_answer_is_a_lost_tracker_after_its_patience() {
    let mut talk = Talk::started();
    talk.command();
    talk.hear(&Reply::Okay);
    while talk.dialogue.next_action().is_some() {}
    talk.wait(Duration::from_millis(150));
    assert!(!matches!(talk.dialogue.next_action(), Some(Action::Lost(_))));
    talk.wait(Duration::from_millis(60));
    let said = std::iter::from_fn(|| talk.dialogue.next_action()).find_map(|action| match action {
        Action::Lost(reason) => Some(reason),
        _ => None,
    });
    assert!(said.unwrap().contains("has not answered"));
    assert_eq!(talk.dialogue.deadline(), None);
}

/// Without a CRC, bytes of a serial line are no poses.
#[test]
fn an_unguarded_answer_is_not_trusted_on_a_serial_line() {
    let mut talk = Talk::started();
    talk.command();
    talk.hear(&Reply::Okay);
    while talk.dialogue.next_action().is_some() {}
    let placement = Placement { quaternion: [1.0, 0.0, 0.0, 0.0], ..Placement::default() };
    let handle = BxHandle::new(10, BxState::Seen(placement), PortStatus(0x31), 5);
    let bx = Bx { handles: vec![handle], strays: vec![], system: SystemStatus::default() };
    let body = bx.to_body(ReplyOptions(0x0801)).unwrap();
    talk.hear(&Reply::Binary(Binary::Long(body)));
    assert!(matches!(talk.dialogue.next_action(), Some(Action::Notice(_))));
    assert_eq!(talk.dialogue.damaged(), 1);
}

#[test]
fn a_tracker_that_was_reset_meanwhile_begins_anew() {
    for reply in [Reply::Reset, Reply::Error(DeviceError::SYSTEM_NOT_INITIALIZED)] {
        let mut talk = Talk::started();
        talk.command();
        talk.hear(&Reply::Okay);
        while talk.dialogue.next_action().is_some() {}
        talk.hear(&reply);
        assert!(
            matches!(talk.dialogue.next_action(), Some(Action::Lost(reason)) if reason.contains("reset"))
        );
        talk.dialogue.connected(talk.now);
        assert_eq!(talk.dialogue.next_action(), Some(Action::Break));
    }
}

/// With no tool at all it is said at once, and again and again, that none is seen, and why.
#[test]
fn hidden_tools_are_given_too() {
    let mut talk = Talk::started();
    talk.command();
    talk.hear(&Reply::Okay);
    for _ in 0..2 {
        let actions: Vec<Action> = std::iter::from_fn(|| talk.dialogue.next_action()).collect();
        let poses = actions.iter().find_map(|action| match action {
            Action::Poses { poses, .. } => Some(poses),
            _ => None,
        });
        let pose = &poses.unwrap_or_else(|| panic!("{actions:?}")).tools[0].pose;
        assert!(matches!(pose, Pose::Hidden { reason } if reason.contains("port 1")), "{pose:?}");
        talk.wait(Duration::from_millis(120));
    }
}
