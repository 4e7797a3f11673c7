//! Whether a registration can be trusted, and the figures that say why; [`measure`](crate::measure) takes them.

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Matrix3, Point3, Vector3};

use crate::straightness::straight_fraction;

/// Which of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The tree that is registered: what is seen now.
    Source,
    /// The tree it is registered to: what was seen before.
    Target,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "intraoperative",
            Self::Target => "preoperative",
        })
    }
}

/// Why there is no registration.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No vessels at all.
    #[error("the {which} tree is empty; segment vessels before registering")]
    Empty {
        /// Which tree.
        which: Which,
    },
    /// Too few vessels to tell one pose from another.
    #[error(
        "the {which} tree has {branches} branches with {length_mm:.0} mm of centreline, but at least {least_branches} branches with {least_mm:.0} mm fix a pose; sweep over more of the organ"
    )]
    TooLittle {
        /// Which tree.
        which: Which,
        /// Its branches.
        branches: usize,
        /// Length of its centrelines.
        length_mm: f64,
        /// Branches needed.
        least_branches: usize,
        /// Length needed.
        least_mm: f64,
    },
    /// Wires or a ruler, no vessels.
    #[error(
        "{percent:.0} % of the {which} centrelines are long straight lines; vessels bend and branch: is this a wire phantom?"
    )]
    StraightLines {
        /// Which tree.
        which: Which,
        /// Share of its length on straight lines, in percent.
        percent: f64,
    },
    /// No pose puts branch points on branch points within the limits.
    #[error(
        "no pose lays the vessels on those of the preoperative tree; check that it is this patient's, widen the limits of the pose, or sweep over more branch points"
    )]
    NoPose,
    /// The best pose does not explain what is seen.
    #[error(
        "the best pose explains {percent:.0} % of the intraoperative vessels, but {least_percent:.0} % are needed; check that the preoperative tree is this patient's"
    )]
    PoorFit {
        /// Overlap of the trees, in percent.
        percent: f64,
        /// Overlap needed.
        least_percent: f64,
    },
    /// Another pose explains the data as well.
    #[error(
        "another pose explains the vessels nearly as well ({ratio:.2} times as well as the best); sweep over more of the organ or give limits of the pose"
    )]
    Ambiguous {
        /// Score of the second pose by that of the best.
        ratio: f64,
    },
}

/// Why a registration should be checked before it is relied on.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Doubt {
    /// The fit is between good and refused.
    #[error(
        "{percent:.0} % of the intraoperative vessels are explained; {sure_percent:.0} % would be sure"
    )]
    MiddlingFit {
        /// Overlap of the trees, in percent.
        percent: f64,
        /// Overlap that would do.
        sure_percent: f64,
    },
    /// Another pose is not far behind.
    #[error(
        "another pose explains the vessels {ratio:.2} times as well; less than {sure_ratio:.2} would be sure"
    )]
    Rival {
        /// Score of the second pose by that of the best.
        ratio: f64,
        /// Ratio that would do.
        sure_ratio: f64,
    },
    /// The vessels are as straight as wires.
    #[error(
        "{percent:.0} % of the intraoperative vessels are long straight lines, which slide along themselves; sweep over vessels that bend and branch"
    )]
    Straight {
        /// Share of their length on straight lines, in percent.
        percent: f64,
    },
    /// Nothing was searched but around the start.
    #[error(
        "only poses around the start were searched; a global search would tell whether it is the only one"
    )]
    NotSearched,
    /// The error may be larger than wanted.
    #[error(
        "the error is up to {bound_mm:.1} mm in the midst of the data, but {wanted_mm:.1} mm are wanted; sweep over more vessels"
    )]
    LargeError {
        /// 95 % bound of the error at the centroid of the data.
        bound_mm: f64,
        /// The bound wanted.
        wanted_mm: f64,
    },
    /// Much that should have been seen was not.
    #[error(
        "of the preoperative vessels in the region of the data {percent:.0} % were seen; {sure_percent:.0} % would be sure"
    )]
    MuchUnseen {
        /// Share that was seen, in percent.
        percent: f64,
        /// Share that would do.
        sure_percent: f64,
    },
}

/// What follows for the use of a registration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It fits, it is the only pose that does, and its error is bounded.
    Accepted,
    /// It fits, but somebody must check it.
    Unverified(Doubt),
    /// It must not be used.
    Refused(Refusal),
}

impl Verdict {
    /// The verdict on centrelines on straight lines, which would be refused as wires with `refusal`: what fits very well may
    /// be vessels, but somebody must check it.
    #[must_use]
    pub fn of_straight(self, refusal: Refusal, score: f64, trust: &Trust) -> Self {
        let Refusal::StraightLines { percent, .. } = refusal else { return Self::Refused(refusal) };
        match self {
            Self::Refused(Refusal::Ambiguous { .. }) if score >= trust.least_straight_score => self,
            Self::Accepted | Self::Unverified(_) if score >= trust.least_straight_score => {
                Self::Unverified(Doubt::Straight { percent })
            }
            _ => Self::Refused(refusal),
        }
    }
}

/// The figures of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// What follows.
    pub verdict: Verdict,
    /// Length of the source's centrelines.
    pub length_mm: f64,
    /// Branch points of the source.
    pub branch_points: usize,
    /// Share of the source on long straight lines.
    pub straight_fraction: f64,
    /// Extents of the source along its principal axes (two standard deviations each way), the largest first.
    pub extent_mm: [f64; 3],
    /// Figures of the fit, if there was one.
    pub fit: Option<FitFigures>,
}

/// How well the trees lie on each other after bending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitFigures {
    /// Overlap of the rigid pose, from 0 to 1.
    pub rigid_score: f64,
    /// Overlap after bending, from 0 to 1.
    pub score: f64,
    /// Rigid score of the best distinct other pose by that of this one; `None` if nothing was searched.
    pub rival: Option<f64>,
    /// Root mean square distance of the inliers.
    pub rms_mm: f64,
    /// Share of the source's length that lies within 4 mm of a vessel of like direction.
    pub source_inliers: f64,
    /// Share of the target's length in the region of the data, as thick as what was seen, that was seen.
    pub target_inliers: f64,
    /// Source branch points within 6 mm of one of the target's.
    pub matched_branch_points: usize,
    /// Root mean square of the displacement by bending at the data.
    pub bending_mm: f64,
    /// 95 % bound of the error at the centroid of the data.
    pub central_error_mm: f64,
}

/// Bounds between verdicts.
///
/// What is missed and what is falsely seen lowers the overlap of every pose alike, so a pose that no other comes near may
/// be trusted at an overlap that would say little by itself: of the wrong patient's tree, other poses explain nearly as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trust {
    /// Least length of centrelines.
    pub least_length_mm: f64,
    /// Least number of branches.
    pub least_branches: usize,
    /// Most of the length that may lie on long straight lines.
    pub most_straight: f64,
    /// Least overlap of what lies on straight lines, that is not refused as wires.
    pub least_straight_score: f64,
    /// Least overlap after bending that is not refused.
    pub least_score: f64,
    /// Overlap that is accepted.
    pub sure_score: f64,
    /// A pose whose rival is at most this stands alone.
    pub lone_rival: f64,
    /// Least overlap after bending of a pose that stands alone and is not refused.
    pub least_lone_score: f64,
    /// Overlap of a pose that stands alone that is accepted.
    pub sure_lone_score: f64,
    /// Rival that is refused from here on.
    pub most_rival: f64,
    /// Rival that is accepted.
    pub sure_rival: f64,
    /// Share of the target in the region that must be seen to be accepted, unless the pose stands alone.
    pub sure_target_inliers: f64,
    /// 95 % bound of the error in the midst of the data to be accepted.
    pub wanted_error_mm: f64,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            least_length_mm: 100.0,
            least_branches: 3,
            most_straight: 0.6,
            least_straight_score: 0.75,
            least_score: 0.55,
            sure_score: 0.65,
            lone_rival: 0.45,
            least_lone_score: 0.35,
            sure_lone_score: 0.42,
            most_rival: 0.8,
            sure_rival: 0.6,
            sure_target_inliers: 0.4,
            wanted_error_mm: 6.0,
        }
    }
}

/// What can be said of the source before it is fitted.
pub fn before(
    source: &Centrelines,
    samples: &[Sample],
    target: &Centrelines,
    trust: &Trust,
) -> Assessment {
    let straight = straight_fraction(samples);
    let refusal = refusal_of(Which::Source, source, straight, trust)
        .or_else(|| refusal_of(Which::Target, target, 0.0, trust));
    Assessment {
        verdict: refusal.map_or(Verdict::Unverified(Doubt::NotSearched), Verdict::Refused),
        length_mm: source.length_mm(),
        branch_points: source.branch_points().len(),
        straight_fraction: straight,
        extent_mm: principal_axes(samples.iter().map(|sample| sample.position_mm)).1,
        fit: None,
    }
}

fn refusal_of(which: Which, tree: &Centrelines, straight: f64, trust: &Trust) -> Option<Refusal> {
    let (branches, length_mm) = (tree.branches().len(), tree.length_mm());
    if branches == 0 {
        return Some(Refusal::Empty { which });
    }
    if straight > trust.most_straight {
        return Some(Refusal::StraightLines { which, percent: 100.0 * straight });
    }
    let too_little = branches < trust.least_branches || length_mm < trust.least_length_mm;
    too_little.then_some(Refusal::TooLittle {
        which,
        branches,
        length_mm,
        least_branches: trust.least_branches,
        least_mm: trust.least_length_mm,
    })
}

impl FitFigures {
    /// What follows from the figures.
    pub fn verdict(&self, trust: &Trust) -> Verdict {
        let percent = 100.0 * self.score;
        let stands_alone = self.rival.is_some_and(|ratio| ratio <= trust.lone_rival);
        let (least_score, sure_score) = if stands_alone {
            (trust.least_lone_score, trust.sure_lone_score)
        } else {
            (trust.least_score, trust.sure_score)
        };
        if !(self.score >= least_score) {
            let least_percent = 100.0 * least_score;
            return Verdict::Refused(Refusal::PoorFit { percent, least_percent });
        }
        if let Some(ratio) = self.rival.filter(|&ratio| ratio > trust.most_rival) {
            return Verdict::Refused(Refusal::Ambiguous { ratio });
        }
        // Each alone is a doubt; a middling fit that another pose nearly reaches is what a wrong patient's tree gives.
        if let Some(ratio) = self.rival.filter(|&ratio| ratio > trust.sure_rival)
            && self.score < sure_score
        {
            return Verdict::Refused(Refusal::Ambiguous { ratio });
        }
        let doubt = if self.score < sure_score {
            Doubt::MiddlingFit { percent, sure_percent: 100.0 * sure_score }
        } else if !stands_alone && self.target_inliers < trust.sure_target_inliers {
            let sure_percent = 100.0 * trust.sure_target_inliers;
            Doubt::MuchUnseen { percent: 100.0 * self.target_inliers, sure_percent }
        } else if self.central_error_mm > trust.wanted_error_mm {
            Doubt::LargeError { bound_mm: self.central_error_mm, wanted_mm: trust.wanted_error_mm }
        } else {
            match self.rival {
                None => Doubt::NotSearched,
                Some(ratio) if ratio > trust.sure_rival => {
                    Doubt::Rival { ratio, sure_ratio: trust.sure_rival }
                }
                Some(_) => return Verdict::Accepted,
            }
        };
        Verdict::Unverified(doubt)
    }
}

/// Principal axes and centroid of points, and four standard deviations along each axis, the largest first.
pub(super) fn principal_axes(
    points: impl Iterator<Item = Point3<f64>> + Clone,
) -> ((Matrix3<f64>, Point3<f64>), [f64; 3]) {
    let count = points.clone().count().max(1) as f64;
    let centre = points.clone().fold(Vector3::zeros(), |sum, point| sum + point.coords) / count;
    let covariance = points.fold(Matrix3::zeros(), |sum, point| {
        let offset = point.coords - centre;
        sum + offset * offset.transpose()
    }) / count;
    let eigen = covariance.symmetric_eigen();
    let mut extents = [0, 1, 2].map(|axis: usize| 4.0 * eigen.eigenvalues[axis].max(0.0).sqrt());
    extents.sort_by(|a, b| b.total_cmp(a));
    ((eigen.eigenvectors, Point3::from(centre)), extents)
}
