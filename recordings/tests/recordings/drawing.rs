//! What is drawn is what was recorded: counts and times of every stream.

use std::collections::BTreeMap;
use std::path::Path;

use messages::wire::Kind;
use recordings::view::count::{Contents, count};
use recordings::view::{Parameters, View, draw};
use recordings::{Recording, Selection};
use runtime::Observer;

use super::session::{self, Heard};

type Times = Vec<(i64, i64, i64)>;

/// Times of every message, by entity, as the recording has them.
fn recorded(recording: &Recording) -> BTreeMap<String, Times> {
    let mut times: BTreeMap<String, Times> = BTreeMap::new();
    for message in recording.select(Selection::default()) {
        let message = message.unwrap();
        let envelope = message.received.envelope();
        let entity = format!("/streams/{}", envelope.stream.replacen('.', "/", 1));
        let time = (envelope.acquired_at.0, envelope.published_at.0, envelope.sequence as i64);
        times.entry(entity).or_default().push(time);
    }
    for times in times.values_mut() {
        times.sort_unstable();
    }
    times
}

fn drawn(contents: &Contents) -> BTreeMap<String, Times> {
    let mut drawn = BTreeMap::new();
    for (entity, rows) in &contents.entities {
        if entity.starts_with("/streams/") {
            let mut times = rows.times.clone();
            times.sort_unstable();
            assert_eq!(rows.components["Message:kind"], times.len() as u64, "{entity}");
            drawn.insert(entity.clone(), times);
        }
    }
    drawn
}

fn view(folder: &Path, heard: &[Heard], parameters: Parameters) {
    let mut view = View::open(parameters, &session::assignment(folder, 1)).unwrap();
    session::hear(&mut view, heard);
    view.idle().unwrap();
    view.close().unwrap();
}

fn check_pictures(contents: &Contents, heard: &[Heard]) {
    let count = |stream: &str, kind: Kind| {
        let of = |(_, bytes): &&Heard| {
            let received = messages::wire::Received::parse(bytes.clone()).unwrap();
            received.envelope().stream == stream && received.envelope().kind == kind
        };
        heard.iter().filter(of).count() as u64
    };
    let rows = |entity: &str, component: &str| {
        let rows = contents.entities.get(entity);
        rows.and_then(|rows| rows.components.get(component)).copied().unwrap_or(0)
    };
    let images = count("us.image", Kind::Message);
    assert_eq!(rows("/images/us/image", "Image:buffer"), images);
    let hidden = images.div_ceil(7).min(images) - u64::from(images % 7 != 0 && images % 7 <= 3);
    let placed = rows("/patient/locate/image/now", "Mesh3D:albedo_texture_buffer");
    assert_eq!(placed + hidden, images);
    let labels = count("segment.labels", Kind::Message);
    assert_eq!(rows("/images/segment/labels", "SegmentationImage:buffer"), labels);
    assert_eq!(rows("/patient/segment/labels/now", "Points3D:positions"), labels);
    assert_eq!(
        rows("/patient/tracker/poses/now/probe/axes", "Transform3D:translation"),
        images - hidden
    );
    let volumes = count("reconstruct.volume", Kind::Message);
    for axis in ["x", "y", "z"] {
        let entity = format!("/patient/reconstruct/volume/now/slice_{axis}");
        assert_eq!(rows(&entity, "Mesh3D:albedo_texture_buffer"), volumes);
    }
    assert_eq!(rows("/volumes/reconstruct/volume", "Tensor:data"), volumes);
    assert_eq!(rows("/log/us", "TextLog:text"), 2);
    assert_eq!(rows("/latency/us/image", "Scalars:scalars"), images);
    // Blanks and hidden tools are taken away.
    assert!(rows("/images/segment/labels", "Clear:is_recursive") >= hidden);
    assert!(rows("/patient/tracker/poses/now/probe", "Clear:is_recursive") >= hidden);
    assert!(contents.blueprints > 0);
}

#[test]
fn a_live_drawing_holds_every_message_of_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(24, [64, 48]);
    session::record(folder.path(), &heard);
    view(folder.path(), &heard, Parameters::default());
    let contents = count(&folder.path().join("procedure.rrd")).unwrap();
    let mut drawn = drawn(&contents);
    // Status is drawn, but not recorded.
    assert_eq!(drawn.remove("/streams/locate/status").unwrap().len(), 24);
    assert_eq!(drawn, recorded(&Recording::open(folder.path()).unwrap()));
    check_pictures(&contents, &heard);
}

#[test]
fn a_drawing_made_afterwards_holds_every_message_too() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(24, [64, 48]);
    session::record(folder.path(), &heard);
    let recording = Recording::open(folder.path()).unwrap();
    let path = folder.path().join("drawn.rrd");
    let drawn_messages = draw(&recording, &path, &Parameters::default(), None).unwrap();
    assert_eq!(drawn_messages as usize, session::recorded(&heard).len());
    let contents = count(&path).unwrap();
    assert_eq!(drawn(&contents), recorded(&recording));
    check_pictures(&contents, &heard);
}

#[test]
fn what_is_not_drawn_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(120, [320, 240]);
    view(folder.path(), &heard, Parameters { queue_mib: 1, ..Parameters::default() });
    let contents = count(&folder.path().join("procedure.rrd")).unwrap();
    let drawn: usize = drawn(&contents).values().map(Vec::len).sum();
    let statuses = 120;
    let all = session::recorded(&heard).len() + statuses;
    assert!(drawn > 0);
    let told: usize = contents
        .entities
        .values()
        .flat_map(|rows| &rows.lines)
        .filter_map(|line| {
            line.split_once("does not show ")?.1.split(' ').next()?.parse::<usize>().ok()
        })
        .sum();
    assert_eq!(drawn + told, all);
}

#[test]
fn a_drawing_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("procedure.rrd"), b"precious").unwrap();
    let error = View::open(Parameters::default(), &session::assignment(folder.path(), 1));
    assert!(error.err().unwrap().to_string().contains("never overwritten"));
    assert_eq!(std::fs::read(folder.path().join("procedure.rrd")).unwrap(), b"precious");
}

#[test]
fn a_viewer_that_is_not_there_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(4, [32, 24]);
    let connect = Some("rerun+http://127.0.0.1:9/proxy".to_owned());
    view(folder.path(), &heard, Parameters { connect, ..Parameters::default() });
    let contents = count(&folder.path().join("procedure.rrd")).unwrap();
    assert_eq!(contents.entities["/images/us/image"].components["Image:buffer"], 4);
}

#[test]
fn a_full_disk_ends_the_drawing_with_its_reason() {
    let path = Path::new("/dev/full");
    if !path.exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(4, [32, 24]));
    let recording = Recording::open(folder.path()).unwrap();
    let error = draw(&recording, path, &Parameters::default(), None).unwrap_err().to_string();
    assert!(error.contains("/dev/full"), "{error}");
}

#[test]
fn a_recording_is_drawn_up_to_an_instant() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(24, [64, 48]));
    let recording = Recording::open(folder.path()).unwrap();
    let (first, last) = recording.ledger().span().unwrap();
    let start = recording.started_at().unwrap();
    let half_s = f64::midpoint(last.since(start).as_secs_f64(), first.since(start).as_secs_f64());
    let path = folder.path().join("half.rrd");
    let half = draw(&recording, &path, &Parameters::default(), Some(half_s)).unwrap();
    let end_ns = start.0 + (half_s * 1e9) as i64;
    let before = |of: &recordings::Recorded| of.received.envelope().published_at.0 < end_ns;
    let expected = recording.messages().filter(|of| before(of.as_ref().unwrap())).count() as u64;
    assert_eq!(half, expected);
    assert!(0 < half && half < recording.messages().count() as u64);
}
