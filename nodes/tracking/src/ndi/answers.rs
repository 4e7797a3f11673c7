//! What an answer to the question for poses says: of the tools, of the tracker itself, or that it is lost.

use formats::ndi::{
    AlertKind, Binary, Bx, Command, Component, DeviceError, Error, Gbf, Reply, SystemStatus, Tx,
};

use super::poses::{Sighting, of_bx, of_bx2, of_tx};

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Of the tools and the tracker.
    Seen {
        /// Of each tool.
        sightings: Vec<Sighting>,
        /// What is wrong with the tracker.
        condition: Vec<&'static str>,
        /// Whether something was plugged in or pulled.
        plugs: bool,
    },
    /// No poses now.
    None(String),
    /// It is not as it was made: it must be made ready anew.
    Lost(String),
    /// Not to be understood.
    Damaged(Error),
}

/// What `reply` says to `question`; `guarded` lines carry no bytes but those that were sent.
pub fn understand(question: &Command, reply: &Reply, guarded: bool) -> Answer {
    let body = match reply {
        Reply::Binary(Binary::Checked(body)) => Some(body),
        // These have no CRC.
        Reply::Binary(Binary::Long(body)) if guarded => Some(body),
        _ => None,
    };
    let said = match (question, reply, body) {
        (_, Reply::Reset, _) => {
            return Answer::Lost("the tracker was reset: it is initialised anew".to_owned());
        }
        (_, Reply::Error(error), _) if is_reset(*error) => {
            return Answer::Lost(format!("the tracker was reset or stopped meanwhile: {error}"));
        }
        (_, Reply::Error(error), _) => {
            return Answer::None(format!("the tracker gives no poses: {error}"));
        }
        (Command::Bx(options), _, Some(body)) => {
            Bx::from_body(body, *options).map(|bx| of_status(of_bx(&bx), bx.system))
        }
        (Command::Bx2(_), _, Some(body)) => Gbf::from_body(body).map(|gbf| of_alerts(&gbf)),
        (Command::Tx(_), Reply::Text(text), _) => {
            Tx::from_text(text).map(|tx| of_status(of_tx(&tx), tx.system))
        }
        _ => Err(Error::Field {
            reply: "poses",
            field: "the answer",
            expected: "that to the question for poses".to_owned(),
            came: "another".to_owned(),
        }),
    };
    said.unwrap_or_else(Answer::Damaged)
}

fn is_reset(error: DeviceError) -> bool {
    matches!(
        error,
        DeviceError::SYSTEM_NOT_INITIALIZED
            | DeviceError::WRONG_MODE
            | DeviceError::NOT_INITIALIZED
            | DeviceError::NOT_ENABLED
    )
}

fn of_status(sightings: Vec<Sighting>, status: SystemStatus) -> Answer {
    let plugs = SystemStatus::PORT_OCCUPIED.0 | SystemStatus::PORT_UNOCCUPIED.0;
    Answer::Seen {
        sightings,
        condition: SystemStatus(status.0 & !plugs).sentences(),
        plugs: status.0 & plugs != 0,
    }
}

fn of_alerts(gbf: &Gbf) -> Answer {
    let alerts = gbf.components.iter().flat_map(|component| match component {
        Component::Alerts(alerts) => &alerts[..],
        _ => &[],
    });
    let is_plug = |kind, code| kind == AlertKind::Event && matches!(code, 1 | 2);
    Answer::Seen {
        sightings: of_bx2(gbf),
        condition: alerts
            .clone()
            .filter(|alert| alert.is_grave())
            .map(|alert| alert.sentence())
            .collect(),
        plugs: alerts.clone().any(|alert| is_plug(alert.kind, alert.code)),
    }
}
