//! What a server sends: which types under which names, and how often.

use std::collections::BTreeMap;

use super::{Content, Message, Query, StartTracking, Text, Timestamp};

/// How many streams are told apart; a sender of more has a new name for each message.
const MOST_STREAMS: usize = 64;

/// What was heard of a server for a while.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    streams: BTreeMap<(String, String), SurveyedStream>,
    /// Messages that were damaged.
    pub damaged: u64,
    /// Messages under more names than are told apart.
    pub unlisted: u64,
}

/// What was heard of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyedStream {
    /// How many messages came.
    pub messages: u64,
    /// How many of them have no time.
    pub unstamped: u64,
    /// Arrival of the first and of the last, nanoseconds on the listener's clock.
    pub arrived_ns: [i64; 2],
    /// The last one.
    pub last: Message,
}

impl SurveyedStream {
    /// Messages a second; nothing of a single one.
    pub fn rate_hz(&self) -> Option<f64> {
        let [first, last] = self.arrived_ns;
        (last > first).then(|| (self.messages - 1) as f64 * 1e9 / (last - first) as f64)
    }
}

impl Survey {
    /// Of a server of which nothing was heard.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes that ask a server what it takes, and for tracking data and images; one that sends by itself ignores
    /// them.
    pub fn questions() -> Vec<u8> {
        let start = StartTracking { interval_ms: 50, coordinate_system: Text::truncated("") };
        let asked = [
            (Query::Get.of("CAPABILITY"), Content::Empty),
            (Query::Start.of("TDATA"), Content::StartTracking(start)),
            (Query::Start.of("IMAGE"), Content::Empty),
        ];
        let messages = asked.into_iter().filter_map(|(name, content)| {
            let message = Message::new(&name.to_str(), "", Timestamp::default(), content);
            message.and_then(|message| message.encode()).ok()
        });
        messages.flatten().collect()
    }

    /// Takes a message that arrived at an instant of the listener's clock, in nanoseconds.
    pub fn take(&mut self, message: Message, arrived_ns: i64) {
        let key = (message.type_name.to_str().into_owned(), message.device_name().into_owned());
        let unstamped = u64::from(message.timestamp.is_unset());
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.messages += 1;
            stream.unstamped += unstamped;
            stream.arrived_ns[1] = arrived_ns;
            stream.last = message;
        } else if self.streams.len() < MOST_STREAMS {
            let arrived_ns = [arrived_ns; 2];
            let stream = SurveyedStream { messages: 1, unstamped, arrived_ns, last: message };
            self.streams.insert(key, stream);
        } else {
            self.unlisted += 1;
        }
    }

    /// What came, by type and by name.
    pub fn streams(&self) -> impl Iterator<Item = (&str, &str, &SurveyedStream)> {
        self.streams.iter().map(|((kind, name), stream)| (kind.as_str(), name.as_str(), stream))
    }

    /// What came of the given types, in words: `TRANSFORM ProbeToTracker 50.1 Hz, …`; nothing if nothing came.
    pub fn in_words(&self, types: &[&str]) -> Option<String> {
        let words: Vec<String> = self
            .streams()
            .filter(|(kind, _, _)| types.is_empty() || types.contains(kind))
            .map(|(kind, name, stream)| match stream.rate_hz() {
                Some(rate) => format!("{kind} {name} {rate:.1} Hz"),
                None => format!("{kind} {name} once"),
            })
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::StringMessage;
    use super::*;

    fn message(device: &str, stamp: u64) -> Message {
        let content = Content::String(StringMessage::new("x"));
        Message::new("STRING", device, Timestamp::from_nanoseconds(stamp), content).unwrap()
    }

    #[test]
    fn each_name_has_its_rate() {
        let mut survey = Survey::new();
        for at in 0..11 {
            survey.take(message("a", 7), at * 20_000_000);
        }
        survey.take(message("b", 0), 5);
        assert_eq!(survey.in_words(&[]).unwrap(), "STRING a 50.0 Hz, STRING b once");
        assert_eq!(survey.in_words(&["IMAGE"]), None);
        let unstamped: u64 = survey.streams().map(|(_, _, stream)| stream.unstamped).sum();
        assert_eq!(unstamped, 1);
    }

    #[test]
    fn the_questions_are_messages() {
        let bytes = Survey::questions();
        let names: Vec<String> =
            Message::decode_all(&bytes).map(|one| one.unwrap().type_name.to_string()).collect();
        assert_eq!(names, ["GET_CAPABIL", "STT_TDATA", "STT_IMAGE"]);
    }

    #[test]
    fn a_new_name_for_each_message_takes_no_more_memory() {
        let mut survey = Survey::new();
        (0..1000).for_each(|at| survey.take(message(&format!("n{at}"), 1), at));
        assert_eq!((survey.streams().count(), survey.unlisted), (MOST_STREAMS, 936));
    }
}
