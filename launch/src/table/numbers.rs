//! Numbers as people read them in narrow columns.

/// Microseconds as milliseconds, three digits or so: `0.21`, `12.4`, `830`, `-` if there is none.
pub fn milliseconds(microseconds: Option<u64>) -> String {
    let Some(microseconds) = microseconds else {
        return "-".to_owned();
    };
    let value = microseconds as f64 / 1000.0;
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value if value < 99_999.5 => format!("{value:.0}"),
        value => format!("{:.0}s", value / 1000.0),
    }
}

/// A number of bytes: `830 kB`, `1.2 GB`.
pub fn bytes(bytes: u64) -> String {
    let value = bytes as f64;
    match value {
        value if value < 999.5 => format!("{value:.0} B"),
        value if value < 999.5e3 => format!("{:.0} kB", value * 1e-3),
        value if value < 99.95e6 => format!("{:.1} MB", value * 1e-6),
        value if value < 999.5e6 => format!("{:.0} MB", value * 1e-6),
        value => format!("{:.1} GB", value * 1e-9),
    }
}

/// A count that fits into seven characters.
pub fn count(count: u64) -> String {
    match count {
        0..=9_999_999 => count.to_string(),
        10_000_000..=9_999_999_999 => format!("{:.1}M", count as f64 * 1e-6),
        _ => format!("{:.1}G", count as f64 * 1e-9),
    }
}

/// A figure with a unit of its own: three digits or so, counts in full, `-` if there is none.
pub fn figure(value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    match value.abs() {
        _ if !value.is_finite() => "not finite".to_owned(),
        size if value.fract() == 0.0 && size < 1e7 => format!("{value:.0}"),
        size if size < 0.005 => format!("{value:.1e}"),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        size if size < 1e7 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_their_digits_and_their_width() {
        let texts = [0, 4, 214, 9_994, 9_996, 12_400, 99_960, 830_000, 3_600_000_000]
            .map(|time| milliseconds(Some(time)));
        assert_eq!(texts, ["0.00", "0.00", "0.21", "9.99", "10.0", "12.4", "100", "830", "3600s"]);
        assert_eq!(milliseconds(None), "-");
    }

    #[test]
    fn figures_keep_their_digits_and_their_width() {
        let values =
            [0.0, 14.0, -3.0, 0.8312, 4.996, 12.34, 99.96, 1234.6, 0.000_41, -2.5, 3e12, f64::NAN];
        assert_eq!(
            values.map(|value| figure(Some(value))),
            [
                "0",
                "14",
                "-3",
                "0.83",
                "5.00",
                "12.3",
                "100",
                "1235",
                "4.1e-4",
                "-2.50",
                "3.00e12",
                "not finite"
            ]
        );
        assert_eq!(figure(None), "-");
    }

    #[test]
    fn sizes_and_counts_stay_narrow() {
        assert_eq!(
            [0, 999, 76_800, 1_234_567, 46_080_000, 120_000_000, 1_200_000_000].map(bytes),
            ["0 B", "999 B", "77 kB", "1.2 MB", "46.1 MB", "120 MB", "1.2 GB"]
        );
        assert_eq!([0, 9_999_999, 12_345_678].map(count), ["0", "9999999", "12.3M"]);
        assert!(count(u64::MAX).len() < 20);
    }
}
