//! What the viewer shows where: the patient large, the live image, latencies and the log beside.

use std::collections::BTreeMap;

use messages::{Message as _, SegmentedImage, UltrasoundImage, Volume};
use rerun::blueprint::components::PanelState;
use rerun::blueprint::{
    Blueprint, BlueprintPanel, ContainerLike, Horizontal, SelectionPanel, Spatial2DView,
    Spatial3DView, Tabs, TextLogView, TimePanel, TimeSeriesView, Vertical,
};

use super::canvas::place;

/// The layout for streams `node.port` that carry these messages.
pub fn blueprint(kinds: &BTreeMap<String, String>) -> Blueprint {
    let of = |schema: &'static str| {
        kinds.iter().filter(move |(_, kind)| *kind == schema).map(|(stream, _)| stream.as_str())
    };
    let overlays: Vec<String> =
        of(SegmentedImage::SCHEMA).map(|stream| format!("/images/{}", place(stream))).collect();
    let mut images: Vec<ContainerLike> = of(UltrasoundImage::SCHEMA)
        .map(|stream| {
            let image = format!("/images/{}", place(stream));
            let contents: Vec<String> = std::iter::once(image).chain(overlays.clone()).collect();
            Spatial2DView::new(stream).with_origin("/images").with_contents(contents).into()
        })
        .collect();
    if images.is_empty() {
        images.push(Spatial2DView::new("images").with_origin("/images").into());
    }
    let curves: Vec<ContainerLike> = vec![
        TimeSeriesView::new("latency, ms").with_origin("/latency").into(),
        TimeSeriesView::new("load").with_origin("/load").into(),
    ];
    let log = TextLogView::new("log").with_origin("/log");
    let beside = Vertical::new([Tabs::new(images).into(), Tabs::new(curves).into(), log.into()])
        .with_row_shares(vec![3.0, 2.0, 2.0]);
    let mut large: Vec<ContainerLike> =
        vec![Spatial3DView::new("patient").with_origin("/patient").into()];
    for stream in of(Volume::SCHEMA) {
        let volume = rerun::blueprint::TensorView::new(stream);
        large.push(volume.with_origin(format!("/volumes/{}", place(stream))).into());
    }
    let all = Horizontal::new([Tabs::new(large).into(), beside.into()])
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
