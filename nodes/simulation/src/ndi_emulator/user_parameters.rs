//! The device's user parameters: GET, GETINFO and SET.

use std::fmt::Write as _;

use formats::ndi::DeviceError;

use super::model::Model;

/// Sets how many frames are taken in a second.
const RATE: &str = "Param.Tracking.Frame Frequency";

/// Names and values, in the order of the names.
#[derive(Clone, Debug)]
pub(super) struct UserParameters {
    values: Vec<(&'static str, String, bool)>,
    rates_hz: &'static [f64],
}

impl UserParameters {
    /// As the device wakes.
    pub fn of(model: Model) -> Self {
        let rate = model.rates_hz()[0].to_string();
        let values = vec![
            ("Features.Firmware.Version", model.firmware().to_owned(), false),
            ("Features.Hardware.Model", model.name().to_owned(), false),
            ("Features.Hardware.Serial Number", model.serial_number().to_owned(), false),
            ("Features.Tools.Enabled Tools", model.handles().to_string(), false),
            ("Info.Status.Alerts", "0".to_owned(), false),
            ("Info.Status.New Alerts", "0".to_owned(), false),
            (RATE, rate, true),
            ("Param.User.String0", String::new(), true),
        ];
        Self { values, rates_hz: model.rates_hz() }
    }

    /// Frames a second.
    pub fn rate_hz(&self) -> f64 {
        let said = self.values.iter().find(|(name, ..)| *name == RATE);
        said.and_then(|(_, value, _)| value.parse().ok()).unwrap_or(self.rates_hz[0])
    }

    /// Sets the frames a second, if the device has that rate.
    pub fn set_rate_hz(&mut self, rate_hz: f64) -> Result<(), DeviceError> {
        self.set(RATE, &rate_hz.to_string())
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &(&'static str, String, bool)> + use<'_> {
        let (start, exact) = match name.strip_suffix('*') {
            Some(start) => (start.to_owned(), false),
            None => (name.to_owned(), true),
        };
        self.values.iter().filter(
            move |(known, ..)| {
                if exact { *known == start } else { known.starts_with(&start) }
            },
        )
    }

    /// `name=value`, a line for each that the name means.
    pub fn get(&self, name: &str) -> Result<String, DeviceError> {
        let lines: Vec<_> =
            self.named(name).map(|(known, value, _)| format!("{known}={value}")).collect();
        if lines.is_empty() { Err(DeviceError::NO_PARAMETER) } else { Ok(lines.join("\n")) }
    }

    /// The same with what there is to know: value, type, attributes (bit 0: may be read, bit 1: may be written), range.
    pub fn info(&self, name: &str) -> Result<String, DeviceError> {
        let mut text = String::new();
        for (known, value, writable) in self.named(name) {
            let attributes = if *writable { 3 } else { 1 };
            let separator = if text.is_empty() { "" } else { "\n" };
            let _ = write!(text, "{separator}{known}={value};2;{attributes};0;255;;{known}");
        }
        if text.is_empty() { Err(DeviceError::NO_PARAMETER) } else { Ok(text) }
    }

    pub fn set(&mut self, name: &str, value: &str) -> Result<(), DeviceError> {
        let rates_hz = self.rates_hz;
        let found = self.values.iter_mut().find(|(known, ..)| *known == name);
        let (_, current, writable) = found.ok_or(DeviceError::NO_PARAMETER)?;
        if !*writable {
            return Err(DeviceError(0x39));
        }
        if name == RATE {
            let rate: f64 = value.parse().map_err(|_| DeviceError::BAD_VALUE)?;
            if !rates_hz.contains(&rate) {
                return Err(DeviceError(0x36));
            }
        } else if value.len() > 255 {
            return Err(DeviceError(0x36));
        }
        value.clone_into(current);
        Ok(())
    }
}
