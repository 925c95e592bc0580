//! Packages and wheels from people with bad intentions.

use std::fs;
use std::os::unix::fs::symlink;

use minisign::KeyPair;
use serde_json::json;

use crate::add::Project;
use crate::archives::{End, Raw, deflated, raw, wheel};
use crate::program::{Files, Run, run};
use crate::server::Server;

const MANIFEST: &str = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Echo"}]}"#;

/// What each package has.
fn base() -> Vec<Raw> {
    vec![
        Raw::new("manifest.json", MANIFEST.as_bytes()),
        Raw::new("metadata.json", br#"{"package_name": "p"}"#),
    ]
}

/// What becomes of a package, by each way to use it.
#[track_caller]
fn refused(bytes: &[u8], says: &str) {
    let files = Files::new(&[]);
    files.write("sub/p.rmpkg", bytes);
    let path = files.path("sub/p.rmpkg");
    run(["run", &path, "--input", "1"]).code(2).says(&[says]);
    run(["inspect", &path]).code(2).says(&[says]);
    let out = files.path("sub/out");
    run(["unpack", &path, "-o", &out]).code(2).says(&[says]);
    let names = |directory: &str| {
        let entries = fs::read_dir(files.path(directory)).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("sub"), ["p.rmpkg"]);
    assert_eq!(names("."), ["sub"]);
}

#[track_caller]
fn entry_refused(entry: Raw, says: &str) {
    let entries: Vec<Raw> = base().into_iter().chain([entry]).collect();
    refused(&raw(&entries, &End::default()), says);
}

#[test]
fn a_plain_package_is_taken() {
    let entries: Vec<Raw> = base()
        .into_iter()
        .chain([Raw::new("nodes/n/a.py", b"")])
        .collect();
    let files = Files::new(&[]);
    files.write("p.rmpkg", &raw(&entries, &End::default()));
    run(["run", &files.path("p.rmpkg"), "--input", "1"]).code(0);
}

#[test]
fn an_absolute_name() {
    entry_refused(
        Raw::new("/etc/cron.d/x", b""),
        "`/etc/cron.d/x` has an absolute name",
    );
    entry_refused(Raw::new("C:/x", b""), "has an absolute name");
}

#[test]
fn a_name_that_leads_out() {
    entry_refused(
        Raw::new("nodes/n/../../../x", b""),
        "leads out of the archive",
    );
    entry_refused(Raw::new("nodes/n\\..\\x", b""), "has a backslash");
    entry_refused(Raw::new("nodes//x.py", b""), "an empty part");
    entry_refused(Raw::new("nodes/n/\u{1b}[2J.py", b""), "a control character");
    let mut other = Raw::new("nodes/n/x.py", b"");
    other.name = b"nodes/n/\xff.py".to_vec();
    other.local_name = other.name.clone();
    entry_refused(other, "not UTF-8");
    entry_refused(
        Raw::new(&format!("nodes/n/{}", "x".repeat(300)), b""),
        "too long",
    );
}

#[test]
fn links_and_devices() {
    let mut link = Raw::new("nodes/n/x", b"/etc/passwd");
    link.mode = 0o120_777;
    entry_refused(link, "`nodes/n/x` is a link");
    let mut pipe = Raw::new("nodes/n/x", b"");
    pipe.mode = 0o010_644;
    entry_refused(pipe, "is a device, a pipe or a socket");
}

#[test]
fn two_entries_of_one_name() {
    entry_refused(Raw::new("manifest.json", b"{}"), "two entries of one name");
    entry_refused(
        Raw::new("Manifest.JSON", b"{}"),
        "differ in upper and lower case alone",
    );
    let entries = [
        Raw::new("nodes/n/a/b.py", b""),
        Raw::new("nodes/N/c.py", b""),
    ];
    let entries: Vec<Raw> = base().into_iter().chain(entries).collect();
    refused(
        &raw(&entries, &End::default()),
        "differ in upper and lower case alone",
    );
    let entries = [Raw::new("nodes/n/a", b""), Raw::new("nodes/n/a/b", b"")];
    let entries: Vec<Raw> = base().into_iter().chain(entries).collect();
    refused(&raw(&entries, &End::default()), "is a file and a directory");
}

#[test]
fn bombs() {
    // By ratio: a mebibyte and more of nothing.
    let mut bomb = Raw::new("nodes/n/x", &deflated(8 << 20));
    bomb.method = 8;
    bomb.size = 8 << 20;
    entry_refused(bomb.clone(), "times its size");
    // By what its headers don't say.
    bomb.size = 1000;
    entry_refused_late(bomb.clone(), "larger than its declared uncompressed size");
    bomb.size = 8 << 20;
    bomb.content.truncate(bomb.content.len() / 2);
    bomb.content.extend(vec![0; 1 << 20]);
    bomb.size = 100 << 20;
    // By total.
    let many = (0..6).map(|n| Raw {
        name: format!("nodes/n/{n}").into(),
        local_name: format!("nodes/n/{n}").into(),
        ..bomb.clone()
    });
    let entries: Vec<Raw> = base().into_iter().chain(many).collect();
    refused(
        &raw(&entries, &End::default()),
        "at most 536870912 are read",
    );
}

/// What is found when an entry is read: by running and unpacking.
#[track_caller]
fn entry_refused_late(entry: Raw, says: &str) {
    let entries: Vec<Raw> = base().into_iter().chain([entry]).collect();
    let files = Files::new(&[]);
    files.write("p.rmpkg", &raw(&entries, &End::default()));
    let path = files.path("p.rmpkg");
    run(["run", &path, "--input", "1"]).code(2).says(&[says]);
    run(["unpack", &path, "-o", &files.path("out")])
        .code(2)
        .says(&[says]);
    assert_eq!(fs::read_dir(files.path(".")).unwrap().count(), 1);
}

#[test]
fn too_many_entries() {
    let many = (0..20_001).map(|n| Raw::new(&format!("nodes/n/{n}"), b""));
    let entries: Vec<Raw> = base().into_iter().chain(many).collect();
    refused(
        &raw(&entries, &End::default()),
        "it has 20003 entries; at most 20000 are read",
    );
}

#[test]
fn what_nobody_can_read() {
    let mut encrypted = Raw::new("nodes/n/x", b"x");
    encrypted.flags = 1;
    entry_refused(encrypted, "is encrypted");
    let mut other = Raw::new("nodes/n/x", b"x");
    other.method = 12;
    entry_refused(other, "another method than deflate");
    entry_refused(
        Raw::new("nodes/n/__pycache__/x.cpython-314.pyc", b"x"),
        "is bytecode",
    );
}

#[test]
fn sizes_that_are_wrong() {
    let mut long = Raw::new("nodes/n/x", b"abc");
    long.size = 100;
    entry_refused(long, "another size than the 100 bytes");
    let mut short = Raw::new("nodes/n/x", &deflated(100));
    short.method = 8;
    short.size = 200;
    entry_refused_late(short, "nodes/n/x");
}

#[test]
fn zip64_lies() {
    let end = End {
        count: Some(u16::MAX),
        ..End::default()
    };
    refused(&raw(&base(), &end), "a ZIP64 archive");
    let mut large = Raw::new("nodes/n/x", b"abc");
    large.size = u32::MAX;
    let entries: Vec<Raw> = base().into_iter().chain([large]).collect();
    let files = Files::new(&[]);
    files.write("p.rmpkg", &raw(&entries, &End::default()));
    run(["run", &files.path("p.rmpkg"), "--input", "1"]).code(2);
}

#[test]
fn headers_that_contradict_each_other() {
    let mut other = Raw::new("nodes/n/x.py", b"x");
    other.local_name = b"nodes/n/y.py".to_vec();
    entry_refused(other, "its directory is broken");
    let mut same = Raw::new("nodes/n/x.py", b"x");
    same.offset = Some(0);
    let entries: Vec<Raw> = base().into_iter().chain([same]).collect();
    let files = Files::new(&[]);
    files.write("p.rmpkg", &raw(&entries, &End::default()));
    run(["run", &files.path("p.rmpkg"), "--input", "1"])
        .code(2)
        .says(&["p.rmpkg` can't be used"]);
}

#[test]
fn something_around_the_archive() {
    let behind = End {
        behind: b"more".to_vec(),
        ..End::default()
    };
    refused(
        &raw(&base(), &behind),
        "cut short, or has something before or after it",
    );
    let whole = raw(&base(), &End::default());
    refused(
        &whole[..whole.len() - 5],
        "cut short, or has something before or after it",
    );
    let fewer = End {
        count: Some(1),
        ..End::default()
    };
    let files = Files::new(&[]);
    files.write("p.rmpkg", &raw(&base(), &fewer));
    run(["run", &files.path("p.rmpkg"), "--input", "1"]).code(2);
}

#[test]
fn entries_that_no_package_has() {
    entry_refused(Raw::new("etc/x", b""), "`etc/x` is none that a package has");
    entry_refused(
        Raw::new("nodes/x.py", b""),
        "`nodes/x.py` is none that a package has",
    );
    refused(
        &raw(&base()[..1], &End::default()),
        "it has no metadata.json",
    );
    refused(
        &raw(&base()[1..], &End::default()),
        "it has no manifest.json",
    );
}

/// A signed package, and its project.
fn signed() -> Project {
    let project = Project::new();
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    project
        .0
        .write("k.pub", pair.pk.to_box().unwrap().into_string().as_bytes());
    project.0.write(
        "k.key",
        pair.sk.to_box(None).unwrap().into_string().as_bytes(),
    );
    project.0.write("m.json", MANIFEST.as_bytes());
    let pack = [
        "pack",
        "m.json",
        "-o",
        "pipelines/p.rmpkg",
        "--sign",
        "k.key",
    ];
    fs::create_dir(project.0.path("pipelines")).unwrap();
    project.run(&pack).code(0);
    project
}

#[test]
fn a_package_that_was_changed_after_it_was_signed() {
    let project = signed();
    let path = project.0.path("pipelines/p.rmpkg");
    let run = || project.run(&["run", &path, "--input", "1", "--signed-by", "k.pub"]);
    run().code(0);
    let whole = fs::read(&path).unwrap();
    for at in [10, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        run().code(2).says(&["it was changed after it was signed"]);
    }
    fs::write(&path, whole).unwrap();
    let signature = project.0.path("pipelines/p.rmpkg.minisig");
    let text = fs::read_to_string(&signature).unwrap();
    fs::write(&signature, text.replace("package:m", "package:n")).unwrap();
    run().code(2).says(&["it was changed after it was signed"]);
    fs::remove_file(&signature).unwrap();
    run().code(2).says(&["it is not signed"]);
    project
        .run(&["run", "m.json", "--input", "1", "--signed-by", "k.pub"])
        .code(2)
        .says(&["it is no package"]);
    let stdin = project.run(&["check", "-", "--signed-by", "k.pub"]);
    stdin.code(2).says(&["it is no package"]);
}

#[test]
fn a_server_of_signed_packages_runs_nothing_else() {
    let project = signed();
    let unsigned = project.0.path("pipelines/u.rmpkg");
    fs::copy(project.0.path("pipelines/p.rmpkg"), &unsigned).unwrap();
    project.0.write("pipelines/plain.json", MANIFEST.as_bytes());
    let (pipelines, key) = (project.0.path("pipelines"), project.0.path("k.pub"));
    let server = Server::start(["--pipelines", &pipelines, "--signed-by", &key]);
    assert_eq!(
        server.get("/v1/pipelines").json()["pipelines"],
        json!(["p"])
    );
    assert_eq!(
        server.post_text("/v1/pipelines/p", "[1]").json()["status"],
        "success"
    );
    for name in ["u", "plain"] {
        assert_eq!(
            server
                .post_text(&format!("/v1/pipelines/{name}"), "[1]")
                .status,
            404
        );
    }
    let own = format!("{{\"manifest\": {MANIFEST}, \"inputs\": [1]}}");
    for path in [
        "/v1/execute",
        "/v1/execute?",
        "/v1//execute",
        "/v1/%65xecute",
        "/v1/pipelines/../execute",
    ] {
        let answer = server.post_text(path, &own);
        assert!(answer.status >= 400, "{path}: {}", answer.body);
    }
    let nodes = ["serve", "--signed-by", &key, "--nodes", "nodes"];
    project.run(&nodes).code(2).says(&["nobody has signed"]);
}

/// A wheel with an entry that a builder of wheels would not make.
fn hostile_wheel(entry: Raw) -> Vec<u8> {
    let info = "evil-1.0.dist-info";
    let head = b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n";
    let entries = [
        entry,
        Raw::new(&format!("{info}/METADATA"), head),
        Raw::new(
            &format!("{info}/WHEEL"),
            b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        Raw::new(&format!("{info}/RECORD"), b""),
    ];
    raw(&entries, &End::default())
}

#[track_caller]
fn wheel_refused(bytes: &[u8], says: &str) {
    let project = Project::new();
    project.0.write("wheels/evil-1.0-py3-none-any.whl", bytes);
    let run: Run = project.offline(&["add", "evil"]);
    run.code(1).says(&[says]);
    assert!(!project.has("packages") && !project.has("packages.lock") && !project.has("evil.py"));
}

#[test]
fn a_wheel_does_not_write_outside() {
    wheel_refused(
        &hostile_wheel(Raw::new("../evil.py", b"")),
        "leads out of the archive",
    );
    wheel_refused(
        &hostile_wheel(Raw::new("/evil.py", b"")),
        "has an absolute name",
    );
    let mut link = Raw::new("evil", b"..");
    link.mode = 0o120_777;
    wheel_refused(&hostile_wheel(link), "is a link");
}

#[test]
fn a_wheel_that_was_changed_is_not_installed() {
    wheel_refused(
        &hostile_wheel(Raw::new("evil.py", b"")),
        "RECORD does not have",
    );
    let (_, bytes) = wheel("evil", "1.0", &[], &[("evil.py", "good = 1\n")]);
    let (good, evil) = (b"good = 1", b"evil = 1");
    // Stored as it is, it can be changed in place; its checksum still tells.
    let mut entries = bytes;
    if let Some(at) = entries.windows(good.len()).position(|it| it == good) {
        entries[at..at + good.len()].copy_from_slice(evil);
    }
    let project = Project::new();
    project
        .0
        .write("wheels/evil-1.0-py3-none-any.whl", &entries);
    let added = project.offline(&["add", "evil"]);
    if added.code == Some(0) {
        let installed = fs::read(project.0.path("packages/evil.py")).unwrap();
        assert_eq!(installed, b"good = 1\n");
    }
}

#[test]
fn links_in_the_place_of_packages_are_not_followed() {
    let project = Project::new();
    project.greet();
    project.offline(&["add", "greet"]).code(0);
    fs::remove_dir_all(project.0.path("packages")).unwrap();
    project.0.write("elsewhere/precious", b"precious");
    symlink(project.0.path("elsewhere"), project.0.path("packages")).unwrap();
    project.offline(&["sync"]).code(0);
    assert_eq!(
        fs::read(project.0.path("elsewhere/precious")).unwrap(),
        b"precious"
    );
    assert!(!project.has("elsewhere/greet") && project.has("packages/greet"));
}
