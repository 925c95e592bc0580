//! (j): a user's own node with two packages, as a manifest and directories, and
//! as `pipeline bake` makes one component of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use pipeline_host::{Allocation, Directories, Engine, EngineOptions, Sandbox};

use crate::host::{Host, Job, block_on};
use crate::instances::on_fresh;
use crate::process::{Contender, in_turn};
use crate::record::{Bar, Row, Section};

const MANIFEST: &str =
    r#"{"version": "v1", "nodes": [{"id": "guide", "node_type": "guide:Guide"}]}"#;
const ITEM: &str = r#"{"lat": 47.4, "lon": 8.5}"#;

pub(crate) fn measure(host: &Host, rounds: usize) -> Result<Section> {
    let mut section = Section::new("j", "A user's own node with two packages");
    let place = tempfile::tempdir()?;
    let at = |name: &str| place.path().join(name);
    let (manifest, baked) = (at("guide.json"), at("guide.wasm"));
    std::fs::write(&manifest, MANIFEST)?;
    let directories = [at("nodes"), at("packages")];
    let program = host.dist.join("pipeline");
    let programs = host.root.join("benches/programs/baked");
    succeeds(
        Command::new("cp")
            .arg("-r")
            .arg(programs.join("nodes"))
            .arg(place.path()),
    )?;
    succeeds(
        Command::new("cp")
            .arg("-r")
            .arg(programs.join("packages"))
            .arg(place.path()),
    )?;
    succeeds(Command::new(&program).arg("compile").args(&directories))?;
    let mut bake = Command::new(&program);
    bake.arg("bake").arg(&manifest).arg("-o").arg(&baked);
    for directory in &directories {
        bake.arg("--nodes").arg(directory);
    }
    succeeds(&mut bake)?;

    let engine = Engine::new(&EngineOptions {
        allocation: Allocation::Pooled { instances: 2 },
    })?;
    let installed = host.dist.join("pipeline.wasm");
    let mut seen = Directories::new(&host.dist.join("stdlib"), &host.dist.join("python"))?;
    for directory in &directories {
        seen.add_nodes(directory)?;
    }
    let plain = engine.load_installed(&installed, &mut |_| {})?;
    let one = engine.load_baked(&baked, &installed, &mut |_| {})?;
    let sandboxes = [
        (
            "a manifest and directories, compiled",
            Sandbox::new(&engine, &plain, seen)?,
        ),
        ("baked", Sandbox::new(&engine, &one, Directories::none())?),
    ];
    let items = format!("[{ITEM}]");
    for (name, sandbox) in &sandboxes {
        let job = Job::read(sandbox, MANIFEST, &items)?;
        let (_, _, all) = block_on(on_fresh(sandbox, &job, rounds))?;
        let name = format!("{name}: instantiate, run, drop");
        section.row(Row::new(name, "ms", all));
    }
    let fresh = section.rows[1].median();

    let run = |manifest: &Path| {
        let mut command = vec![
            program.clone().into_os_string(),
            "run".into(),
            manifest.into(),
        ];
        command.extend(["--input".into(), ITEM.into()]);
        command
    };
    let mut with_directories = run(&manifest);
    for directory in &directories {
        with_directories.extend(["--nodes".into(), directory.into()]);
    }
    let numbers = ["run", "examples/multiply_add.json"].map(Into::into);
    let mut multiply = vec![program.clone().into_os_string()];
    multiply.extend(numbers);
    let contenders = [
        Contender::new("multiply_add.json: the whole process", &multiply),
        Contender::new(
            "the manifest and directories: the whole process",
            &with_directories,
        ),
        Contender::new("baked: the whole process", &run(&baked)),
    ];
    let processes = in_turn(&host.root, &contenders, (rounds / 50).max(10))?;
    let ratio = processes[2].median() / processes[0].median();
    section.rows.extend(processes);
    section.bars = vec![
        Bar::at_most("baked, a fresh instance, median, ms", fresh, 0.35),
        Bar::at_most("baked over multiply_add, whole processes", ratio, 1.3),
    ];
    Ok(section)
}

fn succeeds(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}
