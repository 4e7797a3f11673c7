//! What an image says of its whole series, and of the instant when it was acquired.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;

/// What one image says of more than itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many images the series has (`NumberOfSeriesRelatedInstances`, else `ImagesInAcquisition`).
    pub images: Option<u32>,
    /// When it was acquired.
    pub acquired: Option<Instant>,
}

/// An instant as a scanner writes it: by the clock on its wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Instant {
    /// Nanoseconds since midnight of 1 January 1970, as if the wall clock showed UTC.
    pub wall_ns: i64,
    /// How far the wall clock is ahead of UTC, in minutes, if the image says so.
    pub zone_minutes: Option<i32>,
}

impl Told {
    /// What a data set says; what cannot be understood is as if it were not there.
    pub fn read(dataset: &Dataset) -> Self {
        let count = |tag| dataset.integer(tag).ok().flatten();
        let images = [tags::NUMBER_OF_SERIES_RELATED_INSTANCES, tags::IMAGES_IN_ACQUISITION]
            .into_iter()
            .find_map(count);
        Self {
            images: images.and_then(|images| u32::try_from(images).ok()).filter(|count| *count > 0),
            acquired: acquired(dataset),
        }
    }
}

impl Instant {
    /// Date and time as they are written: `YYYYMMDD` and `HHMMSS.FFFFFF`. What is finer than a microsecond is left out.
    pub fn written(self) -> [String; 2] {
        let micros = self.wall_ns.div_euclid(1000);
        let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let [year, month, day] = date(days);
        let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        [
            format!("{year:04}{month:02}{day:02}"),
            format!("{hours:02}{minutes:02}{seconds:02}.{micros:06}"),
        ]
    }
}

fn acquired(dataset: &Dataset) -> Option<Instant> {
    let text = |tag: Tag| dataset.text(tag).ok().flatten();
    let zone = text(tags::TIMEZONE_OFFSET_FROM_UTC).and_then(|zone| zone_minutes(&zone));
    if let Some(both) = text(tags::ACQUISITION_DATE_TIME) {
        let (date, time) = both.split_at_checked(8)?;
        let cut = time.find(['+', '-']).unwrap_or(time.len());
        let own = zone_minutes(&time[cut..]);
        return instant(date, &time[..cut], own.or(zone));
    }
    instant(&text(tags::ACQUISITION_DATE)?, &text(tags::ACQUISITION_TIME)?, zone)
}

/// Of `YYYYMMDD` and `HHMMSS.FFFFFF`, whose parts may be left out from the end after the hours.
fn instant(date: &str, time: &str, zone_minutes: Option<i32>) -> Option<Instant> {
    let date = date.trim_ascii();
    let (year, month, day) =
        (number(date.get(..4)?)?, number(date.get(4..6)?)?, number(date.get(6..)?)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (whole, fraction) = time.trim_ascii().split_once('.').unwrap_or((time.trim_ascii(), ""));
    let part = |from: usize| match whole.get(from..from + 2) {
        Some(digits) => number(digits),
        None if whole.len() == from => Some(0),
        None => None,
    };
    let hours = number(whole.get(..2)?)?;
    let minutes = part(2)?;
    let seconds = if whole.len() > 2 { part(4)? } else { 0 };
    // A leap second has the number 60.
    if hours > 23 || minutes > 59 || seconds > 60 || whole.len() > 6 || fraction.len() > 6 {
        return None;
    }
    let micros = if fraction.is_empty() { 0 } else { number(&format!("{fraction:0<6}"))? };
    let seconds = ((days(year, month, day) * 24 + hours) * 60 + minutes) * 60 + seconds;
    // Nanoseconds reach from 1677 to 2262.
    let wall_ns = (seconds * 1_000_000 + micros).checked_mul(1000)?;
    Some(Instant { wall_ns, zone_minutes })
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// `+0130` as 90.
fn zone_minutes(text: &str) -> Option<i32> {
    let text = text.trim_ascii();
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(text.get(1..3)?)?, number(text.get(3..)?)?);
    (text.len() == 5 && hours <= 14 && minutes <= 59)
        .then_some(sign * (hours * 60 + minutes) as i32)
}

/// Days from 1 January 1970 in the Gregorian calendar; March begins the year, so that a leap day ends it.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day, the other way about.
fn date(days: i64) -> [i64; 3] {
    let (era, of_era) =
        ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    [year + era * 400 + i64::from(month <= 2), month, day]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in 0_i64..4_102_444_800_000_000) {
            let wall = Instant { wall_ns: micros * 1000, zone_minutes: None };
            let [date, time] = wall.written();
            prop_assert_eq!(instant(&date, &time, None), Some(wall), "{} {}", date, time);
        }
    }

    #[test]
    fn dates_and_times_are_those_of_the_calendar() {
        let at = |date, time| instant(date, time, None).map(|it| it.wall_ns);
        assert_eq!(at("19700101", "000000"), Some(0));
        // 29 February of a leap year: `date -u -d '2024-02-29 13:45:07.25' +%s.%N`
        assert_eq!(at("20240229", "134507.25"), Some(1_709_214_307_250_000_000));
        assert_eq!(at("20240229", "1345"), Some(1_709_214_300_000_000_000));
        assert_eq!(at("20240229", "13"), Some(1_709_211_600_000_000_000));
        assert_eq!(at("20000301", "00"), Some(951_868_800_000_000_000));
        for (date, time) in [
            ("20241301", "00"),
            ("2024", "00"),
            ("30240229", "00"),
            ("10240229", "00"),
            ("2024-02-29", "00"),
            ("20240229", "24"),
            ("20240229", "1"),
            ("20240229", "134"),
            ("20240229", "12é"),
            ("20240229", ""),
        ] {
            assert_eq!(at(date, time), None, "{date} {time}");
        }
        assert_eq!(
            ["+0130", "-0800", "0130", "+1", "+2500", ""].map(zone_minutes),
            [Some(90), Some(-480), None, None, None, None]
        );
    }
}
