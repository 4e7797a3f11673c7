//! The newest message of each type and device name: what `GET_` gives, and what a client that comes late gets first.

use std::collections::BTreeMap;
use std::sync::Arc;

use formats::openigtlink::{Content, ImageMeta};

use crate::parcel::Parcel;

/// So many are kept; more names than these are not told apart by anybody.
const MOST: usize = 1024;

/// The newest messages.
#[derive(Debug, Default)]
pub struct Shelf {
    parcels: BTreeMap<(String, String), Arc<Parcel>>,
}

impl Shelf {
    /// Puts one in the place of the one before.
    pub fn put(&mut self, parcel: &Arc<Parcel>) {
        let key = parcel.key();
        if self.parcels.len() < MOST || self.parcels.contains_key(&key) {
            self.parcels.insert(key, Arc::clone(parcel));
        }
    }

    /// Removes what is no longer so.
    pub fn withdraw(&mut self, is_withdrawn: impl Fn(&Parcel) -> bool) {
        self.parcels.retain(|_, parcel| !is_withdrawn(parcel));
    }

    /// The newest of a type: of a device, or, without a name, of all of them.
    pub fn find(&self, kind: &str, device: &str) -> Vec<Arc<Parcel>> {
        let fits =
            |(of, name): &(String, String)| of == kind && (device.is_empty() || name == device);
        self.parcels
            .iter()
            .filter(|(key, _)| fits(key))
            .map(|(_, parcel)| Arc::clone(parcel))
            .collect()
    }

    /// Which images there are.
    pub fn image_meta(&self) -> ImageMeta {
        ImageMeta {
            images: self.parcels.values().filter_map(|parcel| parcel.image_entry()).collect(),
        }
    }

    /// What a client gets first: what does not come again by itself soon.
    pub fn standing(&self) -> impl Iterator<Item = &Arc<Parcel>> {
        self.parcels.values().filter(|parcel| {
            !matches!(parcel.message().content, Content::TrackingData(_) | Content::String(_))
        })
    }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{Message, StringMessage, Timestamp};

    use super::*;

    fn parcel(device: &str, text: &str) -> Arc<Parcel> {
        let content = Content::String(StringMessage::new(text));
        let message = Message::new("STRING", device, Timestamp::default(), content).unwrap();
        Arc::new(Parcel::new(message, device))
    }

    #[test]
    fn the_newest_of_each_name_is_found_until_it_is_withdrawn() {
        let mut shelf = Shelf::default();
        for (device, text) in [("a", "old"), ("b", "other"), ("a", "new")] {
            shelf.put(&parcel(device, text));
        }
        assert_eq!(shelf.find("STRING", "").len(), 2);
        let [found] = &shelf.find("STRING", "a")[..] else { panic!("not one") };
        assert_eq!(found.message(), parcel("a", "new").message());
        assert!(shelf.find("IMAGE", "a").is_empty());
        shelf.withdraw(|parcel| parcel.stream() == "a");
        assert!(shelf.find("STRING", "a").is_empty());
        assert_eq!(shelf.find("STRING", "b").len(), 1);
    }
}
