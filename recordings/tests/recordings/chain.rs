//! The hash chain tells when chunks were removed, swapped or added, even if each is whole.

use std::ops::Range;

use recordings::record::{Compression, Parameters};
use recordings::verify;

use super::session;

/// The bytes of the file up to the data's end, as segments from the end of one link to the end of
/// the next, and what follows.
fn segments(bytes: &[u8]) -> (Vec<Range<usize>>, Range<usize>) {
    let (mut at, mut from) = (8, 8);
    let mut segments = Vec::new();
    loop {
        let length = u64::from_le_bytes(bytes[at + 1..at + 9].try_into().unwrap()) as usize;
        let end = at + 9 + length;
        match bytes[at] {
            mcap::records::op::DATA_END => return (segments, at..bytes.len()),
            mcap::records::op::METADATA
                if bytes[at..end].windows(13).any(|name| name == b"vesalius.link") =>
            {
                segments.push(from..end);
                from = end;
            }
            _ => {}
        }
        at = end;
    }
}

fn check(rebuild: impl Fn(&mut Vec<Vec<u8>>)) -> verify::Report {
    let folder = tempfile::tempdir().unwrap();
    let parameters = Parameters { compression: Compression::None, ..session::many_chunks() };
    session::record_with(folder.path(), &session::script(6, [16, 16]), parameters);
    let path = folder.path().join("procedure.mcap");
    let bytes = std::fs::read(&path).unwrap();
    let (places, tail) = segments(&bytes);
    assert!(places.len() > 12, "{}", places.len());
    let mut parts: Vec<Vec<u8>> = places.into_iter().map(|place| bytes[place].to_vec()).collect();
    rebuild(&mut parts);
    let mut rebuilt = bytes[..8].to_vec();
    for part in &parts {
        rebuilt.extend_from_slice(part);
    }
    rebuilt.extend_from_slice(&bytes[tail]);
    std::fs::write(&path, &rebuilt).unwrap();
    verify::verify(&path).unwrap()
}

fn tells_of_the_chain(report: &verify::Report) -> bool {
    report.parts[0].damage.iter().any(|damage| damage.what.contains("of the chain says"))
}

#[test]
fn an_unchanged_recording_is_good() {
    assert!(check(|_| ()).good);
}

#[test]
fn a_removed_chunk_is_noticed() {
    let report = check(|parts| drop(parts.remove(5)));
    assert!(!report.good && tells_of_the_chain(&report), "{:?}", report.parts[0].damage);
}

#[test]
fn swapped_chunks_are_noticed() {
    let report = check(|parts| parts.swap(5, 6));
    assert!(!report.good && tells_of_the_chain(&report), "{:?}", report.parts[0].damage);
}

#[test]
fn a_repeated_chunk_is_noticed() {
    let report = check(|parts| parts.insert(5, parts[4].clone()));
    assert!(!report.good && tells_of_the_chain(&report), "{:?}", report.parts[0].damage);
}

#[test]
fn a_changed_value_is_noticed_even_with_a_right_checksum_of_its_chunk() {
    // The link says another hash than the bytes have.
    let report = check(|parts| {
        let part = &mut parts[4];
        let key = b"blake3";
        let at = part.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
        part[at] = if part[at] == b'0' { b'1' } else { b'0' };
    });
    assert!(!report.good);
    let told = &report.parts[0].damage;
    assert!(told.iter().any(|damage| damage.what.contains("hash differs")), "{told:?}");
}
