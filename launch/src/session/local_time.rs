//! Dates and times as the clock on the wall shows them, for names of folders and log lines.

use std::process::{Command, Stdio};

/// The offset of the local time zone; asked once, so that times in one log never jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    offset_s: i64,
}

impl LocalTime {
    /// What `date` says, which knows the zone and its rules; UTC if there is no `date`.
    pub fn here() -> Self {
        let output =
            Command::new("date").arg("+%z").stdin(Stdio::null()).stderr(Stdio::null()).output();
        let text = output
            .map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
        Self { offset_s: parse_offset(text.trim()).unwrap_or(0) }
    }

    fn fields(self, unix_ns: i64) -> (i64, u32, u32, i64, i64) {
        let second = unix_ns.div_euclid(1_000_000_000) + self.offset_s;
        let (year, month, day) = civil_from_days(second.div_euclid(86_400));
        (year, month, day, second.rem_euclid(86_400), unix_ns.rem_euclid(1_000_000_000) / 1_000_000)
    }

    /// `2026-11-24-094500`: sorts by time, and every file system takes it.
    pub fn for_folder(self, unix_ns: i64) -> String {
        let (year, month, day, second, _) = self.fields(unix_ns);
        format!(
            "{year:04}-{month:02}-{day:02}-{:02}{:02}{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }

    /// `09:45:00.123`.
    pub fn of_day(self, unix_ns: i64) -> String {
        let (.., second, millisecond) = self.fields(unix_ns);
        format!("{:02}:{:02}:{:02}.{millisecond:03}", second / 3600, second / 60 % 60, second % 60)
    }
}

/// `+0130` as seconds.
fn parse_offset(text: &str) -> Option<i64> {
    let (sign, digits) = text.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    if digits.len() != 4 {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// Year, month and day of a day counted from 1970-01-01 (H. Hinnant, "chrono-compatible low-level
/// date algorithms", <https://howardhinnant.github.io/date_algorithms.html>).
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_instant_reads_as_on_the_wall() {
        // `date -u -d @951827696` = Tue Feb 29 12:34:56 UTC 2000
        let instant = 951_827_696_789_000_000;
        assert_eq!(LocalTime::default().for_folder(instant), "2000-02-29-123456");
        assert_eq!(LocalTime::default().of_day(instant), "12:34:56.789");
        let kathmandu = LocalTime { offset_s: parse_offset("+0545").unwrap() };
        assert_eq!(kathmandu.of_day(instant), "18:19:56.789");
        let newfoundland = LocalTime { offset_s: parse_offset("-0330").unwrap() };
        assert_eq!(newfoundland.of_day(instant), "09:04:56.789");
    }

    #[test]
    fn the_day_changes_with_the_zone() {
        let new_year = LocalTime { offset_s: parse_offset("-0100").unwrap() };
        assert_eq!(new_year.for_folder(1_767_225_600_000_000_000), "2025-12-31-230000");
    }

    #[test]
    fn what_is_no_offset_is_none() {
        for text in ["", "+", "UTC", "+1", "0100", "+01:00"] {
            assert_eq!(parse_offset(text), None, "{text}");
        }
    }
}
