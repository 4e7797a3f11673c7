//! Why an image area is not found.

use super::{Form, ImageArea, LEAST_CHANGING, LEAST_IMAGES, LEAST_INSIDE, LEAST_ON_BORDER, Side};

/// Why no area was found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotFound {
    /// An image of another size.
    #[error(
        "all images should have {}×{} pixels as the first, but {came} pixels came; an image area is found for one size",
        .expected.0, .expected.1
    )]
    WrongSize {
        /// Columns and rows.
        expected: (usize, usize),
        /// Pixels that came.
        came: usize,
    },
    /// Too few images.
    #[error(
        "finding the image area needs at least {LEAST_IMAGES} images, but {0} came; give the clip rectangle or the fan"
    )]
    TooFew(usize),
    /// The images are all the same.
    #[error(
        "at least {:.0} % of the pixels should change over the sweep to find the image area, but {:.1} % do: does the probe move? Else give the clip rectangle or the fan",
        LEAST_CHANGING * 100.0, .share * 100.0
    )]
    NothingMoves {
        /// Share of the pixels that change.
        share: f64,
    },
    /// Neither form fits.
    #[error(
        "at least {:.0} % of the outline of what changes should run along the border of the image area, with no more than one side or arc unseen, but {:.0} % do so along the best rectangle{} and {:.0} % along the best fan{}; give the clip rectangle or the fan",
        LEAST_ON_BORDER * 100.0,
        .rectangle.on_border * 100.0,
        .rectangle.unseen(),
        .fan.on_border * 100.0,
        .fan.unseen()
    )]
    NoFit {
        /// The best rectangle.
        rectangle: Attempt,
        /// The best fan.
        fan: Attempt,
    },
    /// Much changes elsewhere.
    #[error(
        "at least {:.0} % of the changing pixels should lie in the image area, but only {:.0} % lie in the {form} that fits best: are there two images side by side? Give the clip rectangle or the fan",
        LEAST_INSIDE * 100.0, .inside * 100.0
    )]
    Elsewhere {
        /// The form.
        form: &'static str,
        /// Share of the changing pixels inside it.
        inside: f64,
    },
}

/// A form that did not fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// The share of the outline that runs along its border.
    pub on_border: f64,
    /// Borders of which too little is seen.
    pub unseen: Vec<Side>,
}

impl Attempt {
    fn unseen(&self) -> String {
        match &self.unseen[..] {
            [] => String::new(),
            unseen => format!(" (unseen: {})", names(unseen)),
        }
    }
}

/// Such as `left, top`.
pub(super) fn names(sides: &[Side]) -> String {
    let name = |side: &Side| match side {
        Side::Left => "left",
        Side::Right => "right",
        Side::Top => "top",
        Side::Bottom => "bottom",
        Side::InnerArc => "inner arc",
        Side::OuterArc => "outer arc",
    };
    sides.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Of the forms that were tried, the best of each kind.
pub(super) fn no_fit(areas: &[ImageArea]) -> NotFound {
    let (mut rectangle, mut fan) = (Attempt::default(), Attempt::default());
    for ImageArea { form, fit } in areas {
        let attempt = match form {
            Form::Rectangle(_) => &mut rectangle,
            Form::Fan(_) => &mut fan,
        };
        if fit.on_border > attempt.on_border {
            *attempt = Attempt { on_border: fit.on_border, unseen: fit.unseen.clone() };
        }
    }
    NotFound::NoFit { rectangle, fan }
}
