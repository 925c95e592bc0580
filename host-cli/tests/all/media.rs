//! Media from files and to files.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Files, run, workspace};

const MANIFEST: &str = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#;

/// A black pixel as PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";

#[test]
fn files_in_and_out() {
    let files = Files::new(&[
        ("m.json", MANIFEST),
        ("a.txt", "hi"),
        ("b.dat", "raw"),
        ("c.json", "[1]"),
    ]);
    files.write("d.png", PNG);
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(files.path("e.wav"), spec).unwrap();
    for sample in [0_i16, i16::MIN, 16384, 1] {
        wav.write_sample(sample).unwrap();
    }
    wav.finalize().unwrap();
    let mut npy = b"\x93NUMPY\x01\0\x46\0".to_vec();
    npy.extend(
        format!(
            "{:69}\n",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
        )
        .bytes(),
    );
    npy.extend([1; 8]);
    files.write("f.npy", &npy);

    let mut arguments = vec!["run".to_owned(), files.path("m.json")];
    for name in ["a.txt", "b.dat", "c.json", "d.png", "e.wav", "f.npy"] {
        arguments.push("--input".into());
        arguments.push(format!("@{}", files.path(name)));
    }
    arguments.extend(["--output-dir".into(), files.path("out")]);
    let outputs = run(&arguments).code(0).outputs();
    assert_eq!(
        outputs,
        json!([
            "hi",
            {"$binary": {"file": "out-1.bin"}},
            [1],
            {"$image": {"file": "out-3.png", "format": "png", "width": 1, "height": 1}},
            {"$audio": {"file": "out-4.wav", "sample_rate": 8000, "channels": 2}},
            {"$tensor": {"file": "out-5.npy", "shape": [1, 2], "dtype": "f32"}},
        ])
    );
    let read = |name: &str| fs::read(files.path(name)).unwrap();
    assert_eq!(read("out/out-1.bin"), b"raw");
    assert_eq!(read("out/out-3.png"), PNG);
    assert!(read("out/out-5.npy").ends_with(&[1; 8]));
    let samples: Vec<f32> = hound::WavReader::open(files.path("out/out-4.wav"))
        .unwrap()
        .samples::<f32>()
        .map(Result::unwrap)
        .collect();
    assert_eq!(samples, [0.0, -1.0, 0.5, 1.0 / 32768.0]);
}

#[test]
fn raw_pixels_become_png() {
    let files = Files::new(&[("m.json", MANIFEST)]);
    let pixel =
        r#"{"$image":{"data":"AwIB","format":"raw","pixel_format":"bgr24","width":1,"height":1}}"#;
    let manifest = files.path("m.json");
    let arguments = [
        "run",
        &manifest,
        "-i",
        pixel,
        "--output-dir",
        &files.path("out"),
    ];
    run(arguments).code(0);
    let file = fs::File::open(files.path("out/out-0.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, [1, 2, 3]);
}

#[test]
fn damaged_files() {
    let files = Files::new(&[("m.json", MANIFEST)]);
    files.write("a.wav", b"RIFF");
    files.write("b.png", b"nothing");
    files.write("c.npy", b"nothing");
    files.write("d.txt", b"\xff");
    for (name, message) in [
        ("a.wav", "does not begin with RIFF and WAVE"),
        ("b.png", "it is no PNG, JPEG or WebP image"),
        ("c.npy", "it is not a NumPy array"),
        ("d.txt", "byte 0 is not UTF-8"),
    ] {
        let input = format!("@{}", files.path(name));
        run(["run", &files.path("m.json"), "-i", &input])
            .code(2)
            .says(&[message, name]);
    }
}

#[test]
fn wav_files_are_read_alike_by_the_program_and_by_its_node() {
    let files = Files::new(&[
        ("pass.json", MANIFEST),
        (
            "read.json",
            r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "WavReaderNode"}]}"#,
        ),
    ]);
    let folder = workspace().join("tests/media/wav");
    let cases: Value =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let name = case["file"].as_str().unwrap();
        let bytes = fs::read(folder.join(name)).unwrap();
        // By this name it is what it is: some bytes.
        files.write("x.bin", &bytes);
        files.write("x.wav", &bytes);
        let run = |manifest: &str, input: &str| {
            let input = format!("@{}", files.path(input));
            run(["run", &files.path(manifest), "--input", &input])
        };
        let (host, node) = (run("pass.json", "x.wav"), run("read.json", "x.bin"));
        if let Some(error) = case["error"].as_str() {
            host.code(2).says(&[error, "x.wav"]);
            node.code(1).says(&[error]);
            continue;
        }
        if let Some(warning) = case["warning"].as_str() {
            assert!(host.stderr.contains(warning), "{}", host.stderr);
            assert!(node.stderr.contains(warning), "{}", node.stderr);
        }
        assert_eq!(host.outputs(), node.outputs(), "{name}");
    }
}

/// A WAV file of a tenth of a second, in two channels.
pub(crate) fn stereo() -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut wav = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for frame in 0..4_410_i16 {
        wav.write_sample((frame % 100) * 100).unwrap();
        wav.write_sample(-frame).unwrap();
    }
    wav.finalize().unwrap();
    bytes.into_inner()
}
