//! Whether processes may lock as much memory as the shared memory of a session takes.
//!
//! Zenoh locks each segment of shared memory with `mlock`, in whoever publishes into it and in whoever
//! reads from it. The system limits that for each process (`getrlimit(2)`, `RLIMIT_MEMLOCK`), except for
//! those with the capability `CAP_IPC_LOCK` of the machine itself (`capabilities(7)`).

use std::fs;

use rustix::process::{Resource, getrlimit};

use crate::plan::Plan;

/// Beside each pool, for what Zenoh keeps to know who still reads: 1.3 MiB were measured.
const BESIDE_POOL_MIB: u64 = 2;
/// For what else a process locks.
const SPARE_MIB: u64 = 16;
const CAP_IPC_LOCK: u32 = 14;

/// How much memory each process of a session may lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockLimit {
    /// What holds now; none is without limit.
    pub bytes: Option<u64>,
    /// Up to which the user may raise it; none is without limit.
    pub highest_bytes: Option<u64>,
}

impl LockLimit {
    /// Without limit.
    pub const NONE: Self = Self { bytes: None, highest_bytes: None };

    /// What holds for the processes that this one starts.
    pub fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        if is_exempt(&read("/proc/self/status"), &read("/proc/self/uid_map")) {
            return Self::NONE;
        }
        let limit = getrlimit(Resource::Memlock);
        Self { bytes: limit.current, highest_bytes: limit.maximum }
    }
}

/// Whether the limit does not count for the processes that one with this `/proc/PID/status` and
/// `/proc/PID/uid_map` starts: it has the capability, passes it on, and is in no namespace of its own,
/// where the capability is that of the namespace only.
fn is_exempt(status: &str, uid_map: &str) -> bool {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let has = |name: &str| {
        let bits = field(name).and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
        bits.is_some_and(|bits| bits >> CAP_IPC_LOCK & 1 == 1)
    };
    let effective_user = field("Uid:").and_then(|ids| ids.split_whitespace().nth(1));
    let passes_it_on = effective_user == Some("0") || has("CapAmb:");
    let of_the_machine = uid_map.split_whitespace().eq(["0", "0", "4294967295"]);
    has("CapEff:") && passes_it_on && of_the_machine
}

/// The most that one process of `plan` locks, MiB: an observer hears all, so the pools of all.
pub fn needed_mib(plan: &Plan) -> u64 {
    let pools = plan.nodes.iter().map(|node| node.pool_mib().saturating_add(BESIDE_POOL_MIB));
    pools.fold(SPARE_MIB, u64::saturating_add)
}

impl LockLimit {
    /// Whether every process of `plan` may lock all that is shared. If not, nothing may be shared: a reader
    /// that cannot lock what its publisher could loses every array in it.
    pub fn suffices(self, plan: &Plan) -> bool {
        self.bytes.is_none_or(|bytes| bytes >= needed_bytes(plan))
    }

    /// What a person should know before `plan` runs; none if the limit suffices.
    pub fn warning(self, plan: &Plan) -> Option<String> {
        self.shortage(plan).map(|(text, remedy)| format!("{text}; {remedy}"))
    }

    /// What comes of too low a limit, and what to do; none if it suffices.
    pub fn shortage(self, plan: &Plan) -> Option<(String, String)> {
        let bytes = self.bytes.filter(|_| !self.suffices(plan))?;
        let needed_mib = needed_mib(plan);
        let in_this_shell =
            if self.highest_bytes.is_none_or(|highest| highest >= needed_bytes(plan)) {
                let kib = needed_mib.saturating_mul(1 << 10);
                format!(" with `ulimit -l {kib}` in this shell, or for good")
            } else {
                String::new()
            };
        let text = format!(
            "each process may lock {} of memory, but this graph shares up to {needed_mib} MiB: images and volumes go \
             through sockets instead, which is slower",
            size(bytes)
        );
        let remedy = format!(
            "raise the limit{in_this_shell} with the line `@GROUP - memlock unlimited` in \
             /etc/security/limits.d/vesalius.conf (GROUP is yours; log in again), or with `LimitMEMLOCK=infinity` in a \
             systemd unit"
        );
        Some((text, remedy))
    }
}

fn needed_bytes(plan: &Plan) -> u64 {
    needed_mib(plan).saturating_mul(1 << 20)
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::plan;

    const MIB: u64 = 1 << 20;
    const MACHINE: &str = "         0          0 4294967295\n";

    fn limited(bytes: u64, highest_bytes: Option<u64>) -> Option<String> {
        // Two of three nodes share 64 MiB; 2 MiB beside for each, and 16 MiB to spare: 150 MiB.
        let limit = LockLimit { bytes: Some(bytes), highest_bytes };
        let warning = limit.warning(&plan());
        assert_eq!(warning.is_none(), limit.suffices(&plan()));
        warning
    }

    #[test]
    fn a_limit_below_all_pools_is_told_with_what_is_needed() {
        let said = limited(8 * MIB, Some(8 * MIB)).unwrap();
        for words in [
            "may lock 8 MiB",
            "up to 150 MiB",
            "sockets",
            "raise the limit with the line `@GROUP - memlock unlimited`",
            "limits.d",
            "LimitMEMLOCK=",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("ulimit"), "the user may not raise it: {said}");
        assert!(limited(64 << 10, None).unwrap().contains("may lock 64 KiB"));
    }

    #[test]
    fn ulimit_is_offered_if_the_user_may_raise_the_limit_so_far() {
        for highest in [None, Some(150 * MIB)] {
            let said = limited(8 * MIB, highest).unwrap();
            let words =
                "raise the limit with `ulimit -l 153600` in this shell, or for good with the line";
            assert!(said.contains(words), "{said}");
        }
        assert!(!limited(8 * MIB, Some(150 * MIB - 1)).unwrap().contains("ulimit"));
    }

    #[test]
    fn what_suffices_is_not_told() {
        assert_eq!(limited(150 * MIB, Some(150 * MIB)), None);
        assert!(limited(150 * MIB - 1, None).is_some());
        assert_eq!(LockLimit::NONE.warning(&plan()), None);
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_no_limit_that_is_kept() {
        let mut plan = plan();
        plan.nodes[0].shared_memory_mib = u64::MAX;
        let limit = LockLimit { bytes: Some(8 * MIB), highest_bytes: None };
        assert!(limit.warning(&plan).is_some());
    }

    #[test]
    fn only_a_capability_of_the_machine_that_is_passed_on_lifts_the_limit() {
        let status = |user: u32, effective: &str, ambient: &str| {
            format!(
                "Name:\tvesalius\nUid:\t1000\t{user}\t0\t0\nCapEff:\t{effective}\nCapBnd:\t000001ffffffffff\nCapAmb:\t{ambient}\n"
            )
        };
        let (lock, all, none) = ("0000000000004000", "000001fffeffffff", "0000000000000000");
        assert!(is_exempt(&status(0, all, none), MACHINE), "root");
        assert!(is_exempt(&status(1000, lock, lock), MACHINE), "passed on");
        assert!(!is_exempt(&status(1000, lock, none), MACHINE), "its children do not have it");
        assert!(!is_exempt(&status(1000, none, none), MACHINE), "an ordinary user");
        assert!(!is_exempt(&status(0, "000001ffffffbfff", none), MACHINE), "root without it");
        let container = "         0       1000          1\n         1     100000      65536\n";
        assert!(!is_exempt(&status(0, all, none), container), "root of a container only");
        assert!(!is_exempt("", ""), "unknown");
    }
}
