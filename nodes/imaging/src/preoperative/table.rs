//! What the numbers of a label file mean.

use std::collections::BTreeMap;
use std::path::PathBuf;

use messages::{Structure, StructureKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most structures of one message: labels have eight bits, and 0 is none.
const MOST_STRUCTURES: usize = 255;

/// A label map or a mask.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelFile {
    /// The file: NRRD, NIfTI-1 or MetaImage.
    #[schemars(extend("format" = "input-file"))]
    pub path: PathBuf,
    /// What its labels mean. A mask has one entry without `label`.
    pub structures: Vec<LabelledStructure>,
    /// Whether labels of the file that are not named in `structures` are left out; by default they are an error, so
    /// that no structure is forgotten.
    #[serde(default)]
    pub leave_out_others: bool,
}

/// What a label means.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelledStructure {
    /// The number in the file; without it every voxel that is not 0.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535))]
    pub label: Option<u16>,
    /// The name of the structure, such as `portal_vein`. Labels of one name are one structure.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What a structure is: decides its colour, its safety margin, and what it may be registered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names speak; `messages::StructureKind` says more")]
pub enum Kind {
    Organ,
    Artery,
    Vein,
    Vessel,
    BileDuct,
    Ureter,
    Nerve,
    Tumour,
    LymphNode,
    Bone,
    Other,
}

impl From<Kind> for StructureKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Organ => Self::Organ,
            Kind::Artery => Self::Artery,
            Kind::Vein => Self::Vein,
            Kind::Vessel => Self::Vessel,
            Kind::BileDuct => Self::BileDuct,
            Kind::Ureter => Self::Ureter,
            Kind::Nerve => Self::Nerve,
            Kind::Tumour => Self::Tumour,
            Kind::LymphNode => Self::LymphNode,
            Kind::Bone => Self::Bone,
            Kind::Other => Self::Other,
        }
    }
}

/// In which way a table does not fit its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It has no entry.
    #[error(
        "`structures` should say what the labels mean, but it is empty; a mask has one entry without `label`"
    )]
    Empty,
    /// A mask has one entry.
    #[error(
        "an entry of `structures` without `label` means every voxel that is not 0, so it should be the only one"
    )]
    MaskAmongLabels,
    /// A label is named twice.
    #[error("label {0} is named twice in `structures`; remove the wrong one")]
    Twice(u16),
    /// Label 0 is named.
    #[error("label 0 is no structure; labels in `structures` count from 1")]
    Zero,
    /// A structure without a name.
    #[error("a structure should have a name, but that of label {0:?} is empty")]
    NoName(Option<u16>),
    /// One name for two kinds.
    #[error(
        "`{name}` is {came:?} here, but was {before:?} before; give it another name or the same kind"
    )]
    OtherKind {
        /// The name.
        name: String,
        /// The kind here.
        came: StructureKind,
        /// The kind before.
        before: StructureKind,
    },
    /// A label of the table is not in the file.
    #[error("no voxel has label {label}, which `structures` names `{name}`; the file has {found}")]
    Absent {
        /// The label.
        label: u16,
        /// Its name.
        name: String,
        /// What the file has.
        found: String,
    },
    /// No voxel of a mask is set.
    #[error("no voxel is above 0, but `structures` names them `{0}`")]
    EmptyMask(String),
    /// Labels of the file are not in the table.
    #[error(
        "`structures` does not name {0}; name them, or write `leave_out_others = true` to leave them out"
    )]
    Unnamed(String),
    /// Too many structures.
    #[error("there are more than {MOST_STRUCTURES} structures; leave some out")]
    TooMany,
}

/// From the numbers in one file to the labels of the message.
pub struct Table {
    /// The label of each number, 0 for none.
    labels: Vec<u8>,
}

impl Table {
    /// The table of a file with these `values`; new structures are added to `structures`, in the order in which they
    /// are named.
    ///
    /// # Errors
    /// If table and file do not fit each other, or do not fit the structures that were there.
    pub fn new(
        file: LabelFile,
        values: &[u16],
        structures: &mut Vec<Structure>,
    ) -> Result<Self, Flaw> {
        if file.structures.is_empty() {
            return Err(Flaw::Empty);
        }
        let mut count = vec![0_u64; 1 << 16];
        for &value in values {
            count[usize::from(value)] += 1;
        }
        let found: BTreeMap<u16, u64> = (1..=u16::MAX)
            .map(|label| (label, count[usize::from(label)]))
            .filter(|(_, n)| *n > 0)
            .collect();
        let mut labels = vec![0; 1 << 16];
        let is_mask = file.structures.iter().any(|entry| entry.label.is_none());
        if is_mask && file.structures.len() > 1 {
            return Err(Flaw::MaskAmongLabels);
        }
        for LabelledStructure { label, name, kind } in file.structures {
            if name.trim().is_empty() {
                return Err(Flaw::NoName(label));
            }
            let own = add(Structure { name: name.clone(), kind: kind.into() }, structures)?;
            let Some(label) = label else {
                if found.is_empty() {
                    return Err(Flaw::EmptyMask(name));
                }
                labels[1..].fill(own);
                continue;
            };
            if label == 0 {
                return Err(Flaw::Zero);
            }
            if labels[usize::from(label)] != 0 {
                return Err(Flaw::Twice(label));
            }
            if !found.contains_key(&label) {
                return Err(Flaw::Absent { label, name, found: list(found.iter()) });
            }
            labels[usize::from(label)] = own;
        }
        let unnamed = || found.iter().filter(|(label, _)| labels[usize::from(**label)] == 0);
        if !file.leave_out_others && unnamed().next().is_some() {
            return Err(Flaw::Unnamed(list(unnamed())));
        }
        Ok(Self { labels })
    }

    /// The label of a number of the file; 0 for none.
    pub fn label(&self, value: u16) -> u8 {
        self.labels[usize::from(value)]
    }
}

/// The label of a structure, which is added if it is new.
fn add(structure: Structure, structures: &mut Vec<Structure>) -> Result<u8, Flaw> {
    let known = structures.iter().position(|known| known.name == structure.name);
    let at = match known {
        Some(at) if structures[at].kind != structure.kind => {
            let (came, before) = (structure.kind, structures[at].kind);
            return Err(Flaw::OtherKind { name: structure.name, came, before });
        }
        Some(at) => at,
        None => {
            structures.push(structure);
            structures.len() - 1
        }
    };
    if at < MOST_STRUCTURES { Ok(at as u8 + 1) } else { Err(Flaw::TooMany) }
}

/// Labels and how many voxels have them, the first ones.
fn list<'a>(labels: impl Iterator<Item = (&'a u16, &'a u64)>) -> String {
    const MOST: usize = 8;
    let mut all: Vec<String> =
        labels.map(|(label, voxels)| format!("label {label} ({voxels} voxels)")).collect();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    match (all.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => all.join(", "),
        (false, more) => format!("{} and {more} more", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(
        file: serde_json::Value,
        values: &[u16],
        structures: &mut Vec<Structure>,
    ) -> Result<Table, Flaw> {
        let mut file = file;
        file["path"] = json!("x.nrrd");
        Table::new(serde_json::from_value(file).unwrap(), values, structures)
    }

    #[test]
    fn numbers_become_labels_and_one_name_is_one_structure() {
        let mut structures = Vec::new();
        let file = json!({ "structures": [
            { "label": 300, "name": "portal_vein", "kind": "vein" },
            { "label": 7, "name": "ureter", "kind": "ureter" },
        ]});
        let first = table(file, &[0, 7, 300, 300], &mut structures).unwrap();
        let mask = json!({ "structures": [{ "name": "portal_vein", "kind": "vein" }] });
        let second = table(mask, &[0, 255], &mut structures).unwrap();
        assert_eq!([0, 7, 300].map(|value| first.label(value)), [0, 2, 1]);
        assert_eq!([0, 255, 9].map(|value| second.label(value)), [0, 1, 1]);
        let names: Vec<_> = structures.iter().map(|s| (s.name.as_str(), s.kind)).collect();
        assert_eq!(
            names,
            [("portal_vein", StructureKind::Vein), ("ureter", StructureKind::Ureter)]
        );
    }

    #[test]
    fn a_table_that_does_not_fit_says_why() {
        let told = |entries: serde_json::Value, values: &[u16]| {
            let mut before = vec![Structure { name: "liver".into(), kind: StructureKind::Organ }];
            let wrong = table(json!({ "structures": entries }), values, &mut before).err();
            wrong.unwrap().to_string()
        };
        let entry =
            |label: u16| json!({ "label": label, "name": format!("s{label}"), "kind": "nerve" });
        let mask = json!({ "name": "mask", "kind": "bone" });
        for (entries, values, reason) in [
            (json!([]), [1, 2], "it is empty"),
            (json!([entry(1), mask]), [1, 2], "should be the only one"),
            (json!([mask]), [0, 0], "no voxel is above 0"),
            (json!([entry(1), entry(1)]), [1, 1], "label 1 is named twice"),
            (json!([entry(0)]), [0, 1], "label 0 is no structure"),
            (
                json!([entry(3)]),
                [1, 2],
                "no voxel has label 3, which `structures` names `s3`; the file has label 1 (1 voxels), label 2 (1 voxels)",
            ),
            (json!([entry(1)]), [1, 2], "does not name label 2 (1 voxels)"),
            (json!([{ "label": 1, "name": " ", "kind": "nerve" }]), [1, 1], "should have a name"),
            (
                json!([{ "label": 1, "name": "liver", "kind": "tumour" }]),
                [1, 1],
                "`liver` is Tumour here, but was Organ before",
            ),
        ] {
            let said = told(entries, &values);
            assert!(said.contains(reason), "{reason}: {said}");
        }
    }

    #[test]
    fn others_are_left_out_only_if_that_is_said() {
        let entries = json!([{ "label": 1, "name": "liver", "kind": "organ" }]);
        let file = json!({ "structures": entries, "leave_out_others": true });
        let table = table(file, &[1, 2], &mut Vec::new()).unwrap();
        assert_eq!((table.label(1), table.label(2)), (1, 0));
        let many: Vec<u16> = (1..=300).collect();
        let all: Vec<_> = many
            .iter()
            .map(|l| json!({ "label": l, "name": format!("s{l}"), "kind": "other" }))
            .collect();
        let wrong = self::table(json!({ "structures": all }), &many, &mut Vec::new());
        assert_eq!(wrong.err(), Some(Flaw::TooMany));
    }
}
