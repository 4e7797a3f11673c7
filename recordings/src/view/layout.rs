//! What the viewer shows where: the patient large and the preoperative image below, beside them the live
//! image, what matters now in words, distances with alarms, and the log.

use std::collections::BTreeMap;
use std::time::Duration;

use messages::{
    Distances, Frame as _, IntensityVolume, LabelVolume, Message as _, Overlay, Patient,
    Preoperative, Registration, ReslicedImage, Scores, SegmentedImage, Surfaces, UltrasoundImage,
    VesselTree, Volume,
};
use rerun::blueprint::components::{PanelState, PlayState};
use rerun::blueprint::{
    Blueprint, BlueprintPanel, ContainerLike, Grid, Horizontal, SelectionPanel, Spatial2DView,
    Spatial3DView, StateTimelineView, Tabs, TextDocumentView, TextLogView, TimePanel,
    TimeSeriesView, Vertical,
};

use super::canvas::place;
use super::properties::{Eye, Properties};
use super::slices::NAMES;

/// How far back curves go.
const BACK: Duration = Duration::from_secs(30);
/// Distances that are shown, millimetres, with room for strips below.
const SHOWN_MM: [f64; 2] = [-10.0, 40.0];

/// A layout.
pub struct Layout {
    /// Views and where they are.
    pub blueprint: Blueprint,
    /// How some of the views look.
    pub properties: Properties,
}

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The name of the message.
    pub schema: String,
    /// The first of its frames; empty if it has none.
    pub frame: String,
}

/// The layout for streams `node.port` that carry these messages; `eye` looks at the patient; `is_timed` if
/// it is known when the session started.
pub fn layout(kinds: &BTreeMap<String, Carried>, eye: Option<Eye>, is_timed: bool) -> Layout {
    let timeline = if is_timed { "session_time" } else { "published_at" };
    let mut properties = Properties::default();
    let large = Tabs::new(large(kinds, eye, &mut properties)).into();
    let left = match reslices(kinds) {
        Some(reslices) => Vertical::new([large, reslices]).with_row_shares(vec![5.0, 2.0]).into(),
        None => large,
    };
    let all = Horizontal::new([left, beside(kinds, timeline, &mut properties)])
        .with_column_shares(vec![5.0, 4.0]);
    let blueprint = Blueprint::new(all)
        .with_auto_views(false)
        .with_auto_layout(false)
        .with_blueprint_panel(BlueprintPanel::from_state(PanelState::Collapsed))
        .with_selection_panel(SelectionPanel::from_state(PanelState::Collapsed))
        .with_time_panel(
            // What a running session says last; of one that has ended, how it ended.
            TimePanel::new()
                .with_state(PanelState::Collapsed)
                .with_timeline(timeline)
                .with_play_state(PlayState::Following),
        );
    Layout { blueprint, properties }
}

/// Whether a stream carries known truth, which is no part of what guides.
pub fn is_truth(stream: &str) -> bool {
    let port = stream.split_once('.').map_or("", |(_, port)| port);
    port == "truth" || port.starts_with("truth_")
}

/// What is beside the patient: the banner, the live image, words, curves, log.
fn beside(
    kinds: &BTreeMap<String, Carried>,
    timeline: &str,
    properties: &mut Properties,
) -> ContainerLike {
    let summary = TextDocumentView::new("now").with_origin("/summary").into();
    let images = Tabs::new(images(kinds)).into();
    let top = Horizontal::new([images, summary]).with_column_shares(vec![3.0, 2.0]);
    let (mut rows, mut shares) = (Vec::new(), Vec::new());
    let has_distances = of(kinds, Distances::SCHEMA).next().is_some();
    if has_distances || of(kinds, Registration::SCHEMA).next().is_some() {
        rows.push(Spatial2DView::new("status").with_origin("/banner").into());
        shares.push(2.6);
    }
    rows.push(top.into());
    shares.push(4.0);
    if has_distances {
        let distances = TimeSeriesView::new("distances, mm")
            .with_origin("/")
            .with_contents(distances_contents(kinds));
        let distances = properties.curves(distances, BACK, true);
        rows.push(properties.between(distances, SHOWN_MM));
        shares.push(4.0);
    }
    rows.push(Tabs::new(details(kinds, timeline, properties)).into());
    shares.push(2.6);
    Vertical::new(rows).with_row_shares(shares).into()
}

/// The live images, each with the outlines and labels that belong to it.
fn images(kinds: &BTreeMap<String, Carried>) -> Vec<ContainerLike> {
    let mut on_top = drawn_over_images(kinds, SegmentedImage::SCHEMA);
    on_top.extend(drawn_over_images(kinds, Overlay::SCHEMA));
    let mut images: Vec<ContainerLike> = of(kinds, UltrasoundImage::SCHEMA)
        .map(|(stream, _)| {
            let image = format!("+ /images/{}", place(stream));
            let contents: Vec<String> = std::iter::once(image).chain(on_top.clone()).collect();
            Spatial2DView::new(stream).with_origin("/images").with_contents(contents).into()
        })
        .collect();
    if images.is_empty() {
        images.push(Spatial2DView::new("images").with_origin("/images").into());
    }
    images
}

/// What streams that carry this message draw over an image.
fn drawn_over_images(kinds: &BTreeMap<String, Carried>, schema: &'static str) -> Vec<String> {
    of(kinds, schema)
        .filter(|(stream, _)| !is_truth(stream))
        .map(|(stream, _)| format!("+ /images/{}/**", place(stream)))
        .collect()
}

/// What is looked at when something is wrong, or when all is over.
fn details(
    kinds: &BTreeMap<String, Carried>,
    timeline: &str,
    properties: &mut Properties,
) -> Vec<ContainerLike> {
    let curves = |properties: &mut Properties, name: &str, origin: &str, has_legend| {
        properties.curves(TimeSeriesView::new(name).with_origin(origin), BACK, has_legend)
    };
    let mut details = vec![
        properties.log(TextLogView::new("log").with_origin("/log"), timeline),
        // Rerun shows the time until it is first looked at, and does not go on by itself: no view for
        // what happens now.
        StateTimelineView::new("states").with_origin("/states").into(),
        curves(properties, "ages, ms", "/latency", false),
        curves(properties, "load", "/load", false),
    ];
    if of(kinds, Registration::SCHEMA).next().is_some() {
        details.push(curves(properties, "registration", "/registration", true));
    }
    details.extend(of(kinds, Scores::SCHEMA).map(|(stream, _)| {
        let origin = format!("/scores/{}", place(stream));
        TextDocumentView::new("scores").with_origin(origin).into()
    }));
    details
}

/// Curves of what was measured, not of what is known.
fn distances_contents(kinds: &BTreeMap<String, Carried>) -> Vec<String> {
    ["distances", "alarms"]
        .into_iter()
        .flat_map(|root| {
            let truth = of(kinds, Distances::SCHEMA)
                .filter(|(stream, _)| is_truth(stream))
                .map(move |(stream, _)| format!("- /{root}/{}/**", place(stream)));
            std::iter::once(format!("+ /{root}/**")).chain(truth)
        })
        .collect()
}

/// The three slices of the first preoperative image, with the structures in it, and what it shows in the plane of the live
/// image, with the outlines; none if there is none.
fn reslices(kinds: &BTreeMap<String, Carried>) -> Option<ContainerLike> {
    let preoperative =
        |(stream, frame): &(&str, &str)| *frame == Preoperative::NAME && !is_truth(stream);
    let (stream, frame) = of(kinds, IntensityVolume::<Patient>::SCHEMA).find(preoperative)?;
    let labels: Vec<&str> = of(kinds, LabelVolume::<Patient>::SCHEMA)
        .filter(preoperative)
        .map(|(stream, _)| stream)
        .collect();
    let mut views: Vec<ContainerLike> = NAMES
        .map(|name| {
            let entity = |stream: &str| format!("+ /{frame}/{}/{name}/**", place(stream));
            let contents: Vec<String> =
                std::iter::once(entity(stream)).chain(labels.iter().map(|of| entity(of))).collect();
            let origin = format!("/{frame}/{}/{name}", place(stream));
            Spatial2DView::new(name).with_origin(origin).with_contents(contents).into()
        })
        .into();
    let mut in_plane = drawn_over_images(kinds, ReslicedImage::SCHEMA);
    if !in_plane.is_empty() {
        // What the outlines are worth stands in the live image.
        let overlays = of(kinds, Overlay::SCHEMA);
        in_plane.extend(overlays.map(|(of, _)| format!("+ /images/{}/now/**", place(of))));
        let view = Spatial2DView::new("in the live plane").with_origin("/images");
        views.push(view.with_contents(in_plane).into());
    }
    Some(Horizontal::new(views).into())
}

/// The streams that carry this message, each with its frame.
fn of<'a>(
    kinds: &'a BTreeMap<String, Carried>,
    schema: &'static str,
) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    kinds
        .iter()
        .filter(move |(_, kind)| kind.schema == schema)
        .map(|(stream, kind)| (stream.as_str(), kind.frame.as_str()))
}

/// What is worth most of the window: the patient first, and a tab for each volume.
fn large(
    kinds: &BTreeMap<String, Carried>,
    eye: Option<Eye>,
    properties: &mut Properties,
) -> Vec<ContainerLike> {
    let patient = |name: &str, contents: Vec<String>| {
        Spatial3DView::new(name).with_origin("/patient").with_contents(contents)
    };
    let mut large = vec![properties.scene(patient("patient", patient_contents(kinds)), eye)];
    let map = preoperative_contents(kinds);
    if !map.is_empty() {
        let view = Spatial3DView::new("preoperative map").with_origin("/preoperative");
        large.push(properties.scene(view.with_contents(map), None));
    }
    for (stream, frame) in scans(kinds) {
        let views = NAMES.map(|name| {
            let origin = format!("/{frame}/{}/{name}", place(stream));
            Spatial2DView::new(name).with_origin(origin).into()
        });
        large.push(Grid::new(views).with_name(stream).with_grid_columns(2).into());
    }
    for (stream, _) in of(kinds, Volume::SCHEMA) {
        let volume = rerun::blueprint::TensorView::new(stream);
        large.push(volume.with_origin(format!("/volumes/{}", place(stream))).into());
    }
    if kinds.keys().any(|stream| is_truth(stream)) {
        large.push(properties.scene(patient("with truth", vec!["+ /patient/**".to_owned()]), eye));
    }
    large
}

/// The streams whose slices are drawn, each with its frame.
fn scans(kinds: &BTreeMap<String, Carried>) -> impl Iterator<Item = (&str, &str)> {
    of(kinds, IntensityVolume::<Patient>::SCHEMA)
        .chain(of(kinds, LabelVolume::<Patient>::SCHEMA))
        .filter(|(_, frame)| [Patient::NAME, Preoperative::NAME].contains(frame))
}

/// Everything in the patient but flat slices, which have no place in space, known truth, and what is
/// drawn better otherwise.
fn patient_contents(kinds: &BTreeMap<String, Carried>) -> Vec<String> {
    let has = |schema, of_frame: &str| of(kinds, schema).any(|(_, frame)| frame == of_frame);
    let below = |stream: &str, what: &str| format!("- /patient/{}/{what}**", place(stream));
    let flat = scans(kinds).filter(|(_, frame)| *frame == Patient::NAME);
    let truth = kinds.keys().filter(|stream| is_truth(stream));
    let mut contents = vec!["+ /patient/**".to_owned()];
    contents.extend(flat.map(|(stream, _)| below(stream, "")));
    contents.extend(truth.map(|stream| below(stream, "")));
    if has(Surfaces::<Preoperative>::SCHEMA, Preoperative::NAME) {
        let registrations = of(kinds, Registration::SCHEMA);
        contents.extend(registrations.flat_map(|(stream, _)| {
            // Named points would hide what they lie in; what touching one has shown stays.
            ["preoperative_vessels/", "preoperative_landmarks/"].map(|what| below(stream, what))
        }));
    }
    if has(VesselTree::<Patient>::SCHEMA, Patient::NAME) {
        let labels = of(kinds, SegmentedImage::SCHEMA);
        contents.extend(labels.map(|(stream, _)| below(stream, "so_far/")));
        // Planes through the volume would hide the vessels that were found in it.
        let volumes = of(kinds, Volume::SCHEMA);
        contents.extend(volumes.map(|(stream, _)| below(stream, "now/")));
    }
    contents
}

/// The surfaces of the preoperative image, or its trees if there are none.
fn preoperative_contents(kinds: &BTreeMap<String, Carried>) -> Vec<String> {
    let preoperative = |schema| {
        of(kinds, schema)
            .filter(|(stream, frame)| *frame == Preoperative::NAME && !is_truth(stream))
            .map(|(stream, _)| format!("+ /preoperative/{}/**", place(stream)))
            .collect::<Vec<_>>()
    };
    let surfaces = preoperative(Surfaces::<Preoperative>::SCHEMA);
    if surfaces.is_empty() { preoperative(VesselTree::<Preoperative>::SCHEMA) } else { surfaces }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(streams: &[(&str, &str, &str)]) -> BTreeMap<String, Carried> {
        let carried = |&(stream, schema, frame): &(&str, &str, &str)| {
            (stream.to_owned(), Carried { schema: schema.to_owned(), frame: frame.to_owned() })
        };
        streams.iter().map(carried).collect()
    }

    #[test]
    fn there_are_views_for_what_comes_and_no_others() {
        let views = |kinds: &BTreeMap<String, Carried>| {
            large(kinds, None, &mut Properties::default()).len()
        };
        assert_eq!(views(&kinds(&[])), 1);
        assert!(reslices(&kinds(&[])).is_none());
        let mut all = kinds(&[
            ("scan.volume", "IntensityVolume", "preoperative"),
            ("scan.labels", "LabelVolume", "preoperative"),
            ("plan.vessels", "VesselTree", "preoperative"),
            ("trace.vessels", "VesselTree", "patient"),
            ("sweep.volume", "Volume", "patient"),
        ]);
        // The patient, the preoperative map, two times three slices, a tensor.
        assert_eq!(views(&all), 5);
        assert_eq!(preoperative_contents(&all), ["+ /preoperative/plan/vessels/**"]);
        assert_eq!(patient_contents(&all), ["+ /patient/**", "- /patient/sweep/volume/now/**"]);
        assert!(reslices(&all).is_some());
        all.extend(kinds(&[("cut.resliced", "ReslicedImage", "image")]));
        assert_eq!(drawn_over_images(&all, "ReslicedImage"), ["+ /images/cut/resliced/**"]);
        all.extend(kinds(&[("extract.surfaces", "Surfaces", "preoperative")]));
        assert_eq!(preoperative_contents(&all), ["+ /preoperative/extract/surfaces/**"]);
    }

    #[test]
    fn what_is_drawn_twice_is_shown_once() {
        let kinds = kinds(&[
            ("extract.surfaces", "Surfaces", "preoperative"),
            ("trace.tree", "VesselTree", "patient"),
            ("register.registration", "Registration", "preoperative"),
            ("segment.segmented", "SegmentedImage", "image"),
            ("vessels.volume", "Volume", "patient"),
        ]);
        assert_eq!(
            patient_contents(&kinds),
            [
                "+ /patient/**",
                "- /patient/register/registration/preoperative_vessels/**",
                "- /patient/register/registration/preoperative_landmarks/**",
                "- /patient/segment/segmented/so_far/**",
                "- /patient/vessels/volume/now/**",
            ]
        );
    }

    #[test]
    fn truth_is_not_shown_beside_what_guides() {
        let kinds = kinds(&[
            ("ultrasound.image", "UltrasoundImage", "image"),
            ("ultrasound.truth", "SegmentedImage", "image"),
            ("patient.truth_distances", "Distances", "patient"),
            ("navigate.distances", "Distances", "patient"),
        ]);
        assert!(is_truth("patient.truth_targets") && !is_truth("truth.distances"));
        assert_eq!(
            distances_contents(&kinds),
            [
                "+ /distances/**",
                "- /distances/patient/truth_distances/**",
                "+ /alarms/**",
                "- /alarms/patient/truth_distances/**",
            ]
        );
        assert_eq!(
            patient_contents(&kinds),
            [
                "+ /patient/**",
                "- /patient/patient/truth_distances/**",
                "- /patient/ultrasound/truth/**",
            ]
        );
        // A developer sees both.
        assert_eq!(large(&kinds, None, &mut Properties::default()).len(), 2);
    }

    #[test]
    fn flat_slices_are_not_shown_in_space_and_unknown_frames_nowhere() {
        let kinds = kinds(&[
            ("cone_beam.volume", "IntensityVolume", "patient"),
            ("odd.volume", "IntensityVolume", "tracker"),
            ("odd.vessels", "VesselTree", "tracker"),
        ]);
        assert_eq!(patient_contents(&kinds), ["+ /patient/**", "- /patient/cone_beam/volume/**"]);
        assert_eq!(large(&kinds, None, &mut Properties::default()).len(), 2);
    }
}
