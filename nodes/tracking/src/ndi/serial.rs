//! Settings of a serial line.

use std::fs::File;
use std::io::Result;

use formats::ndi::{Parity, SerialSettings};
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsendbreak, tcsetattr,
};

/// Sets the line so, raw, and forgets what came before.
///
/// # Errors
/// If it is no serial line or cannot be set so.
pub fn set(line: &File, settings: SerialSettings) -> Result<()> {
    let mut attributes = tcgetattr(line)?;
    attributes.make_raw();
    attributes.set_speed(settings.baud())?;
    let modes = &mut attributes.control_modes;
    modes.remove(
        ControlModes::CSIZE
            | ControlModes::PARENB
            | ControlModes::PARODD
            | ControlModes::CSTOPB
            | ControlModes::CRTSCTS,
    );
    modes.insert(ControlModes::CLOCAL | ControlModes::CREAD);
    modes.insert(if settings.seven_bits { ControlModes::CS7 } else { ControlModes::CS8 });
    match settings.parity {
        Parity::None => {}
        Parity::Even => modes.insert(ControlModes::PARENB),
        Parity::Odd => modes.insert(ControlModes::PARENB | ControlModes::PARODD),
    }
    if settings.two_stop_bits {
        modes.insert(ControlModes::CSTOPB);
    }
    if settings.handshake {
        modes.insert(ControlModes::CRTSCTS);
    }
    tcsetattr(line, OptionalActions::Drain, &attributes)?;
    tcflush(line, QueueSelector::IFlush)?;
    Ok(())
}

/// Sends a break.
///
/// # Errors
/// If the line is gone.
pub fn send_break(line: &File) -> Result<()> {
    tcsendbreak(line)?;
    Ok(())
}
