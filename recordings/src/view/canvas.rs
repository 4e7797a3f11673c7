//! Where messages are drawn: one Rerun stream, its timelines, and no more in memory than it may.

use std::path::Path;
use std::time::Duration;

use messages::Timestamp;
use messages::wire::Envelope;
use rerun::blueprint::BlueprintActivation;
use rerun::external::re_log_types::LogMsg;
use rerun::log::ChunkBatcherConfig;
use rerun::sink::{FileSink, FileSinkOptions};
use rerun::{AsComponents, RecordingStream, RecordingStreamBuilder};

use super::layout::Layout;

/// The application's name in the viewer.
pub const APPLICATION: &str = "vesalius";

/// So much is handed to Rerun before it is asked whether it wrote it.
const UNFLUSHED: usize = 32 << 20;

/// How rows are gathered for a file: by default there are hundreds of chunks a second, each of which costs
/// some kilobytes.
const IN_A_FILE: ChunkBatcherConfig = ChunkBatcherConfig {
    flush_tick: Duration::from_secs(10),
    flush_num_bytes: 8 << 20,
    ..ChunkBatcherConfig::DEFAULT
};

/// Why something cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum CanvasError {
    /// Rerun refused it.
    #[error("Rerun cannot take it: {0}")]
    Rerun(#[from] rerun::RecordingStreamError),
    /// There is nothing to draw on.
    #[error(
        "cannot draw into {to}: {reason}; is the folder there and writable, the disk not full, the address right?"
    )]
    Open {
        /// The file or the address.
        to: String,
        /// What Rerun says.
        reason: String,
    },
    /// It is not written.
    #[error("{to} cannot be written any more: {reason}; is the disk full, or the viewer gone?")]
    Stuck {
        /// The file or the address.
        to: String,
        /// What Rerun says.
        reason: String,
    },
}

/// Whether a file ends with an index of its chunks, by which a viewer finds a moment without reading all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// It does; until then Rerun keeps the index in memory, which grows with the file.
    AtTheEnd,
    /// It does not, and memory stays flat however long it takes; `rerun rrd optimize` adds an index.
    None,
}

/// One Rerun stream.
pub struct Canvas {
    stream: RecordingStream,
    to: String,
    unflushed: usize,
    patience: Duration,
}

fn builder(session: &str, name: &str) -> RecordingStreamBuilder {
    RecordingStreamBuilder::new(APPLICATION)
        .recording_id(session)
        .recording_name(name)
        .send_properties(true)
        // Whether to draw is decided in the graph, not in the environment.
        .enabled(true)
}

fn open(to: &str, error: &rerun::RecordingStreamError) -> CanvasError {
    CanvasError::Open { to: to.to_owned(), reason: error.to_string() }
}

impl Canvas {
    fn new(stream: RecordingStream, to: String, patience: Duration) -> Self {
        stream.set_log_tick_enabled(false);
        stream.set_log_time_enabled(false);
        Self { stream, to, unflushed: 0, patience }
    }

    /// Draws into a file, replacing what is there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn file(path: &Path, session: &str, name: &str, index: Index) -> Result<Self, CanvasError> {
        let to = path.display().to_string();
        let options = FileSinkOptions { write_footer: index == Index::AtTheEnd };
        let sink =
            FileSink::with_options(path, options).map_err(|error| open(&to, &error.into()))?;
        let stream = builder(session, name)
            .batcher_config(IN_A_FILE)
            .buffered()
            .map_err(|error| open(&to, &error))?;
        stream.set_sink(Box::new(sink));
        Ok(Self::new(stream, to, Duration::from_mins(1)))
    }

    /// Draws in a running viewer.
    ///
    /// # Errors
    /// If the address makes no sense; a viewer that is not there is no error.
    pub fn viewer(address: &str, session: &str, name: &str) -> Result<Self, CanvasError> {
        let stream = builder(session, name)
            .connect_grpc_opts(address)
            .map_err(|error| open(address, &error))?;
        Ok(Self::new(stream, address.to_owned(), Duration::from_secs(5)))
    }

    /// From now on everything is drawn at the times and the number of this message, and at the time
    /// since `start` at which it was published, if that is known.
    pub fn at(&self, envelope: &Envelope, start: Option<Timestamp>) {
        self.stream
            .set_timestamp_nanos_since_epoch("acquired_at", envelope.acquired_at.0.max(-i64::MAX));
        self.stream.set_timestamp_nanos_since_epoch(
            "published_at",
            envelope.published_at.0.max(-i64::MAX),
        );
        let sequence = i64::try_from(envelope.sequence).unwrap_or(i64::MAX);
        self.stream.set_time_sequence("sequence", sequence);
        if let Some(start) = start {
            let since_s = envelope.published_at.0.saturating_sub(start.0) as f64 * 1e-9;
            self.stream.set_duration_secs("session_time", since_s);
        }
    }

    /// Draws at an entity; `bytes` is about how much it weighs.
    ///
    /// # Errors
    /// If Rerun refuses it, or does not write what it took.
    pub fn draw(
        &mut self,
        entity: &str,
        what: &dyn AsComponents,
        bytes: usize,
    ) -> Result<(), CanvasError> {
        self.stream.log(entity, what)?;
        // A row costs something too.
        self.unflushed += bytes + 256;
        if self.unflushed >= UNFLUSHED {
            self.flush()?;
        }
        Ok(())
    }

    /// Draws something that holds at all times.
    ///
    /// # Errors
    /// If Rerun refuses it.
    pub fn draw_always(&self, entity: &str, what: &dyn AsComponents) -> Result<(), CanvasError> {
        Ok(self.stream.log_static(entity, what)?)
    }

    /// Takes away what is drawn at an entity and below it.
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn clear(&mut self, entity: &str) -> Result<(), CanvasError> {
        self.draw(entity, &rerun::Clear::recursive(), 0)
    }

    /// Stores a layout, which becomes the one that is shown.
    ///
    /// # Errors
    /// If Rerun refuses it.
    pub fn lay_out(&self, layout: &Layout) -> Result<(), CanvasError> {
        let (scratch, said) = RecordingStreamBuilder::new(APPLICATION).enabled(true).memory()?;
        layout.blueprint.send(&scratch, BlueprintActivation::default())?;
        let mut messages = said.take();
        let activation = messages.iter().find_map(|message| match message {
            LogMsg::BlueprintActivationCommand(command) => Some(command.clone()),
            _ => None,
        });
        let Some(activation) = activation else { return Ok(()) };
        let id = &activation.blueprint_id;
        messages.retain(|message| {
            message.store_id() == id && !matches!(message, LogMsg::BlueprintActivationCommand(_))
        });
        // Rerun's layouts have no properties, but they are a recording like any other.
        let (more, said) = RecordingStreamBuilder::new(APPLICATION)
            .recording_id(id.recording_id().clone())
            .enabled(true)
            .blueprint()
            .memory()?;
        more.set_time_sequence("blueprint", 0);
        for (path, property) in layout.properties.iter() {
            more.log(path.clone(), property)?;
        }
        let of_layout =
            |message: &LogMsg| matches!(message, LogMsg::ArrowMsg(..)) && message.store_id() == id;
        messages.extend(said.take().into_iter().filter(of_layout));
        self.stream.send_blueprint(messages, activation);
        Ok(())
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// If it is not.
    pub fn flush(&mut self) -> Result<(), CanvasError> {
        self.unflushed = 0;
        self.stream
            .flush_with_timeout(self.patience)
            .map_err(|error| CanvasError::Stuck { to: self.to.clone(), reason: error.to_string() })
    }
}

/// A name as one part of an entity path, whatever characters it has.
pub fn part(name: &str) -> String {
    rerun::EntityPathPart::new(name).escaped_string()
}

/// The place of a stream in an entity path: `node/port`.
pub fn place(stream: &str) -> String {
    stream.replacen('.', "/", 1)
}
