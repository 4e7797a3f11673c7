//! Two messages with the same number: identical, or how far apart.

use messages::wire::Received;
use messages::{
    Distances, Frame, Health, Instruction, IntensityVolume, JournalEntry, LabelVolume,
    LandmarkCheck, Landmarks, LocatedImage, Message, Overlay, Patient, Preoperative, Registration,
    ReslicedImage, Scores, SegmentedImage, Surfaces, ToolPoses, UltrasoundImage, VesselTree,
    Volume,
};
use serde::de::IgnoredAny;

use super::difference::Difference;
use super::reference::Reference;
use super::{
    distances, image, label, landmarks, overlay, placement, pose, registration, scores, surfaces,
    vessel_tree, volume,
};

/// None if they are identical bit for bit, `published_at` and the session aside; `reference` is what is
/// measured with beside them.
pub fn difference(a: &Received, b: &Received, reference: &Reference) -> Option<Difference> {
    let (left, right) = (a.envelope(), b.envelope());
    let same_value = value(a).is_some() && value(a) == value(b);
    let same_arrays = left.arrays == right.arrays && arrays_equal(a, b);
    let same_schema =
        (&left.schema, left.version, &left.frames) == (&right.schema, right.version, &right.frames);
    let same_rest = left.kind == right.kind
        && left.validity == right.validity
        && left.acquired_at == right.acquired_at;
    if same_value && same_arrays && same_schema && same_rest {
        return None;
    }
    let mut difference = Difference::default();
    if !same_schema {
        difference.other(format!(
            "{} v{} [{}] against {} v{} [{}]",
            left.schema,
            left.version,
            left.frames.join(", "),
            right.schema,
            right.version,
            right.frames.join(", ")
        ));
        return Some(difference);
    }
    if left.kind != right.kind {
        difference.other(format!("a {:?} against a {:?}", left.kind, right.kind));
        return Some(difference);
    }
    if left.validity != right.validity {
        difference.other(format!("{:?} against {:?}", left.validity, right.validity));
    }
    if left.acquired_at != right.acquired_at {
        difference.ms(left.acquired_at.distance(right.acquired_at).as_secs_f64() * 1e3);
    }
    if !(same_value && same_arrays) {
        by_type(a, b, reference, &mut difference);
    }
    Some(difference)
}

fn by_type(a: &Received, b: &Received, reference: &Reference, difference: &mut Difference) {
    let before = difference.clone();
    let known = match a.envelope().schema.as_str() {
        ToolPoses::SCHEMA => both(a, b, |a, b| pose::tools(a, b, difference)),
        UltrasoundImage::SCHEMA => both(a, b, |a, b| image::images(a, b, difference)),
        LocatedImage::SCHEMA => both(a, b, |a: &LocatedImage, b: &LocatedImage| {
            image::images(&a.image, &b.image, difference);
            let size = [a.image.width_px, a.image.height_px];
            placement::placements(&a.placement, &b.placement, size, difference);
        }),
        ReslicedImage::SCHEMA => both(a, b, |a, b| image::resliced(a, b, difference)),
        SegmentedImage::SCHEMA => both(a, b, |a, b| label::segmentations(a, b, difference)),
        Volume::SCHEMA => both(a, b, |a, b| volume::volumes(a, b, difference)),
        VesselTree::<Patient>::SCHEMA
        | LabelVolume::<Patient>::SCHEMA
        | IntensityVolume::<Patient>::SCHEMA
        | Surfaces::<Patient>::SCHEMA
        | Landmarks::<Patient>::SCHEMA => {
            // Both sides have the same frames.
            match a.envelope().frames.first().map(String::as_str) {
                Some(Patient::NAME) => in_frame::<Patient>(a, b, difference),
                Some(Preoperative::NAME) => in_frame::<Preoperative>(a, b, difference),
                _ => None,
            }
        }
        Registration::SCHEMA => {
            both(a, b, |a, b| registration::registrations(a, b, &reference.map, difference))
        }
        Distances::SCHEMA => both(a, b, |a, b| distances::distances(a, b, difference)),
        Overlay::SCHEMA => {
            both(a, b, |a, b| overlay::overlays(a, b, reference.mm_per_px, difference))
        }
        LandmarkCheck::SCHEMA => both(a, b, |a, b| landmarks::checks(a, b, difference)),
        Scores::SCHEMA => both(a, b, |a, b| scores::scores(a, b, difference)),
        Instruction::SCHEMA => both(a, b, |a: &Instruction, b: &Instruction| {
            if a != b {
                difference.other(format!("told {a:?} against {b:?}"));
            }
        }),
        Health::SCHEMA => both(a, b, |a: &Health, b: &Health| {
            difference.other(format!("{} against {}", health(a), health(b)));
        }),
        JournalEntry::SCHEMA => both(a, b, |a: &JournalEntry, b: &JournalEntry| {
            if a.taken != b.taken {
                difference.other(format!("took {:?} against {:?}", a.taken, b.taken));
            }
            if a.taken_at != b.taken_at {
                difference.ms(a.taken_at.distance(b.taken_at).as_secs_f64() * 1e3);
            }
        }),
        _ => None,
    };
    // A type of somebody else, damaged, or it differs in what has no measure.
    if known.is_none_or(|equal| !equal && difference.is_still(&before)) {
        difference.other("the bytes of the value differ");
    }
}

/// Compares what comes in several frames.
fn in_frame<In: Frame + PartialEq>(
    a: &Received,
    b: &Received,
    difference: &mut Difference,
) -> Option<bool> {
    match a.envelope().schema.as_str() {
        VesselTree::<Patient>::SCHEMA => {
            both(a, b, |a: &VesselTree<In>, b| vessel_tree::trees(a, b, difference))
        }
        LabelVolume::<Patient>::SCHEMA => {
            both(a, b, |a: &LabelVolume<In>, b| volume::label_volumes(a, b, difference))
        }
        IntensityVolume::<Patient>::SCHEMA => {
            both(a, b, |a: &IntensityVolume<In>, b| volume::intensity_volumes(a, b, difference))
        }
        Surfaces::<Patient>::SCHEMA => {
            both(a, b, |a: &Surfaces<In>, b| surfaces::surfaces(a, b, difference))
        }
        Landmarks::<Patient>::SCHEMA => {
            both(a, b, |a: &Landmarks<In>, b| landmarks::landmarks(a, b, difference))
        }
        _ => None,
    }
}

/// Calls `compare` with both values, if both can be read; returns whether they are equal as numbers,
/// as 0 and −0 are.
fn both<T: Message + PartialEq>(
    a: &Received,
    b: &Received,
    compare: impl FnOnce(&T, &T),
) -> Option<bool> {
    let (a, b) = (a.decode::<T>().ok()?, b.decode::<T>().ok()?);
    compare(&a.value, &b.value);
    Some(a.value == b.value)
}

fn health(health: &Health) -> String {
    match health {
        Health::Healthy => "healthy".to_owned(),
        Health::Degraded { reason } => format!("degraded ({reason})"),
    }
}

/// The bytes of the value, without envelope and arrays.
fn value(received: &Received) -> Option<&[u8]> {
    let bytes: &[u8] = received.bytes();
    let mut rest = bytes;
    let mut skip = || {
        ciborium::de::from_reader_with_recursion_limit::<IgnoredAny, _>(&mut rest, 64).ok()?;
        Some(bytes.len() - rest.len())
    };
    let (start, end) = (skip()?, skip()?);
    bytes.get(start..end)
}

/// Arrays lie at other places if the envelopes are of other lengths, so they are compared one by one.
fn arrays_equal(a: &Received, b: &Received) -> bool {
    match (a.arrays(), b.arrays()) {
        (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.bytes == b.bytes),
        _ => false,
    }
}
