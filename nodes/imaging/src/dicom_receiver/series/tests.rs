//! Whatever comes in whatever order: complete is what is whole, and what is missing is told.

use super::*;
use formats::dicom::write::{CtSeries, Origin};
use formats::metaimage::Limits;
use nalgebra::Matrix4;
use proptest::prelude::*;

const SECRET: [u8; 32] = [5; 32];
const RULES: Rules =
    Rules { by_count: true, settle: Duration::from_secs(1), quiet: Duration::from_secs(10) };

/// The images of a stack of slices 2 mm apart.
fn stack(name: &str, depth: usize, tells_count: bool) -> Vec<(File, [u8; 32])> {
    let origin = Origin {
        patient_id: "P".to_owned(),
        patient_name: "N".to_owned(),
        study: "1.2".to_owned(),
        series: name.to_owned(),
        frame_of_reference: "1.3".to_owned(),
        series_number: 3,
        manufacturer: String::new(),
        acquired: <[String; 2]>::default(),
    };
    let voxels: Vec<i16> = (0..4 * depth as i16).collect();
    let mut lps_from_voxel = Matrix4::identity();
    lps_from_voxel[(2, 2)] = 2.0;
    let series = CtSeries {
        origin: &origin,
        dims: [2, 2, depth],
        lps_from_voxel,
        voxels: &voxels,
        tells_count,
    };
    let image = |slice| {
        let bytes = series.file(slice).unwrap();
        let file = File::read("i", &bytes, &SECRET, &Limits::default(), |_| Some(0));
        let file = file.unwrap().unwrap();
        let hash = File::kept_hash(&file.keep(&SECRET)).unwrap();
        (file, hash)
    };
    (0..depth).map(image).collect()
}

/// A tracker and its clock.
struct Bench {
    tracker: Tracker,
    now: Timestamp,
}

impl Bench {
    fn new(rules: Rules) -> Self {
        Self { tracker: Tracker::new(rules), now: Timestamp(1_000_000_000_000) }
    }

    fn wait(&mut self, seconds: f64) {
        self.now = self.now + Duration::from_secs_f64(seconds);
    }

    fn send(&mut self, from: AssociationNumber, image: (File, [u8; 32])) -> Arrival {
        self.wait(0.01);
        self.tracker.arrived(Some(from), image.0, image.1, self.now)
    }

    fn end(&mut self, association: AssociationNumber, how: Ending) {
        self.wait(0.01);
        self.tracker.ended(association, how, self.now);
    }

    /// What is wanting, or `None` if a series is complete; panics unless it is one series.
    fn verdict(&mut self) -> Option<String> {
        let mut verdicts = self.tracker.judge(self.now);
        assert_eq!(verdicts.len(), 1, "{verdicts:?}");
        match verdicts.remove(0) {
            Verdict::Complete { last_byte, .. } => {
                assert!(last_byte <= self.now);
                None
            }
            Verdict::Wanting { reason, .. } => Some(reason),
        }
    }

    fn is_silent(&mut self) -> bool {
        self.tracker.judge(self.now).is_empty()
    }
}

#[test]
fn a_released_series_is_complete_after_a_while_and_once() {
    let mut bench = Bench::new(RULES);
    for image in stack("1.9", 5, false) {
        assert_eq!(bench.send(1, image), Arrival::New);
        assert!(bench.is_silent());
    }
    bench.end(1, Ending::Released);
    assert!(bench.is_silent(), "more may come over another association");
    bench.wait(1.0);
    assert_eq!(bench.verdict(), None);
    bench.wait(100.0);
    assert!(bench.is_silent());
    // Again, all of it: nothing is new.
    for image in stack("1.9", 5, false) {
        assert_eq!(bench.send(2, image), Arrival::Again);
    }
    bench.end(2, Ending::Released);
    bench.wait(100.0);
    assert!(bench.is_silent());
}

#[test]
fn an_association_for_each_image_makes_one_series() {
    let mut bench = Bench::new(RULES);
    for (image, number) in stack("1.9", 5, false).into_iter().zip(1..) {
        bench.send(number, image);
        bench.end(number, Ending::Released);
        bench.wait(0.5);
        assert!(bench.is_silent());
    }
    bench.wait(1.0);
    assert_eq!(bench.verdict(), None);
}

#[test]
fn a_told_count_completes_at_once_and_an_open_association_by_quiet() {
    let mut bench = Bench::new(RULES);
    for image in stack("1.9", 5, true) {
        assert!(bench.is_silent());
        bench.send(1, image);
    }
    assert_eq!(bench.verdict(), None);

    for (rules, tells) in [(RULES, false), (Rules { by_count: false, ..RULES }, true)] {
        let mut bench = Bench::new(rules);
        for image in stack("1.9", 5, tells) {
            bench.send(1, image);
        }
        bench.wait(9.0);
        assert!(bench.is_silent());
        bench.wait(1.1);
        assert_eq!(bench.verdict(), None);
    }
}

#[test]
fn what_broke_off_is_told_with_what_is_missing_and_completed_by_sending_again() {
    // The end of the stack is cut off: only the count can tell how much.
    for (tells, told) in [(true, "3 of 5 slices"), (false, "3 images are here")] {
        let mut bench = Bench::new(RULES);
        for image in stack("1.9", 5, tells).into_iter().take(3) {
            bench.send(1, image);
        }
        bench.end(1, Ending::BrokenOff);
        bench.wait(1.0);
        let reason = bench.verdict().unwrap();
        assert!(reason.contains(told) && reason.contains("send the series again"), "{reason}");
        assert!(reason.contains("number 3"), "{reason}");
        bench.wait(100.0);
        assert!(bench.is_silent(), "each state is told once");
        for (image, at) in stack("1.9", 5, tells).into_iter().zip(0..) {
            let arrival = if at < 3 { Arrival::Again } else { Arrival::New };
            assert_eq!(bench.send(2, image), arrival);
        }
        bench.end(2, Ending::Released);
        bench.wait(1.0);
        assert_eq!(bench.verdict(), None);
    }
}

#[test]
fn a_gap_is_told_by_its_place() {
    let mut bench = Bench::new(RULES);
    let all = stack("1.9", 8, true);
    for (image, at) in all.into_iter().zip(0..) {
        if ![3, 4, 6].contains(&at) {
            bench.send(1, image);
        }
    }
    bench.end(1, Ending::Released);
    bench.wait(1.0);
    let reason = bench.verdict().unwrap();
    for words in
        ["5 of 8 slices", "a gap from z = 4.0 to 10.0 mm", "1 more gaps", "3 slices are missing"]
    {
        assert!(reason.contains(words), "{words}: {reason}");
    }
    // An image that fills one of them changes what is said.
    let image = stack("1.9", 8, true).remove(6);
    bench.send(2, image);
    bench.end(2, Ending::Released);
    bench.wait(1.0);
    let reason = bench.verdict().unwrap();
    assert!(reason.contains("6 of 8") && !reason.contains("more gaps"), "{reason}");
}

#[test]
fn another_image_under_the_same_identifier_is_refused_and_series_are_apart() {
    let mut bench = Bench::new(RULES);
    let (file, hash) = stack("1.9", 2, false).remove(0);
    bench.send(1, (file, hash));
    let (file, _) = stack("1.9", 2, false).remove(0);
    assert_eq!(bench.send(1, (file, [0; 32])), Arrival::Changed);
    for image in stack("1.8", 3, false) {
        bench.send(1, image);
    }
    bench.end(1, Ending::Released);
    bench.wait(1.0);
    let verdicts = bench.tracker.judge(bench.now);
    let complete = |verdict: &&Verdict| matches!(verdict, Verdict::Complete { .. });
    assert_eq!((verdicts.len(), verdicts.iter().filter(complete).count()), (2, 1), "{verdicts:?}");
    // One image is no volume.
    let wanting = verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Wanting { reason, .. } => Some(reason),
        Verdict::Complete { .. } => None,
    });
    assert!(wanting.unwrap().contains("two images"), "{wanting:?}");
}

#[test]
fn there_is_a_bound_to_how_many_series_there_are() {
    let mut bench = Bench::new(RULES);
    for number in 0..MOST_SERIES {
        let image = stack(&format!("1.9.{number}"), 2, false).remove(0);
        assert_eq!(bench.send(1, image), Arrival::New);
    }
    assert_eq!(bench.send(1, stack("1.8", 2, false).remove(0)), Arrival::Full);
}

proptest! {
    /// Whatever order, doubles, senders and losses: complete is what is whole, once, and nothing else ever.
    #[test]
    fn complete_is_what_is_whole(
        order in Just((0..7_usize).collect::<Vec<_>>()).prop_shuffle(),
        doubled in proptest::collection::vec(0..7_usize, 0..5),
        lost in proptest::collection::btree_set(0..7_usize, 0..3),
        senders in proptest::collection::vec(1..4_u64, 12),
        tells in any::<bool>(),
        broken in any::<bool>(),
    ) {
        let mut bench = Bench::new(RULES);
        let mut images: Vec<Option<(File, [u8; 32])>> = stack("1.9", 7, tells).into_iter().map(Some).collect();
        let mut completed = 0;
        let count = |verdicts: Vec<Verdict>| {
            verdicts.iter().filter(|it| matches!(it, Verdict::Complete { .. })).count()
        };
        let sent: Vec<usize> = order.iter().chain(&doubled).copied().filter(|at| !lost.contains(at)).collect();
        for (at, from) in sent.into_iter().zip(&senders) {
            let image = images[at].take().unwrap_or_else(|| stack("1.9", 7, tells).remove(at));
            bench.send(*from, image);
            completed += count(bench.tracker.judge(bench.now));
        }
        let how = if broken { Ending::BrokenOff } else { Ending::Released };
        for association in 1..4 {
            bench.end(association, how);
            completed += count(bench.tracker.judge(bench.now));
        }
        bench.wait(2.0);
        completed += count(bench.tracker.judge(bench.now));
        // What is missing at the ends can be known by the count alone.
        let inner = lost.iter().any(|at| {
            (0..*at).any(|before| !lost.contains(&before)) && (at + 1..7).any(|after| !lost.contains(&after))
        });
        let is_whole = if tells { lost.is_empty() } else { !inner && !broken };
        prop_assert_eq!(completed, usize::from(is_whole), "lost {:?}", lost);
        // Sent again as a whole it is complete in any case, once.
        for at in 0..7 {
            let image = stack("1.9", 7, tells).remove(at);
            bench.send(9, image);
            completed += count(bench.tracker.judge(bench.now));
        }
        bench.end(9, Ending::Released);
        bench.wait(2.0);
        completed += count(bench.tracker.judge(bench.now));
        prop_assert_eq!(completed, if is_whole && !lost.is_empty() { 2 } else { 1 });
    }
}
