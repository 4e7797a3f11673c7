//! One association: the thread that reads what comes over a connection, and answers (DICOM PS3.8 section 9.2).

use std::collections::{BTreeMap, HashSet};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderPresentationReason, AssociationRJSource, PDataValue,
    PDataValueType, Pdu, read_pdu, write_pdu,
};
use formats::dicom::command::{Command, Status, VERIFICATION};
use runtime::{clock, log};

use super::assemble::{Assembler, Data, Message};
use super::negotiate::{Answer, Context, MOST_PDU_BYTES, Policy, answer, shown};
use super::reception::{Received, Reception, Refusal};
use super::series::{AssociationNumber, Ending};

/// How often a thread looks whether it should end.
const GLANCE: Duration = Duration::from_millis(100);
/// Kinds of refusals of one association that are told each; the rest is counted.
const MOST_KINDS: usize = 8;
const HEAD_BYTES: usize = 6;

/// What all associations of a device share.
pub struct Shared {
    /// Who may call.
    pub policy: Policy,
    /// Where images go.
    pub reception: Reception,
    /// How long a sender may be silent.
    pub patience: Duration,
    /// Whether the device ends.
    pub is_over: AtomicBool,
}

/// Why an association ended in the midst, for people; no word of what was sent.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the sender closed the connection")]
    Closed,
    #[error("the sender aborted it")]
    Aborted,
    #[error("nothing came for {} s; is the sender or the network down?", .0.as_secs())]
    Silent(Duration),
    #[error("the connection failed: {0}")]
    Connection(#[from] std::io::Error),
    #[error("what came is not as DICOM's protocol says ({0})")]
    Protocol(String),
    #[error("this device was ended")]
    Over,
}

/// One association.
struct Association<'a> {
    stream: TcpStream,
    shared: &'a Shared,
    number: AssociationNumber,
    contexts: BTreeMap<u8, Context>,
    stored: u64,
    refused: u64,
    told: HashSet<String>,
}

/// Tells who connected that there are too many.
pub fn turn_away(mut stream: TcpStream) {
    let reason = AssociationRJServiceProviderPresentationReason::LocalLimitExceeded;
    let source = AssociationRJSource::ServiceProviderPresentation(reason);
    let reply = AssociationRJ { result: AssociationRJResult::Transient, source };
    let _ = stream.set_write_timeout(Some(GLANCE));
    let _ = send(&mut stream, &Pdu::AssociationRJ(reply));
}

/// Serves a connection until it ends; every image that was taken is stored by then.
pub fn serve(stream: TcpStream, number: AssociationNumber, shared: &Shared) {
    let mut association = Association {
        stream,
        shared,
        number,
        contexts: BTreeMap::new(),
        stored: 0,
        refused: 0,
        told: HashSet::new(),
    };
    let run = association.run();
    let how = if run.is_ok() { Ending::Released } else { Ending::BrokenOff };
    let (stored, refused) = (association.stored, association.refused);
    if refused > 0 {
        log::warn(&format!("{refused} images of an association were refused, and {stored} taken"));
    }
    match run {
        Ok(()) if stored > 0 => log::info(&format!("an association brought {stored} images")),
        Ok(()) => {}
        // Nobody who only looks whether the port is open is worth a word.
        Err(Broken::Closed) if association.contexts.is_empty() => {}
        Err(broken) => log::warn(&format!("an association ended in the midst: {broken}")),
    }
    shared.reception.ended(number, how);
}

impl Association<'_> {
    fn run(&mut self) -> Result<(), Broken> {
        self.stream.set_read_timeout(Some(GLANCE))?;
        self.stream.set_write_timeout(Some(self.shared.patience))?;
        self.stream.set_nodelay(true)?;
        let request = match self.next()? {
            Pdu::AssociationRQ(request) => request,
            other => return Err(self.abort(&format!("{} before any association", kind(&other)))),
        };
        match answer(&request, &self.shared.policy) {
            Answer::Accepted { reply, contexts, refused } => {
                if let Some(refused) = refused {
                    self.shared.reception.say(refused);
                }
                self.contexts = contexts;
                send(&mut self.stream, &Pdu::AssociationAC(reply))?;
            }
            Answer::Rejected { reply, reason } => {
                self.shared.reception.say(format!("an association is refused: {reason}"));
                send(&mut self.stream, &Pdu::AssociationRJ(reply))?;
                return Ok(());
            }
        }
        let mut assembler = Assembler::new(self.shared.reception.terms().most_image_bytes);
        loop {
            match self.next()? {
                Pdu::PData { data } => {
                    for piece in data {
                        match assembler.take(piece) {
                            Ok(None) => {}
                            Ok(Some(message)) => self.answer(message)?,
                            Err(flaw) => return Err(self.abort(&flaw.to_string())),
                        }
                    }
                }
                Pdu::ReleaseRQ if !assembler.is_within() => {
                    send(&mut self.stream, &Pdu::ReleaseRP)?;
                    return Ok(());
                }
                Pdu::AbortRQ { .. } => return Err(Broken::Aborted),
                other => return Err(self.abort(&format!("{} in an association", kind(&other)))),
            }
        }
    }

    /// Tells the other side that it cannot go on.
    fn abort(&mut self, flaw: &str) -> Broken {
        let reason = AbortRQServiceProviderReason::UnexpectedPdu;
        let abort = Pdu::AbortRQ { source: AbortRQSource::ServiceProvider(reason) };
        let _ = send(&mut self.stream, &abort);
        Broken::Protocol(flaw.to_owned())
    }

    /// The next data unit.
    fn next(&mut self) -> Result<Pdu, Broken> {
        let mut unit = vec![0; HEAD_BYTES];
        self.fill(&mut unit)?;
        let length = u32::from_be_bytes([unit[2], unit[3], unit[4], unit[5]]);
        if length > MOST_PDU_BYTES {
            let flaw = format!(
                "a data unit of {length} bytes, more than the {MOST_PDU_BYTES} that were agreed on"
            );
            return Err(self.abort(&flaw));
        }
        unit.resize(HEAD_BYTES + length as usize, 0);
        self.fill(&mut unit[HEAD_BYTES..])?;
        // What is wrong in it may quote it, and is not told.
        match read_pdu(&unit[..], MOST_PDU_BYTES, true) {
            Ok(Some(pdu)) => Ok(pdu),
            Ok(None) | Err(_) => Err(self.abort("a damaged data unit")),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Broken> {
        let mut came = 0;
        let mut since = clock::monotonic();
        while came < bytes.len() {
            match self.stream.read(&mut bytes[came..]) {
                Ok(0) => return Err(Broken::Closed),
                Ok(more) => {
                    came += more;
                    since = clock::monotonic();
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    ErrorKind::ConnectionReset => return Err(Broken::Closed),
                    _ => return Err(error.into()),
                },
            }
            if self.shared.is_over.load(Ordering::Relaxed) {
                return Err(Broken::Over);
            }
            let silent = clock::monotonic().saturating_sub(since);
            if silent > self.shared.patience {
                let _ = self.abort("");
                return Err(Broken::Silent(silent));
            }
        }
        Ok(())
    }

    fn answer(&mut self, message: Message) -> Result<(), Broken> {
        let at = self.shared.reception.now();
        let Some(context) = self.contexts.get(&message.context).cloned() else {
            return Err(self.abort("a message in a presentation context that was not agreed on"));
        };
        let reply = match message.command {
            Command::EchoRequest { id } => {
                Command::EchoResponse { to: id, status: Status::SUCCESS }
            }
            Command::StoreRequest { id, class, instance } => {
                let taken = if context.class == VERIFICATION || context.class != class {
                    let reason = format!(
                        "an image is refused: it is announced as {} in a context of another kind; look at the sender",
                        shown(&class)
                    );
                    let status = Status::CLASS_NOT_SUPPORTED;
                    Err(Refusal { status, comment: "not the kind that was agreed on", reason })
                } else {
                    self.take(&context, &instance, &message.data, at)
                };
                let (status, comment) = match taken {
                    Ok(()) => {
                        self.stored += 1;
                        (Status::SUCCESS, "")
                    }
                    Err(refusal) => {
                        self.note(&refusal);
                        (refusal.status, refusal.comment)
                    }
                };
                let comment = comment.to_owned();
                Command::StoreResponse { to: id, class, instance, status, comment }
            }
            Command::Other { field, id, .. } => Command::OtherResponse { field, to: id },
            _ => return Err(self.abort("an answer to what was not asked")),
        };
        let piece = PDataValue {
            presentation_context_id: message.context,
            value_type: PDataValueType::Command,
            is_last: true,
            data: reply.bytes(),
        };
        Ok(send(&mut self.stream, &Pdu::PData { data: vec![piece] })?)
    }

    fn take(
        &self,
        context: &Context,
        instance: &str,
        data: &Data,
        at: messages::Timestamp,
    ) -> Result<(), Refusal> {
        let reception = &self.shared.reception;
        match data {
            Data::Whole(data) => reception.take(&Received {
                association: self.number,
                instance,
                transfer_syntax: &context.transfer_syntax,
                data,
                at,
            }),
            Data::TooLarge { came } => Err(Refusal {
                status: Status::OUT_OF_RESOURCES,
                comment: "too large",
                reason: format!(
                    "an image is refused: it has {came} bytes, and `max_image_mib` is {}; raise it if that is right",
                    reception.terms().most_image_bytes >> 20
                ),
            }),
            Data::None => Err(Refusal {
                status: Status::CANNOT_UNDERSTAND,
                comment: "no data set",
                reason: "an image is refused: it has no data set; look at the sender".to_owned(),
            }),
        }
    }

    /// Counts a refusal, and tells each kind once.
    fn note(&mut self, refusal: &Refusal) {
        self.refused += 1;
        // Sentences differ by the name of the image that they quote.
        let kind: String =
            refusal.reason.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        if self.told.len() < MOST_KINDS && self.told.insert(kind) {
            self.shared.reception.say(refusal.reason.clone());
        }
    }
}

fn send(stream: &mut TcpStream, pdu: &Pdu) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|_| {
        std::io::Error::new(ErrorKind::InvalidData, "an answer cannot be written in the protocol")
    })?;
    stream.write_all(&bytes)
}

/// What a data unit is called, without what is in it.
fn kind(pdu: &Pdu) -> &'static str {
    match pdu {
        Pdu::Unknown { .. } => "an unknown data unit",
        Pdu::AssociationRQ(_) => "a request for an association",
        Pdu::AssociationAC(_) => "an acceptance",
        Pdu::AssociationRJ(_) => "a rejection",
        Pdu::PData { .. } => "data",
        Pdu::ReleaseRQ => "a request for release",
        Pdu::ReleaseRP => "a release",
        Pdu::AbortRQ { .. } => "an abort",
    }
}
