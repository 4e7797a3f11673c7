//! A guided procedure as its processes would have said it: an organ with vessels and a tumour, registered,
//! and an instrument that goes through it.

mod scene;

use messages::{
    Distances, Guidance, Health, Instruction, InstructionKind, LandmarkCheck, LocatedImage,
    Message, NodeStatus, Overlay, Registration, Scores, ToolPoses, UltrasoundImage,
};
use runtime::Topic;

pub use scene::*;

use super::session::{Heard, START, Voice};

/// Everything that is said in so many seconds, in the order of arrival, ends included.
pub fn procedure(seconds: u32) -> Vec<Heard> {
    let stream = Topic::Stream;
    let mut ultrasound = Voice::new::<UltrasoundImage>(stream, "ultrasound.image");
    let mut tracker = Voice::new::<ToolPoses>(stream, "tracker.poses");
    let mut locate = Voice::new::<LocatedImage>(stream, "locate.located");
    let mut register = Voice::new::<Registration>(stream, "register.registration");
    let mut navigate = Voice::new::<Distances>(stream, "navigate.distances");
    let mut truth = Voice::new::<Distances>(stream, "patient.truth_distances");
    let mut outline = Voice::new::<Overlay>(stream, "overlay.overlay");
    let mut engineer = Voice::new::<Instruction>(stream, "engineer.instructions");
    let mut check = Voice::new::<LandmarkCheck>(stream, "check.check");
    let mut report = Voice::new::<Scores>(stream, "report.scores");
    let mut health = Voice::new::<Health>(Topic::Health, "navigate.health");
    let mut of_tracker = Voice::new::<Health>(Topic::Health, "tracker.health");
    let mut status = Voice::new::<NodeStatus>(Topic::Status, "navigate.status");
    let mut heard = once("preoperative.image", &scan());
    heard.extend(once("preoperative.delineation", &labels()));
    heard.extend(once("surfaces.surfaces", &surfaces(24)));
    heard.extend(once("preoperative.landmarks", &landmarks()));
    heard.push(of_tracker.say(START, START, &Health::Healthy));
    let fixed = alignment(0.0, START);
    for step in 0..i64::from(seconds) * 100 {
        let at = START + step * 10 * MS;
        let now = step as f64 / 100.0;
        heard.push(tracker.say(at - MS, at, &poses(now, &fixed)));
        let alignment = (now >= 1.0).then_some(&fixed);
        heard.push(navigate.say(at - MS, at + MS, &distances(now, alignment, guidance(now))));
        if step % 10 == 0 {
            heard.push(truth.say(at - MS, at + MS, &distances(now, Some(&fixed), Guidance::Valid)));
        }
        if step % 5 == 0 {
            let image = image(now, step as u64);
            heard.push(ultrasound.say(at - 5 * MS, at + MS, &image));
            let located = LocatedImage { image, placement: placement(now, &fixed) };
            heard.push(locate.say(at - 5 * MS, at + 2 * MS, &located));
            heard.push(outline.say(at - 5 * MS, at + 4 * MS, &overlay(now, guidance(now))));
        }
        if step % 50 == 0 {
            heard.push(register.say(at, at + 5 * MS, &registration(now, at)));
            let counted = NodeStatus {
                uptime_ns: step as u64 * 10 * MS as u64,
                cpu_ns: step as u64 * MS as u64,
                ..NodeStatus::default()
            };
            heard.push(status.say(at, at, &counted));
        }
        match step {
            0 => {
                let reason = "there is no registration".to_owned();
                heard.push(health.say(at, at, &Health::Degraded { reason }));
            }
            100 => heard.push(health.say(at, at, &Health::Healthy)),
            200 => {
                let (landmark, tool) = ("portal_bifurcation".to_owned(), "instrument".to_owned());
                let kind = InstructionKind::TouchLandmark { landmark, tool };
                let told = Instruction { by: "engineer".to_owned(), kind };
                heard.push(engineer.say(at, at, &told));
            }
            230 => heard.push(check.say(at, at, &touched(&fixed))),
            240 => {
                let kind = InstructionKind::AcceptRegistration;
                let told = Instruction { by: "engineer".to_owned(), kind };
                heard.push(engineer.say(at, at, &told));
            }
            _ => {}
        }
        if step % 200 == 199 {
            heard.push(report.say(at, at, &scores(now)));
        }
    }
    let last = START + i64::from(seconds) * 1000 * MS;
    for voice in [
        &ultrasound,
        &tracker,
        &locate,
        &register,
        &navigate,
        &truth,
        &outline,
        &engineer,
        &check,
        &report,
        &health,
        &of_tracker,
    ] {
        heard.push(voice.end(last));
    }
    heard
}

fn once<T: Message>(stream: &str, value: &T) -> Vec<Heard> {
    let mut voice = Voice::new::<T>(Topic::Stream, stream);
    vec![voice.say(START - 1000 * MS, START - 10 * MS, value), voice.end(START)]
}
