//! Of who the patient is nothing is stored but a keyed hash, and images of another patient are refused.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use system_tests::{Place, alone};

/// Values that say who it is, as in a file from a hospital: `(group, element, value representation, value)`.
const WHO: [(u16, u16, &str, &str); 17] = [
    (0x0008, 0x0020, "DA", "20260102"),
    (0x0008, 0x0050, "SH", "ACC081547"),
    (0x0008, 0x0080, "LO", "St. Elsewhere"),
    (0x0008, 0x0090, "PN", "House^Gregory"),
    (0x0008, 0x1010, "SH", "STATION_9"),
    (0x0008, 0x1030, "LO", "Liver of Mustermann"),
    (0x0008, 0x1050, "PN", "Coxswain^Percival"),
    (0x0010, 0x0010, "PN", "Mustermann^Erika"),
    (0x0010, 0x0020, "LO", "PID4711"),
    (0x0010, 0x0021, "LO", "IssuerOfNumbers"),
    (0x0010, 0x0030, "DA", "19640812"),
    (0x0010, 0x1040, "LO", "Heidestrasse 17"),
    (0x0010, 0x4000, "LT", "afraid of needles"),
    (0x0018, 0x1000, "LO", "SERIAL_271828"),
    (0x0020, 0x000d, "UI", "1.2.3.99.1000"),
    (0x0020, 0x000e, "UI", "1.2.3.99.2000"),
    (0x0020, 0x0052, "UI", "1.2.3.99.3000"),
];

fn element(group: u16, element: u16, representation: &str, value: &[u8]) -> Vec<u8> {
    let mut padded = value.to_vec();
    if padded.len() % 2 == 1 {
        padded.push(if representation == "UI" { 0 } else { b' ' });
    }
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend(representation.as_bytes());
    if matches!(representation, "OB" | "OW") {
        bytes.extend([0, 0]);
        bytes.extend(u32::try_from(padded.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend(u16::try_from(padded.len()).unwrap().to_le_bytes());
    }
    bytes.extend(padded);
    bytes
}

/// A slice of 4 × 4 pixels of a CT, of the patient `number`.
fn slice(number: &str, at: u16) -> Vec<u8> {
    let (kind, instance) = ("1.2.840.10008.5.1.4.1.1.2", format!("1.2.3.99.4000.{number}.{at}"));
    let meta = [
        element(2, 1, "OB", &[0, 1]),
        element(2, 2, "UI", kind.as_bytes()),
        element(2, 3, "UI", instance.as_bytes()),
        element(2, 0x10, "UI", b"1.2.840.10008.1.2.1"),
    ]
    .concat();
    let place = format!("-10\\-20\\{}", 2 * at);
    let texts: [(u16, u16, &str, &str); 11] = [
        (0x0008, 0x0008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        (0x0008, 0x0016, "UI", kind),
        (0x0008, 0x0018, "UI", &instance),
        (0x0008, 0x0060, "CS", "CT"),
        (0x0018, 0x0050, "DS", "2"),
        (0x0020, 0x0032, "DS", &place),
        (0x0020, 0x0037, "DS", "1\\0\\0\\0\\1\\0"),
        (0x0028, 0x0004, "CS", "MONOCHROME2"),
        (0x0028, 0x0030, "DS", "0.75\\0.5"),
        (0x0028, 0x1052, "DS", "-1024"),
        (0x0028, 0x1053, "DS", "1"),
    ];
    let mut elements: Vec<((u16, u16), Vec<u8>)> = WHO
        .iter()
        .map(|it| if (it.0, it.1) == (0x0010, 0x0020) { (it.0, it.1, it.2, number) } else { *it })
        .chain(texts)
        .map(|(group, tag, kind, value)| {
            ((group, tag), element(group, tag, kind, value.as_bytes()))
        })
        .collect();
    for (tag, value) in [
        (0x0002, 1),
        (0x0010, 4),
        (0x0011, 4),
        (0x0100, 16),
        (0x0101, 16),
        (0x0102, 15),
        (0x0103, 0),
    ] {
        elements.push(((0x0028, tag), element(0x0028, tag, "US", &u16::to_le_bytes(value))));
    }
    let pixels: Vec<u8> = (0..16_u16).flat_map(|pixel| (1000 + at + pixel).to_le_bytes()).collect();
    elements.push(((0x7fe0, 0x0010), element(0x7fe0, 0x0010, "OW", &pixels)));
    elements.sort();
    let length = u32::try_from(meta.len()).unwrap().to_le_bytes();
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element(2, 0, "UL", &length));
    bytes.extend(meta);
    bytes.extend(elements.into_iter().flat_map(|(_, bytes)| bytes));
    bytes
}

/// A folder with a series of the patient `number`.
fn series(place: &Place, number: &str) -> PathBuf {
    let folder = place.path(&format!("dicom-{}", &number[3..]));
    fs::create_dir(&folder).unwrap();
    for at in 0..4 {
        fs::write(folder.join(format!("{at}.dcm")), slice(number, at)).unwrap();
    }
    folder
}

/// A graph whose devices read these folders, recorded.
fn graph(place: &Place, devices: &[(&str, &Path)]) -> String {
    let mut text = "version = 1\n".to_owned();
    for (name, folder) in devices {
        let folder = folder.to_str().unwrap();
        writeln!(
            text,
            "[nodes.{name}]\nruns = \"imaging/preoperative\"\nparameters.image = \"{folder}\""
        )
        .unwrap();
    }
    text += "[nodes.record]\nruns = \"recordings/record\"\n";
    text += "[nodes.view]\nruns = \"recordings/view\"\n";
    let path = place.path("graph.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// All files under a folder, with their bytes.
fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path, bytes));
        }
    }
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

#[test]
fn nothing_that_is_stored_says_who_the_patient_is() {
    let _alone = alone();
    let place = Place::new();
    let folder = series(&place, "PID4711");
    let graph = graph(&place, &[("ct", &folder)]);
    let closing = place.run(&graph, "a", &["--stop-after", "2s"]).good();
    assert_eq!(closing.stream("ct.image")["sent"], 1, "{}", closing.json);
    // What is compressed in the recording lies open in a file beside it.
    let unpacked = place.recording("unpacked", &closing.folder);
    assert!(unpacked["bytes"].as_u64().unwrap() > 1000, "{unpacked}");
    let info = place.call(&["info", folder.to_str().unwrap()]);
    assert_eq!(info.code, 0, "{}", info.stderr);

    // That a word would be found is shown by the files it comes from.
    let mut source = Vec::new();
    walk(&folder, &mut source);
    let mut stored = vec![("what `info` says".into(), info.stdout.into_bytes())];
    fs::remove_dir_all(&folder).unwrap();
    walk(&place.path(""), &mut stored);
    let names: Vec<_> = stored.iter().map(|(path, _)| path.display().to_string()).collect();
    for expected in ["procedure.mcap", "unpacked", "patient.json", "ct.log", "a.stderr"] {
        assert!(names.iter().any(|name| name.contains(expected)), "{expected}: {names:?}");
    }
    for (_, _, _, value) in WHO {
        assert!(source.iter().all(|(_, bytes)| holds(bytes, value.as_bytes())), "{value}");
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for word in value.split('^').map(str::as_bytes).chain([wide.as_slice()]) {
            for (path, bytes) in &stored {
                assert!(!holds(bytes, word), "`{value}` is in {}", path.display());
            }
        }
    }
    // The key of the hash has gone with the session, with the folder of its sockets and what each process was told.
    for (path, bytes) in &stored {
        assert!(!holds(bytes, b"\"secret\""), "a secret is in {}", path.display());
        assert!(!path.ends_with("assignments/ct.json"), "{}", path.display());
    }
    let kept = fs::read_to_string(closing.folder.join("patient.json")).unwrap();
    assert!(kept.contains("\"admitted_by\": \"ct\""), "{kept}");
}

#[test]
fn images_of_another_patient_are_refused_in_a_session() {
    let _alone = alone();
    let place = Place::new();
    let (own, other) = (series(&place, "PID4711"), series(&place, "PID4712"));
    let both = graph(&place, &[("planning", &own), ("ct", &own)]);
    let closing = place.run(&both, "same", &["--stop-after", "1s"]).good();
    assert_eq!(closing.stream("planning.image")["sent"], 1, "{}", closing.json);
    let mixed = graph(&place, &[("planning", &own), ("ct", &other)]);
    let closing = place.run(&mixed, "mixed", &["--stop-after", "1s"]);
    assert!(closing.code > 0, "{}", closing.json);
    let said = &closing.log;
    assert!(said.contains("of another patient than those that `"), "{said}");
    assert!(said.contains("begin a new session"), "{said}");
    assert!(!said.contains("PID471") && !said.contains("Mustermann"), "{said}");
}
