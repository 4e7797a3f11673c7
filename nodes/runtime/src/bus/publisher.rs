//! The sending side of one key: what was sent last is kept for consumers that missed it.

use std::sync::OnceLock;
use std::time::Duration;

use messages::message::KEPT_WITHOUT_ARRAYS;
use zenoh::Wait as _;
use zenoh::qos::Priority;
use zenoh_ext::{
    AdvancedPublisher, AdvancedPublisherBuilderExt as _, CacheConfig, MissDetectionConfig,
};

use super::{Bus, BusError, declare};

/// Sends on one key; keeps what it sent last for consumers that missed it.
pub struct Publisher {
    key: String,
    usual: AdvancedPublisher<'static>,
    /// In place of it if the first message is large: keeps only a few. A cache's size is fixed when it
    /// is declared, and consumers must know it before the start.
    for_large: Option<AdvancedPublisher<'static>>,
    is_large: OnceLock<bool>,
}

/// A larger message would make the kept ones wander through more memory than the processor's caches hold.
const LARGE: usize = 1 << 20;
/// How many large messages are kept.
const LARGE_KEPT: usize = 4;

/// How messages go over a link to another process, which has room for some that wait there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Before all others, each at once.
    Prompt,
    /// Before all others; small ones that wait share one place, so that a burst of them finds room.
    Gathered,
    /// After the others.
    Bulk,
}

impl Bus {
    /// A publisher that keeps its last `kept` messages for consumers that missed them, or the last four
    /// if they may be large (`kept` is then below [`KEPT_WITHOUT_ARRAYS`]) and the first is larger than 1 MiB.
    ///
    /// # Errors
    /// If the key is refused.
    pub fn publisher(
        &self,
        key: &str,
        kept: usize,
        sending: Sending,
    ) -> Result<Publisher, BusError> {
        let for_large = (LARGE_KEPT + 1..KEPT_WITHOUT_ARRAYS)
            .contains(&kept)
            .then(|| self.advanced_publisher(key, LARGE_KEPT, sending))
            .transpose()?;
        Ok(Publisher {
            key: key.to_owned(),
            usual: self.advanced_publisher(key, kept, sending)?,
            for_large,
            is_large: OnceLock::new(),
        })
    }

    fn advanced_publisher(
        &self,
        key: &str,
        kept: usize,
        sending: Sending,
    ) -> Result<AdvancedPublisher<'static>, BusError> {
        self.session
            .declare_publisher(key.to_owned())
            .congestion_control(self.congestion)
            .priority(if sending == Sending::Bulk { Priority::Data } else { Priority::RealTime })
            .express(sending != Sending::Gathered)
            .cache(CacheConfig::default().max_samples(kept))
            .sample_miss_detection(
                MissDetectionConfig::default().sporadic_heartbeat(Duration::from_millis(100)),
            )
            .publisher_detection()
            .wait()
            .map_err(|error| declare(key, &error))
    }
}

impl Publisher {
    /// Before the first message of `length` bytes: from then on one of the two is used.
    pub(super) fn choose(&self, length: usize) {
        self.is_large.get_or_init(|| length > LARGE);
    }

    /// Sends bytes: all on the same of the two once the first message went.
    ///
    /// # Errors
    /// If they cannot be sent.
    pub fn put(&self, bytes: impl Into<zenoh::bytes::ZBytes>) -> Result<(), BusError> {
        let publisher = match (self.is_large.get(), &self.for_large) {
            (Some(true), Some(for_large)) => for_large,
            _ => &self.usual,
        };
        publisher.put(bytes).wait().map_err(|error| self.failed(&error))
    }

    /// Sends bytes on both, before the first message: consumers then know where each begins.
    ///
    /// # Errors
    /// If they cannot be sent.
    pub fn hello(&self, bytes: Vec<u8>) -> Result<(), BusError> {
        if let Some(for_large) = &self.for_large {
            for_large.put(bytes.clone()).wait().map_err(|error| self.failed(&error))?;
        }
        self.usual.put(bytes).wait().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> BusError {
        BusError::Send { key: self.key.clone(), reason: error.to_string() }
    }

    /// Whether anybody hears it now.
    pub fn is_heard(&self) -> bool {
        self.usual.matching_status().wait().is_ok_and(|status| status.matching())
    }
}
