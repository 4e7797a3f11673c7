//! What the viewer shows where: the patient large, the preoperative image behind it, the live image,
//! latencies and the log beside.

use std::collections::BTreeMap;

use messages::{
    Frame as _, IntensityVolume, LabelVolume, Message as _, Patient, Preoperative, Registration,
    SegmentedImage, UltrasoundImage, VesselTree, Volume,
};
use rerun::blueprint::components::PanelState;
use rerun::blueprint::{
    Blueprint, BlueprintPanel, ContainerLike, Grid, Horizontal, SelectionPanel, Spatial2DView,
    Spatial3DView, Tabs, TextLogView, TimePanel, TimeSeriesView, Vertical,
};

use super::canvas::place;
use super::slices::NAMES;

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The name of the message.
    pub schema: String,
    /// The first of its frames; empty if it has none.
    pub frame: String,
}

/// The layout for streams `node.port` that carry these messages.
pub fn blueprint(kinds: &BTreeMap<String, Carried>) -> Blueprint {
    let of = |schema: &'static str| of(kinds, schema);
    let overlays: Vec<String> = of(SegmentedImage::SCHEMA)
        .map(|(stream, _)| format!("/images/{}", place(stream)))
        .collect();
    let mut images: Vec<ContainerLike> = of(UltrasoundImage::SCHEMA)
        .map(|(stream, _)| {
            let image = format!("/images/{}", place(stream));
            let contents: Vec<String> = std::iter::once(image).chain(overlays.clone()).collect();
            Spatial2DView::new(stream).with_origin("/images").with_contents(contents).into()
        })
        .collect();
    if images.is_empty() {
        images.push(Spatial2DView::new("images").with_origin("/images").into());
    }
    let mut curves: Vec<ContainerLike> = vec![
        TimeSeriesView::new("latency, ms").with_origin("/latency").into(),
        TimeSeriesView::new("load").with_origin("/load").into(),
    ];
    if of(Registration::SCHEMA).next().is_some() {
        curves.push(TimeSeriesView::new("registration").with_origin("/registration").into());
    }
    let log = TextLogView::new("log").with_origin("/log");
    let beside = Vertical::new([Tabs::new(images).into(), Tabs::new(curves).into(), log.into()])
        .with_row_shares(vec![3.0, 2.0, 2.0]);
    let all = Horizontal::new([Tabs::new(large(kinds)).into(), beside.into()])
        .with_column_shares(vec![3.0, 2.0]);
    Blueprint::new(all)
        .with_auto_views(false)
        .with_auto_layout(false)
        .with_blueprint_panel(BlueprintPanel::from_state(PanelState::Collapsed))
        .with_selection_panel(SelectionPanel::from_state(PanelState::Collapsed))
        .with_time_panel(
            TimePanel::new().with_state(PanelState::Collapsed).with_timeline("published_at"),
        )
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
fn large(kinds: &BTreeMap<String, Carried>) -> Vec<ContainerLike> {
    let mut large: Vec<ContainerLike> = vec![
        Spatial3DView::new("patient")
            .with_origin("/patient")
            .with_contents(patient_contents(kinds))
            .into(),
    ];
    let trees = preoperative_contents(kinds);
    if !trees.is_empty() {
        let view = Spatial3DView::new("preoperative vessels").with_origin("/preoperative");
        large.push(view.with_contents(trees).into());
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
    large
}

/// The streams whose slices are drawn, each with its frame.
fn scans(kinds: &BTreeMap<String, Carried>) -> impl Iterator<Item = (&str, &str)> {
    of(kinds, IntensityVolume::<Patient>::SCHEMA)
        .chain(of(kinds, LabelVolume::<Patient>::SCHEMA))
        .filter(|(_, frame)| [Patient::NAME, Preoperative::NAME].contains(frame))
}

/// Everything in the patient but flat slices, which have no place in space.
fn patient_contents(kinds: &BTreeMap<String, Carried>) -> Vec<String> {
    let flat = scans(kinds)
        .filter(|(_, frame)| *frame == Patient::NAME)
        .map(|(stream, _)| format!("- /patient/{}/**", place(stream)));
    std::iter::once("+ /patient/**".to_owned()).chain(flat).collect()
}

/// The trees of the preoperative image.
fn preoperative_contents(kinds: &BTreeMap<String, Carried>) -> Vec<String> {
    of(kinds, VesselTree::<Preoperative>::SCHEMA)
        .filter(|(_, frame)| *frame == Preoperative::NAME)
        .map(|(stream, _)| format!("+ /preoperative/{}", place(stream)))
        .collect()
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
        assert_eq!(large(&kinds(&[])).len(), 1);
        let all = kinds(&[
            ("scan.volume", "IntensityVolume", "preoperative"),
            ("scan.labels", "LabelVolume", "preoperative"),
            ("plan.vessels", "VesselTree", "preoperative"),
            ("trace.vessels", "VesselTree", "patient"),
            ("sweep.volume", "Volume", "patient"),
        ]);
        // The patient, the preoperative vessels, two times three slices, a tensor.
        assert_eq!(large(&all).len(), 5);
        assert_eq!(preoperative_contents(&all), ["+ /preoperative/plan/vessels"]);
        assert_eq!(patient_contents(&all), ["+ /patient/**"]);
    }

    #[test]
    fn flat_slices_are_not_shown_in_space_and_unknown_frames_nowhere() {
        let kinds = kinds(&[
            ("cone_beam.volume", "IntensityVolume", "patient"),
            ("odd.volume", "IntensityVolume", "tracker"),
            ("odd.vessels", "VesselTree", "tracker"),
        ]);
        assert_eq!(patient_contents(&kinds), ["+ /patient/**", "- /patient/cone_beam/volume/**"]);
        assert_eq!(large(&kinds).len(), 2);
    }
}
