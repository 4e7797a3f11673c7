//! The examination of one participant: its parameters in, a line of JSON for each finding out.

use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::device::Device;
use crate::finding::Finding;
use crate::node::Node;

/// Examines a participant that has these parameters.
pub type Examination = fn(Value) -> Vec<Finding>;

/// More than any parameters.
const LONGEST: u64 = 64 << 20;

/// What a device finds.
pub fn of_device<D: Device>(parameters: Value) -> Vec<Finding> {
    read(parameters).map_or_else(|wrong| vec![wrong], D::examine)
}

/// What a node finds.
pub fn of_node<N: Node>(parameters: Value) -> Vec<Finding> {
    read(parameters).map_or_else(|wrong| vec![wrong], N::examine)
}

fn read<P: DeserializeOwned>(parameters: Value) -> Result<P, Finding> {
    serde_json::from_value(parameters).map_err(|error| {
        Finding::wrong(
            format!("its parameters do not fit: {error}"),
            "`vesalius check` says where in the graph file, `vesalius describe` what it takes",
        )
    })
}

/// Reads the parameters, examines, and writes the findings.
///
/// # Errors
/// If what came is no JSON.
pub fn run(examine: Examination, input: impl Read) -> Result<String, String> {
    let parameters = serde_json::from_reader(input.take(LONGEST)).map_err(|error| {
        format!("expected the parameters as JSON on standard input, but: {error}")
    })?;
    let mut lines = String::new();
    for finding in examine(parameters) {
        // A finding holds text alone, which JSON can always say.
        lines.push_str(&serde_json::to_string(&finding).unwrap_or_default());
        lines.push('\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use messages::Instruction;
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::context::Context;
    use crate::device::Reading;

    crate::inputs! {
        /// Something.
        pub enum In { orders => Orders(Instruction) }
    }
    crate::outputs! {
        /// Something.
        pub enum Out { orders => Orders(Instruction) }
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        #[serde(default = "three")]
        knocks: u8,
    }

    fn three() -> u8 {
        3
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0} knocks, but it opens after 3")]
    struct Shut(u8);

    struct Door;

    impl Device for Door {
        type Parameters = Parameters;
        type Output = Out;
        type Error = Shut;
        fn open(parameters: Parameters) -> Result<Self, Shut> {
            if parameters.knocks == 3 { Ok(Self) } else { Err(Shut(parameters.knocks)) }
        }
        fn read(&mut self) -> Result<Reading<Out>, Shut> {
            Ok(Reading::End)
        }
    }

    impl Node for Door {
        type Parameters = Parameters;
        type Input = In;
        type Output = Out;
        type Error = Shut;
        fn new(parameters: Parameters) -> Result<Self, Shut> {
            Self::open(parameters)
        }
        fn handle(&mut self, input: In, context: &mut Context<Out>) -> Result<(), Shut> {
            let In::Orders(orders) = input;
            context.publish(orders.acquired_at, Out::Orders(orders.value));
            Ok(())
        }
    }

    fn found(examine: Examination, parameters: &str) -> Vec<Finding> {
        let lines = run(examine, parameters.as_bytes()).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn by_default_a_device_is_opened_with_its_defaults() {
        assert_eq!(found(of_device::<Door>, "{}"), [Finding::good("opens")]);
        let refused = found(of_device::<Door>, r#"{"knocks": 2}"#);
        let [Finding::Wrong { text, .. }] = &refused[..] else { panic!("{refused:?}") };
        assert_eq!(text, "2 knocks, but it opens after 3");
    }

    #[test]
    fn a_node_that_can_be_built_has_nothing_to_tell() {
        assert_eq!(found(of_node::<Door>, "{}"), []);
        assert!(matches!(found(of_node::<Door>, r#"{"knocks": 4}"#)[..], [Finding::Wrong { .. }]));
    }

    #[test]
    fn parameters_that_do_not_fit_are_a_finding_and_what_is_no_json_an_error() {
        let refused = found(of_device::<Door>, r#"{"knoks": 3}"#);
        let [Finding::Wrong { text, .. }] = &refused[..] else { panic!("{refused:?}") };
        assert!(text.contains("unknown field `knoks`"), "{text}");
        assert!(run(of_device::<Door>, "knock".as_bytes()).unwrap_err().contains("as JSON"));
    }
}
