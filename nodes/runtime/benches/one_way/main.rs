//! From one process to another: a device and a node of this runtime beside raw Zenoh with explicit
//! shared memory, in turn, over the same kind of socket, on the same bytes.
//!
//! `cargo bench --profile dev -p runtime --bench one_way [-- BYTES…]`
//!
//! Measured is the time from just before the message is made (raw: the buffer is allocated and
//! filled) until its bytes can be read in the other process. Both print p50 and p99 in microseconds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at the first error")]

mod raw;
mod typed;

use std::process::Command;

/// Bytes of the array, messages a round, pause between messages in microseconds.
const SIZES: [(usize, usize, u64); 4] =
    [(64, 3000, 300), (300 << 10, 1500, 500), (6_220_800, 300, 2000), (64 << 20, 40, 20_000)];
/// Raw and typed take turns this often; the medians of all rounds are compared.
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("raw-receiver") => return raw::receive(&arguments[1], arguments[2].parse().unwrap()),
        Some("node") => return typed::participate(&arguments[1]),
        _ => {}
    }
    println!(
        "{:>10}  {:>10} {:>10}  {:>10} {:>10}  {:>7} {:>9}",
        "bytes", "raw p50", "raw p99", "typed p50", "typed p99", "ratio", "more µs"
    );
    let wanted: Vec<usize> = arguments.iter().filter_map(|size| size.parse().ok()).collect();
    for (bytes, count, pause_us) in SIZES {
        if !wanted.is_empty() && !wanted.contains(&bytes) {
            continue;
        }
        let (mut raws, mut typeds) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            raws.extend(raw::measure(bytes, count, pause_us));
            typeds.extend(typed::measure(bytes, count, pause_us));
        }
        let [raw, typed] = [&mut raws, &mut typeds].map(|times| {
            times.sort_unstable();
            let at =
                |fraction: f64| times[((times.len() - 1) as f64 * fraction) as usize] as f64 * 1e-3;
            (at(0.5), at(0.99))
        });
        println!(
            "{bytes:>10}  {:>10.1} {:>10.1}  {:>10.1} {:>10.1}  {:>7.3} {:>9.1}",
            raw.0,
            raw.1,
            typed.0,
            typed.1,
            typed.0 / raw.0,
            typed.0 - raw.0
        );
    }
    runtime::bus::remove_orphaned_shared_memory();
}

fn again() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// A folder for sockets, removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("one-way-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
