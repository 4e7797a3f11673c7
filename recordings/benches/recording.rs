//! Recording beside the plain `mcap` writer: 1000 images of 640×480, with LZ4 and without.
//!
//! The plain writer gets the pixels, writes chunks of 4 MiB and checks nothing. Ours gets the
//! messages as they come over the bus, copies and checks every array (xxh3), and hash-chains the
//! file. Both write the same disk in one run, in turns, and the best of three runs counts.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mcap::records::MessageHeader;
use messages::wire::{self, Origin, Received, Validity};
use messages::{Timestamp, UltrasoundImage};
use recordings::record::{Compression, Parameters, Record};
use recordings::verify;
use runtime::{Assignment, Observed, Observer, Topic, clock};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const FRAMES: usize = 1000;
const DIFFERENT: usize = 64;

/// A fan of speckle over slow waves; black outside, as a scanner gives it.
fn frame(number: usize) -> Vec<u8> {
    let mut state = (number as u64).wrapping_mul(0xD1B5_4A32_D192_ED03) | 1;
    (0..(WIDTH * HEIGHT))
        .map(|i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let (column, row) = ((i % WIDTH) as f32 - 320.0, (i / WIDTH) as f32);
            if column.abs() > row * 0.7 {
                return 0;
            }
            let wave = ((row * 0.05 + number as f32 * 0.1).sin() * 40.0 + 60.0) as u8;
            wave.saturating_add((state >> 56) as u8 >> 3)
        })
        .collect()
}

struct Measured {
    wall: Duration,
    cpu: Duration,
    bytes: u64,
}

fn measure(path: &Path, write: impl FnOnce()) -> Measured {
    let (wall, cpu) = (clock::monotonic(), clock::cpu_time());
    write();
    let wall = clock::monotonic().saturating_sub(wall);
    let cpu = clock::cpu_time().saturating_sub(cpu);
    Measured { wall, cpu, bytes: std::fs::metadata(path).unwrap().len() }
}

fn plain(path: &Path, frames: &[Vec<u8>], compression: Compression) -> Measured {
    measure(path, || {
        let compression = match compression {
            Compression::Lz4 => Some(mcap::Compression::Lz4),
            Compression::None => None,
        };
        let mut writer = mcap::WriteOptions::new()
            .compression(compression)
            .chunk_size(Some(4 << 20))
            .create(BufWriter::new(File::create(path).unwrap()))
            .unwrap();
        let channel_id = writer.add_channel(0, "us.image", "raw", &BTreeMap::new()).unwrap();
        for number in 0..FRAMES {
            let time = number as u64 * 33_333_333;
            let sequence = number as u32;
            let header = MessageHeader { channel_id, sequence, log_time: time, publish_time: time };
            writer.write_to_known_channel(&header, &frames[number % DIFFERENT]).unwrap();
        }
        writer.finish().unwrap();
        let mut file = writer.into_inner();
        file.flush().unwrap();
        file.into_inner().unwrap().sync_all().unwrap();
    })
}

fn ours(folder: &Path, wire: &[Bytes], compression: Compression) -> Measured {
    let path = folder.join("procedure.mcap");
    let assignment: Assignment = serde_json::from_value(serde_json::json!({
        "session": "0badcafe", "node": "record", "runs": "recordings/record", "incarnation": 1,
        "folder": folder, "secret": vec![0; 32], "parameters": {}, "clock": { "epoch_monotonic_ns": 0, "epoch_unix_ns": 0 },
        "mode": "live", "startup_ms": 0, "shared_memory_mib": 1, "zenoh": {},
    }))
    .unwrap();
    // Here nothing but the writer is slow, and what is measured is not how fast memory fills.
    let parameters = Parameters { compression, queue_mib: 16, ..Parameters::default() };
    measure(&path, || {
        let mut recorder = Record::open(parameters, &assignment).unwrap();
        for bytes in wire {
            let received = Received::parse(bytes.clone()).unwrap();
            recorder.observe(Observed::Message { topic: Topic::Stream, received }).unwrap();
        }
        recorder.close().unwrap();
    })
}

fn line(name: &str, payload: f64, measured: &Measured) {
    println!(
        "{name:14} {:7.0} MB/s   {:6.2} s wall  {:6.2} s processor  {:6.1} MB file",
        payload / measured.wall.as_secs_f64() / 1e6,
        measured.wall.as_secs_f64(),
        measured.cpu.as_secs_f64(),
        measured.bytes as f64 / 1e6
    );
}

fn main() {
    let frames: Vec<Vec<u8>> = (0..DIFFERENT).map(frame).collect();
    let origin = Origin { session: "0badcafe".into(), stream: "us.image".into(), incarnation: 1 };
    let wire: Vec<Bytes> = (0..FRAMES)
        .map(|number| {
            let image =
                UltrasoundImage::new(WIDTH, HEIGHT, frames[number % DIFFERENT].clone()).unwrap();
            let at = Timestamp(number as i64 * 33_333_333);
            let message = wire::message(&origin, number as u64, at, at, &Validity::Valid, &image);
            Bytes::from(message.unwrap().to_vec().unwrap())
        })
        .collect();
    let payload = (FRAMES as u32 * WIDTH * HEIGHT) as f64;
    // Memory if there is such a disk: the disk of this machine is not what is measured.
    let root = ["/dev/shm", "/tmp"].into_iter().map(Path::new).find(|path| path.is_dir()).unwrap();
    println!("{FRAMES} images of {WIDTH}×{HEIGHT}, {:.0} MB, in {}", payload / 1e6, root.display());
    for (name, compression, target) in
        [("lz4", Compression::Lz4, 0.9), ("none", Compression::None, 0.6)]
    {
        let (mut best_plain, mut best_ours): (Option<Measured>, Option<Measured>) = (None, None);
        for _ in 0..3 {
            let folder = tempfile::tempdir_in(root).unwrap();
            let run = plain(&folder.path().join("plain.mcap"), &frames, compression);
            if best_plain.as_ref().is_none_or(|best| run.wall < best.wall) {
                best_plain = Some(run);
            }
            std::fs::remove_file(folder.path().join("plain.mcap")).unwrap();
            let run = ours(folder.path(), &wire, compression);
            if best_ours.as_ref().is_none_or(|best| run.wall < best.wall) {
                best_ours = Some(run);
            }
            let report = verify::verify(folder.path()).unwrap();
            assert!(
                report.parts[0].damage.is_empty() && report.streams[0].recorded() == FRAMES as u64
            );
        }
        let (plain, ours) = (best_plain.unwrap(), best_ours.unwrap());
        line(&format!("plain, {name}"), payload, &plain);
        line(&format!("ours, {name}"), payload, &ours);
        println!(
            "  ratio of speed {:.2} (target {target}), of processor time {:.2}",
            plain.wall.as_secs_f64() / ours.wall.as_secs_f64(),
            ours.cpu.as_secs_f64() / plain.cpu.as_secs_f64()
        );
    }
}
