//! Raw Zenoh: a publisher with explicit shared memory and a subscriber in another process.

use std::sync::mpsc;
use std::time::Duration;

use runtime::clock::monotonic;
use zenoh::Wait as _;
use zenoh::qos::CongestionControl;
use zenoh::shm::{BlockOn, GarbageCollect, ShmProviderBuilder};

use crate::{Folder, again};

fn nanoseconds() -> u64 {
    u64::try_from(monotonic().as_nanos()).unwrap()
}

fn open(socket: &std::path::Path, listen: bool) -> zenoh::Session {
    let config = if listen {
        runtime::bus::config(Some(socket), &[])
    } else {
        runtime::bus::config(None, &[socket])
    };
    zenoh::open(zenoh::Config::from_json5(&config.to_string()).unwrap()).wait().unwrap()
}

/// One-way times in nanoseconds.
pub fn measure(bytes: usize, count: usize, pause_us: u64) -> Vec<u64> {
    let folder = Folder::new("raw");
    let socket = folder.0.join("raw.sock");
    let session = open(&socket, true);
    let (sender, receiver) = mpsc::channel();
    let _acknowledged = session
        .declare_subscriber("acknowledged")
        .callback(move |sample| {
            let bytes = sample.payload().to_bytes();
            let _ = sender.send(u64::from_le_bytes(bytes[..8].try_into().unwrap()));
        })
        .wait()
        .unwrap();
    let mut child = again().args(["raw-receiver", socket.to_str().unwrap(), "0"]).spawn().unwrap();
    let publisher = session
        .declare_publisher("data")
        .congestion_control(CongestionControl::Block)
        .express(true)
        .wait()
        .unwrap();
    while !publisher.matching_status().wait().unwrap().matching() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    let pool = (bytes * 4).max(4 << 20);
    let provider = ShmProviderBuilder::default_backend(pool).wait().unwrap();
    let source = vec![7u8; bytes];
    let mut times = Vec::new();
    for number in 0..count + count / 10 {
        let begun = nanoseconds();
        // Small messages go through the socket, as they do in the runtime.
        if bytes < 4096 {
            let mut buffer = source.clone();
            buffer[..8].copy_from_slice(&begun.to_le_bytes());
            publisher.put(buffer).wait().unwrap();
        } else {
            let mut buffer =
                provider.alloc(bytes).with_policy::<BlockOn<GarbageCollect>>().wait().unwrap();
            buffer[..].copy_from_slice(&source);
            buffer[..8].copy_from_slice(&begun.to_le_bytes());
            publisher.put(buffer).wait().unwrap();
        }
        let time = receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        if number >= count / 10 {
            times.push(time);
        }
        std::thread::sleep(Duration::from_micros(pause_us));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    session.close().wait().unwrap();
    times
}

/// The other process.
pub fn receive(socket: &str, _: usize) {
    let session = open(std::path::Path::new(socket), false);
    let acknowledge = session
        .declare_publisher("acknowledged")
        .congestion_control(CongestionControl::Block)
        .express(true)
        .wait()
        .unwrap();
    let _data = session
        .declare_subscriber("data")
        .callback(move |sample| {
            let bytes = sample.payload().to_bytes();
            let time = nanoseconds() - u64::from_le_bytes(bytes[..8].try_into().unwrap());
            let _ = acknowledge.put(time.to_le_bytes().to_vec()).wait();
        })
        .wait()
        .unwrap();
    std::thread::sleep(Duration::from_hours(1));
}
