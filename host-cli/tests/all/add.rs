//! `pipeline add`, `remove` and `sync`, with wheels that the tests make: no index
//! is asked.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::archives::wheel;
use crate::program::{Files, Run, command, dist, end, interrupt, told, until};

/// A directory with wheels, and nodes that use what is in them.
pub(crate) struct Project(pub(crate) Files);

impl Project {
    pub(crate) fn new() -> Self {
        Self(Files::new(&[
            (
                "m.json",
                r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]}"#,
            ),
            (
                "nodes/own.py",
                "import greet\n\nclass Own:\n    def process(self, name):\n        return greet.greet(name)\n",
            ),
        ]))
    }

    pub(crate) fn wheel(&self, name: &str, version: &str, needs: &[&str], files: &[(&str, &str)]) {
        let needs: Vec<String> = needs
            .iter()
            .map(|it| format!("Requires-Dist: {it}"))
            .collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        let (file, bytes) = wheel(name, version, &needs, files);
        self.0.write(&format!("wheels/{file}"), &bytes);
    }

    /// The package that the node uses, with one that it needs.
    pub(crate) fn greet(&self) {
        let greet = "import salute\n\ndef greet(name):\n    return salute.WORD + ' ' + name\n";
        self.wheel(
            "greet",
            "1.2",
            &["salute>=1"],
            &[("greet/__init__.py", greet)],
        );
        self.wheel("salute", "1.0", &[], &[("salute.py", "WORD = 'hello'\n")]);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.current_dir(self.0.path("."));
        // A Python with pip is there where the tests have one of their own.
        let own = dist().with_file_name("python-tools").join("bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(own).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(path).expect("a path"));
        // What the machine is configured for is none of the tests' business.
        command
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env_remove("PIP_FIND_LINKS");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().expect("it starts").into()
    }

    /// A command that asks the wheels alone.
    pub(crate) fn offline(&self, arguments: &[&str]) -> Run {
        let wheels = ["--no-index", "--find-links", "wheels"];
        self.run(&[arguments, &wheels].concat())
    }

    pub(crate) fn lock(&self) -> Value {
        let text = fs::read(self.0.path("packages.lock")).expect("a lock file");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// Names and versions of what is locked.
    pub(crate) fn locked(&self) -> Vec<String> {
        let lock = self.lock();
        let packages = lock["packages"].as_array().expect("packages");
        let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        packages
            .iter()
            .map(|it| format!("{} {}", text(it, "name"), text(it, "version")))
            .collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        Path::new(&self.0.path(name)).exists()
    }

    /// Nothing is left that is not complete.
    fn is_clean(&self) -> bool {
        let entries = fs::read_dir(self.0.path(".")).expect("a directory");
        let mut names = entries.map(|entry| entry.expect("an entry").file_name());
        !names.any(|name| name.to_string_lossy().starts_with('.'))
    }
}

const RUN: &[&str] = &["run", "m.json", "--nodes", "nodes", "--input", "\"you\""];

#[test]
fn a_package_is_added_and_runs() {
    let project = Project::new();
    project.greet();
    project.run(RUN).code(2).says(&[
        "needs `greet`, which is not installed",
        "pipeline add greet",
    ]);
    project
        .offline(&["add", "greet"])
        .code(0)
        .says(&["greet 1.2, salute 1.0", "--nodes packages"]);
    // Nothing is granted by lying there.
    project.run(RUN).code(2);
    let granted = [RUN, &["--nodes", "packages"]].concat();
    assert_eq!(
        project.run(&granted).code(0).outputs(),
        json!(["hello you"])
    );
    assert!(project.has("packages/greet/__pycache__/__init__.cpython-314.pyc"));
    assert!(project.is_clean());
    let lock = project.lock();
    assert_eq!(lock["requirements"], json!(["greet"]));
    assert_eq!(lock["packages"][0]["file"], "greet-1.2-py3-none-any.whl");
}

#[test]
fn a_missing_module_names_the_command() {
    let project = Project::new();
    let late = "class Own:\n    def process(self, x):\n        import greet.deep\n";
    project.0.write("nodes/own.py", late.as_bytes());
    project
        .run(RUN)
        .code(1)
        .says(&["No module named 'greet'", "pipeline add greet"]);
    let late = late.replace("greet.deep", "yaml");
    project.0.write("nodes/own.py", late.as_bytes());
    project.run(RUN).code(1).says(&["pipeline add pyyaml"]);
}

#[test]
fn a_second_addition_keeps_to_the_lock() {
    let project = Project::new();
    for version in ["1.0", "1.1", "2.0"] {
        project.wheel("base", version, &[], &[("base.py", "")]);
    }
    project.wheel("other", "1.0", &["base"], &[("other.py", "")]);
    project.offline(&["add", "base<2"]).code(0);
    assert_eq!(project.locked(), ["base 1.1"]);
    project
        .offline(&["add", "base<1.1"])
        .code(0)
        .says(&["base 1.0", "gone from `packages`: base 1.1"]);
    project.offline(&["add", "other"]).code(0);
    assert_eq!(project.locked(), ["base 1.0", "other 1.0"]);
    project.offline(&["add", "base", "--upgrade"]).code(0);
    assert_eq!(project.locked(), ["base 2.0", "other 1.0"]);
    project
        .offline(&["remove", "base"])
        .code(0)
        .says(&["has it all"]);
    project
        .offline(&["remove", "other"])
        .code(0)
        .says(&["base 2.0, other 1.0"]);
    assert!(project.locked().is_empty());
    project
        .offline(&["remove", "other"])
        .code(2)
        .says(&["was not added"]);
}

#[test]
fn what_the_sandbox_cannot_run_is_refused_by_name() {
    let project = Project::new();
    project.greet();
    let native = "wheels/quick-1.0-cp314-cp314-manylinux_2_17_x86_64.whl";
    project.0.write(native, b"");
    project.0.write("wheels/plain-1.0.tar.gz", b"");
    for version in ["1.0", "1.1"] {
        project.wheel("needs-quick", version, &["quick"], &[]);
    }
    let native = "`quick` has compiled code (quick-1.0-cp314-cp314-manylinux_2_17_x86_64.whl)";
    project
        .offline(&["add", "quick"])
        .code(1)
        .says(&[native, "numpy"]);
    project
        .offline(&["add", "greet", "needs-quick"])
        .code(1)
        .says(&[native]);
    project.offline(&["add", "plain"]).code(1).says(&[
        "`plain` has no wheel",
        "plain-1.0.tar.gz",
        "pip wheel --no-deps",
    ]);
    project
        .offline(&["add", "nowhere"])
        .code(1)
        .says(&["there is no package `nowhere`"]);
    project
        .offline(&["add", "greet>=9"])
        .code(1)
        .says(&["no version of `greet` fits `greet>=9`", "1.2"]);
    assert!(!project.has("packages") && !project.has("packages.lock") && project.is_clean());
}

/// Some packages have compiled code in every wheel, and work without it.
#[test]
fn compiled_code_that_is_not_needed_stays_out() {
    let project = Project::new();
    let greet = "import markupsafe\n\ndef greet(name):\n    return markupsafe.WORD + ' ' + name\n";
    for version in ["1.1", "1.2"] {
        project.wheel("greet", version, &["MarkupSafe>=2"], &[("greet.py", greet)]);
    }
    let native = "markupsafe/_speedups.cpython-314-x86_64-linux-gnu.so";
    let files = [
        ("markupsafe/__init__.py", "WORD = 'safe'\n"),
        (native, "code"),
    ];
    let needs = ["Requires-Dist: salute"];
    let (_, bytes) = wheel("markupsafe", "3.0", &needs, &files);
    let file = "markupsafe-3.0-cp314-cp314-manylinux2014_x86_64.whl";
    project.0.write(&format!("wheels/{file}"), &bytes);
    project.wheel("salute", "1.0", &[], &[]);
    project
        .offline(&["add", "greet"])
        .code(0)
        .says(&["markupsafe 3.0 is taken without its compiled code"]);
    assert_eq!(
        project.locked(),
        ["greet 1.2", "markupsafe 3.0", "salute 1.0"]
    );
    assert_eq!(project.lock()["packages"][1]["file"], file);
    let granted = [RUN, &["--nodes", "packages"]].concat();
    assert_eq!(project.run(&granted).code(0).outputs(), json!(["safe you"]));
    assert!(!project.has(&format!("packages/{native}")));
    fs::remove_dir_all(project.0.path("packages")).unwrap();
    project.offline(&["sync"]).code(0);
    assert_eq!(project.run(&granted).code(0).outputs(), json!(["safe you"]));
    let pack = ["pack", "m.json", "--nodes", "nodes", "--nodes", "packages"];
    project.run(&pack).code(0);
}

#[test]
fn what_does_not_go_together_is_told() {
    let project = Project::new();
    for version in ["1.0", "2.0"] {
        project.wheel("base", version, &[], &[]);
    }
    project.wheel("old", "1.0", &["base<2"], &[]);
    project
        .offline(&["add", "old", "base>=2"])
        .code(1)
        .says(&["base>=2", "old 1.0 depends on base<2"]);
    project.offline(&["add", "base"]).code(0);
    project
        .offline(&["add", "old"])
        .code(1)
        .says(&["--upgrade"]);
    assert_eq!(project.locked(), ["base 2.0"]);
    project.offline(&["add", "old", "--upgrade"]).code(0);
    assert_eq!(project.locked(), ["base 1.0", "old 1.0"]);
}

#[test]
fn numpy_is_there_already() {
    let project = Project::new();
    project.wheel(
        "waves",
        "1.0",
        &["numpy>=2", "remotemedia"],
        &[("waves.py", "import numpy\n")],
    );
    project.offline(&["add", "waves"]).code(0);
    assert_eq!(project.locked(), ["waves 1.0"]);
    assert!(!project.has("packages/numpy"));
    project
        .offline(&["add", "numpy"])
        .code(0)
        .says(&["numpy 2.", "comes with the component"]);
    project
        .offline(&["add", "numpy<2"])
        .code(1)
        .says(&["numpy"]);
}

/// The conditions of requirements are judged as a node would judge them.
#[test]
fn conditions_are_the_sandboxs() {
    let project = Project::new();
    let node = "\
import os, platform, sys

class Own:
    def process(self, x):
        version = platform.python_version()
        return {
            'implementation_name': sys.implementation.name,
            'implementation_version': version,
            'os_name': os.name,
            'platform_machine': platform.machine(),
            'platform_python_implementation': platform.python_implementation(),
            'platform_release': platform.release(),
            'platform_system': platform.system(),
            'platform_version': platform.version(),
            'python_full_version': version,
            'python_version': '.'.join(version.split('.')[:2]),
            'sys_platform': sys.platform,
        }
";
    project.0.write("nodes/own.py", node.as_bytes());
    let values = project.run(RUN).code(0).outputs()[0].clone();
    let values = values.as_object().expect("values");
    assert_eq!(values.len(), 11);
    let (mut needs, mut names) = (Vec::new(), vec!["judge 1.0".to_owned()]);
    for (name, value) in values {
        let package = format!("is-{}", name.replace('_', "-"));
        project.wheel(&package, "1.0", &[], &[]);
        needs.push(format!("{package}; {name} == {value}"));
        needs.push(format!("not-{package}; {name} != {value}"));
        names.push(format!("{package} 1.0"));
    }
    project.wheel("fancy", "1.0", &[], &[]);
    needs.push("fancy; extra == 'more' and sys_platform != 'win32'".into());
    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    let (file, bytes) = {
        let mut metadata: Vec<String> = needs
            .iter()
            .map(|it| format!("Requires-Dist: {it}"))
            .collect();
        metadata.push("Provides-Extra: more".into());
        let metadata: Vec<&str> = metadata.iter().map(String::as_str).collect();
        wheel("judge", "1.0", &metadata, &[])
    };
    project.0.write(&format!("wheels/{file}"), &bytes);
    project.offline(&["add", "judge"]).code(0);
    names.sort();
    assert_eq!(project.locked(), names);
    project.offline(&["add", "judge[more]"]).code(0);
    assert!(project.locked().contains(&"fancy 1.0".to_owned()));
}

#[test]
fn the_same_packages_on_another_machine() {
    let project = Project::new();
    project.greet();
    project.offline(&["add", "greet"]).code(0);
    let other = Project::new();
    other.greet();
    // A newer one does not count.
    other.wheel("salute", "1.1", &[], &[("salute.py", "WORD = 'bye'\n")]);
    other
        .run(&["sync"])
        .code(2)
        .says(&["there is no lock file `packages.lock`"]);
    fs::copy(
        project.0.path("packages.lock"),
        other.0.path("packages.lock"),
    )
    .unwrap();
    other
        .offline(&["sync"])
        .code(0)
        .says(&["greet 1.2, salute 1.0"]);
    let granted = [RUN, &["--nodes", "packages"]].concat();
    assert_eq!(other.run(&granted).code(0).outputs(), json!(["hello you"]));
    // Nor does another of the same name and version.
    other.wheel("salute", "1.0", &[], &[("salute.py", "WORD = 'bye'\n")]);
    other.offline(&["sync"]).code(1).says(&["salute"]);
    assert_eq!(other.run(&granted).code(0).outputs(), json!(["hello you"]));
    assert_eq!(other.lock(), project.lock());
    assert!(other.is_clean());
}

#[test]
fn what_a_manifest_needs_is_added_beside_it() {
    let project = Project::new();
    project.greet();
    project.wheel("extra", "1.0", &[], &[]);
    let manifest = r#"{"version": "v1", "python_env": {"extra_deps": ["extra"]},
        "nodes": [{"id": "n", "node_type": "own:Own", "python_deps": ["greet>=1", "numpy"]}]}"#;
    project.0.write("sub/m.json", manifest.as_bytes());
    project
        .offline(&["add", "--manifest", "sub/m.json"])
        .code(0)
        .says(&["--nodes sub/packages"]);
    assert!(project.has("sub/packages/greet") && project.has("sub/packages.lock"));
    let hostile = manifest.replace("greet>=1", "greet @ http://elsewhere/${HOME}");
    project.0.write("sub/h.json", hostile.as_bytes());
    project
        .offline(&["add", "--manifest", "sub/h.json"])
        .code(2)
        .says(&["sub/h.json: node `n`", "addresses"]);
    project
        .offline(&["add", "--manifest", "m.json"])
        .code(0)
        .says(&["needs no packages"]);
    project.run(&["add"]).code(2).says(&["nothing to add"]);
}

#[test]
fn requirements_from_a_file() {
    let project = Project::new();
    project.greet();
    project.0.write(
        "requirements.txt",
        b"# what we use\ngreet >= 1  # politely\n",
    );
    project
        .offline(&["add", "-r", "requirements.txt", "--into", "there/deep"])
        .code(0);
    assert!(project.has("there/deep/greet") && project.has("there/deep.lock"));
    project
        .0
        .write("bad.txt", b"greet\n--index-url http://elsewhere\n");
    project
        .offline(&["add", "-r", "bad.txt"])
        .code(2)
        .says(&["bad.txt:2:", "options"]);
}

#[test]
fn a_directory_of_other_things_is_left_alone() {
    let project = Project::new();
    project.greet();
    project.0.write("packages/mine.py", b"precious");
    project
        .offline(&["add", "greet"])
        .code(2)
        .says(&["`packages` has files", "--into"]);
    assert_eq!(
        fs::read(project.0.path("packages/mine.py")).unwrap(),
        b"precious"
    );
}

#[test]
fn without_pip_it_is_said_what_has_one() {
    let project = Project::new();
    let mut command = project.command(&["add", "greet"]);
    let run: Run = command
        .env("PATH", project.0.path("nowhere"))
        .output()
        .unwrap()
        .into();
    run.code(1).says(&["there is no pip", "uv"]);
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt as _;

    let project = Project::new();
    project
        .0
        .write("bin/python3", b"#!/bin/sh\ntouch started\nexec sleep 600\n");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(project.0.path("bin/python3"), executable).unwrap();
    let mut command = project.command(&["add", "greet"]);
    let path = format!("{}:/usr/bin:/bin", project.0.path("bin"));
    let mut child = command.env("PATH", path).spawn().unwrap();
    until("pip was started", || project.has("started"));
    interrupt(&child);
    assert_eq!(end(&mut child), Some(130), "{}", told(&mut child));
    assert!(!project.has("packages") && project.is_clean());
}
