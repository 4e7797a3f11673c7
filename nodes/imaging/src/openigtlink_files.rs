//! The tool `igtl`: OpenIGTLink messages of a file as JSON and back.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use formats::openigtlink::{self, Content, Message};
use serde_json::Value;

/// Shows OpenIGTLink messages, as they come from a connection, and makes them from JSON.
#[derive(Debug, Parser)]
#[command(name = "vesalius igtl")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells what the messages of a file hold: a line for each, or JSON with all of it.
    Decode {
        /// The file with messages, one after the other; `-` is the standard input.
        file: PathBuf,
        /// Prints a JSON list from which `encode` makes the same bytes.
        #[arg(long)]
        json: bool,
    },
    /// Makes the bytes of messages from JSON: from a list, as `decode --json` prints it, or from one message.
    Encode {
        /// The file with the JSON; `-` is the standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
        /// The file to write; without it the bytes go to the standard output.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
}

/// Why messages cannot be shown or made.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot {what} {}: {source}", .path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: message {index}, which begins at byte {position}: {source}", .path.display())]
    Message { path: PathBuf, index: usize, position: usize, source: Box<openigtlink::Error> },
    #[error("{}: this is no JSON: {source}", .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: message {index} of the JSON is not as `vesalius igtl decode --json` prints it: {source}", .path.display())]
    Form { path: PathBuf, index: usize, source: serde_json::Error },
    #[error("{}: message {index} of the JSON: {source}", .path.display())]
    Encode { path: PathBuf, index: usize, source: Box<openigtlink::Error> },
}

/// Runs the tool.
pub fn run(words: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius igtl".to_owned());
    let arguments = Arguments::parse_from(name.chain(words.iter().cloned()));
    let done = match &arguments.command {
        Command::Decode { file, json } => decode(file, *json),
        Command::Encode { file, output } => encode(file, output.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what can be read, also before a message that cannot.
fn decode(path: &Path, as_json: bool) -> Result<(), Error> {
    let bytes = read(path)?;
    let mut messages = Message::decode_all(&bytes);
    let (mut found, mut failed) = (vec![], None);
    loop {
        let position = messages.position();
        match messages.next() {
            Some(Ok(message)) => found.push((position, message)),
            Some(Err(source)) => {
                failed = Some(Error::Message {
                    path: path.to_owned(),
                    index: found.len(),
                    position,
                    source: Box::new(source),
                });
                break;
            }
            None => break,
        }
    }
    let mut text = String::new();
    if as_json {
        let messages: Vec<&Message> = found.iter().map(|(_, message)| message).collect();
        let json = serde_json::to_string_pretty(&messages);
        text = json.map_err(|source| Error::Json { path: path.to_owned(), source })?;
        text.push('\n');
    } else {
        for (index, (position, message)) in found.iter().enumerate() {
            let _ = writeln!(text, "{index:>4}  at {position:<10} {}", line(message));
        }
    }
    write_out(text.as_bytes())?;
    failed.map_or(Ok(()), Err)
}

fn encode(path: &Path, output: Option<&Path>) -> Result<(), Error> {
    let json: Value = serde_json::from_slice(&read(path)?)
        .map_err(|source| Error::Json { path: path.to_owned(), source })?;
    let messages = match json {
        Value::Array(messages) => messages,
        message => vec![message],
    };
    let mut bytes = vec![];
    for (index, message) in messages.into_iter().enumerate() {
        let message: Message = serde_json::from_value(message).map_err(|source| Error::Form {
            path: path.to_owned(),
            index,
            source,
        })?;
        let encoded = message.encode();
        bytes.extend(encoded.map_err(|source| Error::Encode {
            path: path.to_owned(),
            index,
            source: Box::new(source),
        })?);
    }
    let Some(output) = output else { return write_out(&bytes) };
    std::fs::write(output, &bytes).map_err(|source| Error::File {
        what: "write",
        path: output.to_owned(),
        source,
    })
}

/// What a message is, for people.
fn line(message: &Message) -> String {
    let time = message.timestamp;
    let nanoseconds = time.to_nanoseconds() % 1_000_000_000;
    let device = openigtlink::Text::<64>::truncated(&message.device_name());
    let mut line = format!(
        "{:<12} v{} {}.{nanoseconds:09} s  {device}",
        message.type_name.to_string(),
        message.version,
        time.to_nanoseconds() / 1_000_000_000,
    );
    let told = match &message.content {
        Content::Image(image) => {
            let [x, y, z] = image.subvolume_size;
            format!("{x}×{y}×{z} voxels, {} × {:?}", image.components, image.scalar)
        }
        Content::TrackingData(data) => format!("{} tools", data.tools.len()),
        Content::QuaternionTrackingData(data) => format!("{} tools", data.tools.len()),
        Content::Points(points) => format!("{} points", points.points.len()),
        Content::Trajectories(ways) => format!("{} trajectories", ways.trajectories.len()),
        Content::PolyData(polydata) => format!("{} points", polydata.points_mm.len() / 3),
        Content::Status(status) => {
            format!("code {}, {}", status.code, status.meaning().unwrap_or("not a known code"))
        }
        Content::NdArray(array) => format!("{:?} × {:?}", array.size, array.scalar),
        Content::Bind(bind) => format!("{} messages", bind.children.len()),
        Content::Opaque(bytes) => format!("{} bytes of a type that is not known", bytes.len()),
        _ => return line,
    };
    let _ = write!(line, "  {told}");
    line
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![];
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|source| Error::File { what: "open", path: path.to_owned(), source })
}

fn write_out(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|source| Error::File {
        what: "write",
        path: PathBuf::from("the standard output"),
        source,
    })
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{StringMessage, Timestamp};

    use super::*;

    #[test]
    fn json_of_a_file_becomes_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let [json, output] =
            ["messages.json", "messages.igtl"].map(|name| folder.path().join(name));
        let content = Content::String(StringMessage::new("text"));
        let message = Message::new("STRING", "Probe", Timestamp::from_bits(7), content).unwrap();
        let bytes = [message.encode().unwrap(), message.encode().unwrap()].concat();
        std::fs::write(&json, serde_json::to_string(&[&message, &message]).unwrap()).unwrap();
        encode(&json, Some(&output)).unwrap();
        assert_eq!(std::fs::read(&output).unwrap(), bytes);
        decode(&output, true).unwrap();
        std::fs::write(&output, &bytes[..bytes.len() - 1]).unwrap();
        let said = decode(&output, false).unwrap_err().to_string();
        assert!(said.contains("message 1, which begins at byte 66"), "{said}");
    }

    #[test]
    fn a_line_for_people() {
        let message =
            Message::new("GET_IMAGE", "a\nb", Timestamp::from_bits(3 << 31), Content::Empty);
        assert_eq!(line(&message.unwrap()), "GET_IMAGE    v1 1.500000000 s  a\\nb");
    }
}
