//! Images sent to a DICOM storage service, as a scanner does: which ones in which order (pure), and the association.

use std::io::Write as _;
use std::time::Duration;

use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu};
use dicom_ul::{ClientAssociation, ClientAssociationOptions};
use formats::dicom::command::{Command, Status};
use formats::dicom::write::{CLASS, CtSeries, Origin, TRANSFER_SYNTAX, WriteError};
use schemars::JsonSchema;
use serde::Deserialize;

/// How long the other side may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong on the way. Slices are counted from 1, in the order in which they would be sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The association is aborted after so many slices.
    pub abort_after: Option<usize>,
    /// These slices are not sent.
    pub left_out: Vec<usize>,
    /// These slices are sent twice.
    pub sent_twice: Vec<usize>,
    /// From this slice on, images are of another patient.
    pub another_patient_from: Option<usize>,
    /// So long is waited before each slice.
    #[schemars(range(min = 0, max = 60_000))]
    pub slow_ms: u64,
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send a slice, from 0.
    Send {
        /// Which.
        slice: usize,
        /// Under the name of another patient.
        of_another: bool,
    },
    /// Abort the association, and nothing more.
    Abort,
}

/// All steps for a volume of so many slices.
pub fn steps(slices: usize, faults: &Faults) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut sent = 0;
    for number in 1..=slices {
        if faults.left_out.contains(&number) {
            continue;
        }
        let of_another = faults.another_patient_from.is_some_and(|from| number >= from);
        let times = if faults.sent_twice.contains(&number) { 2 } else { 1 };
        for _ in 0..times {
            if faults.abort_after == Some(sent) {
                steps.push(Step::Abort);
                return steps;
            }
            steps.push(Step::Send { slice: number - 1, of_another });
            sent += 1;
        }
    }
    if faults.abort_after.is_some_and(|after| after >= sent) {
        steps.push(Step::Abort);
    }
    steps
}

/// Whom images are sent to, and who sends them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `HOST:PORT`.
    pub address: String,
    /// The AE title of the service.
    pub called: String,
    /// The AE title of the scanner.
    pub calling: String,
}

/// What became of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// How many images were taken.
    pub taken: usize,
    /// How many were refused, and the status and the comment of the first of them.
    pub refused: usize,
    /// What the service said of the first that it refused.
    pub refusal: Option<(Status, String)>,
    /// Whether the association was aborted, as the faults say.
    pub aborted: bool,
}

/// Why nothing more could be pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// There is no association, or it broke.
    #[error(
        "images cannot be sent to {called} at {address}: {reason}; does it listen, and does it know this AE title?"
    )]
    Association {
        /// Where.
        address: String,
        /// Whom.
        called: String,
        /// Why not.
        reason: String,
    },
    /// The service does not take CT images.
    #[error("{called} at {address} takes no CT images in explicit little endian")]
    NotTaken {
        /// Where.
        address: String,
        /// Whom.
        called: String,
    },
    /// A slice is no image.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Target {
    fn broken(&self, reason: impl std::fmt::Display) -> PushError {
        PushError::Association {
            address: self.address.clone(),
            called: self.called.clone(),
            reason: reason.to_string(),
        }
    }

    /// Sends the slices of a volume over one association. `wait` is called before each with how long to wait, and says
    /// whether to go on; if not, the association is aborted.
    ///
    /// # Errors
    /// If there is no association or it breaks, or a slice is no image.
    pub fn push(
        &self,
        series: &CtSeries,
        faults: &Faults,
        mut wait: impl FnMut(Duration) -> bool,
    ) -> Result<Pushed, PushError> {
        let mut association = ClientAssociationOptions::new()
            .calling_ae_title(self.calling.as_str())
            .called_ae_title(self.called.as_str())
            .with_presentation_context(CLASS, vec![TRANSFER_SYNTAX])
            .connection_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .write_timeout(PATIENCE)
            .establish(self.address.as_str())
            .map_err(|error| self.broken(error))?;
        let Some(context) = association.presentation_contexts().first().map(|it| it.id) else {
            let (address, called) = (self.address.clone(), self.called.clone());
            return Err(PushError::NotTaken { address, called });
        };
        let another = Origin {
            patient_id: format!("{}-other", series.origin.patient_id),
            ..series.origin.clone()
        };
        let mut pushed = Pushed::default();
        let mut id = 0_u16;
        for step in steps(series.dims[2], faults) {
            let Step::Send { slice, of_another } = step else {
                pushed.aborted = true;
                break;
            };
            if !wait(Duration::from_millis(faults.slow_ms)) {
                pushed.aborted = true;
                break;
            }
            let origin = if of_another { &another } else { series.origin };
            let series = CtSeries { origin, ..*series };
            id = id.wrapping_add(1);
            let instance = series.instance(slice);
            let request = Command::StoreRequest { id, class: CLASS.to_owned(), instance };
            let answer =
                self.store(&mut association, context, &request, &series.data_set(slice)?)?;
            match answer {
                (status, _) if status.is_done() => pushed.taken += 1,
                refusal => {
                    pushed.refused += 1;
                    pushed.refusal.get_or_insert(refusal);
                }
            }
        }
        if pushed.aborted {
            // It is meant to break off: whether the other side hears of it does not matter.
            let _ = association.abort();
        } else {
            association.release().map_err(|error| self.broken(error))?;
        }
        Ok(pushed)
    }

    fn store(
        &self,
        association: &mut ClientAssociation<std::net::TcpStream>,
        context: u8,
        request: &Command,
        data_set: &[u8],
    ) -> Result<(Status, String), PushError> {
        let piece = PDataValue {
            presentation_context_id: context,
            value_type: PDataValueType::Command,
            is_last: true,
            data: request.bytes(),
        };
        let data = Pdu::PData { data: vec![piece] };
        association.send(&data).map_err(|error| self.broken(error))?;
        let mut writer = association.send_pdata(context);
        let written = writer.write_all(data_set).and_then(|()| writer.finish());
        written.map_err(|error| self.broken(error))?;
        match association.receive().map_err(|error| self.broken(error))? {
            Pdu::PData { data } => {
                let bytes: Vec<u8> = data.into_iter().flat_map(|piece| piece.data).collect();
                match Command::read(&bytes).map_err(|error| self.broken(error))? {
                    Command::StoreResponse { status, comment, .. } => Ok((status, comment)),
                    _ => Err(self.broken("it answers another question")),
                }
            }
            Pdu::AbortRQ { .. } => Err(self.broken("it aborted the association")),
            _ => Err(self.broken("it does not answer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(slices: usize, faults: &Faults) -> Vec<usize> {
        let slice = |step: &Step| match step {
            Step::Send { slice, .. } => Some(*slice),
            Step::Abort => None,
        };
        steps(slices, faults).iter().filter_map(slice).collect()
    }

    #[test]
    fn faults_do_what_they_say() {
        assert_eq!(sent(3, &Faults::default()), [0, 1, 2]);
        let faults = Faults { left_out: vec![2], sent_twice: vec![3, 3], ..Faults::default() };
        assert_eq!(sent(4, &faults), [0, 2, 2, 3]);
        for (after, expected) in [(0, &[][..]), (2, &[0, 1]), (9, &[0, 1, 2])] {
            let faults = Faults { abort_after: Some(after), ..Faults::default() };
            assert_eq!(sent(3, &faults), expected);
            assert_eq!(steps(3, &faults).last(), Some(&Step::Abort));
        }
        let faults = Faults { another_patient_from: Some(2), ..Faults::default() };
        let of_another: Vec<bool> = steps(3, &faults)
            .iter()
            .map(|step| matches!(step, Step::Send { of_another: true, .. }))
            .collect();
        assert_eq!(of_another, [false, true, true]);
    }
}
