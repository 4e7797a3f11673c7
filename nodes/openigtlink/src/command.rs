//! COMMAND: parameters of running nodes, as `vesalius set` changes them.
//!
//! The command `Set` has XML with one element or more inside its root, each with the attributes `Node`, `Key` and
//! `Value`: `<Command><Parameter Node="locate" Key="max_pose_gap_ms" Value="40"/></Command>`. The value is written as in
//! a graph file. What is checked, what is journalled and what a restarted node has is the business of `vesalius set`,
//! which is called; this is only its door for clients that speak no other language. It is closed but for the nodes that
//! the server's `may_set` names.
//!
//! The answer is that of PLUS: `<Command><Result>true</Result><Message>…</Message></Command>`, and in the metadata
//! `Status` and `ErrorMessage`.

use std::path::Path;

use formats::openigtlink::{Command, Content, Message, UTF_8};
use roxmltree::Document;

use crate::conversation::answer;

/// Longer than any command that is known.
const LONGEST: usize = 4 << 10;
/// So many parameters are changed at once.
const MOST: usize = 32;

/// What `Set` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The node.
    pub node: String,
    /// `KEY=VALUE`.
    pub setting: String,
}

/// What a command asks for.
///
/// # Errors
/// If it is none that is known, or its node may not be changed; says what is expected.
pub fn settings(command: &Command, may_set: &[String]) -> Result<Vec<Setting>, String> {
    let name = command.name.to_str();
    if name != "Set" {
        return Err(format!("`{name}` is no command of this server, which knows `Set`"));
    }
    let text =
        std::str::from_utf8(&command.text).map_err(|_| "the command is no UTF-8".to_owned())?;
    let text = text.trim_end_matches('\0');
    if text.len() > LONGEST {
        return Err(format!("the command has {} bytes, and {LONGEST} are taken", text.len()));
    }
    let document =
        Document::parse(text).map_err(|error| format!("the command is no XML: {error}"))?;
    let elements: Vec<_> =
        document.root_element().children().filter(roxmltree::Node::is_element).collect();
    if elements.is_empty() || elements.len() > MOST {
        return Err(format!(
            "`Set` changes 1 to {MOST} parameters, but names {}: write <Command><Parameter Node=\"locate\" Key=\"max_pose_gap_ms\" Value=\"40\"/></Command>",
            elements.len()
        ));
    }
    let setting = |element: &roxmltree::Node<'_, '_>| {
        let attribute = |name: &str| {
            element.attribute(name).ok_or_else(|| {
                format!(
                    "<{}> has no `{name}`; it needs Node, Key and Value",
                    element.tag_name().name()
                )
            })
        };
        let (node, key) = (attribute("Node")?, attribute("Key")?);
        let is_key = |letter: char| letter.is_ascii_alphanumeric() || "_.-[]".contains(letter);
        if key.is_empty() || !key.chars().all(is_key) {
            return Err(format!("`{key}` is no name of a parameter"));
        }
        if !may_set.iter().any(|may| may == node) {
            let named = if may_set.is_empty() { "none".to_owned() } else { may_set.join(", ") };
            return Err(format!(
                "clients may not change `{node}`; the server's `may_set` names {named}"
            ));
        }
        let setting = format!("{key}={}", attribute("Value")?);
        Ok(Setting { node: node.to_owned(), setting })
    };
    elements.iter().map(setting).collect()
}

/// Changes parameters through `vesalius`, one after the other, until one is refused; what it says is given back.
///
/// # Errors
/// If one is refused, or `vesalius` cannot be called; says why.
pub fn carry_out(settings: &[Setting], vesalius: &Path, session: &str) -> Result<String, String> {
    let mut said = Vec::new();
    for Setting { node, setting } in settings {
        let output = std::process::Command::new(vesalius)
            .args(["set", "--session", session, "--", node, setting])
            .env_remove(runtime::assignment::VARIABLE)
            .output()
            .map_err(|error| format!("cannot call {}: {error}", vesalius.display()))?;
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            // Without what frames it on a terminal.
            let is_word = |word: &&str| !["×", "│"].contains(word);
            text.split_whitespace().filter(is_word).collect::<Vec<_>>().join(" ")
        };
        if !output.status.success() {
            said.push(text(&output.stderr));
            return Err(said.join("; "));
        }
        said.push(text(&output.stdout));
    }
    Ok(said.join("; "))
}

/// The answer to a command.
pub fn reply(request: &Message, command: &Command, done: &Result<String, String>) -> Message {
    let (result, said) = match done {
        Ok(said) => ("true", said),
        Err(reason) => ("false", reason),
    };
    let text =
        format!("<Command><Result>{result}</Result><Message>{}</Message></Command>", escaped(said));
    let content = Content::Command(Command {
        id: command.id,
        name: command.name,
        encoding: UTF_8,
        text: text.into_bytes(),
    });
    let mut message = answer(request, "RTS_COMMAND", content);
    // Without an extended header there is no room for it.
    if message.extended_header.is_some() {
        message.set_metadata("Status", if done.is_ok() { "SUCCESS" } else { "FAIL" });
        if let Err(reason) = done {
            message.set_metadata("ErrorMessage", reason);
        }
    }
    message
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{Text, Timestamp};

    use super::*;

    fn command(name: &str, text: &str) -> Command {
        Command { id: 9, name: Text::truncated(name), encoding: 3, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn a_parameter_of_a_node_that_may_be_changed() {
        let may = ["locate".to_owned()];
        let set = command(
            "Set",
            r#"<Command><Parameter Node="locate" Key="max_pose_gap_ms" Value="40"/></Command>"#,
        );
        let expected = Setting { node: "locate".into(), setting: "max_pose_gap_ms=40".into() };
        assert_eq!(settings(&set, &may), Ok(vec![expected]));
        for (name, text, says) in [
            ("Get", "", "no command of this server"),
            ("Set", "no xml", "no XML"),
            ("Set", "<Command/>", "names 0"),
            ("Set", r#"<C><P Node="locate" Value="1"/></C>"#, "has no `Key`"),
            ("Set", r#"<C><P Node="locate" Key="a b" Value="1"/></C>"#, "no name of a parameter"),
            (
                "Set",
                r#"<C><P Node="register" Key="a" Value="1"/></C>"#,
                "may not change `register`",
            ),
        ] {
            let error = settings(&command(name, text), &may).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            settings(&command("Set", &" ".repeat(5000)), &may).unwrap_err().contains("5000 bytes")
        );
        assert!(settings(&set, &[]).unwrap_err().contains("names none"));
    }

    #[test]
    fn what_vesalius_says_is_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("vesalius");
        std::fs::write(&program, "#!/bin/sh\n[ \"$6\" = a=1 ] && echo \"$5 took $6\" && exit 0\necho \"  × no $6\" >&2; exit 1\n").unwrap();
        let mut permissions = std::fs::metadata(&program).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        std::fs::set_permissions(&program, permissions).unwrap();
        let set = |setting: &str| Setting { node: "n".into(), setting: setting.into() };
        assert_eq!(carry_out(&[set("a=1")], &program, "s"), Ok("n took a=1".to_owned()));
        assert_eq!(
            carry_out(&[set("a=1"), set("b=2"), set("a=1")], &program, "s"),
            Err("n took a=1; no b=2".to_owned())
        );
        let error = carry_out(&[set("a=1")], &folder.path().join("nothing"), "s").unwrap_err();
        assert!(error.contains("cannot call"), "{error}");
    }

    #[test]
    fn the_answer_says_whether_it_was_done_in_both_forms() {
        let asked = command("Set", "");
        let request =
            Message::new("COMMAND", "x", Timestamp::default(), Content::Command(asked.clone()))
                .unwrap();
        let plain = reply(&request, &asked, &Err("a < b".to_owned()));
        let Content::Command(content) = &plain.content else { panic!("no command") };
        assert_eq!(content.id, 9);
        let text = String::from_utf8(content.text.clone()).unwrap();
        assert_eq!(text, "<Command><Result>false</Result><Message>a &lt; b</Message></Command>");
        assert_eq!(plain.version, 1);
        let mut newer = request;
        newer.set_metadata("k", "v");
        let answer = reply(&newer, &asked, &Ok("done".to_owned()));
        assert_eq!(answer.metadata()[0].value, b"SUCCESS");
        assert!(Message::decode(&answer.encode().unwrap()).is_ok());
    }
}
