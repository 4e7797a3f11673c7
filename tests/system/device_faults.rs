//! Faults that emulated devices are told to show, and what a recording tells of them.

use serde_json::Value;
use system_tests::{Closing, Place};

/// A fault as the script has it, and what is said of the tool that it concerns.
pub struct Fault {
    pub name: &'static str,
    pub at_s: f64,
    pub for_s: f64,
    /// The rest of the line in the script.
    pub line: &'static str,
    /// What the reason for hiding the probe says.
    pub says: &'static str,
}

impl Fault {
    /// Whether it is known for what it is only after some seconds; until then a busy machine may hide a tool for a moment.
    pub fn is_found_in_seconds(&self) -> bool {
        matches!(self.name, "latency" | "jitter")
    }

    /// From when on it is noticed: what comes from then on must be hidden.
    pub fn noticed_s(&self, hidden: &[At<Option<String>>]) -> Option<f64> {
        let is_it = |why: &Option<String>| {
            why.as_ref().is_some_and(|why| !self.is_found_in_seconds() || why.contains(self.says))
        };
        hidden.iter().find(|(at, why)| *at > self.at_s && is_it(why)).map(|(at, _)| *at)
    }

    /// Until when nothing works: one that is killed is started again, which takes a while.
    pub fn ends_s(&self) -> f64 {
        self.at_s + self.for_s.max(0.3)
    }
}

pub fn script(faults: &[Fault]) -> String {
    let line = |Fault { at_s, for_s, line, .. }: &Fault| {
        // What happens in an instant has no duration.
        let lasts = if *for_s > 0.0 { format!("for_s = {for_s:?}, ") } else { String::new() };
        format!("    {{ at_s = {at_s:?}, {lasts}{line} }},\n")
    };
    faults.iter().map(line).collect()
}

/// When, in seconds since the first injected fault would have been at 0, and what.
pub type At<T> = (f64, T);

/// What a recording tells of the faults and of what came of them.
pub struct Told {
    /// Fault and whether it begins.
    pub injected: Vec<At<(String, bool)>>,
    /// Of the probe: why it is hidden.
    pub probe: Vec<At<Option<String>>>,
    /// Of the instrument, where something is navigated: why it has no distances.
    pub instrument: Vec<At<Option<String>>>,
    /// Of each image: whether it is placed.
    pub images: Vec<At<bool>>,
    /// What the image device said while it was degraded.
    pub ultrasound: Vec<At<String>>,
    /// Of each health: whose it is, and what is wrong.
    pub health: Vec<At<(String, Option<String>)>>,
    /// Why tools are hidden that the driver sees.
    pub suspicions: Vec<At<String>>,
    /// Voxels of each cone-beam CT.
    pub cone_beam: Vec<At<u64>>,
}

impl Told {
    /// Of a session whose first fault is known; without one, times are those of the session's clock.
    pub fn of(place: &Place, closing: &Closing, first: Option<&Fault>) -> Self {
        let json = place.recording("devices", &closing.folder);
        let rows = |key: &str| json[key].as_array().unwrap().clone();
        let began =
            first.map_or(0.0, |first| rows("injected")[0][0].as_f64().unwrap() - first.at_s);
        let at = |row: &Value| row[0].as_f64().unwrap() - began;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            injected: rows("injected")
                .iter()
                .map(|row| (at(row), (text(&row[1]).unwrap(), row[2] == "begins")))
                .collect(),
            probe: rows("probe").iter().map(|row| (at(row), text(&row[1]))).collect(),
            instrument: rows("instrument").iter().map(|row| (at(row), text(&row[1]))).collect(),
            images: rows("images").iter().map(|row| (at(row), row[1] == true)).collect(),
            ultrasound: rows("ultrasound")
                .iter()
                .filter_map(|row| Some((at(row), text(&row[1])?)))
                .collect(),
            health: rows("health")
                .iter()
                .map(|row| (at(row), (text(&row[2]).unwrap(), text(&row[1]))))
                .collect(),
            suspicions: rows("suspicions")
                .iter()
                .filter_map(|row| Some((at(row), text(&row[1])?)))
                .collect(),
            cone_beam: rows("cone_beam")
                .iter()
                .map(|row| (at(row), row[1].as_u64().unwrap()))
                .collect(),
        }
    }
}

pub fn within<T>(rows: &[At<T>], from_s: f64, to_s: f64) -> impl Iterator<Item = &T> {
    rows.iter().filter(move |(at, _)| (from_s..to_s).contains(at)).map(|(_, what)| what)
}

/// All faults of the script are in the recording as truth, when they were due.
pub fn assert_injected(told: &Told, faults: &[Fault]) {
    for fault in faults {
        let is_told = |begins: bool, due: f64| {
            let of = (fault.name.to_owned(), begins);
            told.injected.iter().any(|(at, what)| *what == of && (at - due).abs() < 0.05)
        };
        assert!(is_told(true, fault.at_s), "{} did not begin: {:?}", fault.name, told.injected);
        // What kills a process is over at once.
        let ends = fault.at_s + fault.for_s;
        assert!(
            fault.name == "process_kill" || is_told(false, ends),
            "{} did not end: {:?}",
            fault.name,
            told.injected
        );
    }
}

/// Another stream goes on during a fault: however busy the machine is, something comes in each half second.
pub fn assert_flows<T>(rows: &[At<T>], fault: &Fault, what: &str) {
    let mut from = fault.at_s;
    while from + 0.5 <= fault.at_s + fault.for_s {
        assert!(within(rows, from, from + 0.5).next().is_some(), "no {what} during {}", fault.name);
        from += 0.5;
    }
}
