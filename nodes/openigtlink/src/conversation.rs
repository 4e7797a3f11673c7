//! What one client has asked for, and what it is answered; no socket, no thread, no clock.
//!
//! By itself a client gets all but TDATA, as from PLUS. What it asks for changes that:
//!
//! | request | answer |
//! | --- | --- |
//! | `GET_X` | the newest X of the device that it names, or of all devices; `RTS_X` with 1 if there is none |
//! | `STT_X` | `RTS_X`, and X of this device, or of all, no oftener than it says |
//! | `STP_X` | `RTS_X`, and no more of them |
//! | `GET_CAPABIL`, `GET_IMGMETA` | which types there are; which images |
//! | `COMMAND` | `RTS_COMMAND`, by whoever carries it out |
//!
//! An answer has the number of its question, if that had one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use formats::openigtlink::{
    Capability, Command, Content, ExtendedHeader, Message, Query, Text, Timestamp,
};

use crate::parcel::Parcel;
use crate::shelf::Shelf;

/// Types of messages that clients may get or ask for.
pub const TYPES: [&str; 7] =
    ["TRANSFORM", "TDATA", "IMAGE", "POLYDATA", "POINT", "STATUS", "STRING"];
/// So many devices may be asked for by name.
const MOST_WISHES: usize = 256;

/// What a client is answered.
#[derive(Debug)]
pub enum Answer {
    /// Something of the shelf.
    Parcel(Arc<Parcel>),
    /// A message for it alone.
    Message(Message),
    /// A command is to be carried out, and what it says is the answer.
    Command {
        /// What.
        command: Command,
        /// The message that it came in, which the answer refers to.
        request: Message,
    },
    /// Nothing: it sent what is not taken.
    Ignored {
        /// The type.
        kind: String,
    },
}

/// How often something is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Never,
    /// No oftener than this.
    Every(Duration),
}

/// What one client has asked for.
#[derive(Debug, Default)]
pub struct Conversation {
    /// By type and device name, which is empty for all devices.
    wishes: BTreeMap<(String, String), Wish>,
    /// When something was sent last, where that is limited.
    sent: BTreeMap<(String, String), Duration>,
}

impl Conversation {
    /// Of a client that has said nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message of the client.
    pub fn hear(&mut self, request: &Message, shelf: &Shelf) -> Vec<Answer> {
        let (query, kind) = request.query();
        let device = request.device_name().into_owned();
        let known = TYPES.contains(&kind.as_str());
        match (query, kind.as_str()) {
            (None, "COMMAND") => match &request.content {
                Content::Command(command) => {
                    vec![Answer::Command { command: command.clone(), request: request.clone() }]
                }
                _ => vec![Answer::Ignored { kind }],
            },
            (Some(Query::Get), "CAPABILITY") => vec![reply(request, "CAPABILITY", capability())],
            (Some(Query::Get), "IMGMETA") => {
                vec![reply(request, "IMGMETA", Content::ImageMeta(shelf.image_meta()))]
            }
            (Some(Query::Get), _) if known => {
                let found = shelf.find(&kind, &device);
                if found.is_empty() {
                    return vec![response(request, &kind, false)];
                }
                found.into_iter().map(Answer::Parcel).collect()
            }
            (Some(Query::Start), _) if known => {
                let wish = Wish::Every(interval(&request.content));
                let taken = self.wish(kind.clone(), device, wish);
                vec![response(request, &kind, taken)]
            }
            (Some(Query::Stop), _) if known => {
                if device.is_empty() {
                    self.wishes.retain(|(of, _), _| *of != kind);
                }
                let taken = self.wish(kind.clone(), device, Wish::Never);
                vec![response(request, &kind, taken)]
            }
            (Some(Query::Get | Query::Start | Query::Stop), _) => {
                vec![response(request, &kind, false)]
            }
            _ => vec![Answer::Ignored { kind: request.type_name.to_string() }],
        }
    }

    fn wish(&mut self, kind: String, device: String, wish: Wish) -> bool {
        let key = (kind, device);
        let has_room = self.wishes.len() < MOST_WISHES || self.wishes.contains_key(&key);
        if has_room {
            self.wishes.insert(key, wish);
        }
        has_room
    }

    /// Whether the client is to get this now, at an instant of any clock; asked once for each, in order.
    pub fn wants(&mut self, parcel: &Parcel, now: Duration) -> bool {
        let (kind, device) = parcel.key();
        let of_all = self.wishes.get(&(kind.clone(), String::new()));
        let own = self.wishes.get(&(kind.clone(), device.clone()));
        let Some(wish) = own.or(of_all) else { return kind != "TDATA" };
        match wish {
            Wish::Never => false,
            Wish::Every(interval) if interval.is_zero() => true,
            Wish::Every(interval) => {
                let last = self.sent.get(&(kind.clone(), device.clone()));
                let is_due = last.is_none_or(|last| now.saturating_sub(*last) >= *interval);
                if is_due {
                    self.sent.insert((kind, device), now);
                }
                is_due
            }
        }
    }
}

/// The least time between two messages that a request says.
fn interval(content: &Content) -> Duration {
    match content {
        Content::StartTracking(start) => {
            Duration::from_millis(u64::try_from(start.interval_ms).unwrap_or(0))
        }
        Content::StartInterval(interval) => Duration::from_nanos(interval.to_nanoseconds()),
        _ => Duration::ZERO,
    }
}

fn capability() -> Content {
    let own = TYPES.into_iter().chain(["IMGMETA", "CAPABILITY", "COMMAND"]);
    let mut types: Vec<Text<12>> = own.map(Text::truncated).collect();
    for query in [Query::Get, Query::Start, Query::Stop] {
        types.extend(TYPES.map(|kind| query.of(kind)));
    }
    types.extend([Query::Get.of("CAPABILITY"), Query::Get.of("IMGMETA")]);
    Content::Capability(Capability { types })
}

fn response(request: &Message, kind: &str, is_done: bool) -> Answer {
    let name = Query::Response.of(kind).to_str().into_owned();
    reply(request, &name, Content::Response(u8::from(!is_done)))
}

fn reply(request: &Message, kind: &str, content: Content) -> Answer {
    Answer::Message(answer(request, kind, content))
}

/// A message that answers another: to its device, with its number, in its version.
pub fn answer(request: &Message, kind: &str, content: Content) -> Message {
    let extended = request.extended_header.as_ref();
    let extended_header = extended.map(|header| ExtendedHeader {
        message_id: header.message_id,
        ..ExtendedHeader::default()
    });
    Message {
        version: if extended_header.is_some() { request.version } else { 1 },
        type_name: Text::truncated(kind),
        device: request.device,
        timestamp: Timestamp::default(),
        extended_header,
        content,
    }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{StartTracking, StringMessage, TrackingData};

    use super::*;

    fn parcel(kind: &str, device: &str) -> Arc<Parcel> {
        let content = match kind {
            "TDATA" => Content::TrackingData(TrackingData { tools: vec![] }),
            "STRING" => Content::String(StringMessage::new("x")),
            _ => Content::Empty,
        };
        let message = Message::new(kind, device, Timestamp::default(), content).unwrap();
        Arc::new(Parcel::new(message, "node.port"))
    }

    fn ask(
        conversation: &mut Conversation,
        kind: &str,
        device: &str,
        content: Content,
    ) -> Vec<Message> {
        let mut shelf = Shelf::default();
        for parcel in [parcel("STRING", "a"), parcel("STRING", "b"), parcel("TDATA", "t")] {
            shelf.put(&parcel);
        }
        let request = Message::new(kind, device, Timestamp::default(), content).unwrap();
        let message = |answer| match answer {
            Answer::Parcel(parcel) => parcel.message().clone(),
            Answer::Message(message) => message,
            other => panic!("{other:?}"),
        };
        conversation.hear(&request, &shelf).into_iter().map(message).collect()
    }

    fn types(messages: &[Message]) -> Vec<String> {
        messages.iter().map(|message| message.type_name.to_string()).collect()
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn by_itself_a_client_gets_all_but_tdata() {
        let mut quiet = Conversation::new();
        for kind in TYPES {
            assert_eq!(quiet.wants(&parcel(kind, "x"), MS), kind != "TDATA", "{kind}");
        }
    }

    #[test]
    fn get_gives_the_newest_or_says_that_there_is_none() {
        let mut client = Conversation::new();
        assert_eq!(types(&ask(&mut client, "GET_STRING", "a", Content::Empty)), ["STRING"]);
        assert_eq!(ask(&mut client, "GET_STRING", "", Content::Empty).len(), 2);
        for (kind, answer) in
            [("GET_IMAGE", "RTS_IMAGE"), ("GET_BIND", "RTS_BIND"), ("STT_VIDEO", "RTS_VIDEO")]
        {
            let none = ask(&mut client, kind, "", Content::Empty);
            assert_eq!(
                (types(&none), &none[0].content),
                (vec![answer.to_owned()], &Content::Response(1))
            );
        }
        let capability = ask(&mut client, "GET_CAPABIL", "", Content::Empty);
        let Content::Capability(capability) = &capability[0].content else { panic!("none") };
        assert!(capability.types.iter().any(|kind| kind.to_str() == "STT_TDATA"));
        assert_eq!(types(&ask(&mut client, "GET_IMGMETA", "", Content::Empty)), ["IMGMETA"]);
    }

    #[test]
    fn tdata_is_streamed_no_oftener_than_asked_until_it_is_stopped() {
        let mut client = Conversation::new();
        let start = StartTracking { interval_ms: 50, coordinate_system: Text::truncated("") };
        let begun = ask(&mut client, "STT_TDATA", "", Content::StartTracking(start));
        assert_eq!(
            (types(&begun), &begun[0].content),
            (vec!["RTS_TDATA".to_owned()], &Content::Response(0))
        );
        let tdata = parcel("TDATA", "tracker.poses");
        let sent = (0..1000).filter(|at| client.wants(&tdata, MS * *at)).count();
        assert_eq!(sent, 20);
        let ended = ask(&mut client, "STP_TDATA", "", Content::Empty);
        assert_eq!(ended[0].content, Content::Response(0));
        assert!(!client.wants(&tdata, MS * 5000));
    }

    #[test]
    fn one_device_is_stopped_and_the_others_go_on() {
        let mut client = Conversation::new();
        ask(&mut client, "STP_STRING", "a", Content::Empty);
        assert!(!client.wants(&parcel("STRING", "a"), MS));
        assert!(client.wants(&parcel("STRING", "b"), MS));
        ask(&mut client, "STP_STRING", "", Content::Empty);
        assert!(!client.wants(&parcel("STRING", "b"), MS));
        ask(&mut client, "STT_STRING", "b", Content::Empty);
        assert!(client.wants(&parcel("STRING", "b"), MS));
        assert!(!client.wants(&parcel("STRING", "a"), MS));
    }

    #[test]
    fn an_answer_has_the_number_of_its_question() {
        let mut request =
            Message::new("GET_IMAGE", "x", Timestamp::default(), Content::Empty).unwrap();
        request.set_metadata("key", "value");
        request.extended_header.as_mut().unwrap().message_id = 77;
        let answers = Conversation::new().hear(&request, &Shelf::default());
        let [Answer::Message(answer)] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!((answer.version, answer.extended_header.as_ref().unwrap().message_id), (2, 77));
        assert!(Message::decode(&answer.encode().unwrap()).is_ok());
    }

    #[test]
    fn what_is_no_request_is_ignored() {
        let string = parcel("STRING", "a");
        let answers = Conversation::new().hear(string.message(), &Shelf::default());
        assert!(matches!(&answers[..], [Answer::Ignored { kind }] if kind == "STRING"));
    }
}
