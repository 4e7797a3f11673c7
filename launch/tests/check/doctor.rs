//! `vesalius doctor` in a ward of devices: good, refusing, hanging, dying, babbling, and one that offers no examination.

use std::net::TcpListener;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::commands::{Bench, lines};

/// What the executable `vesalius-ward` does when its devices are examined; each stands in a file of its own.
const EXAMINE: &str = r#"case "$2" in
vega) grep -q '"rate_hz":20' || exit 9
  echo '{"finding":"good","text":"Polaris Vega, firmware 029, answers"}'
  echo '{"finding":"notable","text":"its clock runs 12 ms ahead","remedy":"nothing, if the offset is stable"}' ;;
refusing) echo '{"finding":"wrong","text":"tool 449 is not plugged in","remedy":"plug it into port 2"}' ;;
hanging) echo '{"finding":"good","text":"the first half"}'
  sleep 600 & echo $! > "$0.sleeping"; wait ;;
dying) echo '{"at_unix_ns":1,"level":"error","node":"n","text":"no licence"}' >&2; exit 3 ;;
babbling) echo 'hello' ;;
accepting) ;;
*) echo "asked for $2, which offers no examination" >&2; exit 99 ;;
esac"#;

fn ward() -> Bench {
    let bench = Bench::new();
    let poses =
        json!({"poses": {"message": "ToolPoses", "version": 1, "frames": ["tracker", "tool"]}});
    let device = |name: &str, examines: bool, properties: Value| {
        json!({"name": name, "kind": "device", "outputs": poses, "examines": examines,
            "parameters": {"type": "object", "properties": properties}})
    };
    let address = || json!({"address": {"type": "string", "format": "address"}});
    let description = json!({"executable": "ward", "participants": [
        device("vega", true, json!({"rate_hz": {"type": "integer", "minimum": 1}})),
        device("refusing", true, json!({})),
        device("hanging", true, json!({})),
        device("dying", true, json!({})),
        device("babbling", true, json!({})),
        device("foreign", false, address()),
        device("driver", true, address()),
        device("emulator", true, json!({"listen": {"type": "string"}})),
        json!({"name": "accepting", "kind": "node", "examines": true}),
    ]});
    let script = format!(
        "if [ \"$1\" = describe ]; then cat <<'END'\n{description}\nEND\nexit 0; fi\n\
         [ \"$1\" = examine ] || exit 98\n{EXAMINE}"
    );
    bench.lab.executable("vesalius-ward", &script.replace("vega)", "vega|driver|emulator)"));
    bench
}

fn diagnosed(bench: &Bench, graph: &str, more: &[&str]) -> (Value, Output) {
    bench.lab.write("graphs/ward.toml", &format!("version = 1\n{graph}"));
    let arguments = [&["doctor", "graphs/ward.toml", "--json"][..], more].concat();
    let output = bench.run(&arguments);
    let json = serde_json::from_slice(&output.stdout);
    (json.unwrap_or_else(|error| panic!("{error}: {output:?}")), output)
}

fn subject<'a>(diagnosis: &'a Value, name: &str) -> &'a Value {
    let subjects = diagnosis["subjects"].as_array().unwrap();
    subjects
        .iter()
        .find(|subject| subject["name"] == name)
        .unwrap_or_else(|| panic!("{diagnosis:#}"))
}

/// What a person reads of the devices; the machine differs from one to the other.
fn part(output: &Output, sections: &[&str]) -> String {
    let said = lines(&output.stdout);
    let parts =
        said.split("\n\n").filter(|part| sections.iter().any(|title| part.starts_with(title)));
    parts.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Only the system may listen there.
const NOBODY: &str = "127.0.0.1:1";

const ALL: &str = "[nodes.tracker]\nruns = \"ward/vega\"\nparameters.rate_hz = 20\n\
    [nodes.plugs]\nruns = \"ward/refusing\"\n[nodes.licence]\nruns = \"ward/dying\"\n\
    [nodes.words]\nruns = \"ward/babbling\"\n[nodes.foreign]\nruns = \"ward/foreign\"\n\
    [nodes.quiet]\nruns = \"ward/accepting\"\n[nodes.lights]\nruns = \"ward/hanging\"\n";

#[test]
fn every_device_has_a_line_with_what_to_do() {
    let bench = ward();
    bench.lab.write("graphs/ward.toml", &format!("version = 1\n{ALL}"));
    let output = bench.run(&["doctor", "graphs/ward.toml", "--limit", "8s"]);
    assert_eq!(output.status.code(), Some(1));
    let said = lines(&output.stdout);
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    insta::assert_snapshot!("doctor", part(&output, &["devices"]));
    assert!(said.contains("\n1 other node has nothing to tell\n"), "{said}");
    assert!(said.contains("graphs/ward.toml: not ready: 4 wrong,"), "{said}");
    let sleeping = bench.lab.path().join("vesalius-ward.sleeping");
    let pid = std::fs::read_to_string(sleeping).unwrap();
    let lives = || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        state.is_ok_and(|state| !state.contains(") Z "))
    };
    let gone = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        !lives()
    });
    assert!(gone, "what it started is stopped with it");
}

#[test]
fn only_what_is_wrong_decides_the_exit_code() {
    let bench = ward();
    let graph = "[nodes.tracker]\nruns = \"ward/vega\"\nparameters.rate_hz = 20\n\
        [nodes.foreign]\nruns = \"ward/foreign\"\n";
    let (good, output) = diagnosed(&bench, graph, &[]);
    assert_eq!((output.status.code(), &good["good"]), (Some(0), &json!(true)), "{good:#}");
    assert_eq!(subject(&good, "tracker")["verdict"], "notable");
    let foreign = subject(&good, "foreign");
    assert_eq!(foreign["verdict"], "unexamined");
    assert_eq!(foreign["findings"][0]["text"], "`ward/foreign` does not offer to be examined");
    let recording = subject(&good, "recording");
    assert!(recording["findings"][0]["text"].as_str().unwrap().contains("nothing is recorded"));
}

#[test]
fn at_the_address_of_a_device_that_offers_no_examination_somebody_must_answer() {
    let bench = ward();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let graph = |address: &str| {
        format!("[nodes.foreign]\nruns = \"ward/foreign\"\nparameters.address = \"{address}\"\n")
    };
    let (there, _) = diagnosed(&bench, &graph(&address.to_string()), &[]);
    let found = &subject(&there, "foreign")["findings"];
    assert_eq!(found[1]["text"], format!("somebody answers at {address}"), "{found:#}");
    let (gone, output) = diagnosed(&bench, &graph(NOBODY), &[]);
    assert_eq!(
        (output.status.code(), &subject(&gone, "foreign")["verdict"]),
        (Some(1), &json!("wrong"))
    );
}

#[test]
fn a_device_that_an_emulator_of_the_graph_serves_is_not_wrong_before_it_runs() {
    let bench = ward();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let graph = |address: &str| {
        let listen = address.replace("127.0.0.1", "0.0.0.0");
        format!(
            "[nodes.tracker]\nruns = \"ward/driver\"\nparameters.address = \"{address}\"\n\
             [nodes.emulated]\nruns = \"ward/emulator\"\nparameters.listen = \"{listen}\"\n"
        )
    };
    // Its examination, which would fail without a rate, runs only where somebody answers.
    let address = listener.local_addr().unwrap().to_string();
    let (there, _) = diagnosed(&bench, &graph(&address), &[]);
    assert_eq!(subject(&there, "tracker")["verdict"], "wrong", "{there:#}");
    let (absent, _) = diagnosed(&bench, &graph(NOBODY), &[]);
    let tracker = subject(&absent, "tracker");
    assert_eq!(tracker["verdict"], "notable");
    let text = tracker["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("`emulated` of this graph serves it at 127.0.0.1:"), "{text}");
}

#[test]
fn mistakes_of_the_graph_are_told_and_the_other_devices_are_examined() {
    let bench = ward();
    let graph = "[nodes.tracker]\nruns = \"ward/vega\"\nparameters.rate_hz = 20\n\
        [nodes.slow]\nruns = \"ward/vega\"\nparameters.rate_hz = 0\n\
        [nodes.ghost]\nruns = \"ward/ghost\"\n";
    let (diagnosis, output) = diagnosed(&bench, graph, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = subject(&diagnosis, "graph")["findings"].to_string();
    assert!(said.contains("line 7: ") && said.contains("`ward` offers no `ghost`"), "{said}");
    assert_eq!(subject(&diagnosis, "tracker")["findings"][1]["verdict"], "good");
    assert_eq!(subject(&diagnosis, "slow")["verdict"], "unexamined");
    let (unreadable, output) = diagnosed(&bench, "nodes = 3", &[]);
    assert_eq!((output.status.code(), &unreadable["good"]), (Some(1), &json!(false)));
}
