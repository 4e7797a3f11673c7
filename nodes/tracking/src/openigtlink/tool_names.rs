//! Which name of a server is which tool.

use std::collections::BTreeMap;

use super::sightings::NAME_BYTES;

/// The tools that are wanted, and what a server calls them.
#[derive(Clone, Debug)]
pub struct ToolNames {
    tools: Vec<String>,
    /// What the server calls a tool, where that does not follow from its name.
    given: BTreeMap<String, String>,
    tracker: String,
}

impl ToolNames {
    /// Of tools by their names on the bus; `given` has the server's names of those for which they do not follow.
    ///
    /// # Errors
    /// If there is none, two are the same, or a name is given for a tool that is not wanted.
    pub fn new(
        tools: &[String],
        given: &BTreeMap<String, String>,
        tracker: &str,
    ) -> Result<Self, String> {
        if tools.is_empty() {
            return Err("names no tool: give the names that the graph uses, such as [\"probe\", \"patient\"]".to_owned());
        }
        if let Some(twice) = tools.iter().enumerate().find(|(at, tool)| tools[..*at].contains(tool))
        {
            return Err(format!("names `{}` twice", twice.1));
        }
        if let Some(other) = given.keys().find(|tool| !tools.contains(tool)) {
            return Err(format!(
                "has no `{other}`, but `sent_as` says how it is sent: name it in both or in none"
            ));
        }
        Ok(Self { tools: tools.to_vec(), given: given.clone(), tracker: tracker.to_owned() })
    }

    /// The tools.
    pub fn tools(&self) -> &[String] {
        &self.tools
    }

    /// Which tool a name of the server is: an index into [`tools`](Self::tools).
    pub fn tool(&self, sent: &str) -> Option<usize> {
        self.tools.iter().position(|tool| {
            if let Some(given) = self.given.get(tool) {
                return is_same(given, sent);
            }
            let ending = format!("To{}", self.tracker);
            // Cut names cannot be split; whole ones may be written with another case.
            let own = sent.strip_suffix(&ending).unwrap_or(sent);
            snake_case(own) == *tool || is_same(&format!("{}{ending}", camel_case(tool)), sent)
        })
    }
}

/// Whether a name is this one, or as much of it as TDATA has room for.
fn is_same(whole: &str, sent: &str) -> bool {
    whole == sent || sent.len() == NAME_BYTES && whole.starts_with(sent)
}

/// `StylusTip` as `stylus_tip`: names on the bus are lower case.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `stylus_tip` as `StylusTip`: names of frames in PLUS.
fn camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            [first.to_uppercase(), rest.to_owned()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tools: &[&str], given: &[(&str, &str)]) -> Result<ToolNames, String> {
        let tools: Vec<String> = tools.iter().map(|&tool| tool.to_owned()).collect();
        let given = given.iter().map(|&(tool, sent)| (tool.to_owned(), sent.to_owned())).collect();
        ToolNames::new(&tools, &given, "Tracker")
    }

    #[test]
    fn names_follow_from_those_of_plus_or_are_given() {
        let names = names(
            &["probe", "stylus_tip", "patient", "needle_of_the_left_hand"],
            &[("patient", "ReferenceToTracker")],
        )
        .unwrap();
        for (sent, tool) in [
            ("ProbeToTracker", Some("probe")),
            ("Probe", Some("probe")),
            ("probe", Some("probe")),
            ("StylusTipToTracker", Some("stylus_tip")),
            ("ReferenceToTracker", Some("patient")),
            ("PatientToTracker", None),
            ("ProbeToReference", None),
            ("NeedleOfTheLeftHandToTracker", Some("needle_of_the_left_hand")),
            ("NeedleOfTheLeftHand", Some("needle_of_the_left_hand")),
            // As TDATA has room for it.
            ("NeedleOfTheLeftHandT", Some("needle_of_the_left_hand")),
            ("NeedleOfTheRightHand", None),
            ("ImageToProbe", None),
        ] {
            let came = names.tool(sent).map(|tool| names.tools()[tool].as_str());
            assert_eq!(came, tool, "{sent}");
        }
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        assert!(names(&[], &[]).unwrap_err().contains("names no tool"));
        assert!(names(&["a", "a"], &[]).unwrap_err().contains("twice"));
        assert!(names(&["a"], &[("b", "BToTracker")]).unwrap_err().contains("`b`"));
    }
}
