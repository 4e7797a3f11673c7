//! How long it takes to pack and to unpack messages of OpenIGTLink, and how many times as fast that is as pyigtl, in the
//! same run on the same messages.
//!
//! Unpacking checks the CRC here; pyigtl leaves that out. Without the Python environment of the tests its rows say so.
#![allow(missing_docs, reason = "a bench has no readers of its documentation")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time, and no session runs")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use formats::openigtlink::{
    Content, CoordinateSystem, Endian, Image, Message, ScalarType, Timestamp, Transform,
};

/// As long as this each is repeated beside the peer.
const TIME: Duration = Duration::from_secs(1);

fn image(size: [u16; 3]) -> Content {
    let voxels: usize = size.iter().map(|side| usize::from(*side)).product();
    Content::Image(Image {
        version: 1,
        components: 1,
        scalar: ScalarType::Uint8,
        endian: Endian::Little,
        coordinates: CoordinateSystem::Ras,
        size,
        matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        subvolume_offset: [0; 3],
        subvolume_size: size,
        pixels: (0..voxels).map(|at| at as u8).collect(),
    })
}

fn messages() -> Vec<(&'static str, Message)> {
    let matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    [
        ("TRANSFORM", "TRANSFORM", Content::Transform(Transform { matrix })),
        ("IMAGE 640x480", "IMAGE", image([640, 480, 1])),
        ("IMAGE 256^3", "IMAGE", image([256; 3])),
    ]
    .into_iter()
    .filter_map(|(name, kind, content)| {
        Some((name, Message::new(kind, "Some", Timestamp::default(), content).ok()?))
    })
    .collect()
}

/// Seconds that one call takes, the best of those that fit into the time.
fn best(mut work: impl FnMut()) -> f64 {
    let (mut least, began) = (f64::MAX, Instant::now());
    while began.elapsed() < TIME {
        let one = Instant::now();
        work();
        least = least.min(one.elapsed().as_secs_f64());
    }
    least
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut own = BTreeMap::new();
    let mut group = criterion.benchmark_group("openigtlink");
    for (name, message) in messages() {
        let Ok(bytes) = message.encode() else { continue };
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let pack = || drop(black_box(message.encode()));
        let unpack = || drop(black_box(Message::decode(black_box(&bytes))));
        group.bench_function(format!("pack {name}"), |bencher| bencher.iter(pack));
        group.bench_function(format!("unpack {name}"), |bencher| bencher.iter(unpack));
        own.insert(name, (best(pack), best(unpack)));
    }
    group.finish();
    peer(&own);
}

/// The same in Python, and how many times as fast this is.
fn peer(own: &BTreeMap<&str, (f64, f64)>) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new(format!("{root}/.vesalius/python/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/openigtlink.py"))
        .arg(TIME.as_secs_f64().to_string())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return println!("  pyigtl: not here ({error}); run .setup/python.sh"),
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let name = row["name"].as_str().unwrap_or_default();
        let Some((pack, unpack)) = own.get(name) else { continue };
        for (what, ours) in [("pack", pack), ("unpack", unpack)] {
            let Some(theirs) = row[what].as_f64() else { continue };
            println!(
                "  {what:<7}{name:<14}{:10.1} us, pyigtl {:10.1} us: {:.2} times as fast",
                ours * 1e6,
                theirs * 1e6,
                theirs / ours
            );
        }
    }
    if !output.status.success() {
        println!("  pyigtl: {}", String::from_utf8_lossy(&output.stderr));
    }
}
