//! Recordings that were cut or bent: found, told where, and the whole rest saved.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use recordings::record::{Compression, Parameters};
use recordings::{Recording, info, recover, verify};

use super::session;

fn written(parameters: Parameters, steps: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    session::record_with(folder.path(), &session::script(steps, [8, 8]), parameters);
    std::fs::read(folder.path().join("procedure.mcap")).unwrap()
}

fn contents(path: &Path) -> Vec<Bytes> {
    let recording = Recording::open(path).unwrap();
    recording.messages().map(|message| message.unwrap().received.bytes().clone()).collect()
}

/// Ends of the chunks of a whole recording, and how many messages there are up to each.
fn chunk_ends(path: &Path) -> Vec<(usize, usize)> {
    let recording = Recording::open(path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let mut messages = 0;
    recording.parts()[0]
        .chunks
        .iter()
        .map(|chunk| {
            let flat = mcap::read::ChunkFlattener::new_with_options(
                &bytes[..chunk.end],
                mcap::read::Options::IgnoreEndMagic.into(),
            );
            let read = flat
                .unwrap()
                .filter(|record| matches!(record, Ok(mcap::records::Record::Message { .. })));
            messages = messages.max(read.count());
            (chunk.end, messages)
        })
        .collect()
}

#[test]
fn wherever_it_is_cut_the_chunks_before_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = written(session::many_chunks(), 4);
    let (path, saved) = (folder.path().join("cut.mcap"), folder.path().join("saved.mcap"));
    std::fs::write(&path, &bytes).unwrap();
    let ends = chunk_ends(&path);
    let all: HashSet<Bytes> = contents(&path).into_iter().collect();
    let mut cuts: Vec<usize> = (8..bytes.len()).step_by(53).collect();
    cuts.extend(ends.iter().flat_map(|(end, _)| [end - 1, *end, end + 1]));
    cuts.extend(bytes.len() - 40..bytes.len());
    let mut saved_some = 0;
    for cut in cuts {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let report = verify::verify(&path).unwrap();
        assert!(!report.good, "a cut after {cut} bytes was not noticed");
        let _ = std::fs::remove_file(&saved);
        let expected =
            ends.iter().rev().find(|(end, _)| *end <= cut).map_or(0, |(_, count)| *count);
        if recover::recover(&path, &saved, Compression::None).is_err() {
            // Only if even the manifest is cut off.
            assert_eq!(expected, 0, "nothing was saved of {cut} bytes");
            continue;
        }
        let came = contents(&saved);
        assert_eq!(came.len(), expected, "cut after {cut} bytes");
        assert!(came.iter().all(|message| all.contains(message)));
        let report = verify::verify(&saved).unwrap();
        assert!(report.parts[0].damage.is_empty() && report.parts[0].closed, "{report:?}");
        saved_some += came.len();
    }
    assert!(saved_some > 1000);
}

#[test]
fn every_bent_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bent.mcap");
    for compression in [Compression::None, Compression::Lz4] {
        let parameters = Parameters { compression, chunk_mib: 1, chunk_ms: 60_000, queue_mib: 16 };
        let whole = written(parameters, 1);
        std::fs::write(&path, &whole).unwrap();
        assert!(verify::verify(&path).unwrap().good);
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 1 << (at % 8);
            std::fs::write(&path, &bent).unwrap();
            let found = catch_unwind(AssertUnwindSafe(|| match verify::verify(&path) {
                // The first eight bytes: it is no MCAP file any more.
                Err(_) => true,
                Ok(report) => !report.good,
            }));
            assert!(
                found.expect("it does not panic"),
                "byte {at} of {} was bent unseen, behind {:?}",
                whole.len(),
                String::from_utf8_lossy(&whole[at.saturating_sub(60)..=at])
            );
        }
    }
}

#[test]
fn what_is_whole_around_a_bent_byte_is_saved_and_the_rest_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(session::many_chunks(), 4);
    let (path, saved) = (folder.path().join("bent.mcap"), folder.path().join("saved.mcap"));
    std::fs::write(&path, &whole).unwrap();
    let all = contents(&path);
    let chunks = Recording::open(&path).unwrap().parts()[0].chunks.clone();
    let chunk = chunks[chunks.len() / 2];
    let mut bent = whole.clone();
    bent[usize::midpoint(chunk.at, chunk.end)] ^= 0x10;
    std::fs::write(&path, &bent).unwrap();

    let report = verify::verify(&path).unwrap();
    let told: Vec<u64> = report.parts[0].damage.iter().map(|damage| damage.at).collect();
    assert!(told.contains(&(chunk.at as u64)), "{told:?} has not {}", chunk.at);
    recover::recover(&path, &saved, Compression::Lz4).unwrap();
    let came = contents(&saved);
    assert!(came.len() < all.len() && came.len() + 10 > all.len());
    assert!(came.iter().all(|message| all.contains(message)));
    let report = verify::verify(&saved).unwrap();
    assert!(report.parts[0].damage.is_empty());
    let missing: u64 = report.streams.iter().map(recordings::verdict::Verdict::missing).sum();
    assert_eq!(missing as usize, all.len() - came.len());
}

#[test]
fn nonsense_in_many_places_makes_nobody_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nonsense.mcap");
    for (round, compression) in
        [Compression::None, Compression::Lz4].into_iter().cycle().take(400).enumerate()
    {
        let parameters = Parameters { compression, ..session::many_chunks() };
        thread_local! {
            static WHOLE: std::cell::RefCell<Vec<Vec<u8>>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        let mut bytes = WHOLE.with_borrow_mut(|whole| {
            if whole.len() < 2 {
                whole.push(written(parameters, 1));
            }
            whole[round % 2].clone()
        });
        let noise = session::speckle(round as u64 + 1, 64);
        for pair in noise.chunks(4) {
            let at = usize::from(u16::from_le_bytes([pair[0], pair[1]])) * 7919 % bytes.len();
            // Lengths are what hurts most.
            let length = if pair[3] % 2 == 0 { 1 } else { 8 }.min(bytes.len() - at);
            bytes[at..at + length].fill(pair[2]);
        }
        bytes[..8].copy_from_slice(mcap::MAGIC);
        std::fs::write(&path, &bytes).unwrap();
        let read = catch_unwind(AssertUnwindSafe(|| {
            let report = verify::verify(&path).unwrap();
            let recording = Recording::open(&path).unwrap();
            let _ = recording.messages().count();
            let _ = info::info(&recording);
            report.good
        }));
        assert!(!read.expect("it does not panic"));
    }
}

#[test]
fn a_recording_from_the_future_is_not_read_as_one_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("future.mcap");
    let whole = written(Parameters::default(), 1);
    let text = b"\"format\": 1,";
    let at = whole.windows(text.len()).position(|window| window == text).unwrap();
    let mut bent = whole;
    bent[at + text.len() - 2] = b'9';
    std::fs::write(&path, &bent).unwrap();
    let report = verify::verify(&path).unwrap();
    assert!(!report.good);
}
