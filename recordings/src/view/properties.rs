//! What Rerun's builder of layouts does not offer: how far back curves go, where their legends are, which
//! columns a log has.

use std::time::Duration;

use rerun::blueprint::ContainerLike;
use rerun::blueprint::components::{BackgroundKind, Corner2D, VisibleTimeRange};
use rerun::datatypes::{self, Range1D, TimeInt, TimeRange, TimeRangeBoundary};
use rerun::external::re_sdk_types::blueprint::archetypes::{
    Background, LineGrid3D, PlotLegend, ScalarAxis, VisibleTimeRanges,
};
use rerun::{AsComponents, EntityPath};

/// The timelines of everything that is drawn.
const TIMELINES: [&str; 2] = ["published_at", "acquired_at"];

/// Properties of views, each at its path in the layout.
#[derive(Default)]
pub struct Properties(Vec<(EntityPath, Box<dyn AsComponents>)>);

impl Properties {
    /// The properties, with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&EntityPath, &dyn AsComponents)> {
        self.0.iter().map(|(path, property)| (path, property.as_ref()))
    }

    /// Gives a view a property that goes by a name.
    fn set(&mut self, view: &ContainerLike, name: &str, property: impl AsComponents + 'static) {
        // Containers have none.
        if let ContainerLike::View(view) = view {
            let path = view.blueprint_path().join(&EntityPath::from(name));
            self.0.push((path, Box::new(property)));
        }
    }

    /// Curves of the last `back`, without a legend where it would hide them.
    pub fn curves(
        &mut self,
        view: impl Into<ContainerLike>,
        back: Duration,
        has_legend: bool,
    ) -> ContainerLike {
        let view = view.into();
        self.set(
            &view,
            "VisibleTimeRanges",
            VisibleTimeRanges::new(TIMELINES.map(|name| last(name, back))),
        );
        let legend = PlotLegend::new().with_corner(Corner2D::LeftTop).with_visible(has_legend);
        self.set(&view, "PlotLegend", legend);
        view
    }

    /// Curves between two values.
    pub fn between(&mut self, view: ContainerLike, [low, high]: [f64; 2]) -> ContainerLike {
        self.set(&view, "ScalarAxis", ScalarAxis::new().with_range(Range1D([low, high])));
        view
    }

    /// A scene in space: dark, without a floor.
    pub fn scene(&mut self, view: impl Into<ContainerLike>) -> ContainerLike {
        let view = view.into();
        let dark = rerun::Color::from_rgb(14, 17, 23);
        self.set(&view, "Background", Background::new(BackgroundKind::SolidColor).with_color(dark));
        self.set(&view, "LineGrid3D", LineGrid3D::new().with_visible(false));
        view
    }
}

/// From `back` before the cursor to the cursor.
fn last(timeline: &str, back: Duration) -> VisibleTimeRange {
    let back = i64::try_from(back.as_nanos()).unwrap_or(i64::MAX);
    VisibleTimeRange(datatypes::VisibleTimeRange {
        timeline: timeline.into(),
        range: TimeRange {
            start: TimeRangeBoundary::CursorRelative(TimeInt(-back)),
            end: TimeRangeBoundary::CursorRelative(TimeInt(0)),
        },
    })
}
