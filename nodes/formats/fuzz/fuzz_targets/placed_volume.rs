//! Volumes of any kind, with a file beside them or without.

use std::io;

use formats::placed_volume::PlacedVolume;

use super::{
    LIMITS, Target, assert_said, assert_volume, bounded, has, inflated, metaimage, nifti, nrrd,
    with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target =
    Target { name: "placed_volume", check, seeds, words: nrrd::TARGET.words };

fn check(bytes: &[u8]) {
    let (file, beside) = with_beside(bytes);
    let is_compressed =
        [&b"gz"[..], b"CompressedData", b"\x1f\x8b"].iter().any(|word| has(bytes, word));
    let mut asked = None;
    let inflated = if is_compressed { inflated(bytes.len()) } else { 0 };
    let read = bounded(bytes.len(), inflated, || {
        PlacedVolume::read_named("a.hdr", file, &LIMITS, |name| {
            asked = Some(name.to_owned());
            beside.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    });
    // A header from outside must not make a caller open files anywhere else.
    if let Some(name) = asked {
        let path = std::path::Path::new(&name);
        let stays = path.components().all(|part| {
            matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir)
        });
        assert!(!name.is_empty() && stays, "`{name}` leaves the folder");
    }
    match read {
        Ok(volume) => assert_volume(volume),
        Err(error) => assert_said(&error),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [metaimage::seeds(), nrrd::seeds(), nifti::seeds()].concat()
}
