//! Which images of which series are here, what is missing, and when a series is complete: pure.
//!
//! A series is judged
//! - as soon as as many images are here as its images tell that there are, if counts are believed;
//! - else once every association that brought some of it has ended and nothing more came for a while, as senders may open
//!   an association for each image;
//! - else once nothing came for longer, though an association is still open.
//!
//! It is complete if its images make one volume, none is missing by its place or by the count, and the last association
//! that brought some was not broken off: the end of a stack that is cut off cannot be seen by places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use formats::dicom::{Error, File, InstanceKey, Series as Assembled, SeriesKey};
use messages::Timestamp;

/// The most series at a time.
pub const MOST_SERIES: usize = 64;
/// The most images of one series.
pub const MOST_IMAGES: usize = 8192;

/// When a series is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether images are believed that tell how many there are.
    pub by_count: bool,
    /// How long nothing must come after the associations ended.
    pub settle: Duration,
    /// How long nothing must come while one is open.
    pub quiet: Duration,
}

/// An association, by the order in which they came.
pub type AssociationNumber = u64;

/// How an association ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As agreed: the sender had sent all that it wanted to.
    Released,
    /// In the midst.
    BrokenOff,
}

/// What an image is to those that are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A further one.
    New,
    /// It is here already.
    Again,
    /// Another one is here under the same identifier.
    Changed,
    /// There are too many series, or images of this one.
    Full,
}

/// What is to be done about a series.
#[derive(Debug)]
pub enum Verdict {
    /// Make a volume of it.
    Complete {
        /// Which.
        key: SeriesKey,
        /// When the last byte of it came.
        last_byte: Timestamp,
    },
    /// Something is missing or wrong; a sentence for people.
    Wanting {
        /// What, and what to do.
        reason: String,
    },
}

/// The images of one series.
#[derive(Default)]
struct Images {
    /// Without their pixels, in the order in which they came.
    files: Vec<File>,
    hashes: HashMap<InstanceKey, [u8; 32]>,
    /// Open associations that brought some.
    senders: BTreeSet<AssociationNumber>,
    is_broken_off: bool,
    is_judged: bool,
    /// Whether a volume was made of just these.
    is_published: bool,
    last_byte: Timestamp,
    last_event: Timestamp,
}

/// All series.
pub struct Tracker {
    rules: Rules,
    series: BTreeMap<SeriesKey, Images>,
}

impl Tracker {
    /// With nothing here.
    pub fn new(rules: Rules) -> Self {
        Self { rules, series: BTreeMap::new() }
    }

    /// What an image would be to those that are here.
    pub fn look(&self, file: &File, hash: &[u8; 32]) -> Arrival {
        let Some(images) = self.series.get(&file.series()) else {
            let is_full = self.series.len() >= MOST_SERIES;
            return if is_full { Arrival::Full } else { Arrival::New };
        };
        match images.hashes.get(&file.instance()) {
            Some(known) if known == hash => Arrival::Again,
            Some(_) => Arrival::Changed,
            None if images.files.len() >= MOST_IMAGES => Arrival::Full,
            None => Arrival::New,
        }
    }

    /// Takes an image whose last byte came at an instant; `hash` is equal for equal images.
    pub fn arrived(
        &mut self,
        from: Option<AssociationNumber>,
        file: File,
        hash: [u8; 32],
        at: Timestamp,
    ) -> Arrival {
        let arrival = self.look(&file, &hash);
        if !matches!(arrival, Arrival::New | Arrival::Again) {
            return arrival;
        }
        let images = self.series.entry(file.series()).or_default();
        images.senders.extend(from);
        images.last_event = images.last_event.max(at);
        images.is_judged = false;
        if arrival == Arrival::New {
            images.hashes.insert(file.instance(), hash);
            images.files.push(file.without_pixels());
            images.last_byte = images.last_byte.max(at);
            images.is_published = false;
        }
        arrival
    }

    /// An association has ended.
    pub fn ended(&mut self, association: AssociationNumber, how: Ending, at: Timestamp) {
        for images in self.series.values_mut() {
            if images.senders.remove(&association) {
                images.is_broken_off = how == Ending::BrokenOff;
                images.is_judged = false;
                images.last_event = images.last_event.max(at);
            }
        }
    }

    /// What is to be done now. Each state of a series is judged once.
    pub fn judge(&mut self, now: Timestamp) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (key, images) in &mut self.series {
            if images.is_judged || images.is_published {
                continue;
            }
            let is_counted =
                self.rules.by_count && images.told().is_some_and(|told| images.files.len() >= told);
            let (wait, since) = if images.senders.is_empty() {
                (self.rules.settle, images.last_event)
            } else {
                (self.rules.quiet, images.last_byte)
            };
            let is_over = now.since(since) >= wait;
            if !is_counted && !is_over {
                continue;
            }
            match images.flaw(&self.rules, is_counted) {
                None => {
                    images.is_published = true;
                    verdicts.push(Verdict::Complete { key: *key, last_byte: images.last_byte });
                }
                // More may come that puts it right.
                Some(_) if !is_over => continue,
                Some(reason) => verdicts.push(Verdict::Wanting { reason }),
            }
            images.is_judged = true;
        }
        verdicts
    }

    /// How many images of a series are here.
    pub fn images(&self, key: &SeriesKey) -> usize {
        self.series.get(key).map_or(0, |images| images.files.len())
    }
}

impl Images {
    /// How many images there are, as they say themselves; files of many frames are counted in other ways.
    fn told(&self) -> Option<usize> {
        if self.files.iter().any(|file| file.images() != 1) {
            return None;
        }
        self.files.iter().filter_map(|file| file.told().images).max().map(|told| told as usize)
    }

    /// Why no volume can be made of them.
    fn flaw(&self, rules: &Rules, is_counted: bool) -> Option<String> {
        let here = self.files.len();
        let told = self.told().filter(|told| rules.by_count && here < *told);
        let checked = Assembled::check(&self.files.iter().collect::<Vec<_>>());
        let count = match told {
            Some(told) => format!("{here} of {told} slices are here"),
            None if here == 1 => "1 image is here".to_owned(),
            None => format!("{here} images are here"),
        };
        let what = self.name();
        let again = "send the series again: images that are here are taken once";
        match checked {
            Err(Error::MissingSlices { missing, gaps, below_mm, above_mm, spacing_mm, .. }) => {
                let more =
                    if gaps > 1 { format!(", and {} more gaps", gaps - 1) } else { String::new() };
                let (slices, are) = if missing == 1 { ("slice", "is") } else { ("slices", "are") };
                Some(format!(
                    "{what} is not whole: {count}; a gap from z = {below_mm:.1} to {above_mm:.1} mm along the stack{more}: {missing} {slices} {are} missing where slices lie {spacing_mm:.2} mm apart; {again}"
                ))
            }
            Ok(_) | Err(Error::OneImage { .. }) if told.is_some() => Some(format!(
                "{what} is not whole: {count}, and those that are missing lie at its ends; {again}"
            )),
            Ok(_) | Err(Error::OneImage { .. }) if self.is_broken_off && !is_counted => {
                Some(format!(
                    "{what} may not be whole: {count}, then the association was broken off; {again}"
                ))
            }
            Ok(_) => None,
            Err(error) => Some(format!("{what} makes no volume ({count}): {error}")),
        }
    }

    /// What it is called, for people.
    fn name(&self) -> String {
        let Some(first) = self.files.first() else { return "the series".to_owned() };
        match self.files.iter().filter_map(File::series_number).min() {
            Some(number) => format!("the series of {} with number {number}", first.modality()),
            None => format!("the series of {}", first.modality()),
        }
    }
}

#[cfg(test)]
mod tests;
