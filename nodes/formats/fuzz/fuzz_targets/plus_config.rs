//! PLUS device sets.

use formats::plus_config::PlusConfig;

use super::{Target, assert_maps, assert_said, bounded, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "plus_config", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    let config = match bounded(bytes.len(), 0, || PlusConfig::parse(bytes)) {
        Ok(config) => config,
        Err(error) => return assert_said(&error),
    };
    for transform in &config.transforms {
        let (from, to) = (transform.from.as_str(), transform.to.as_str());
        assert!(!from.is_empty() && !to.is_empty());
        assert_eq!(config.matrix(from, to), Some(transform.matrix));
        let mut map = transform.matrix;
        map.row_mut(3).copy_from_slice(&[0.0, 0.0, 0.0, 1.0]);
        assert!((map - transform.matrix).amax() <= 1e-9);
        assert_maps(&map);
        assert!(
            from == to
                || config
                    .matrix(to, from)
                    .is_some_and(|back| back.iter().all(|number| number.is_finite()))
        );
        let same = |other: &&formats::plus_config::ConfigTransform| {
            (other.from == from && other.to == to) || (other.from == to && other.to == from)
        };
        assert_eq!(config.transforms.iter().filter(same).count(), 1);
    }
}

/// Device sets as PLUS writes them, and with XML that it does not write.
pub fn seeds() -> Vec<Vec<u8>> {
    let transform = |attributes: &str| {
        format!(
            "<PlusConfiguration version=\"2.9\"><CoordinateDefinitions><Transform {attributes}/></CoordinateDefinitions></PlusConfiguration>"
        )
    };
    let identity = "Matrix=\"1 0 0 0  0 1 0 0  0 0 1 0  0 0 0 1\"";
    vec![
        transform(&format!("From=\"Image\" To=\"Probe\" {identity}")).into_bytes(),
        transform(&format!("From='Image' To='Probe' {identity} Error=\"0.5\" Date=\"2011.12.06 17:57:00\"/><Transform From='Stylus' To='StylusTip' {identity}")).into_bytes(),
        transform(&format!("From=\"Probe\" To=\"Image\" {}", identity.replace("1 0 0 0 ", "0.2 1e-3 0 -8.43482e-005\n"))).into_bytes(),
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><PlusConfiguration><DataCollection><DeviceSet Name=\"a\"/>&amp;&#65;<![CDATA[x]]></DataCollection></PlusConfiguration>".to_vec(),
        b"<PlusConfiguration xmlns:a=\"b\" a:c=\"d\"><a:CoordinateDefinitions/><CoordinateDefinitions><!-- --></CoordinateDefinitions></PlusConfiguration>".to_vec(),
        b"<!DOCTYPE a [<!ENTITY b \"c\">]><PlusConfiguration>&b;</PlusConfiguration>".to_vec(),
    ]
}

const WORDS: &[&str] = odd_numbers![
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<PlusConfiguration>",
    "</PlusConfiguration>",
    "<CoordinateDefinitions>",
    "</CoordinateDefinitions>",
    "<Transform ",
    " From=\"Image\"",
    " To=\"Probe\"",
    " Matrix=\"",
    "/>",
    " Error=\"1\"",
    " Date=\"\"",
    "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1",
    " 0 0 0 1\"",
    "1e-7 ",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&amp;",
    "&#65;",
    "<!DOCTYPE",
    "<!ENTITY",
    "xmlns:a=\"b\"",
    "xmlns=\"b\"",
];
