//! Guidance drawn and compared: surfaces, distances, outlines, landmarks, instructions and scores.

use messages::wire::{Kind, Received};
use messages::{
    Alarm, Distances, Guidance, Instruction, InstructionKind, Landmark, Landmarks, Message,
    Overlay, Point, Preoperative, Registration, RegistrationState, Scores, Surfaces,
};
use nalgebra::Point3;
use recordings::Recording;
use recordings::compare::{Difference, Tolerance, compare, text};
use recordings::view::count::{Contents, count};
use recordings::view::{Parameters, draw};
use runtime::Topic;

use super::guided;
use super::session::{self, Heard, START, Voice};

fn drawn(heard: &[Heard]) -> Contents {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), heard);
    let path = folder.path().join("drawn.rrd");
    draw(&Recording::open(folder.path()).unwrap(), &path, &Parameters::default(), None).unwrap();
    count(&path).unwrap()
}

fn rows(contents: &Contents, entity: &str, component: &str) -> u64 {
    let rows = contents.entities.get(entity);
    rows.and_then(|rows| rows.components.get(component)).copied().unwrap_or(0)
}

/// What a node says in the log; each line begins with its name.
fn lines(contents: &Contents, node: &str) -> Vec<String> {
    let lines = contents.entities[&format!("/log/{node}")].lines.iter();
    lines.map(|line| line.strip_prefix(&format!("{node}: ")).unwrap().to_owned()).collect()
}

#[test]
fn a_guided_procedure_is_drawn() {
    let heard = guided::procedure(4);
    let contents = drawn(&heard);
    let rows = |entity: &str, component: &str| rows(&contents, entity, component);

    // Before it guides, and then anew whenever what is nearest is so far by another tenth of a millimetre.
    assert!(rows("/banner", "Image:buffer") > 5, "{}", rows("/banner", "Image:buffer"));
    // Every message has its row, however seldom it is drawn.
    let said = |stream: &str| {
        let of = |(_, bytes): &&Heard| {
            let received = Received::parse(bytes.clone()).unwrap();
            let envelope = received.envelope();
            envelope.stream == stream && envelope.kind == Kind::Message
        };
        heard.iter().filter(of).count() as u64
    };
    assert_eq!((said("navigate.distances"), said("overlay.overlay")), (400, 80));
    for (stream, entity) in [
        ("navigate.distances", "/streams/navigate/distances"),
        ("patient.truth_distances", "/streams/patient/truth_distances"),
        ("overlay.overlay", "/streams/overlay/overlay"),
        ("surfaces.surfaces", "/streams/surfaces/surfaces"),
        ("register.registration", "/streams/register/registration"),
        ("check.check", "/streams/check/check"),
        ("engineer.instructions", "/streams/engineer/instructions"),
        ("report.scores", "/streams/report/scores"),
        ("preoperative.landmarks", "/streams/preoperative/landmarks"),
    ] {
        assert_eq!(rows(entity, "Message:kind"), said(stream), "{stream}");
        assert!(said(stream) > 0, "{stream}");
    }

    // The tool is drawn 20 times a second and when something changes, not 100 times.
    let tips = rows("/patient/navigate/distances/now/instrument/tip", "Points3D:positions");
    assert!((60..=95).contains(&tips), "{tips}");
    assert_eq!(
        rows("/patient/navigate/distances/now/instrument/shaft", "LineStrips3D:strips"),
        tips
    );
    assert_eq!(rows("/patient/navigate/distances/now/stylus/tip", "Points3D:positions"), 0);
    let curve = rows("/distances/navigate/distances/instrument/tumour_1", "Scalars:scalars");
    assert!((5..=80).contains(&curve), "{curve}");
    // What is far has no curve.
    assert_eq!(rows("/distances/navigate/distances/instrument/vena_cava", "Scalars:scalars"), 0);

    // The image's outlines while there may be some; then why there are none.
    let unblanked = 60;
    assert_eq!(rows("/images/overlay/overlay/now/outlines", "LineStrips2D:strips"), unblanked);
    assert_eq!(rows("/images/overlay/overlay/now/error", "LineStrips2D:radii"), unblanked);
    assert_eq!(rows("/images/overlay/overlay/worth", "Points2D:labels"), 2);
    assert_eq!(rows("/images/overlay/overlay/worth", "Clear:is_recursive"), 1);

    assert_eq!(rows("/patient/check/check/portal_bifurcation", "Points3D:positions"), 1);
    assert_eq!(rows("/registration/check/check/measured_mm", "Scalars:scalars"), 1);
    assert_eq!(rows("/scores/report/scores", "TextDocument:text"), 2);
    assert_eq!(
        lines(&contents, "engineer"),
        [
            "engineer: `instrument` touches portal_bifurcation",
            "engineer: the registration is accepted",
        ]
    );
    assert_eq!(
        lines(&contents, "check"),
        ["portal_bifurcation touched with `instrument`: 2.2 mm off, 4.5 mm were predicted"]
    );

    // Once a second.
    assert_eq!(rows("/distances/navigate/distances/limits/warning", "Scalars:scalars"), 4);
    assert_eq!(rows("/distances/navigate/distances/limits/danger", "SeriesLines:names"), 1);
    // The strips go on with the tool, and change their colour with what they say.
    assert_eq!(rows("/alarms/navigate/distances/guidance", "SeriesLines:colors"), 3);
    assert_eq!(rows("/alarms/navigate/distances/guidance", "Scalars:scalars"), {
        rows("/alarms/navigate/distances/instrument", "Scalars:scalars")
    });
    assert!(rows("/alarms/navigate/distances/instrument", "Scalars:scalars") >= tips);

    // Each state once.
    assert_eq!(rows("/states/guidance/navigate.distances", "StateChange:state"), 3);
    assert_eq!(rows("/states/registration/register.registration", "StateChange:state"), 3);
    assert_eq!(rows("/states/health/navigate", "StateChange:state"), 2);
    assert_eq!(rows("/states/alarm/navigate.distances/stylus", "StateChange:state"), 1);
    assert!(rows("/states/alarm/navigate.distances/instrument", "StateChange:state") > 1);
    let summaries = rows("/summary", "TextDocument:text");
    assert!((5..=21).contains(&summaries), "{summaries}");
}

#[test]
fn surfaces_lie_where_the_registration_puts_them() {
    let contents = drawn(&guided::procedure(4));
    let rows = |entity: &str, component: &str| rows(&contents, entity, component);
    let own = "/preoperative/surfaces/surfaces/tumour_1";
    assert_eq!(rows(own, "Mesh3D:vertex_positions"), 1);
    assert_eq!(rows(own, "Mesh3D:vertex_normals"), 1);
    let moved = "/patient/register/registration/preoperative_surfaces/tumour_1";
    // Eight registrations, six with an alignment, each 0.05 mm from the last: drawn at 1 s, and anew once
    // it has moved by more than 0.2 mm since.
    assert_eq!(rows(moved, "Mesh3D:vertex_positions"), 2);
    // The colours of a registration that was accepted meanwhile.
    assert_eq!(rows(moved, "Mesh3D:albedo_factor"), 3);
    let landmarks = "/patient/register/registration/preoperative_landmarks/preoperative/landmarks";
    assert_eq!(rows(landmarks, "Points3D:labels"), 6);
}

#[test]
fn what_is_not_there_any_more_is_taken_away() {
    let aligned = Registration {
        state: RegistrationState::Accepted,
        alignment: Some(guided::alignment(0.0, START)),
    };
    let all = guided::surfaces(6);
    let fewer = |keep: &str| {
        let meshes = all.meshes().filter(|mesh| mesh.surface.structure.name == keep);
        let surfaces = meshes.map(|mesh| {
            let structure = mesh.surface.structure.clone();
            (structure, 0.5, mesh.positions_mm.to_vec(), mesh.corners.to_vec())
        });
        Surfaces::<Preoperative>::new(surfaces.collect()).unwrap()
    };
    let mut register = Voice::new::<Registration>(Topic::Stream, "register.registration");
    let mut surfaces = Voice::new::<Surfaces<Preoperative>>(Topic::Stream, "surfaces.surfaces");
    let heard = vec![
        surfaces.say(START, START, &all),
        register.say(START, START + 1, &aligned),
        surfaces.say(START, START + 2, &fewer("portal_vein")),
        register.blank(START + 3, "no tree"),
        register.say(START, START + 4, &aligned),
        surfaces.blank(START + 5, "no labels"),
        register.end(START + 6),
        surfaces.end(START + 6),
    ];
    let contents = drawn(&heard);
    let cleared = |entity: &str| rows(&contents, entity, "Clear:is_recursive");
    let moved = "/patient/register/registration/preoperative_surfaces";
    for base in [moved, "/preoperative/surfaces/surfaces"] {
        assert_eq!(cleared(&format!("{base}/liver")), 1, "{base}");
    }
    assert_eq!(rows(&contents, &format!("{moved}/portal_vein"), "Mesh3D:vertex_positions"), 3);
    assert_eq!(cleared(&format!("{moved}/portal_vein")), 2);
    assert_eq!(cleared("/preoperative/surfaces/surfaces/portal_vein"), 1);
}

/// What one message differs from another by; equal to itself, and within `tolerance` of the other.
fn against<T: Message>(a: &T, b: &T, tolerance: Tolerance) -> Difference {
    let recorded = |value: &T| {
        let mut voice = Voice::new::<T>(Topic::Stream, "node.port");
        let folder = tempfile::tempdir().unwrap();
        session::record(folder.path(), &[voice.say(START, START, value), voice.end(START + 1)]);
        (Recording::open(folder.path()).unwrap(), folder)
    };
    let ((first, _kept), (same, _same), (other, _other)) = (recorded(a), recorded(a), recorded(b));
    let report = compare(&first, &same, None, &Tolerance::default()).unwrap();
    assert!(report.equal && report.streams["node.port"].identical == 1, "{}", text(&report));
    let report = compare(&first, &other, None, &Tolerance::default()).unwrap();
    assert!(!report.equal, "{}", text(&report));
    let report = compare(&first, &other, None, &tolerance).unwrap();
    let difference = report.streams["node.port"].difference.clone();
    assert_eq!(report.equal, difference.others == 0, "{}", text(&report));
    difference
}

/// The last message of a stream of the guided procedure.
fn last<T: Message>(stream: &str) -> T {
    let of = |(_, bytes): &Heard| {
        let received = Received::parse(bytes.clone()).unwrap();
        let envelope = received.envelope();
        let is_it = envelope.stream == stream && envelope.kind == Kind::Message;
        is_it.then(|| received.decode::<T>().unwrap().value)
    };
    guided::procedure(4).iter().rev().find_map(of).unwrap()
}

#[test]
fn guidance_is_compared_in_millimetres_pixels_and_shares() {
    let mm = |mm| Tolerance { mm, ..Tolerance::default() };
    let mut shifted = guided::surfaces(8);
    let positions = shifted.positions_mm.as_slice().iter().map(|mm| mm + 0.5).collect::<Vec<_>>();
    shifted.positions_mm = positions.into();
    let found = against(&guided::surfaces(8), &shifted, mm(0.867));
    assert!((found.mm.unwrap() - 0.75_f64.sqrt()).abs() < 1e-4);

    let distances: Distances = last("navigate.distances");
    let mut nearer = distances.clone();
    nearer.tools[0].structures[3].tip_mm -= 0.25;
    let found = against(&distances, &nearer, mm(0.250_001));
    assert!((found.mm.unwrap() - 0.25).abs() < 1e-9);
    nearer.tools[0].structures[3].alarm = Alarm::Danger;
    let found = against(&distances, &nearer, session::anything());
    assert_eq!(found.other, ["message 0: `instrument` at hepatic_artery: Clear against Danger"]);

    let overlay: Overlay = last("overlay.overlay");
    let mut moved = overlay.clone();
    let points = moved.points_px.as_slice().iter().map(|px| px + 1.5).collect::<Vec<_>>();
    moved.points_px = points.into();
    let px = |px| Tolerance { px, ..Tolerance::default() };
    let found = against(&overlay, &moved, px(2.13));
    assert!((1.0..=2.13).contains(&found.px.unwrap()), "{:?}", found.px);
    moved.guidance = Guidance::Unverified { reason: "nobody".to_owned() };
    let found = against(&overlay, &moved, session::anything());
    assert_eq!(found.other, ["message 0: valid against unverified (nobody)"]);

    let scores: Scores = last("report.scores");
    let mut better = scores.clone();
    better.scores[1].value = Some(4.9 * 0.9);
    let share = |share| Tolerance { share, ..Tolerance::default() };
    let found = against(&scores, &better, share(0.1001));
    assert!((found.share.unwrap() - 0.1).abs() < 1e-9);

    let landmarks = |x| Landmarks::<Preoperative> {
        landmarks: vec![Landmark {
            name: "apex".to_owned(),
            position: Point::new(Point3::new(x, 0.0, 0.0)),
        }],
    };
    assert_eq!(against(&landmarks(1.0), &landmarks(3.0), mm(2.0)).mm, Some(2.0));

    let told = |kind| Instruction { by: "engineer".to_owned(), kind };
    let reject = InstructionKind::RejectRegistration { reason: "it slipped".to_owned() };
    let found =
        against(&told(InstructionKind::AcceptRegistration), &told(reject), session::anything());
    assert_eq!(found.others, 1);
}
