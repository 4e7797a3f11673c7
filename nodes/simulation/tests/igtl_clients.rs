//! Clients of the emulated tracked ultrasound get what PLUS would send them, and what the faults leave of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::Duration;

use formats::openigtlink::{Content, Decoder, Message};
use runtime::clock::{self, SessionClock};
use simulation::anatomy::family::Family;
use simulation::faults::FaultScript;
use simulation::igtl_server::IgtlServer;
use simulation::tracked_ultrasound::TrackedUltrasound;
use simulation::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind};

/// A busy machine is given this long.
const PATIENCE: Duration = Duration::from_mins(1);

fn serve(faults: &str) -> IgtlServer {
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default()).unwrap();
    let subject = Subject::new(SubjectKind::default(), 5, Family::DEMONSTRATION).unwrap();
    let faults = FaultScript::from_toml(faults, 0).unwrap();
    let ultrasound = TrackedUltrasound::new(5, subject, scanner, 10.0, faults);
    let clock = SessionClock::new();
    let server =
        IgtlServer::serve(ultrasound, clock, "127.0.0.1:0", |text| println!("{text}")).unwrap();
    server.start(clock.now());
    server
}

/// The next message; nothing when the connection has ended.
fn next(stream: &mut TcpStream, decoder: &mut Decoder) -> Option<Message> {
    let begun = clock::monotonic();
    let mut bytes = vec![0; 65_536];
    loop {
        if let Some(message) = decoder.next_message().unwrap() {
            return Some(message);
        }
        match stream.read(&mut bytes) {
            Ok(0) => return None,
            Ok(count) => decoder.feed(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("{error}"),
        }
        assert!(clock::monotonic().saturating_sub(begun) < PATIENCE, "no message came");
    }
}

#[test]
fn two_clients_get_the_same_images_with_rising_times() {
    let server = serve("");
    let mut clients = [0, 1].map(|_| TcpStream::connect(server.served_at()).unwrap());
    let images = clients.each_mut().map(|client| {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut decoder = Decoder::new();
        let mut images = Vec::new();
        while images.len() < 8 {
            let message = next(client, &mut decoder).expect("the server goes on");
            if let Content::Image(image) = message.content {
                images.push((message.timestamp.to_nanoseconds(), image.pixels));
            }
        }
        images
    });
    for pair in images.iter().flat_map(|images| images.windows(2)) {
        assert!(pair[0].0 < pair[1].0);
    }
    let same = images[0].iter().filter(|image| images[1].contains(image)).count();
    assert!(same >= 4, "{same} of 8 images came to both");
}

#[test]
fn after_a_power_failure_clients_connect_anew() {
    let server = serve("[[faults]]\nat_s = 4\nfor_s = 2\nfault = 'power_cycle'");
    let mut client = TcpStream::connect(server.served_at()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut decoder, mut came) = (Decoder::new(), 0);
    while next(&mut client, &mut decoder).is_some() {
        came += 1;
    }
    assert!(came > 0 && server.procedure_time() >= Duration::from_secs(4));
    let begun = clock::monotonic();
    let mut client = loop {
        if let Ok(client) = TcpStream::connect(server.served_at()) {
            break client;
        }
        assert!(clock::monotonic().saturating_sub(begun) < PATIENCE, "nobody is back");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(server.procedure_time() >= Duration::from_secs(6));
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(next(&mut client, &mut Decoder::new()).is_some());
}
