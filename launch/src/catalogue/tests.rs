//! Executables that describe themselves well, badly, slowly or not at all.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::*;

const DESCRIPTION: &str =
    r#"{"executable": "lab", "participants": [{"name": "scan", "kind": "device"}]}"#;

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn what_is_run_is_read_in_two_forms() {
    let named = |executable, participant| Some(Runs::Named { executable, participant });
    let foreign = |path, participant| Some(Runs::Foreign { path, participant });
    assert_eq!(Runs::parse("fusion/locate_image"), named("fusion", "locate_image"));
    assert_eq!(Runs::parse("./own.py:smooth"), foreign("./own.py", "smooth"));
    assert_eq!(Runs::parse("a:b/own:smooth"), foreign("a:b/own", "smooth"));
    for nothing in ["", "fusion", "fusion/", "/locate", "a/b/c", ":smooth", "own.py:", "own.py:a/b"]
    {
        assert_eq!(Runs::parse(nothing), None, "{nothing}");
    }
}

#[test]
fn executables_are_found_by_name_and_the_first_folder_wins() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = [folders[0].path(), folders[1].path()];
    let lab = script(first, "vesalius-lab", "exit 0");
    script(second, "vesalius-lab", "exit 1");
    script(second, "vesalius-rig", "exit 0");
    script(second, "other", "exit 0");
    std::fs::write(second.join("vesalius-lab.d"), "lab: lab.rs").unwrap();
    std::fs::create_dir(second.join("vesalius-folder")).unwrap();
    let folders = [first.to_owned(), second.join("nowhere"), second.to_owned()];
    let catalogue = Catalogue::of_folders(&folders, Cache::default());
    assert_eq!(catalogue.names().collect::<Vec<_>>(), ["lab", "rig"]);
    assert_eq!(catalogue.path("lab"), Some(lab.as_path()));
    assert!(catalogue.ask("nothing").is_none());
}

#[test]
fn an_executable_is_asked_once_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("asked");
    let count = || std::fs::read_to_string(&asked).unwrap_or_default().len();
    let text = |help: &str| {
        let answer =
            DESCRIPTION.replace("\"device\"", &format!("\"device\", \"help\": \"{help}\""));
        format!("printf x >> {}; echo '{answer}'", asked.display())
    };
    script(folder.path(), "vesalius-lab", &text("one"));
    let cache = Cache::in_folder(folder.path().join("cache"));
    let ask = || {
        let catalogue = Catalogue::of_folders(&[folder.path().to_owned()], cache.clone());
        catalogue.ask("lab").unwrap().description.unwrap().participants[0].help.clone()
    };
    assert_eq!((ask(), ask(), count()), ("one".to_owned(), "one".to_owned(), 1));
    script(folder.path(), "vesalius-lab", &text("other"));
    assert_eq!((ask(), count()), ("other".to_owned(), 2));
    // A damaged cache is as good as none.
    for entry in std::fs::read_dir(folder.path().join("cache")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{\"path\": ").unwrap();
    }
    assert_eq!((ask(), count()), ("other".to_owned(), 3));
}

#[test]
fn a_failure_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let cure = folder.path().join("cured");
    let text = format!("if [ -e {} ]; then echo '{DESCRIPTION}'; else exit 1; fi", cure.display());
    script(folder.path(), "vesalius-lab", &text);
    let cache = Cache::in_folder(folder.path().join("cache"));
    let catalogue = Catalogue::of_folders(&[folder.path().to_owned()], cache);
    assert!(catalogue.ask("lab").unwrap().description.is_err());
    std::fs::write(cure, "").unwrap();
    assert!(catalogue.ask("lab").unwrap().description.is_ok());
}

#[test]
fn each_way_to_fail_has_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |text: &str| {
        let path = script(folder.path(), "vesalius-lab", text);
        ask::describe(&path).unwrap_err().to_string()
    };
    assert_eq!(
        ask("echo first >&2; echo 'no libtorch' >&2; echo >&2; exit 127"),
        "fails at `describe` (exit status: 127): no libtorch"
    );
    assert_eq!(ask("exit 1"), "fails at `describe` (exit status: 1)");
    assert!(ask("kill -SEGV $$").starts_with("fails at `describe` (signal: 11"));
    assert!(ask("echo hello").starts_with("answers `describe` with something else"));
    assert!(
        ask("echo '{\"executable\": 3}'").starts_with("answers `describe` with something else")
    );
    assert!(ask("echo '{\"executable\": \"a\", \"participants\": [{\"name\": \"x\", \"kind\": \"robot\"}]}'").contains("robot"));
    let nowhere = ask::describe(&folder.path().join("nowhere")).unwrap_err().to_string();
    assert_eq!(nowhere, "cannot be started: there is no such file");
}

#[test]
fn silence_ends_and_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let text = format!("sleep 600 & echo $! $$ > {}; wait", pids.display());
    let path = script(folder.path(), "vesalius-lab", &text);
    // Long enough for the script to begin on a busy machine.
    let patience = Duration::from_secs(2);
    let error = ask::describe_within(&path, patience).unwrap_err();
    assert_eq!(error, AskError::Silent);
    let ended = |pid: &str| {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Whoever inherits it may take its time to bury it.
        state.is_empty() || state.contains(") Z ")
    };
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        // A killed process runs on to its end; one that was not killed sleeps for ten minutes.
        let gone = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            ended(pid)
        });
        assert!(gone, "{pid} is left behind");
    }
}

#[test]
fn a_foreign_file_that_may_not_be_executed_is_named_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.py");
    std::fs::write(&path, "").unwrap();
    let error = Catalogue::ask_foreign(&path).description.unwrap_err().to_string();
    assert!(error.contains("chmod +x") && error.contains("own.py"), "{error}");
}

#[test]
fn ports_keep_their_order() {
    let text = r#"{"executable": "a", "participants": [{"name": "x", "kind": "node", "inputs":
        {"z": {"message": "M", "version": 1}, "a": {"message": "N", "version": 2, "frames": []}}}]}"#;
    let description: Description = serde_json::from_str(text).unwrap();
    let inputs = &description.participant("x").unwrap().inputs;
    assert_eq!(inputs.names().collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(inputs.get("z").unwrap().frames, None);
    assert_eq!(inputs.get("a").unwrap().to_string(), "N v2");
}
