//! The kinds of streams a recording holds, and their names in the file.

use messages::wire::Envelope;
use runtime::Topic;

/// All that is recorded.
pub const RECORDED: [Topic; 4] = [Topic::Stream, Topic::Health, Topic::Journal, Topic::Event];

/// The name in the file.
pub fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Stream => "stream",
        Topic::Health => "health",
        Topic::Journal => "journal",
        Topic::Event => "event",
        Topic::Status => "status",
    }
}

/// The topic with that name.
pub fn from_name(text: &str) -> Option<Topic> {
    RECORDED.into_iter().find(|&topic| name(topic) == text)
}

/// What a message says about its topic; for messages whose channel is unknown.
pub fn of(envelope: &Envelope) -> Topic {
    let port = envelope.stream.rsplit('.').next().unwrap_or_default();
    match (port, envelope.schema.as_str()) {
        ("health", "Health") => Topic::Health,
        ("journal", "JournalEntry") => Topic::Journal,
        ("event", "Event") => Topic::Event,
        _ => Topic::Stream,
    }
}
