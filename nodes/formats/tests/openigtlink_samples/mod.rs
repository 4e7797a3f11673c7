//! Messages of every type, with what they hold drawn from given bytes; for tests and as seeds of the fuzz target.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, missing_docs, dead_code, reason = "tests")]

mod source;

use formats::openigtlink::*;
pub use source::Source;

/// One message of every type and form.
pub fn contents(source: &mut Source<'_>) -> Vec<(&'static str, Content)> {
    let mut contents = vec![
        ("TRANSFORM", Content::Transform(Transform { matrix: source.f32s() })),
        ("POSITION", position(source, 0)),
        ("QTRANS", position(source, 1)),
        ("POSITION", position(source, 2)),
        ("IMAGE", Content::Image(image(source))),
        (
            "STATUS",
            Content::Status(Status {
                code: source.u16(),
                subcode: source.u64() as i64,
                error_name: source.text(),
                message: source.list(30),
            }),
        ),
        ("CAPABILITY", Content::Capability(Capability { types: source.each(3, Source::text) })),
        ("TDATA", Content::TrackingData(TrackingData { tools: source.each(3, tool) })),
        (
            "QTDATA",
            Content::QuaternionTrackingData(QuaternionTrackingData {
                tools: source.each(3, quaternion_tool),
            }),
        ),
        ("POINT", Content::Points(Points { points: source.each(3, point) })),
        ("TRAJ", Content::Trajectories(Trajectories { trajectories: source.each(3, trajectory) })),
        ("POLYDATA", Content::PolyData(polydata(source))),
        (
            "STRING",
            Content::String(StringMessage { encoding: source.u16(), text: source.list(40) }),
        ),
        (
            "SENSOR",
            Content::Sensor(Sensor {
                status: source.byte(),
                unit: Unit(source.u64()),
                values: source.each(7, |source| f64::from_bits(source.u64())),
            }),
        ),
        ("NDARRAY", Content::NdArray(array(source))),
        ("IMGMETA", Content::ImageMeta(ImageMeta { images: source.each(2, image_entry) })),
        ("LBMETA", Content::LabelMeta(LabelMeta { labels: source.each(3, label_entry) })),
        ("COLORT", Content::ColorTable(color_table(source))),
        ("COMMAND", Content::Command(command(source))),
        ("RTS_COMMAND", Content::Command(command(source))),
        ("VIDEO", Content::Video(video(source))),
        ("VIDEO", Content::UnplacedVideo(unplaced_video(source))),
        ("VIDEOMETA", Content::VideoMeta(VideoMeta { videos: source.each(2, video_entry) })),
    ];
    let children =
        contents.iter().filter(|_| source.byte().is_multiple_of(4)).cloned().collect::<Vec<_>>();
    contents.push(("BIND", Content::Bind(bind(source, children))));
    contents.extend(queries(source));
    contents
}

fn queries(source: &mut Source<'_>) -> Vec<(&'static str, Content)> {
    let tracking =
        StartTracking { interval_ms: source.u32() as i32, coordinate_system: source.text() };
    let start = |source: &mut Source<'_>, use_compression| {
        Content::StartVideo(StartVideo {
            codec: source.text(),
            interval_ms: source.u32(),
            use_compression,
        })
    };
    let compression = Some(source.byte() as i8);
    let interval = Timestamp::from_bits(source.u64());
    vec![
        ("GET_IMAGE", Content::Empty),
        ("STP_TDATA", Content::Empty),
        ("IMAGE", Content::Empty),
        ("RTS_TDATA", Content::Response(source.byte())),
        ("STT_TDATA", Content::StartTracking(tracking.clone())),
        ("STT_QTDATA", Content::StartTracking(tracking)),
        ("STT_VIDEO", start(source, None)),
        ("STT_VIDEO", start(source, compression)),
        ("STT_POLYDATA", Content::StartInterval(interval)),
        ("GET_BIND", Content::BindRequest(request(source))),
        ("STT_BIND", Content::StartBind(StartBind { interval, request: None })),
        ("STT_BIND", Content::StartBind(StartBind { interval, request: Some(request(source)) })),
        ("FULLTDATA", Content::Opaque([&[1], &source.list(40)[..]].concat())),
        ("STT_IMAGE", Content::Opaque(vec![source.byte(); 3])),
    ]
}

fn position(source: &mut Source<'_>, form: u8) -> Content {
    let orientation = match form {
        0 => Orientation::Quaternion(source.f32s()),
        1 => Orientation::Vector(source.f32s()),
        _ => Orientation::Omitted,
    };
    Content::Position(Position { position_mm: source.f32s(), orientation })
}

pub fn image(source: &mut Source<'_>) -> Image {
    let subvolume_size = std::array::from_fn(|_| source.below(4) as u16);
    let subvolume_offset = std::array::from_fn(|_| source.byte().into());
    let mut image = Image {
        version: source.u16(),
        components: source.below(4) as u8,
        scalar: source.scalar(),
        endian: [Endian::Big, Endian::Little][source.below(2)],
        coordinates: [CoordinateSystem::Ras, CoordinateSystem::Lps][source.below(2)],
        size: std::array::from_fn(|axis| {
            subvolume_size[axis] + subvolume_offset[axis] + u16::from(source.byte())
        }),
        matrix: source.f32s(),
        subvolume_offset,
        subvolume_size,
        pixels: vec![],
    };
    image.pixels = (0..image.pixel_bytes()).map(|_| source.byte()).collect();
    image
}

fn tool(source: &mut Source<'_>) -> TrackedTool {
    TrackedTool {
        name: source.text(),
        kind: source.byte(),
        reserved: source.byte(),
        matrix: source.f32s(),
    }
}

fn quaternion_tool(source: &mut Source<'_>) -> QuaternionTool {
    QuaternionTool {
        name: source.text(),
        kind: source.byte(),
        reserved: source.byte(),
        position_mm: source.f32s(),
        quaternion: source.f32s(),
    }
}

fn point(source: &mut Source<'_>) -> Point {
    Point {
        name: source.text(),
        group: source.text(),
        rgba: source.bytes(),
        position_mm: source.f32s(),
        diameter_mm: source.f32s::<1>()[0],
        owner: source.text(),
    }
}

fn trajectory(source: &mut Source<'_>) -> Trajectory {
    Trajectory {
        name: source.text(),
        group: source.text(),
        kind: source.byte(),
        reserved: source.byte(),
        rgba: source.bytes(),
        entry_mm: source.f32s(),
        target_mm: source.f32s(),
        diameter_mm: source.f32s::<1>()[0],
        owner: source.text(),
    }
}

fn cells(source: &mut Source<'_>) -> PolyCells {
    let cells = source.each(3, |source| {
        let corners = source.each(4, Source::u32);
        [&[corners.len() as u32], &corners[..]].concat()
    });
    PolyCells(cells.concat())
}

fn polydata(source: &mut Source<'_>) -> PolyData {
    let attributes = source.each(3, |source| {
        let (components, tuples) = (source.below(5) as u8, source.below(4) as u32);
        let numbers = usize::from(components) * tuples as usize;
        let values = (0..numbers).map(|_| source.f32s::<1>()[0]).collect();
        Attribute {
            kind: AttributeKind(source.byte() & 0x13),
            components,
            tuples,
            name: source.name(),
            values: AttributeValues::Float32(values),
        }
    });
    let is_odd = attributes.iter().map(|one| one.name.len() + 1).sum::<usize>() % 2 == 1;
    PolyData {
        points_mm: source.each(4, Source::f32s::<3>).concat(),
        vertices: cells(source),
        lines: cells(source),
        polygons: cells(source),
        triangle_strips: cells(source),
        attributes,
        padding: if is_odd { source.byte() } else { 0 },
    }
}

fn array(source: &mut Source<'_>) -> NdArray {
    let (scalar, size) = (source.scalar(), source.each(3, |source| source.below(4) as u16));
    let bytes = size.iter().map(|side| usize::from(*side)).product::<usize>() * scalar.bytes();
    NdArray { scalar, size, data: (0..bytes).map(|_| source.byte()).collect() }
}

fn image_entry(source: &mut Source<'_>) -> ImageEntry {
    ImageEntry {
        name: source.text(),
        device: source.text(),
        modality: source.text(),
        patient_name: source.text(),
        patient_id: source.text(),
        timestamp: Timestamp::from_bits(source.u64()),
        size: std::array::from_fn(|_| source.u16()),
        scalar: source.byte(),
        reserved: source.byte(),
    }
}

fn label_entry(source: &mut Source<'_>) -> LabelEntry {
    LabelEntry {
        name: source.text(),
        device: source.text(),
        label: source.byte(),
        reserved: source.byte(),
        rgba: source.bytes(),
        size: std::array::from_fn(|_| source.u16()),
        owner: source.text(),
    }
}

fn color_table(source: &mut Source<'_>) -> ColorTable {
    let map = match source.below(3) {
        0 => ColorMap::Uint8(source.bytes::<256>().to_vec()),
        1 => ColorMap::Uint16((0..256).map(|_| source.u16()).collect()),
        _ => ColorMap::Rgb(source.bytes::<768>().to_vec()),
    };
    ColorTable { index_type: 3, map }
}

fn command(source: &mut Source<'_>) -> Command {
    Command { id: source.u32(), name: source.text(), encoding: source.u16(), text: source.list(30) }
}

fn video(source: &mut Source<'_>) -> Video {
    Video {
        version: source.u16(),
        endian: source.byte() % 3,
        codec: source.text(),
        frame_type: source.u16(),
        coordinates: source.byte(),
        size: std::array::from_fn(|_| source.u16()),
        matrix: source.f32s(),
        subvolume_offset: std::array::from_fn(|_| source.u16()),
        subvolume_size: std::array::from_fn(|_| source.u16()),
        bitstream: source.list(20),
    }
}

fn unplaced_video(source: &mut Source<'_>) -> UnplacedVideo {
    UnplacedVideo {
        version: source.u16(),
        codec: Text::from_bytes(*b"VP9 "),
        scalar: source.byte(),
        endian: source.byte(),
        width_px: source.u32(),
        height_px: source.u32(),
        depth_px: source.u32(),
        frame_type: source.u16(),
        is_compressed: source.byte() as i8,
        bitstream: source.list(20),
    }
}

fn video_entry(source: &mut Source<'_>) -> VideoEntry {
    VideoEntry {
        name: source.text(),
        device: source.text(),
        patient_name: source.text(),
        patient_id: source.text(),
        zoom_level: source.u16() as i16,
        focal_length_mm: f64::from_bits(source.u64()),
        size: std::array::from_fn(|_| source.u16()),
        matrix: source.f32s(),
        scalar: source.byte(),
        reserved: source.byte(),
    }
}

fn bind(source: &mut Source<'_>, children: Vec<(&'static str, Content)>) -> Bind {
    let names: Vec<_> =
        children.iter().map(|_| "child".to_owned() + &"x".repeat(source.below(3))).collect();
    let mut bind = Bind::new(
        children
            .into_iter()
            .zip(&names)
            .map(|((kind, content), name)| (kind, name.as_str(), content)),
    )
    .unwrap();
    if source.byte().is_multiple_of(3) {
        bind.children.iter_mut().for_each(|child| child.device = None);
        bind.after_names.clear();
    }
    bind
}

fn request(source: &mut Source<'_>) -> BindRequest {
    let children = source.each(3, |source| RequestedChild {
        type_name: source.text(),
        device: Some(ChildName(source.name())),
    });
    BindRequest { children, after_names: source.list(1) }
}

/// Messages of each header version, with and without metadata, one after the other.
pub fn messages(bytes: &[u8]) -> Vec<Message> {
    let mut source = Source::new(bytes);
    let contents = contents(&mut source);
    let mut messages = vec![];
    for (type_name, content) in contents {
        let timestamp = Timestamp::from_bits(source.u64());
        let mut message = Message::new(type_name, "Probe", timestamp, content).unwrap();
        message.device = source.text();
        if source.byte().is_multiple_of(2) {
            message.version = 2 + u16::from(source.byte() % 2);
            let metadata = source.each(3, |source| MetadataEntry {
                key: source.list(9),
                encoding: source.u16(),
                value: source.list(9),
            });
            message.extended_header = Some(ExtendedHeader {
                message_id: source.u32(),
                metadata: (!source.byte().is_multiple_of(4)).then_some(metadata),
                later: if source.byte().is_multiple_of(4) { source.list(5) } else { vec![] },
            });
        }
        messages.push(message);
    }
    messages
}
