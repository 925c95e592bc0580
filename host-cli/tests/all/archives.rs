//! Archives for tests: wheels, and ZIP archives that are not as they should be.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A wheel in pure Python, with what it needs and its modules.
pub(crate) fn wheel(
    name: &str,
    version: &str,
    metadata: &[&str],
    files: &[(&str, &str)],
) -> (String, Vec<u8>) {
    let stem = format!("{}-{version}", name.replace('-', "_"));
    let info = format!("{stem}.dist-info");
    let head = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    let mut all: Vec<(String, String)> = files
        .iter()
        .map(|&(name, content)| (name.to_owned(), content.to_owned()))
        .collect();
    all.push((
        format!("{info}/METADATA"),
        head + &metadata.join("\n") + "\n",
    ));
    let form = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    all.push((format!("{info}/WHEEL"), form.to_owned()));
    let mut record = String::new();
    for (name, content) in &all {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        record += &format!("{name},sha256={hash},{}\n", content.len());
    }
    record += &format!("{info}/RECORD,,\n");
    all.push((format!("{info}/RECORD"), record));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in all {
        let options = SimpleFileOptions::default();
        zip.start_file(name, options).expect("an entry");
        zip.write_all(content.as_bytes()).expect("content");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    (format!("{stem}-py3-none-any.whl"), bytes)
}

/// An entry as its two headers have it; each may lie.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    /// The name in the header before the data.
    pub(crate) local_name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) mode: u32,
    /// The size that both headers say.
    pub(crate) size: u32,
    /// Where the directory says that it is, if not where it is.
    pub(crate) offset: Option<u32>,
}

impl Raw {
    pub(crate) fn new(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            local_name: name.into(),
            content: content.to_owned(),
            flags: 0,
            method: 0,
            mode: 0o100_644,
            size: u32::try_from(content.len()).expect("short"),
            offset: None,
        }
    }
}

/// What stands at an archive's end, if not what should.
#[derive(Default)]
pub(crate) struct End {
    pub(crate) count: Option<u16>,
    pub(crate) behind: Vec<u8>,
}

/// Writes an archive as it is told to.
pub(crate) fn raw(entries: &[Raw], end: &End) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    let short = |bytes: &mut Vec<u8>, values: &[u16]| {
        for value in values {
            bytes.extend(value.to_le_bytes());
        }
    };
    let long = |bytes: &mut Vec<u8>, values: &[u32]| {
        for value in values {
            bytes.extend(value.to_le_bytes());
        }
    };
    let length = |part: &[u8]| u16::try_from(part.len()).expect("short");
    for entry in entries {
        let at = u32::try_from(bytes.len()).expect("short");
        let compressed = u32::try_from(entry.content.len()).expect("short");
        let mut crc = flate2::Crc::new();
        crc.update(&entry.content);
        let sizes = [crc.sum(), compressed, entry.size];
        bytes.extend(b"PK\x03\x04");
        short(&mut bytes, &[20, entry.flags, entry.method, 0, 0x21]);
        long(&mut bytes, &sizes);
        short(&mut bytes, &[length(&entry.local_name), 0]);
        bytes.extend(&entry.local_name);
        bytes.extend(&entry.content);
        directory.extend(b"PK\x01\x02");
        let made_by_unix = 3 << 8 | 20;
        short(
            &mut directory,
            &[made_by_unix, 20, entry.flags, entry.method, 0, 0x21],
        );
        long(&mut directory, &sizes);
        short(&mut directory, &[length(&entry.name), 0, 0, 0, 0]);
        long(
            &mut directory,
            &[entry.mode << 16, entry.offset.unwrap_or(at)],
        );
        directory.extend(&entry.name);
    }
    let count = end
        .count
        .unwrap_or(u16::try_from(entries.len()).expect("few"));
    let sizes = [directory.len(), bytes.len()].map(|it| u32::try_from(it).expect("short"));
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06");
    short(&mut bytes, &[0, 0, count, count]);
    long(&mut bytes, &sizes);
    short(&mut bytes, &[0]);
    bytes.extend(&end.behind);
    bytes
}

/// Bytes of nothing, compressed.
pub(crate) fn deflated(length: usize) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; length]).expect("memory");
    encoder.finish().expect("memory")
}
