//! Stored numbers as what they mean (DICOM PS3.3 section C.11.1.1.2): `RescaleSlope` times them plus `RescaleIntercept`.

use dicom_dictionary_std::tags;

use super::Error;
use super::dataset::Dataset;
use super::file::Slice;
use super::file_error::FileError;
use super::modality::Modality;
use crate::metaimage::Pixels;

/// How stored numbers become what they mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    slope: f64,
    intercept: f64,
}

impl From<[f64; 2]> for Rescale {
    fn from([slope, intercept]: [f64; 2]) -> Self {
        Self { slope, intercept }
    }
}

impl Rescale {
    /// Slope and intercept.
    pub fn parts(self) -> [f64; 2] {
        [self.slope, self.intercept]
    }

    /// From the data set or group that holds both; only a CT must have them.
    pub fn read(dataset: Option<&Dataset>, modality: Modality) -> Result<Self, FileError> {
        let number = |tag| dataset.map(|it| it.decimal(tag)).transpose().map(Option::flatten);
        let (slope, intercept) = (number(tags::RESCALE_SLOPE)?, number(tags::RESCALE_INTERCEPT)?);
        let hint = "without it the numbers of the image have no meaning: export the series anew";
        match (slope, intercept) {
            (Some(0.0), _) => Err(FileError::wrong(tags::RESCALE_SLOPE, "not 0", 0)),
            (Some(slope), Some(intercept)) => Ok(Self { slope, intercept }),
            (None, None) if modality != Modality::Ct => Ok(Self { slope: 1.0, intercept: 0.0 }),
            (None, _) => Err(FileError::missing(tags::RESCALE_SLOPE, hint)),
            (_, None) => Err(FileError::missing(tags::RESCALE_INTERCEPT, hint)),
        }
    }

    fn of(self, stored: i32) -> f64 {
        self.slope * f64::from(stored) + self.intercept
    }

    fn is_whole(self) -> bool {
        self.slope.fract() == 0.0 && self.intercept.fract() == 0.0
    }
}

/// The voxels of a stack, first slice first: 16 bits if its values are whole and fit, 32 bits if they are whole, else
/// floating point. Padding has the lowest value that was measured, so that it is background to whoever looks.
pub fn voxels(slices: Vec<Slice>) -> Result<Pixels, Error> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for slice in &slices {
        let (least, most) = extremes(slice);
        if least <= most {
            let (a, b) = (slice.rescale.of(least), slice.rescale.of(most));
            low = low.min(a.min(b));
            high = high.max(a.max(b));
        }
    }
    if low > high {
        return Err(Error::OnlyPadding);
    }
    let holds = |least: f64, most: f64| least <= low && high <= most;
    let is_whole = slices.iter().all(|slice| slice.rescale.is_whole());
    if is_whole && holds(f64::from(i16::MIN), f64::from(i16::MAX)) {
        return Ok(Pixels::I16(converted(slices, low, |value| value as i16)));
    }
    if is_whole && holds(f64::from(i32::MIN), f64::from(i32::MAX)) {
        return Ok(Pixels::I32(converted(slices, low, |value| value as i32)));
    }
    if !holds(f64::from(f32::MIN), f64::from(f32::MAX)) {
        return Err(Error::Overflow { came: if -low > high { low } else { high } });
    }
    Ok(Pixels::F32(converted(slices, low, |value| value as f32)))
}

/// The smallest and largest stored number that is no padding; the smallest is above the largest if there is none.
fn extremes(slice: &Slice) -> (i32, i32) {
    fn of<T: Copy + Into<i32>>(values: &[T], is_padding: impl Fn(i32) -> bool) -> (i32, i32) {
        let numbers = values.iter().map(|&value| value.into()).filter(|&value| !is_padding(value));
        numbers
            .fold((i32::MAX, i32::MIN), |(least, most), value| (least.min(value), most.max(value)))
    }
    let is_padding = |value: i32| slice.format.is_padding(value);
    match &slice.stored {
        Pixels::I16(values) => of(values, is_padding),
        Pixels::U16(values) => of(values, is_padding),
        _ => (i32::MAX, i32::MIN),
    }
}

fn converted<T: Copy>(slices: Vec<Slice>, low: f64, convert: impl Fn(f64) -> T) -> Vec<T> {
    fn append<S: Copy + Into<i32>, T>(all: &mut Vec<T>, stored: &[S], meant: impl Fn(i32) -> T) {
        all.extend(stored.iter().map(|&number| meant(number.into())));
    }
    let mut all = Vec::with_capacity(slices.iter().map(|slice| slice.stored.len()).sum());
    let background = convert(low);
    // Each slice is dropped once it is copied.
    for slice in slices {
        let meant = |number: i32| {
            if slice.format.is_padding(number) {
                background
            } else {
                convert(slice.rescale.of(number))
            }
        };
        match &slice.stored {
            Pixels::I16(stored) => append(&mut all, stored, meant),
            Pixels::U16(stored) => append(&mut all, stored, meant),
            _ => {}
        }
    }
    all
}
