//! Who and which, as keyed hashes: enough to tell one patient, series or frame of reference from another, and nothing
//! of who or which it is.
//!
//! The hash is BLAKE3 in its keyed mode, so that nobody without the key can try out names and numbers. What a key holds
//! for is said in [`PatientKey`].

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dataset::Dataset;
use super::file_error::FileError;

macro_rules! hash {
    ($(#[doc = $doc:literal])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The bytes of the hash.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NoHash;

            fn from_str(text: &str) -> Result<Self, NoHash> {
                let mut bytes = [0; 32];
                if text.len() != 64 || !text.is_ascii() {
                    return Err(NoHash);
                }
                for (at, byte) in bytes.iter_mut().enumerate() {
                    let digits = &text[2 * at..2 * at + 2];
                    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    let value = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex);
                    *byte = value.ok_or(NoHash)?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

hash! {
    /// Which patient, as a keyed hash of `PatientID` and `IssuerOfPatientID`; where the ID is empty, of name and birth
    /// date. Equal keys, made with the same secret, mean that the files name the same patient in the same way. Unequal
    /// keys may be the same patient still, known to two archives by two numbers.
    PatientKey
}
hash! {
    /// Which series, as a keyed hash of `SeriesInstanceUID`.
    SeriesKey
}
hash! {
    /// Which instance (an image, or an enhanced file of many), as a keyed hash of `SOPInstanceUID`.
    InstanceKey
}
hash! {
    /// In which frame of reference the places are, as a keyed hash of `FrameOfReferenceUID`: images of equal keys lie
    /// right on each other as far as the patient lay still.
    FrameOfReferenceKey
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is written as 64 hexadecimal digits")]
pub struct NoHash;

/// Hashes some texts; `domain` keeps hashes of one kind apart from those of others.
fn hashed(secret: &[u8; 32], domain: &str, texts: &[&str]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    for text in [domain].iter().chain(texts) {
        // With its length in front, no text can run into the next.
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

impl InstanceKey {
    /// Of the instance with this identifier, as a request to store it tells it beside the data set.
    pub fn of(uid: &str, secret: &[u8; 32]) -> Self {
        Self(hashed(secret, "instance", &[uid.trim_matches([' ', '\0'])]))
    }
}

/// Who and which, of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `None` if the files do not say who it is.
    pub patient: Option<PatientKey>,
    /// Which series.
    pub series: SeriesKey,
    /// Which of its instances.
    pub instance: InstanceKey,
    /// `None` if the files do not say.
    pub frame_of_reference: Option<FrameOfReferenceKey>,
}

impl Identity {
    /// Hashes what a data set says.
    pub fn of(dataset: &Dataset, secret: &[u8; 32]) -> Result<Self, FileError> {
        // De-identified files may have none; they belong together as far as they say.
        let series = text(dataset, tags::SERIES_INSTANCE_UID)?.unwrap_or_default();
        let instance = text(dataset, tags::SOP_INSTANCE_UID)?.unwrap_or_default();
        let frame = text(dataset, tags::FRAME_OF_REFERENCE_UID)?;
        Ok(Self {
            patient: patient(dataset, secret)?,
            series: SeriesKey(hashed(secret, "series", &[&series])),
            instance: InstanceKey::of(&instance, secret),
            frame_of_reference: frame
                .map(|uid| FrameOfReferenceKey(hashed(secret, "frame of reference", &[&uid]))),
        })
    }
}

fn patient(dataset: &Dataset, secret: &[u8; 32]) -> Result<Option<PatientKey>, FileError> {
    if let Some(id) = text(dataset, tags::PATIENT_ID)? {
        let issuer = text(dataset, tags::ISSUER_OF_PATIENT_ID)?.unwrap_or_default();
        return Ok(Some(PatientKey(hashed(secret, "patient by number", &[&id, &issuer]))));
    }
    let name = text(dataset, tags::PATIENT_NAME)?;
    let birth_date = text(dataset, tags::PATIENT_BIRTH_DATE)?;
    // Many have the same name; and many are called anonymous.
    let (Some(name), Some(birth_date)) = (name, birth_date) else { return Ok(None) };
    // Empty components at the end of a name may be left out (PS3.5 section 6.2).
    let name = name.trim_end_matches(['^', '=', ' ']);
    Ok(Some(PatientKey(hashed(secret, "patient by name", &[name, &birth_date]))))
}

/// A text in the character set that the file declares, so that an umlaut is the same in each.
fn text(dataset: &Dataset, tag: Tag) -> Result<Option<String>, FileError> {
    let Some(bytes) = dataset.trimmed(tag)? else { return Ok(None) };
    if bytes.is_ascii() {
        return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
    }
    let set = dataset.text(tags::SPECIFIC_CHARACTER_SET)?.unwrap_or(Cow::Borrowed(""));
    let codec = SpecificCharacterSet::from_code(set.split('\\').next().unwrap_or_default());
    if let Some(Ok(text)) = codec.map(|codec| codec.decode(bytes)) {
        return Ok(Some(text));
    }
    let mut hex = String::new();
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(Some(hex))
}
