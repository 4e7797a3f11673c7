//! Notices at once when a process ends or somebody asks `vesalius` to.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc::Sender;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::death::Death;

/// What was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// A process ended.
    Ended {
        /// The node.
        node: String,
        /// Which of its processes.
        incarnation: u32,
        /// How.
        death: Death,
    },
    /// Ctrl-C, or SIGTERM.
    AskedToStop,
}

/// Watches processes, each in a thread that sleeps until it ends, and signals in one more.
#[derive(Debug)]
pub struct Watcher<H> {
    happenings: Sender<H>,
    _signals: oneshot::Sender<()>,
}

impl<H: From<Noticed> + Send + 'static> Watcher<H> {
    /// From here on the signals do not end `vesalius` any more.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn start(happenings: Sender<H>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let signals = {
            let _inside = runtime.enter();
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]
        };
        let (end, ended) = oneshot::channel();
        let told = happenings.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(hear_signals(signals, ended, told)))?;
        Ok(Self { happenings, _signals: end })
    }

    /// Watches a process: a child or, after a supervisor was replaced, a stranger.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn watch(&self, node: &str, incarnation: u32, process: OwnedFd) -> std::io::Result<()> {
        let (node, happenings) = (node.to_owned(), self.happenings.clone());
        std::thread::Builder::new().name(format!("watch {node}")).spawn(move || {
            let death = wait(&process);
            // Whoever does not listen any more is about to leave.
            let _ = happenings.send(Noticed::Ended { node, incarnation, death }.into());
        })?;
        Ok(())
    }
}

async fn hear_signals<H: From<Noticed>>(
    [mut interrupt, mut terminate]: [Signal; 2],
    mut ended: oneshot::Receiver<()>,
    happenings: Sender<H>,
) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = &mut ended => return,
        }
        if happenings.send(Noticed::AskedToStop.into()).is_err() {
            return;
        }
    }
}

/// Sleeps until the process ends; tells how, if it was started by this one.
fn wait(process: &OwnedFd) -> Death {
    let mut waited = [PollFd::new(process, PollFlags::IN)];
    while poll(&mut waited, None) == Err(Errno::INTR) {}
    match waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED) {
        Ok(Some(status)) => Death::from(&status),
        Ok(None) | Err(_) => Death::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;
    use crate::session::ProcessIdentity;

    #[test]
    fn each_way_to_end_is_noticed() {
        let (sender, noticed) = channel::<Noticed>();
        let watcher = Watcher::start(sender).unwrap();
        for (script, expected) in [
            ("exit 3", Death::Exited(3)),
            ("kill -SEGV $$", Death::Killed(11)),
            ("exit 0", Death::Exited(0)),
        ] {
            let mut child =
                Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().unwrap();
            let process = ProcessIdentity::of(child.id() as i32).unwrap().open().unwrap();
            watcher.watch("n", 7, process).unwrap();
            let ended = noticed.recv_timeout(Duration::from_secs(20)).unwrap();
            let node = "n".to_owned();
            assert_eq!(ended, Noticed::Ended { node, incarnation: 7, death: expected });
            assert!(child.wait().is_err(), "it was waited for already");
        }
    }

    #[test]
    fn a_process_that_somebody_else_started_is_noticed_too() {
        let (sender, noticed) = channel::<Noticed>();
        let watcher = Watcher::start(sender).unwrap();
        // The shell's own child goes on after the shell has ended, and tells its number.
        let output =
            Command::new("sh").args(["-c", "sleep 0.3 >/dev/null & echo $!"]).output().unwrap();
        let pid: i32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        let process = ProcessIdentity::of(pid).unwrap().open().unwrap();
        watcher.watch("n", 1, process).unwrap();
        let ended = noticed.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(ended, Noticed::Ended { death: Death::Unknown, .. }));
    }
}
