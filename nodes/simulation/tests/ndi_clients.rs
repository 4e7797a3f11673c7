//! Hosts that others wrote, and plain sockets, at the emulated tracker.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead as _, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nalgebra::{Isometry3, Vector3};
use runtime::clock::{self, SessionClock};
use simulation::faults::FaultScript;
use simulation::ndi_emulator::{Model, NdiEmulator};
use simulation::ndi_server::{Address, NdiServer};
use simulation::trajectory::KeyPoses;

/// A busy machine is given this long.
const PATIENCE: Duration = Duration::from_secs(30);

fn serve(model: Model, tools: &[(&str, Isometry3<f64>)], address: &str, faults: &str) -> NdiServer {
    let faults = FaultScript::from_toml(faults, 1).unwrap();
    let emulator = NdiEmulator::new(model, Box::new(KeyPoses::resting(tools)), faults);
    let address: Address = address.parse().unwrap();
    let clock = SessionClock::new();
    let mut server =
        NdiServer::serve(emulator, clock, &address, |text| println!("{text}")).unwrap();
    server.start(clock.now());
    server
}

fn tools(z: f64) -> [(&'static str, Isometry3<f64>); 2] {
    let pose = |x, turn| Isometry3::new(Vector3::new(x, -35.5, z), turn);
    [
        ("probe", pose(-60.25, Vector3::new(0.1, 0.7, -0.3))),
        ("reference", pose(80.0, Vector3::new(-2.0, 0.2, 1.0))),
    ]
}

/// The environment of the Python tests, if it has the library.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.vesalius/python/bin/python");
    let found = Command::new(&python).args(["-c", "import ndicapy"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("SKIPPED: `ndicapi` is not in .vesalius/python; `./vesalius test` puts it there");
    None
}

/// Two real tool definitions, if the data are here.
fn roms() -> Option<[PathBuf; 2]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ndi_rom_tools");
    let roms = ["8700339.rom", "8700340.rom"].map(|name| folder.join(name));
    if roms.iter().all(|rom| rom.exists()) {
        return Some(roms);
    }
    eprintln!("SKIPPED: no tool definitions in {}", folder.display());
    None
}

/// Runs the library at a tracker that holds these tools.
fn client(
    python: &Path,
    device: &str,
    roms: Option<&[PathBuf; 2]>,
    tools: &[(&str, Isometry3<f64>)],
) {
    let told: Vec<_> = tools
        .iter()
        .enumerate()
        .map(|(index, (_, pose))| {
            let (q, t) = (pose.rotation, pose.translation.vector);
            let rom = roms.map(|roms| roms[index].to_str().unwrap());
            serde_json::json!({ "rom": rom, "pose": [q.w, q.i, q.j, q.k, t.x, t.y, t.z] })
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/ndi_client.py");
    let output = Command::new(python)
        .arg(script)
        .args([device, &serde_json::json!(told).to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{error}");
    assert!(said.contains("poses agree: 2 tools"), "{said}");
    println!("{said}");
}

#[test]
fn the_client_library_finds_the_poses_that_the_tracker_was_told_over_the_network() {
    let (Some(python), Some(roms)) = (python(), roms()) else { return };
    let tools = tools(-1600.0);
    let server = serve(Model::Vega, &tools, "tcp://127.0.0.1:0", "");
    client(&python, server.served_at(), Some(&roms), &tools);
    // And once more: a host may come back.
    client(&python, server.served_at(), Some(&roms), &tools);
}

#[test]
fn the_client_library_finds_the_poses_on_a_serial_line() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker");
    let tools = tools(-250.0);
    let server = serve(Model::Aurora, &tools, &format!("pty:{}", path.display()), "");
    client(&python, path.to_str().unwrap(), None, &tools);
    drop(server);
    assert!(std::fs::symlink_metadata(&path).is_err(), "the link is left behind");
}

fn connect(server: &NdiServer) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(server.served_at())?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    Ok(stream)
}

/// What comes to a command: a line, nothing within a moment, or an end.
fn ask(stream: &mut TcpStream, command: &str) -> std::io::Result<String> {
    stream.write_all(format!("{command}\r").as_bytes())?;
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r") {
        match stream.read(&mut byte) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => bytes.push(byte[0]),
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8(bytes).unwrap())
}

/// Until something is so.
fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let begun = clock::monotonic();
    while !so() {
        assert!(clock::monotonic().saturating_sub(begun) < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_first_host_is_the_master_and_the_next_one_follows_it() {
    let server = serve(Model::Vega, &tools(-1600.0), "127.0.0.1:0", "");
    let (mut first, mut second) = (connect(&server).unwrap(), connect(&server).unwrap());
    wait("the first is answered", || {
        ask(&mut first, "INIT ").is_ok_and(|reply| reply == "OKAYA896\r")
    });
    assert!(ask(&mut second, "TSTART ").unwrap().starts_with("ERROR39"));
    assert!(ask(&mut second, "APIREV ").unwrap().starts_with("G.003.001"));
    drop(first);
    wait("the second is the master", || {
        ask(&mut second, "TSTART ").is_ok_and(|said| said.starts_with("OKAY"))
    });
}

#[test]
fn a_tracker_for_one_host_refuses_the_next() {
    let server = serve(Model::Aurora, &tools(-250.0), "127.0.0.1:0", "");
    let mut first = connect(&server).unwrap();
    wait("the first is answered", || ask(&mut first, "INIT ").is_ok());
    let mut second = connect(&server).unwrap();
    wait("the second is refused", || {
        ask(&mut second, "APIREV ").is_err_and(|error| {
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        })
    });
    drop(first);
    wait("the next is taken", || {
        connect(&server).and_then(|mut next| ask(&mut next, "APIREV ")).is_ok()
    });
}

#[test]
fn a_connection_hangs_breaks_and_comes_back_as_the_faults_say() {
    let faults = "[[faults]]\nat_s = 1\nfor_s = 7\nfault = 'stuck_connection'\n\
         [[faults]]\nat_s = 14\nfor_s = 2\nfault = 'power_cycle'";
    let server = serve(Model::Vega, &tools(-1600.0), "127.0.0.1:0", faults);
    let mut host = connect(&server).unwrap();
    wait("it answers", || ask(&mut host, "INIT ").is_ok());
    let silent = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
    };
    wait("it hangs", || ask(&mut host, "APIREV ").is_err_and(|error| silent(&error)));
    assert!(server.procedure_time() >= Duration::from_secs(1));
    wait("it answers again", || ask(&mut host, "APIREV ").is_ok());
    assert!(server.procedure_time() >= Duration::from_secs(8));
    wait("it breaks", || ask(&mut host, "APIREV ").is_err_and(|error| !silent(&error)));
    assert!(server.procedure_time() >= Duration::from_secs(14));
    wait("a new connection is taken", || {
        connect(&server).is_ok_and(|new| {
            host = new;
            ask(&mut host, "APIREV ").is_ok()
        })
    });
    assert!(server.procedure_time() >= Duration::from_secs(16));
    // As if just switched on.
    assert!(ask(&mut host, "TX 0801").unwrap().starts_with("ERROR10"));
}

#[test]
fn the_command_serves_until_its_faults_kill_it() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.toml");
    let text = "[[faults]]\nat_s = 0\ntools = ['stylus']\nfault.dropout.share = 1\n\
         [[faults]]\nat_s = 10\nfault = 'process_kill'\n";
    std::fs::write(&faults, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vesalius-simulation"))
        .args(["emulate-ndi", "--model", "aurora", "--listen", "127.0.0.1:0", "--faults"])
        .arg(&faults)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines =
        std::io::BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let served = lines.next().unwrap();
    assert!(served.contains("with the tools probe, reference, stylus"), "{served}");
    let address = served.strip_prefix("serving aurora at ").unwrap().split(' ').next().unwrap();
    let mut host = TcpStream::connect(address).unwrap();
    for command in ["INIT ", "PINIT 0A", "PENA 0AD", "PINIT 0C", "PENA 0CD", "TSTART "] {
        assert_eq!(ask(&mut host, command).unwrap(), "OKAYA896\r", "{command}");
    }
    let poses = ask(&mut host, "TX 0801").unwrap();
    assert!(poses.starts_with("020A+") || poses.starts_with("020A-"), "{poses}");
    assert!(poses.contains("0CMISSING"), "{poses}");
    let said: Vec<String> = lines.collect();
    let told = |text: &str| said.iter().any(|line| line.contains(text));
    assert!(told("stylus of aurora: dropout begins"), "{said:?}");
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}
