//! `pipeline bake`, and what it makes.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::program::{Files, Run, command, run};
use crate::server::Server;

/// A node with packages, data, and all that instances may not share.
const OWN: &str = r#"
import random
import secrets
import tempfile
import time
import uuid
from importlib import resources

import greetings
from shouting.loud import shout

print("imported")
own = random.Random()
fixed = random.Random(7)
counted = []
made = tempfile.mkdtemp()
opened = open(greetings.__file__.replace("__init__.py", "hello.txt"))


class Own:
    def __init__(self, mark: str = "!") -> None:
        self.mark = mark
        self.began = time.time()

    def process(self, what):
        counted.append(what)
        if what == "chance":
            return [own.random(), random.random(), str(uuid.uuid4()), str(uuid.uuid1()), secrets.token_hex(8)]
        if what == "fixed":
            return [fixed.random(), len(counted)]
        if what == "time":
            return self.began
        if what == "lazy":
            import colorsys
            import later
            return [list(colorsys.rgb_to_hls(0, 0, 0)), later.NAME, later.__spec__.cached[-8:]]
        if what == "data":
            text = resources.files("greetings").joinpath("hello.txt").read_text()
            return [text, opened.read(), open(__file__).readline()]
        if what == "tmp":
            import os
            left = [sorted(os.listdir(made)), sorted(os.listdir("/tmp")) == [os.path.basename(made)]]
            open(made + "/mine", "w").write("x")
            return left
        if what == "write":
            open(__file__, "w")
        if what == "fail":
            raise ValueError("as asked")  # the line to be shown
        return shout(greetings.greet(what)) + self.mark
"#;

/// The same of numpy, in a module of its own.
const ARRAYS: &str = r#"
import numpy as np
from numpy.random import random as old
from numpy.random import default_rng

generator = default_rng()
seeded = default_rng(7)


class Draw:
    def process(self, _):
        return [generator.random(), old(), np.random.rand(), seeded.random()]
"#;

const MANIFEST: &str = r#"{
    "version": "v1",
    "nodes": [{"id": "n", "node_type": "own:Own", "params": {"mark": "?"}}]
}"#;

/// The directory with a manifest, nodes and packages.
fn project() -> Files {
    Files::new(&[
        ("m.json", MANIFEST),
        ("nodes/own.py", OWN),
        ("nodes/later.py", "NAME = 'later'\n"),
        ("nodes/arrays.py", ARRAYS),
        ("nodes/.secret", "not in it"),
        ("nodes/broken.py", "this is no Python"),
        (
            "packages/greetings/__init__.py",
            "def greet(name):\n    return f'hello {name}'\n",
        ),
        ("packages/greetings/hello.txt", "data"),
        ("packages/shouting/__init__.py", ""),
        ("packages/shouting/loud.py", "shout = str.upper\n"),
    ])
}

/// Bakes a project; gives the path of what was made, and what was said.
fn bake(files: &Files, output: &str, more: &[&str]) -> (String, Run) {
    let output = files.path(output);
    let (nodes, packages) = (files.path("nodes"), files.path("packages"));
    let (manifest, fixed) = (files.path("m.json"), ["-o", &output]);
    let mut arguments = vec!["bake", &manifest, "--nodes", &nodes, "--nodes", &packages];
    arguments.extend(fixed.iter().chain(more));
    (output.clone(), run(arguments))
}

/// A component that was baked once for all tests, in a directory where nothing
/// else is.
fn baked() -> &'static str {
    static BAKED: OnceLock<(tempfile::TempDir, String)> = OnceLock::new();
    let (_, path) = BAKED.get_or_init(|| {
        let files = project();
        let (path, said) = bake(&files, "my.wasm", &[]);
        said.code(0).says(&["imported", "baked "]);
        let place = tempfile::tempdir().unwrap();
        let moved = place.path().join("my.wasm");
        fs::copy(path, &moved).unwrap();
        (place, moved.to_str().unwrap().to_owned())
    });
    path
}

/// Runs it where there is no library, and no other component.
fn alone(arguments: &[&str]) -> Run {
    let directory = Path::new(baked()).parent().unwrap();
    let mut command = command(arguments);
    command.env("PIPELINE_DIST", directory).current_dir("/");
    command.output().unwrap().into()
}

fn ask(what: &str) -> Value {
    let given = json!(what).to_string();
    alone(&["run", baked(), "--input", &given])
        .code(0)
        .outputs()
}

#[test]
fn it_runs_with_no_other_file() {
    let run = alone(&["run", baked(), "--input", r#""you""#]).code(0);
    assert_eq!(run.outputs(), json!(["HELLO YOU?"]));
    assert_eq!(run.stderr, "", "nothing is imported, or compiled");
    let check = alone(&["check", baked()]).code(0);
    assert!(check.stdout.contains("can run: 1 node"), "{}", check.stdout);
    let mut lines = command(["run", baked(), "--stream", "--input", r#""a""#]);
    let lines: Run = lines.output().unwrap().into();
    assert_eq!(lines.code(0).stdout, "\"HELLO A?\"\n");
}

#[test]
fn what_is_imported_later_and_data_are_there() {
    assert_eq!(
        ask("lazy"),
        json!([[[0.0, 0.0, 0.0], "later", "-314.pyc"]]),
        "and bytecode of it"
    );
    assert_eq!(ask("data"), json!([["data", "data", "\n"]]));
}

#[test]
fn each_instance_has_its_own_time_and_chance() {
    let (one, other) = (ask("chance"), ask("chance"));
    let pairs = one[0]
        .as_array()
        .unwrap()
        .iter()
        .zip(other[0].as_array().unwrap());
    for (index, (one, other)) in pairs.enumerate() {
        assert_ne!(one, other, "number {index}");
    }
    // What the program seeds itself, and what it counted, begins as it was.
    assert_eq!(ask("fixed"), ask("fixed"));
    assert_eq!(ask("fixed")[0][1], 1);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let began = ask("time")[0].as_f64().unwrap();
    assert!((now - began).abs() < 3600.0, "{began}");
    for _ in 0..2 {
        assert_eq!(ask("tmp"), json!([[[], true]]), "nobody else's files");
    }
}

#[test]
fn errors_show_the_line() {
    let failed = alone(&["run", baked(), "--input", r#""fail""#]).code(1);
    failed.says(&[
        "ValueError: as asked",
        "/nodes/nodes/own.py",
        "raise ValueError(\"as asked\")  # the line to be shown",
    ]);
    let denied = alone(&["run", baked(), "--input", r#""write""#]).code(1);
    denied.says(&["PermissionError"]);
}

#[test]
fn other_manifests_are_refused_unless_they_are_allowed() {
    let files = project();
    let own = files.path("m.json");
    files.write(
        "other.json",
        br#"{"version": "v1", "nodes": [{"id": "e", "node_type": "arrays:Draw"}]}"#,
    );
    let other = files.path("other.json");
    let with = |component: &str, manifest: &str| {
        run([
            "run",
            manifest,
            "--component",
            component,
            "--input",
            r#""x""#,
        ])
    };
    with(baked(), &other).code(2).says(&[
        "other-manifest",
        "runs no other",
        "--allow-other-manifests",
    ]);
    assert_eq!(with(baked(), &own).code(0).outputs(), json!(["HELLO X?"]));
    let (open, said) = bake(&files, "open.wasm", &["--allow-other-manifests"]);
    said.code(0);
    let (one, two) = (with(&open, &other).code(0), with(&open, &other).code(0));
    let (one, two) = (&one.outputs()[0], &two.outputs()[0]);
    for index in 0..3 {
        assert_ne!(one[index], two[index], "numpy's number {index}");
    }
    assert_eq!(one[3], two[3], "that is seeded");
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files = project();
    // Neither where they are nor what else is there matters.
    files.write("nodes/__pycache__/own.cpython-314.pyc", b"stale");
    let (path, said) = bake(&files, "again.wasm", &[]);
    said.code(0);
    let same = fs::read(path).unwrap() == fs::read(baked()).unwrap();
    assert!(same, "two files differ");
}

#[test]
fn nodes_can_be_initialised_before() {
    let code = "import time\nclass Own:\n    def initialize(self):\n        self.loaded = time.time()\n    \
                def process(self, x):\n        return self.loaded\n";
    let files = Files::node(code);
    files.write("packages/p.py", b"");
    let (path, said) = bake(&files, "my.wasm", &["--initialize"]);
    said.code(0);
    let ask = || run(["run", &path, "--input", "1"]).code(0).outputs();
    assert_eq!(ask(), ask(), "it was done once");
    let code = "import asyncio\nclass Own:\n    async def initialize(self):\n        \
                self.task = asyncio.create_task(asyncio.sleep(9))\n    def process(self, x):\n        return x\n";
    files.write("nodes/own.py", code.as_bytes());
    let (_, said) = bake(&files, "no.wasm", &["--initialize"]);
    said.code(1).says(&["tasks that still run", "sleep"]);
}

#[test]
fn a_server_answers_for_it() {
    let server = Server::start([baked()]);
    let names = server.get("/v1/pipelines").is(200).json();
    assert_eq!(names, json!({"pipelines": ["my"]}));
    let answer = server.post("/v1/pipelines/my", &json!(["you"])).is(200);
    assert_eq!(answer.json()["outputs"], json!(["HELLO YOU?"]));
    let body = json!({
        "manifest": {"version": "v1", "nodes": [{"id": "e", "node_type": "Echo"}]},
        "inputs": [1],
    });
    let refused = server.post("/v1/execute", &body).is(422).json().to_string();
    assert!(refused.contains("other-manifest"), "{refused}");
}

#[test]
fn mistakes_are_said() {
    let files = project();
    let manifest = files.path("m.json");
    let core = files.path("core.wasm");
    files.write("core.wasm", b"\0asm\x01\0\0\0");
    let component = crate::program::dist().join("pipeline.wasm");
    for other in [core.as_str(), component.to_str().unwrap()] {
        run(["run", other])
            .code(2)
            .says(&["no pipeline in it", "pipeline bake"]);
    }
    run(["serve", &manifest])
        .code(2)
        .says(&["no component with a pipeline"]);
    run(["run", baked(), "--component", &core])
        .code(2)
        .says(&["--component"]);
    run(["bake", &manifest, "-o", "m"]).code(2).says(&[".wasm"]);
    // Without the directory of the nodes.
    let output = files.path("no.wasm");
    run(["bake", &manifest, "-o", &output])
        .code(2)
        .says(&["own"]);
    run(["bake", baked(), "-o", &output])
        .code(2)
        .says(&["no manifest"]);
    assert!(!Path::new(&output).exists());
}
