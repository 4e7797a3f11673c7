//! What is answered to who asks for an association (DICOM PS3.8 section 9.3): from request to answer, with no socket.

use std::collections::BTreeMap;

use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult, AssociationRJServiceUserReason,
    AssociationRJSource, AssociationRQ, PresentationContextResult, PresentationContextResultReason,
    UserVariableItem,
};
use formats::dicom::command::{APPLICATION_CONTEXT, VERIFICATION};
use formats::dicom::write::uid_of;
use formats::dicom::{STORAGE_CLASSES, TRANSFER_SYNTAXES};

/// The longest data unit that is taken; it bounds what is held of one that is not whole yet.
pub const MOST_PDU_BYTES: u32 = 1 << 18;
/// What an answer names where it takes no transfer syntax.
const NO_MATTER: &str = "1.2.840.10008.1.2";

/// Who may call, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The name by which this application is called.
    pub ae_title: String,
    /// Who may call; empty if anybody may.
    pub callers: Vec<String>,
}

/// What was agreed on for the messages of one presentation context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The kind of object, as a unique identifier.
    pub class: String,
    /// How data sets are written, as a unique identifier.
    pub transfer_syntax: String,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The association begins.
    Accepted {
        /// To be sent.
        reply: AssociationAC,
        /// By their identifiers.
        contexts: BTreeMap<u8, Context>,
        /// What was asked for and is not taken, as a sentence for people.
        refused: Option<String>,
    },
    /// It does not.
    Rejected {
        /// To be sent.
        reply: AssociationRJ,
        /// Why, for people.
        reason: String,
    },
}

/// Answers a request.
pub fn answer(request: &AssociationRQ, policy: &Policy) -> Answer {
    use AssociationRJServiceUserReason as Reason;

    let (caller, called) = (shown(&request.calling_ae_title), shown(&request.called_ae_title));
    if request.protocol_version & 1 == 0 {
        return rejected(
            Reason::NoReasonGiven,
            format!("{caller} speaks no version 1 of DICOM's protocol"),
        );
    }
    if trimmed(&request.application_context_name) != APPLICATION_CONTEXT {
        let reason = format!("{caller} asks for another service than DICOM");
        return rejected(Reason::ApplicationContextNameNotSupported, reason);
    }
    if request.called_ae_title.trim() != policy.ae_title {
        let reason = format!(
            "{caller} calls AE title {called}, but this is `{}`; enter that at the sender, or set `ae_title`",
            policy.ae_title
        );
        return rejected(Reason::CalledAETitleNotRecognized, reason);
    }
    let may_call =
        |title: &str| policy.callers.is_empty() || policy.callers.iter().any(|it| it == title);
    if !may_call(request.calling_ae_title.trim()) {
        let reason = format!("{caller} is none of `callers`, who may send; add it if it should");
        return rejected(Reason::CallingAETitleNotRecognized, reason);
    }
    let mut contexts = BTreeMap::new();
    let mut results = Vec::new();
    let mut unknown = Vec::new();
    for proposed in &request.presentation_contexts {
        let class = trimmed(&proposed.abstract_syntax);
        let is_taken =
            class == VERIFICATION || STORAGE_CLASSES.iter().any(|(uid, _)| *uid == class);
        let syntax = proposed.transfer_syntaxes.iter().map(|uid| trimmed(uid)).find(|uid| {
            let mut read = TRANSFER_SYNTAXES.iter();
            read.any(|(known, _)| known == uid)
        });
        let (reason, syntax) = match syntax {
            _ if !is_taken => {
                (PresentationContextResultReason::AbstractSyntaxNotSupported, NO_MATTER)
            }
            None => {
                unknown.extend(proposed.transfer_syntaxes.iter().map(|uid| shown(uid)));
                (PresentationContextResultReason::TransferSyntaxesNotSupported, NO_MATTER)
            }
            Some(syntax) => {
                let context =
                    Context { class: class.to_owned(), transfer_syntax: syntax.to_owned() };
                contexts.insert(proposed.id, context);
                (PresentationContextResultReason::Acceptance, syntax)
            }
        };
        results.push(PresentationContextResult {
            id: proposed.id,
            reason,
            transfer_syntax: syntax.to_owned(),
        });
    }
    let refused = refusal(&caller, contexts.is_empty(), unknown);
    let reply = AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title.clone(),
        called_ae_title: request.called_ae_title.clone(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: results,
        user_variables: vec![
            UserVariableItem::MaxLength(MOST_PDU_BYTES),
            UserVariableItem::ImplementationClassUID(uid_of("vesalius")),
            UserVariableItem::ImplementationVersionName("VESALIUS".to_owned()),
        ],
    };
    Answer::Accepted { reply, contexts, refused }
}

fn refusal(caller: &str, is_nothing_taken: bool, mut unknown: Vec<String>) -> Option<String> {
    unknown.sort();
    unknown.dedup();
    if !unknown.is_empty() {
        return Some(format!(
            "{caller} offers images in transfer syntaxes that are not read ({}); let it send them uncompressed",
            unknown.join(", ")
        ));
    }
    is_nothing_taken.then(|| {
        let classes: Vec<&str> = STORAGE_CLASSES.iter().map(|(_, name)| *name).collect();
        format!(
            "{caller} offers nothing that is taken here; let it send images of {}",
            classes.join(", ")
        )
    })
}

fn rejected(reason: AssociationRJServiceUserReason, told: String) -> Answer {
    let source = AssociationRJSource::ServiceUser(reason);
    let reply = AssociationRJ { result: AssociationRJResult::Permanent, source };
    Answer::Rejected { reply, reason: told }
}

fn trimmed(uid: &str) -> &str {
    uid.trim_matches([' ', '\0'])
}

/// The beginning of what somebody else wrote, for people.
pub fn shown(text: &str) -> String {
    let letters = text.trim_matches([' ', '\0']).chars();
    let plain = letters.take(64).map(|letter| if letter.is_control() { '?' } else { letter });
    format!("`{}`", plain.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_ul::pdu::PresentationContextProposed;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const EXPLICIT: &str = "1.2.840.10008.1.2.1";
    const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";

    fn policy() -> Policy {
        Policy { ae_title: "VESALIUS".to_owned(), callers: Vec::new() }
    }

    fn request(contexts: &[(u8, &str, &[&str])]) -> AssociationRQ {
        AssociationRQ {
            protocol_version: 1,
            calling_ae_title: "CARM".to_owned(),
            called_ae_title: "VESALIUS".to_owned(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: contexts
                .iter()
                .map(|(id, class, syntaxes)| PresentationContextProposed {
                    id: *id,
                    abstract_syntax: (*class).to_owned(),
                    transfer_syntaxes: syntaxes.iter().map(|it| (*it).to_owned()).collect(),
                })
                .collect(),
            user_variables: Vec::new(),
        }
    }

    #[test]
    fn each_context_is_taken_in_the_first_transfer_syntax_that_is_read() {
        let request = request(&[
            (1, VERIFICATION, &[NO_MATTER]),
            (3, CT, &[JPEG_LS, EXPLICIT, NO_MATTER]),
            (5, CT, &[JPEG_LS]),
            (7, "1.2.840.10008.5.1.4.1.1.88.11", &[EXPLICIT]),
        ]);
        let Answer::Accepted { reply, contexts, refused } = answer(&request, &policy()) else {
            panic!("rejected");
        };
        let taken: Vec<_> =
            contexts.iter().map(|(id, it)| (*id, it.transfer_syntax.as_str())).collect();
        assert_eq!(taken, [(1, NO_MATTER), (3, EXPLICIT)]);
        let reasons: Vec<_> =
            reply.presentation_contexts.iter().map(|it| it.reason.clone()).collect();
        assert_eq!(
            reasons,
            [
                PresentationContextResultReason::Acceptance,
                PresentationContextResultReason::Acceptance,
                PresentationContextResultReason::TransferSyntaxesNotSupported,
                PresentationContextResultReason::AbstractSyntaxNotSupported,
            ]
        );
        assert!(refused.unwrap().contains(JPEG_LS));
    }

    #[test]
    fn who_calls_another_or_may_not_is_told_why() {
        let told = |request: &AssociationRQ, policy: &Policy| match answer(request, policy) {
            Answer::Rejected { reply, reason } => (reply.source, reason),
            Answer::Accepted { .. } => panic!("accepted"),
        };
        let good = request(&[(1, CT, &[EXPLICIT])]);
        let (source, reason) =
            told(&AssociationRQ { called_ae_title: "PACS".to_owned(), ..good.clone() }, &policy());
        let called = AssociationRJServiceUserReason::CalledAETitleNotRecognized;
        assert_eq!(source, AssociationRJSource::ServiceUser(called));
        assert!(reason.contains("`PACS`") && reason.contains("`VESALIUS`"), "{reason}");
        let only = Policy { callers: vec!["OTHER".to_owned()], ..policy() };
        let (source, reason) = told(&good, &only);
        let calling = AssociationRJServiceUserReason::CallingAETitleNotRecognized;
        assert_eq!(source, AssociationRJSource::ServiceUser(calling));
        assert!(reason.contains("`CARM`"), "{reason}");
        assert!(matches!(
            answer(&good, &Policy { callers: vec!["CARM".to_owned()], ..policy() }),
            Answer::Accepted { refused: None, .. }
        ));
        told(&AssociationRQ { protocol_version: 2, ..good.clone() }, &policy());
        told(&AssociationRQ { application_context_name: "1.2".to_owned(), ..good }, &policy());
    }
}
