//! What `vesalius doctor` is told of a server of images.

use std::time::Duration;

use formats::openigtlink::{Content, Decoder, Survey};
use runtime::clock::SessionClock;
use runtime::{Finding, SenderClock, tcp_link};

use super::intake::Wanted;

/// How long is listened.
const LISTEN: Duration = Duration::from_secs(2);

/// Connects, asks, listens, and says what came.
pub fn examine(address: &str, wanted: &Wanted) -> Vec<Finding> {
    let (mut survey, mut clock) = (Survey::new(), SenderClock::new());
    let mut decoder = Decoder::with_limit(wanted.limit);
    let heard = tcp_link::listen(
        address,
        &Survey::questions(),
        SessionClock::new(),
        LISTEN,
        |bytes, arrived_at| {
            decoder.feed(bytes);
            loop {
                match decoder.next_message() {
                    Ok(None) => return Ok(()),
                    Ok(Some(message)) => {
                        if matches!(message.content, Content::Image(_))
                            && !message.timestamp.is_unset()
                        {
                            let stamp = message.timestamp.to_nanoseconds() as i64;
                            clock.session_time(stamp, arrived_at);
                        }
                        survey.take(message, arrived_at.0);
                    }
                    Err(error) if decoder.is_stopped() => return Err(error.to_string()),
                    Err(_) => survey.damaged += 1,
                }
            }
        },
    );
    match heard {
        Err(reason) => vec![Finding::wrong(
            reason,
            "start the server, and look at its address, its port and the firewall between",
        )],
        Ok(peer) => {
            let mut findings =
                vec![Finding::good(format!("an OpenIGTLink server answers at {peer}"))];
            findings.extend(about(&survey, wanted));
            findings.extend(clock.in_words().map(Finding::good));
            findings
        }
    }
}

/// What is found of what came.
fn about(survey: &Survey, wanted: &Wanted) -> Vec<Finding> {
    let mut findings = Vec::new();
    let images: Vec<_> = survey.streams().filter(|(kind, _, _)| *kind == "IMAGE").collect();
    match (survey.in_words(&[]), images.as_slice()) {
        (None, _) => findings.push(Finding::wrong(
            format!("it sent nothing in {} s", LISTEN.as_secs()),
            "let it acquire; if it sends only what it is asked for, set `ask = true`",
        )),
        (Some(all), []) => findings.push(Finding::wrong(
            format!("it sends no IMAGE, but {all}"),
            "let it send the ultrasound images as IMAGE (in PLUS, name them in the server's `ImageNames`)",
        )),
        (Some(all), _) => findings.push(Finding::good(format!("it sends {all}"))),
    }
    let named = wanted.device.as_deref();
    for (_, name, stream) in &images {
        if named.is_some_and(|named| named != *name) {
            continue;
        }
        let Content::Image(image) = &stream.last.content else { continue };
        match wanted.conversion.grey(image) {
            Ok(grey) => findings.push(Finding::good(format!(
                "{name} is an image of {} by {} pixels of {:?}, {} components",
                grey.width_px, grey.height_px, image.scalar, image.components
            ))),
            Err(reason) => findings.push(Finding::wrong(
                format!("{name} cannot be used: {reason}"),
                "change what the server sends, or the parameter that the sentence names",
            )),
        }
        if stream.unstamped > 0 {
            findings.push(Finding::notable(
                format!(
                    "{} of {} images of {name} have no time",
                    stream.unstamped, stream.messages
                ),
                "they are taken to be of their arrival; let the server stamp them",
            ));
        }
    }
    match (named, images.len()) {
        (Some(named), 1..) if !images.iter().any(|(_, name, _)| *name == named) => {
            findings.push(Finding::wrong(
                format!("no images are called `{named}`"),
                "name one of those that it sends in `device`",
            ));
        }
        (None, 2..) => findings.push(Finding::notable(
            "it sends images under several names, and those that come first are taken",
            "name the one that is meant in `device`",
        )),
        _ => {}
    }
    if survey.damaged > 0 {
        findings.push(Finding::wrong(
            format!("{} messages were damaged", survey.damaged),
            "let the server compute checksums, and look at the network",
        ));
    }
    findings
}
