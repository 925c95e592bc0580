//! Packages of pipelines: packed, inspected, unpacked, run and served.

use std::fs;
use std::path::Path;

use minisign::KeyPair;
use serde_json::json;

use crate::add::Project;
use crate::program::{Run, end, interrupt, run_with, until};
use crate::server::Server;

/// A project whose packages are installed, and a key to sign with.
fn project() -> Project {
    let project = Project::new();
    project.greet();
    project.offline(&["add", "greet"]).code(0);
    project.0.write("nodes/.secret", b"hidden");
    project
}

fn keys(project: &Project, name: &str) {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let public = pair.pk.to_box().unwrap().into_string();
    let secret = pair.sk.to_box(None).unwrap().into_string();
    project.0.write(&format!("{name}.pub"), public.as_bytes());
    project.0.write(&format!("{name}.key"), secret.as_bytes());
}

const PACK: &[&str] = &["pack", "m.json", "--nodes", "nodes", "--nodes", "packages"];

fn pack(project: &Project, more: &[&str]) -> Run {
    project.run(&[PACK, more].concat())
}

const INPUT: [&str; 2] = ["--input", "\"you\""];

#[test]
fn one_file_runs_by_itself() {
    let project = project();
    pack(&project, &["-o", "greet.rmpkg"])
        .code(0)
        .says(&["greet.rmpkg: ", "sha256"]);
    let elsewhere = Project::new();
    fs::copy(
        project.0.path("greet.rmpkg"),
        elsewhere.0.path("greet.rmpkg"),
    )
    .unwrap();
    for _ in 0..2 {
        let run = elsewhere.run(&[&["run", "greet.rmpkg"][..], &INPUT].concat());
        assert_eq!(run.code(0).outputs(), json!(["hello you"]));
    }
    elsewhere.run(&["check", "greet.rmpkg"]).code(0);
    let mut stream = elsewhere.command(&["run", "greet.rmpkg", "--stream", "--no-input"]);
    let run: Run = stream.output().unwrap().into();
    run.code(2);
    // Messages name the package's files, wherever they were unpacked.
    let run = elsewhere
        .run(&["run", "greet.rmpkg", "--input", "5"])
        .code(1);
    run.says(&["File \"greet.rmpkg/packages/greet/__init__.py\", line 4"]);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let project = project();
    for name in ["a.rmpkg", "b.rmpkg"] {
        pack(&project, &["-o", name, "--name", "p"]).code(0);
        // What a run leaves in the directories changes nothing.
        project.run(
            &[
                &["run", "m.json", "--nodes", "nodes", "--nodes", "packages"][..],
                &INPUT,
            ]
            .concat(),
        );
        project.run(&["compile", "nodes"]).code(0);
    }
    let read = |name: &str| fs::read(project.0.path(name)).unwrap();
    let (a, b) = (read("a.rmpkg"), read("b.rmpkg"));
    assert!(a == b, "two packages of the same differ");
}

#[test]
fn what_is_in_it_is_told_without_running_it() {
    let project = project();
    project.0.write(
        "m.json",
        br#"{"version": "v1", "metadata": {"name": "greeter", "version": "2.1", "author": "A"},
        "nodes": [{"id": "n", "node_type": "own:Own"}, {"id": "e", "node_type": "Echo"}],
        "connections": [{"from": "n", "to": "e"}]}"#,
    );
    pack(&project, &["-o", "g.rmpkg"]).code(0);
    let json = project
        .run(&["inspect", "g.rmpkg", "--format", "json"])
        .code(0)
        .json();
    let metadata = &json["metadata"];
    assert_eq!(metadata["package_name"], "greeter");
    assert_eq!(metadata["package_version"], "2.1");
    let runtime = &metadata["runtime_info"];
    assert_eq!(runtime["node_types"], json!(["Echo", "own:Own"]));
    assert_eq!(runtime["has_python_nodes"], true);
    assert_eq!(runtime["has_rust_nodes"], true);
    assert_eq!(
        (&runtime["node_count"], &runtime["connection_count"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(runtime["sha256"].as_str().unwrap().len(), 64);
    let names: Vec<&str> = (json["files"].as_array().unwrap().iter())
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    for name in [
        "manifest.json",
        "metadata.json",
        "packages.lock",
        "nodes/nodes/own.py",
        "packages/greet-1.2.dist-info/METADATA",
    ] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    assert!(
        !names
            .iter()
            .any(|name| name.contains("secret") || name.contains("pycache")),
        "{names:?}"
    );
    let text = project.run(&["inspect", "g.rmpkg"]).code(0).stdout;
    for part in [
        "greeter 2.1",
        "greet 1.2: no licence is named",
        "signature   none",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn unpacked_it_runs_as_the_message_says() {
    let project = project();
    pack(&project, &["-o", "g.rmpkg"]).code(0);
    project
        .run(&["unpack", "g.rmpkg"])
        .code(0)
        .says(&["pipeline run g/manifest.json --nodes g/nodes/nodes --nodes g/packages"]);
    let run = [
        "run",
        "g/manifest.json",
        "--nodes",
        "g/nodes/nodes",
        "--nodes",
        "g/packages",
    ];
    assert_eq!(
        project.run(&[&run[..], &INPUT].concat()).code(0).outputs(),
        json!(["hello you"])
    );
    project
        .run(&["unpack", "g.rmpkg"])
        .code(2)
        .says(&["`g` is there already", "-o names"]);
    // What was unpacked is packed to the same.
    let again = [
        "pack",
        "g/manifest.json",
        "--nodes",
        "g/nodes/nodes",
        "--nodes",
        "g/packages",
    ];
    project
        .run(&[&again[..], &["-o", "h.rmpkg", "--name", "m"]].concat())
        .code(0);
    let read = |name: &str| fs::read(project.0.path(name)).unwrap();
    assert!(
        read("g.rmpkg") == read("h.rmpkg"),
        "two packages of the same differ"
    );
}

#[test]
fn what_cannot_be_packed_is_said() {
    let project = project();
    project
        .run(&["pack", "m.json"])
        .code(2)
        .says(&["there is no module `own`"]);
    project
        .run(&["pack", "m.json", "--nodes", "nodes"])
        .code(2)
        .says(&["pipeline add greet"]);
    project
        .run(&["pack", "-", "--nodes", "nodes"])
        .code(2)
        .says(&["-o names it"]);
    pack(&project, &[]).code(0);
    assert!(project.has("m.rmpkg"));
    pack(&project, &[])
        .code(2)
        .says(&["`m.rmpkg` is there already", "--overwrite"]);
    pack(&project, &["--overwrite"]).code(0);
    fs::write(project.0.path("packages/greet/__init__.py"), "changed").unwrap();
    pack(&project, &["--overwrite"])
        .code(2)
        .says(&["`greet/__init__.py` with changes", "pipeline sync"]);
    project.offline(&["sync"]).code(0);
    fs::write(project.0.path("packages/more.py"), "").unwrap();
    pack(&project, &["--overwrite"])
        .code(2)
        .says(&["`more.py`, which is of no package"]);
    project.offline(&["sync"]).code(0);
    std::os::unix::fs::symlink("/etc/passwd", project.0.path("nodes/link.txt")).unwrap();
    pack(&project, &["--overwrite"])
        .code(2)
        .says(&["link.txt", "is a link"]);
}

#[test]
fn a_manifest_in_yaml_stays_as_it_is() {
    let project = project();
    project.0.write(
        "m.yaml",
        b"# about it\nversion: v1\nnodes:\n  - {id: n, node_type: 'own:Own'}\n",
    );
    let pack = ["pack", "m.yaml", "--nodes", "nodes", "--nodes", "packages"];
    project.run(&pack).code(0);
    let run = project.run(&[&["run", "m.rmpkg"][..], &INPUT].concat());
    assert_eq!(run.code(0).outputs(), json!(["hello you"]));
}

/// What tells packages from manifests takes nothing from a pipe.
#[test]
fn a_manifest_by_a_pipe_is_read_whole() {
    let manifest = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Echo"}]}"#;
    run_with(["run", "/dev/stdin", "--input", "1"], manifest).code(0);
}

#[test]
fn the_component_can_travel_along_and_is_not_run() {
    let project = project();
    pack(&project, &["-o", "g.rmpkg", "--with-runtime"]).code(0);
    let run = project.run(&[&["run", "g.rmpkg"][..], &INPUT].concat());
    assert_eq!(run.code(0).outputs(), json!(["hello you"]));
    project.run(&["unpack", "g.rmpkg"]).code(0);
    let original = fs::read(crate::program::dist().join("pipeline.wasm")).unwrap();
    assert!(fs::read(project.0.path("g/runtime.wasm")).unwrap() == original);
}

#[test]
fn signatures_say_whose_packages_run() {
    let project = project();
    keys(&project, "ours");
    keys(&project, "theirs");
    pack(&project, &["-o", "g.rmpkg", "--sign", "ours.key"]).code(0);
    let run = |more: &[&str]| project.run(&[&["run", "g.rmpkg"][..], &INPUT, more].concat());
    assert_eq!(
        run(&["--signed-by", "ours.pub"]).code(0).outputs(),
        json!(["hello you"])
    );
    let line = fs::read_to_string(project.0.path("ours.pub")).unwrap();
    let line = line.lines().nth(1).unwrap();
    run(&["--signed-by", "theirs.pub", "--signed-by", line]).code(0);
    run(&["--signed-by", "theirs.pub"])
        .code(2)
        .says(&["signed with another key"]);
    run(&["--signed-by", "ours.key"])
        .code(2)
        .says(&["the secret one"]);
    run(&["--signed-by", "nowhere.pub"])
        .code(2)
        .says(&["it is not there"]);
    let text = project.run(&["inspect", "g.rmpkg"]).code(0).stdout;
    assert!(text.contains("--signed-by checks it"), "{text}");
    let text = project
        .run(&["inspect", "g.rmpkg", "--signed-by", "ours.pub"])
        .code(0)
        .stdout;
    assert!(
        text.contains("verified") && text.contains("package:m 0.1.0"),
        "{text}"
    );
    pack(&project, &["-o", "h.rmpkg", "--sign", "nodes/own.py"])
        .code(2)
        .says(&["not a secret key of minisign"]);
    assert!(!project.has("h.rmpkg"));
}

#[test]
fn packages_are_served_by_name() {
    let project = project();
    fs::create_dir(project.0.path("pipelines")).unwrap();
    pack(&project, &["-o", "pipelines/greet.rmpkg"]).code(0);
    project.0.write(
        "pipelines/plain.json",
        br#"{"version": "v1", "nodes": [{"id": "n", "node_type": "Echo"}]}"#,
    );
    project.0.write("pipelines/broken.rmpkg", b"PK");
    let server = Server::start(["--pipelines", &project.0.path("pipelines")]);
    let listed = server.get("/v1/pipelines").json();
    assert_eq!(listed["pipelines"], json!(["greet", "plain"]));
    let answer = server.post_text("/v1/pipelines/greet", "[\"you\"]");
    assert_eq!(answer.json()["outputs"], json!(["hello you"]));
    // What a package brings is for itself.
    let other = r#"{"manifest": {"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]}, "inputs": ["you"]}"#;
    assert_eq!(
        server.post_text("/v1/execute", other).json()["error"]["kind"],
        "invalid-manifest"
    );
}

/// Where nothing can be kept, nothing is left.
#[test]
fn without_a_cache_nothing_is_left_behind() {
    let project = project();
    project.0.write(
        "nodes/own.py",
        b"import sys, time\nclass Own:\n    def process(self, x):\n        if x:\n            print('begun', file=sys.stderr, flush=True)\n            time.sleep(x)\n        return x\n",
    );
    pack(&project, &["-o", "g.rmpkg"]).code(0);
    fs::create_dir(project.0.path("tmp")).unwrap();
    let command = |input: &str| {
        let mut command = project.command(&["run", "g.rmpkg", "--input", input]);
        command
            .env_remove("XDG_CACHE_HOME")
            .env_remove("HOME")
            .env("TMPDIR", project.0.path("tmp"));
        command
    };
    let empty = || {
        fs::read_dir(project.0.path("tmp"))
            .unwrap()
            .next()
            .is_none()
    };
    let run: Run = command("0").output().unwrap().into();
    assert_eq!(run.code(0).outputs(), json!([0]));
    assert!(empty());
    let mut child = command("600").spawn().unwrap();
    let filled = || {
        Path::new(&project.0.path("tmp"))
            .read_dir()
            .unwrap()
            .next()
            .is_some()
    };
    until("it was unpacked", filled);
    interrupt(&child);
    assert_eq!(end(&mut child), Some(130));
    assert!(empty());
}
