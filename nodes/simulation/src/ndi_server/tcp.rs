//! A tracker on the network: its first host is the master, others look where the tracker lets them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{PATIENCE, ServeError, Shared, lock};
use crate::faults::Connection;
use crate::ndi_emulator::Line;
use crate::powered_port::PoweredPort;

/// A host that takes nothing for so long is gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// The hosts that are connected, in the order in which they came: the first is the master.
type Hosts = Arc<Mutex<Vec<u64>>>;

pub(super) fn serve(
    shared: Arc<Shared>,
    address: &str,
) -> Result<(String, JoinHandle<()>), ServeError> {
    let failed = |source| ServeError::Listen { address: address.to_owned(), source };
    let port = Arc::new(PoweredPort::open(address).map_err(failed)?);
    let served_at = port.address().to_string();
    let thread = std::thread::spawn(move || accept(&shared, &port));
    Ok((served_at, thread))
}

/// Takes connections while there is power.
fn accept(shared: &Arc<Shared>, port: &Arc<PoweredPort>) {
    let monitors = lock(&shared.emulator).model().has_monitors();
    let hosts = Hosts::default();
    let (mut serving, mut number) = (Vec::<JoinHandle<()>>::new(), 0);
    while !shared.stopped() {
        // Before it is asked, so that no failure is missed.
        let since = shared.now().procedure;
        let has_power = || shared.line_since(Duration::MAX).0 != Connection::Off;
        let Some((stream, peer)) = port.accept(has_power) else {
            std::thread::sleep(PATIENCE / 2);
            continue;
        };
        serving.retain(|thread| !thread.is_finished());
        if !monitors && !lock(&hosts).is_empty() {
            (shared.told)(&format!("{peer} was refused: this tracker takes one host at a time"));
            continue;
        }
        number += 1;
        lock(&hosts).push(number);
        let (shared, port, hosts) = (Arc::clone(shared), Arc::clone(port), Arc::clone(&hosts));
        serving.push(std::thread::spawn(move || {
            (shared.told)(&format!("{peer} is connected"));
            let end = converse(&shared, stream, since, (number, &hosts), &port);
            lock(&hosts).retain(|host| *host != number);
            (shared.told)(&format!("{peer} is disconnected: {end}"));
        }));
    }
    for thread in serving {
        let _ = thread.join();
    }
}

/// Answers one host until it leaves, or the power fails after `seen_to`; says why it ended.
fn converse(
    shared: &Shared,
    mut stream: TcpStream,
    mut seen_to: Duration,
    (number, hosts): (u64, &Hosts),
    port: &PoweredPort,
) -> String {
    let mut line = Line::default();
    let mut bytes = [0; 4096];
    let prepared = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_nodelay(true))
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_write_timeout(Some(WRITE_PATIENCE)));
    if let Err(error) = prepared {
        return error.to_string();
    }
    while !shared.stopped() {
        let (_, lost_power, to) = shared.line_since(seen_to);
        seen_to = to;
        if lost_power {
            port.close();
            return "the power failed".to_owned();
        }
        match stream.read(&mut bytes) {
            Ok(0) => return "it left".to_owned(),
            Ok(count) => {
                let master = lock(hosts).first() == Some(&number);
                let replies = shared.hear(&mut line, master, &bytes[..count]);
                if let Err(error) = stream.write_all(&replies) {
                    return error.to_string();
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return error.to_string(),
        }
    }
    "the emulator ends".to_owned()
}
