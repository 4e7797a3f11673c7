//! A program that runs beside this one and writes into a pipe; it never outlives the value.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, poll};

use super::error::Error;

/// A program that was started. What it writes is read from this; what it says beside is taken up meanwhile, so that
/// it never waits for a reader.
pub(super) struct Running {
    program: String,
    child: Child,
    stdout: ChildStdout,
    /// Gone once it is closed.
    stderr: Option<ChildStderr>,
    said: Said,
}

/// How a program ended.
pub(super) struct Ended {
    /// Whether it says that all went well.
    pub success: bool,
    /// The last line that it said, if it said anything.
    pub said: Option<String>,
}

impl Ended {
    /// What it said, for a message that quotes it.
    pub fn said(self) -> String {
        self.said.unwrap_or_else(|| "nothing".to_owned())
    }
}

impl Running {
    pub fn start(program: &Path, words: Vec<OsString>) -> Result<Self, Error> {
        let name = program.display().to_string();
        let started = Command::new(program)
            .args(words)
            // It would write a report into the folder that we are in.
            .env_remove("FFREPORT")
            .env("AV_LOG_FORCE_NOCOLOR", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Absent { program: name });
            }
            Err(source) => return Err(Error::Start { program: name, source }),
        };
        let Some((stdout, stderr)) = child.stdout.take().zip(child.stderr.take()) else {
            let source = io::Error::other("it has no pipes");
            return Err(Error::Start { program: name, source });
        };
        let said = Said::default();
        Ok(Self { program: name, child, stdout, stderr: Some(stderr), said })
    }

    /// Waits until it ends; what it still writes is dropped.
    pub fn finish(mut self) -> Result<Ended, Error> {
        let failed = |program: &str, source| Error::Pipe { program: program.to_owned(), source };
        let rest = io::copy(&mut self, &mut io::sink());
        rest.map_err(|source| failed(&self.program, source))?;
        // It may still be writing what went wrong.
        while let Some(mut stderr) = self.stderr.take() {
            if self.said.take_from(&mut stderr).map_err(|source| failed(&self.program, source))? {
                self.stderr = Some(stderr);
            }
        }
        let status = self.child.wait().map_err(|source| failed(&self.program, source))?;
        self.ended(status)
    }

    fn ended(&self, status: ExitStatus) -> Result<Ended, Error> {
        match status.signal() {
            Some(signal) => Err(Error::Killed { program: self.program.clone(), signal }),
            None => Ok(Ended { success: status.success(), said: self.said.last_line() }),
        }
    }

    /// Waits until there is something to read from the program, or its end.
    fn wait_for_output(&mut self) -> io::Result<()> {
        loop {
            let Some(mut stderr) = self.stderr.take() else { return Ok(()) };
            let mut pipes =
                [PollFd::new(&self.stdout, PollFlags::IN), PollFd::new(&stderr, PollFlags::IN)];
            let polled = poll(&mut pipes, None);
            let [output, said] = pipes.map(|pipe| !pipe.revents().is_empty());
            let is_open = match polled {
                Err(rustix::io::Errno::INTR) => true,
                Err(error) => return Err(error.into()),
                Ok(_) => !said || self.said.take_from(&mut stderr)?,
            };
            self.stderr = is_open.then_some(stderr);
            if polled.is_ok() && output {
                return Ok(());
            }
        }
    }
}

impl Read for Running {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.wait_for_output()?;
        self.stdout.read(bytes)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of what a program says.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
}

impl Said {
    const KEPT_BYTES: usize = 4096;

    /// Takes up what has come; false at the end.
    fn take_from(&mut self, source: &mut impl Read) -> io::Result<bool> {
        let mut block = [0; 4096];
        let came = match source.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            came => came?,
        };
        self.bytes.extend_from_slice(&block[..came]);
        let old = self.bytes.len().saturating_sub(Self::KEPT_BYTES);
        self.bytes.drain(..old);
        Ok(came > 0)
    }

    /// The last line, for people: without addresses of memory and control characters.
    fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        // `Last message repeated 2 times`, and what comes after every failure.
        let says_more = |line: &&str| {
            !line.is_empty() && *line != "Conversion failed!" && !line.starts_with("Last message")
        };
        let line = text.lines().rev().map(str::trim).find(says_more)?;
        // `[matroska,webm @ 0x55fd77176d80] File ended prematurely`
        let line = match line.split_once(" @ 0x") {
            Some((before, after)) => {
                let after =
                    after.trim_start_matches(|character: char| character.is_ascii_hexdigit());
                format!("{before}{after}")
            }
            None => line.to_owned(),
        };
        Some(line.chars().filter(|character| !character.is_control()).take(300).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Running {
        Running::start(Path::new("sh"), vec!["-c".into(), script.into()]).unwrap()
    }

    #[test]
    fn the_last_line_is_for_people() {
        let of = |text: &str| Said { bytes: text.as_bytes().to_vec() }.last_line();
        let line = "[matroska,webm @ 0x55fd77176d80] File\u{1b} ended\n    Last message repeated 1 times\n\nConversion failed!\n";
        assert_eq!(of(line).as_deref(), Some("[matroska,webm] File ended"));
        assert_eq!((of(""), of("\n \n")), (None, None));
    }

    #[test]
    fn a_program_that_talks_much_does_not_wait() {
        let script = "yes error | head -c 1000000 >&2; printf done; yes more | head -c 500000 >&2; echo last >&2; exit 3";
        let mut running = shell(script);
        let mut came = String::new();
        (&mut running).take(4).read_to_string(&mut came).unwrap();
        let ended = running.finish().unwrap();
        assert_eq!((came.as_str(), ended.success), ("done", false));
        assert_eq!(ended.said.as_deref(), Some("last"));
    }

    #[test]
    fn one_that_is_given_up_is_ended() {
        let running = shell("exec sleep 1000");
        let folder = format!("/proc/{}", running.child.id());
        assert!(Path::new(&folder).exists());
        drop(running);
        assert!(!Path::new(&folder).exists());
    }

    #[test]
    fn one_that_was_killed_says_so() {
        let error = shell("kill -9 $$").finish().err().unwrap();
        assert!(matches!(error, Error::Killed { signal: 9, .. }), "{error}");
    }

    #[test]
    fn one_that_is_not_here_says_what_to_install() {
        let error = Running::start(Path::new("no-such-program"), vec![]).err().unwrap();
        assert!(error.to_string().contains("apt install ffmpeg"), "{error}");
    }
}
