//! What becomes of an image that came: read without who the patient is, admitted or refused, stored, and counted.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use formats::dicom::command::Status;
use formats::dicom::{Error, File, InstanceKey, PatientKey, SeriesKey};
use formats::metaimage::Limits;
use messages::Timestamp;
use runtime::clock::SessionClock;
use runtime::{SessionPatient, log};

use super::series::{Arrival, AssociationNumber, Ending, MOST_SERIES, Rules, Tracker, Verdict};
use super::store::{Store, StoreError};
use crate::preoperative::ScannerKind;

/// Sentences that wait to be told; beyond that they are counted.
const MOST_NEWS: usize = 64;

/// Who may be imaged, with what, and how much is taken.
pub struct Terms {
    /// The kind of scanner whose images are taken.
    pub modality: ScannerKind,
    /// Bytes of one data set, as it comes.
    pub most_image_bytes: usize,
    /// Bytes of the pixels of all images together.
    pub most_bytes: u64,
    /// When a series is judged.
    pub rules: Rules,
}

/// The images of all associations.
pub struct Reception {
    terms: Terms,
    clock: SessionClock,
    secret: [u8; 32],
    patient: Option<SessionPatient>,
    store: Store,
    here: Mutex<Here>,
}

struct Here {
    tracker: Tracker,
    bytes: u64,
    images: u64,
    news: VecDeque<String>,
    unsaid: u64,
}

/// An image that came over an association.
pub struct Received<'a> {
    /// Over which.
    pub association: AssociationNumber,
    /// The identifier of the image that the request names.
    pub instance: &'a str,
    /// How the data set is written.
    pub transfer_syntax: &'a str,
    /// Its bytes.
    pub data: &'a [u8],
    /// When the last of them came.
    pub at: Timestamp,
}

/// Why an image is not taken.
#[derive(Debug)]
pub struct Refusal {
    /// For the program at the other side.
    pub status: Status,
    /// For the person at the other side, in a few words.
    pub comment: &'static str,
    /// For the person at this side, as a sentence.
    pub reason: String,
}

impl Refusal {
    fn new(status: Status, comment: &'static str, reason: String) -> Self {
        Self { status, comment, reason }
    }
}

impl Reception {
    /// With what a process before this one has stored. Of no session, `patient` is `None`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn new(
        terms: Terms,
        clock: SessionClock,
        secret: [u8; 32],
        patient: Option<SessionPatient>,
        store: Store,
    ) -> Result<Self, StoreError> {
        let mut here = Here {
            tracker: Tracker::new(terms.rules),
            bytes: 0,
            images: 0,
            news: VecDeque::new(),
            unsaid: 0,
        };
        for stored in store.read(None)? {
            let stored = stored?;
            here.images += 1;
            let name = format!("image {}", here.images);
            match (File::restore(&name, &stored.bytes, &secret), File::kept_hash(&stored.bytes)) {
                (Ok(file), Some(hash)) => {
                    here.bytes += file.pixel_bytes();
                    here.tracker.arrived(None, file, hash, stored.at);
                }
                (Err(damaged), _) => here.say(damaged.to_string()),
                (Ok(_), None) => {}
            }
        }
        Ok(Self { terms, clock, secret, patient, store, here: Mutex::new(here) })
    }

    /// What is taken.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes an image: afterwards it is stored, and will not be lost.
    ///
    /// # Errors
    /// If it is refused.
    pub fn take(&self, received: &Received) -> Result<(), Refusal> {
        let name = {
            let mut here = self.here();
            here.images += 1;
            format!("image {}", here.images)
        };
        let limits = Limits {
            header_bytes: self.terms.most_image_bytes as u64,
            // Of a compressed data set, what it unfolds to.
            pixel_bytes: self.terms.most_bytes,
        };
        let Received { data, transfer_syntax, .. } = *received;
        let not_understood = |error: Error| {
            Refusal::new(
                Status::CANNOT_UNDERSTAND,
                "cannot be read as an image",
                format!("an image is refused: {error}"),
            )
        };
        let file = File::of_data_set(&name, data, transfer_syntax, &self.secret, &limits);
        let file = file.map_err(not_understood)?;
        if file.instance() != InstanceKey::of(received.instance, &self.secret) {
            let reason = "an image is refused: its data set is not the one that was announced; look at the sender";
            return Err(Refusal::new(
                Status::DOES_NOT_MATCH,
                "not the announced image",
                reason.to_owned(),
            ));
        }
        self.check_kind(&file)?;
        if file.is_localizer() {
            log::info(
                "a localizer came, which shows only where images were planned: it is set aside",
            );
            return Ok(());
        }
        if let Some(problem) = file.problem() {
            return Err(not_understood(Error::File { name, problem: problem.clone() }));
        }
        let kept = file.keep(&self.secret);
        let hash = File::kept_hash(&kept).unwrap_or_default();
        let mut here = self.here();
        match here.tracker.look(&file, &hash) {
            Arrival::New => {}
            Arrival::Again => {
                here.tracker.arrived(Some(received.association), file, hash, received.at);
                return Ok(());
            }
            Arrival::Changed => {
                let reason = "an image is refused: it came again under the same identifier with other contents, and the first is kept; begin a new series at the scanner";
                let comment = "same identifier, other contents";
                return Err(Refusal::new(Status::CANNOT_UNDERSTAND, comment, reason.to_owned()));
            }
            Arrival::Full => {
                let reason = format!(
                    "an image is refused: there are more than {MOST_SERIES} series, or too many images of one; send only the series that is meant"
                );
                return Err(Refusal::new(Status::OUT_OF_RESOURCES, "too many images", reason));
            }
        }
        let bytes = here.bytes + file.pixel_bytes();
        if bytes > self.terms.most_bytes {
            let reason = format!(
                "an image is refused: the images so far take {} MiB, and `max_mib` is {}; send fewer, or raise it",
                here.bytes >> 20,
                self.terms.most_bytes >> 20
            );
            return Err(Refusal::new(Status::OUT_OF_RESOURCES, "too many bytes", reason));
        }
        if let Some(session) = &self.patient {
            let patient = file.patient();
            session.admit(patient.as_ref().map(PatientKey::as_bytes)).map_err(|error| {
                let reason = format!("an image is refused: {error}");
                Refusal::new(Status::NOT_AUTHORIZED, "not of the patient of this session", reason)
            })?;
        }
        self.store.write(&file, &kept, received.at).map_err(|error| {
            let reason = format!("an image is refused: {error}");
            Refusal::new(Status::OUT_OF_RESOURCES, "cannot be stored", reason)
        })?;
        here.bytes = bytes;
        here.tracker.arrived(Some(received.association), file, hash, received.at);
        Ok(())
    }

    fn check_kind(&self, file: &File) -> Result<(), Refusal> {
        if self.terms.modality.takes(file.modality()) {
            return Ok(());
        }
        let reason = format!(
            "an image is refused: it is of modality {}, but `modality` is {:?}; send the other series, or set the right modality",
            file.modality(),
            self.terms.modality
        );
        Err(Refusal::new(Status::DOES_NOT_MATCH, "of another modality", reason))
    }

    /// An association has ended.
    pub fn ended(&self, association: AssociationNumber, how: Ending) {
        self.here().tracker.ended(association, how, self.now());
    }

    /// Keeps a sentence for the person who watches the device.
    pub fn say(&self, sentence: String) {
        self.here().say(sentence);
    }

    /// The oldest sentence that was not told yet.
    pub fn news(&self) -> Option<String> {
        let mut here = self.here();
        let told = here.news.pop_front();
        if told.is_none() && here.unsaid > 0 {
            let unsaid = std::mem::take(&mut here.unsaid);
            return Some(format!("{unsaid} more sentences about images could not be kept"));
        }
        told
    }

    /// What is to be done about the series.
    pub fn judge(&self) -> Vec<Verdict> {
        self.here().tracker.judge(self.now())
    }

    /// How many images of a series are here.
    pub fn images(&self, key: &SeriesKey) -> usize {
        self.here().tracker.images(key)
    }

    /// The images of a series, with their pixels, that came up to an instant.
    ///
    /// # Errors
    /// If they cannot be read, as a sentence.
    pub fn images_of(&self, key: &SeriesKey, until: Timestamp) -> Result<Vec<File>, String> {
        let stored = self.store.read(Some(key)).map_err(|error| error.to_string())?;
        let mut files = Vec::new();
        for stored in stored {
            let stored = stored.map_err(|error| error.to_string())?;
            if stored.at > until {
                continue;
            }
            let name = format!("image {}", files.len() + 1);
            let file = File::restore(&name, &stored.bytes, &self.secret);
            files.push(file.map_err(|error| error.to_string())?);
        }
        // The beginning of a key is in the names of files.
        files.retain(|file| file.series() == *key);
        Ok(files)
    }

    fn here(&self) -> std::sync::MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Here {
    fn say(&mut self, sentence: String) {
        if self.news.len() < MOST_NEWS {
            self.news.push_back(sentence);
        } else {
            self.unsaid += 1;
        }
    }
}
