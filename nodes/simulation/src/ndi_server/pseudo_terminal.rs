//! A tracker on a serial line that is a pseudo-terminal. Breaks and speeds do not pass through one: RESET does.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::{PATIENCE, ServeError, Shared, lock};
use crate::faults::Connection;
use crate::ndi_emulator::Line;

/// Both ends of the line; the host's is kept open, so that hosts may come and go.
struct Terminal {
    device: File,
    _host: File,
    host_path: PathBuf,
}

pub(super) fn serve(
    shared: Arc<Shared>,
    link: &Path,
) -> Result<(String, JoinHandle<()>), ServeError> {
    let failed = |source| ServeError::Terminal { path: link.display().to_string(), source };
    let terminal = open().map_err(failed)?;
    place_link(&terminal.host_path, link).map_err(failed)?;
    let link = link.to_owned();
    let served_at = link.display().to_string();
    let thread = std::thread::spawn(move || {
        let end = converse(&shared, terminal);
        let _ = std::fs::remove_file(&link);
        (shared.told)(&format!("the serial line {} ended: {end}", link.display()));
    });
    Ok((served_at, thread))
}

fn open() -> std::io::Result<Terminal> {
    let device = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&device)?;
    unlockpt(&device)?;
    let name = ptsname(&device, Vec::new())?;
    let host_path = PathBuf::from(name.to_string_lossy().into_owned());
    let no_terminal_of_ours = i32::try_from(OpenptFlags::NOCTTY.bits()).unwrap_or(0);
    let host = File::options()
        .read(true)
        .write(true)
        .custom_flags(no_terminal_of_ours)
        .open(&host_path)?;
    // As a serial line is: no echo, no lines, no signals.
    let mut settings = tcgetattr(&host)?;
    settings.make_raw();
    tcsetattr(&host, OptionalActions::Now, &settings)?;
    Ok(Terminal { device: device.into(), _host: host, host_path })
}

/// Puts a link in place of an older one, but of nothing else.
fn place_link(host: &Path, link: &Path) -> std::io::Result<()> {
    if let Ok(about) = std::fs::symlink_metadata(link)
        && (about.is_symlink() || about.file_type().is_char_device())
    {
        std::fs::remove_file(link)?;
    }
    std::os::unix::fs::symlink(host, link)
}

/// Answers the host until told to stop; says why it ended.
fn converse(shared: &Shared, mut terminal: Terminal) -> String {
    let mut line = Line::default();
    let mut bytes = [0; 4096];
    let mut seen_to = shared.now().procedure;
    let (mut dark, nanoseconds) = (false, PATIENCE.subsec_nanos().into());
    while !shared.stopped() {
        let (state, lost_power, to) = shared.line_since(seen_to);
        seen_to = to;
        dark |= lost_power;
        if dark && state == Connection::Up {
            // A serial device says that it has started.
            dark = false;
            let now = shared.now();
            let said = lock(&shared.emulator).serial_break(&mut line, now);
            if let Err(error) = terminal.device.write_all(&said) {
                return error.to_string();
            }
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: nanoseconds };
        let mut ready = [PollFd::new(&terminal.device, PollFlags::IN)];
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
        let read = terminal.device.read(&mut bytes);
        let heard = match read {
            Ok(0) => return "its end".to_owned(),
            Ok(count) => &bytes[..count],
            Err(error) => return error.to_string(),
        };
        let replies = shared.hear(&mut line, true, heard);
        if let Err(error) = terminal.device.write_all(&replies) {
            return error.to_string();
        }
    }
    "the emulator ends".to_owned()
}
