//! Packages of Python for nodes: chosen for the sandbox, locked, and unpacked
//! into a directory of their own.

pub(crate) mod lock;
pub(crate) mod pip;
pub(crate) mod requirement;
pub(crate) mod wheel;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pipeline_host::Interrupt;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use self::lock::{Lock, Locked};
use self::pip::Download;
use self::requirement::{Requirement, normal};
use self::wheel::Wheel;
use crate::cli;
use crate::failure::Failure;
use crate::workspace::reason;
use crate::{interrupt, report};

/// What the directory is called that lies beside a manifest.
pub(crate) const DIRECTORY: &str = "packages";

/// Where packages are, and their lock file beside that.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) lock: PathBuf,
}

impl Place {
    pub(crate) fn at(directory: PathBuf) -> Self {
        let lock = lock_of(&directory);
        Self { directory, lock }
    }

    /// Refuses a directory that something else has made.
    ///
    /// # Errors
    /// Says so.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let filled =
            fs::read_dir(&self.directory).is_ok_and(|mut entries| entries.next().is_some());
        if !filled || self.lock.exists() {
            return Ok(());
        }
        let (directory, lock) = (self.directory.display(), self.lock.display());
        let text = format!(
            "`{directory}` has files, and `{lock}` is not there: other things are kept in it, \
             which `pipeline add` would replace"
        );
        Err(Failure::usage(text).help("--into names another directory"))
    }

    /// A directory beside this one, for what is not complete yet.
    fn beside(&self) -> Result<TempDir, Failure> {
        let parent = match self.directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let made = fs::create_dir_all(parent).and_then(|()| {
            tempfile::Builder::new()
                .prefix(".new-packages-")
                .tempdir_in(parent)
        });
        let made = made.inspect(|made| interrupt::clear_away(made.path()));
        made.map_err(|error| {
            let (parent, why) = (parent.display(), reason(&error));
            Failure::failed(format!("`{parent}` can't be written to: {why}"))
        })
    }

    /// Puts packages, all of them, in the place of what was there.
    fn replace(&self, new: &Path, work: &TempDir) -> Result<(), Failure> {
        let old = work.path().join("old");
        let renamed = match fs::rename(&self.directory, &old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => fs::rename(new, &self.directory),
        };
        renamed.map_err(|error| {
            let (directory, why) = (self.directory.display(), reason(&error));
            Failure::failed(format!("`{directory}` can't be replaced: {why}"))
        })
    }
}

/// The lock file of a directory with packages.
pub(crate) fn lock_of(directory: &Path) -> PathBuf {
    let mut lock = directory.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// A package that comes with the component.
pub(crate) struct Included {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The packages in the directory of the package `remotemedia`.
pub(crate) fn included(python: &Path) -> Vec<Included> {
    let entries = fs::read_dir(python).into_iter().flatten().flatten();
    let mut found: Vec<Included> = entries
        .filter_map(|entry| {
            let (path, name) = (entry.path(), entry.file_name().into_string().ok()?);
            if let Some(about) = name.strip_suffix(".dist-info") {
                let (name, version) = about.split_once('-')?;
                return Some(Included {
                    name: normal(name),
                    version: version.to_owned(),
                });
            }
            let version = ["version.py", "_version.py", "__about__.py", "__init__.py"]
                .into_iter()
                .find_map(|file| version(&fs::read_to_string(path.join(file)).ok()?))?;
            Some(Included {
                name: normal(&name),
                version,
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

/// What a module says of its version.
fn version(source: &str) -> Option<String> {
    source.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.split(':').next().unwrap_or_default().trim();
        let quote = value.trim().chars().next().filter(|c| "'\"".contains(*c))?;
        let value = value.trim().trim_matches(quote);
        let is_one = value.starts_with(|c: char| c.is_ascii_digit());
        (matches!(name, "version" | "__version__") && is_one).then(|| value.to_owned())
    })
}

/// Chooses packages and installs them.
pub(crate) struct Installer<'a> {
    pub(crate) place: &'a Place,
    pub(crate) index: &'a cli::Index,
    pub(crate) included: &'a [Included],
    pub(crate) interrupt: &'a Interrupt,
}

impl Installer<'_> {
    /// Chooses what satisfies the requirements, keeps to the versions that are
    /// `locked`, and installs all of it.
    ///
    /// # Errors
    /// Where nothing does, or it can't be had or written; then all is as before.
    pub(crate) fn add(
        &self,
        requirements: Vec<Requirement>,
        locked: &[Locked],
    ) -> Result<Lock, Failure> {
        let work = self.place.beside()?;
        let wheels = match requirements.is_empty() {
            true => Vec::new(),
            false => self.choose(&requirements, locked, &work)?,
        };
        let packages = wheels.iter().map(|wheel| wheel.locked.clone()).collect();
        let lock = Lock::new(requirements, packages);
        self.install(&wheels, &work)?;
        lock.write(&self.place.lock)?;
        Ok(lock)
    }

    /// Lets pip choose, and gives what it chose.
    fn choose(
        &self,
        requirements: &[Requirement],
        locked: &[Locked],
        work: &TempDir,
    ) -> Result<Vec<Wheel>, Failure> {
        let (wheels, stubs) = (work.path().join("wheels"), work.path().join("included"));
        let asked = write_lines(
            work,
            "requirements.txt",
            requirements.iter().map(ToString::to_string),
        )?;
        let kept = locked
            .iter()
            .map(|it| format!("{}=={}", it.name, it.version));
        let own = (self.included.iter()).map(|it| format!("{}=={}", it.name, it.version));
        let constraints = write_lines(work, "constraints.txt", kept.chain(own))?;
        for Included { name, version } in self.included {
            stand_in(&stubs, name, version, "")?;
        }
        let options = [
            "-c".into(),
            constraints.into(),
            "--find-links".into(),
            stubs.clone().into(),
        ];
        let download = Download {
            index: self.index,
            requirements: &asked,
            options: options.to_vec(),
            compiled: false,
            interrupt: self.interrupt,
        };
        // Those that have a wheel with compiled code and do without it.
        let mut others: Vec<Wheel> = Vec::new();
        let files = loop {
            let complaint = match download.fetch(&wheels)? {
                Ok(files) => break files,
                Err(complaint) => complaint,
            };
            let known: Vec<&str> = others.iter().map(|it| &*it.locked.name).collect();
            let Some(other) = complaint.without_compiled(&known) else {
                return Err(match locked.is_empty() {
                    true => complaint.tell(),
                    false => (complaint.tell()).help_also("--upgrade chooses all versions anew"),
                });
            };
            let wheel = self.without_compiled(&other, &download, work)?;
            let Locked { name, version, .. } = &wheel.locked;
            let metadata = wheel
                .metadata()
                .map_err(|error| unusable(&wheel.locked.file, &error))?;
            stand_in(&stubs, name, version, &metadata)?;
            report::tell(&format!(
                "note: {name} {version} is taken without its compiled code"
            ));
            others.push(wheel);
        };
        let mut chosen = self.read(files)?;
        for wheel in &mut chosen {
            let name = &wheel.locked.name;
            if let Some(at) = others.iter().position(|other| other.locked.name == *name) {
                *wheel = others.swap_remove(at);
            }
        }
        Ok(chosen)
    }

    /// A wheel with compiled code, of a package that does without it.
    fn without_compiled(
        &self,
        requirement: &Requirement,
        download: &Download<'_>,
        work: &TempDir,
    ) -> Result<Wheel, Failure> {
        let line = std::iter::once(requirement.to_string());
        let asked = write_lines(work, "without-compiled.txt", line)?;
        let directory = work.path().join(requirement.name());
        let files = Download {
            requirements: &asked,
            options: [&download.options[..], &["--no-deps".into()]].concat(),
            compiled: true,
            ..*download
        }
        .fetch(&directory)?
        .map_err(pip::Complaint::tell)?;
        let found = self.read(files)?.into_iter().next();
        found.ok_or_else(|| Failure::failed(format!("pip downloaded nothing for `{requirement}`")))
    }

    /// Installs what is locked, and nothing else.
    ///
    /// # Errors
    /// Where it can't be had, is something else, or can't be written.
    pub(crate) fn sync(&self, lock: &Lock) -> Result<(), Failure> {
        let work = self.place.beside()?;
        let mut wheels = Vec::new();
        for compiled in [false, true] {
            let packages = lock.packages.iter();
            let mut lines = packages
                .filter(|it| it.is_pure() != compiled)
                .map(|it| format!("{}=={} --hash=sha256:{}", it.name, it.version, it.sha256))
                .peekable();
            if lines.peek().is_none() {
                continue;
            }
            let files = Download {
                index: self.index,
                requirements: &write_lines(&work, "requirements.txt", lines)?,
                options: vec!["--no-deps".into(), "--require-hashes".into()],
                compiled,
                interrupt: self.interrupt,
            }
            .fetch(&work.path().join(format!("wheels-{compiled}")))?
            .map_err(pip::Complaint::tell)?;
            wheels.extend(self.read(files)?);
        }
        wheels.sort_by(|a, b| a.locked.name.cmp(&b.locked.name));
        let found = wheels.iter().map(|wheel| &wheel.locked);
        if let Some((_, wanted)) = found
            .clone()
            .zip(&lock.packages)
            .find(|(found, wanted)| found.sha256 != wanted.sha256)
        {
            let (name, file) = (&wanted.name, &wanted.file);
            return Err(Failure::failed(format!(
                "what pip downloaded of `{name}` is not the `{file}` that is locked"
            )));
        }
        if found.count() != lock.packages.len() {
            return Err(Failure::failed("pip did not download all that is locked"));
        }
        self.install(&wheels, &work)
    }

    /// The wheels among the files that were downloaded.
    fn read(&self, files: Vec<PathBuf>) -> Result<Vec<Wheel>, Failure> {
        let mut wheels = Vec::new();
        for path in files {
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let bytes = fs::read(&path).map_err(|error| unusable(&file, &reason(&error)))?;
            let wheel = Wheel::new(&file, bytes).map_err(|error| unusable(&file, &error))?;
            if !self.included.iter().any(|it| it.name == wheel.locked.name) {
                wheels.push(wheel);
            }
        }
        Ok(wheels)
    }

    fn install(&self, wheels: &[Wheel], work: &TempDir) -> Result<(), Failure> {
        let new = work.path().join(DIRECTORY);
        fs::create_dir(&new).map_err(|error| {
            Failure::failed(format!("`{}` can't be made: {error}", new.display()))
        })?;
        for wheel in wheels {
            let file = &wheel.locked.file;
            let taken = wheel.unpack(&new);
            let taken = taken.map_err(|error| unusable(file, &error))?;
            for name in taken {
                report::tell(&format!(
                    "note: `{name}` is in several packages; that of `{file}` is left out"
                ));
            }
        }
        self.place.replace(&new, work)
    }
}

fn unusable(file: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("`{file}` can't be installed: {error}"))
}

/// Lets pip find a package that it need not download: a wheel of that name and
/// version that has nothing in it but what is said of the package.
fn stand_in(directory: &Path, name: &str, version: &str, metadata: &str) -> Result<(), Failure> {
    let stem = format!("{}-{version}", name.replace('-', "_"));
    let metadata = match metadata {
        "" => format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        metadata => metadata.to_owned(),
    };
    let form = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(directory)?;
        let file = fs::File::create(directory.join(format!("{stem}-py3-none-any.whl")))?;
        let mut zip = zip::ZipWriter::new(file);
        for (name, text) in [("METADATA", &*metadata), ("WHEEL", form), ("RECORD", "")] {
            let options = SimpleFileOptions::default();
            zip.start_file(format!("{stem}.dist-info/{name}"), options)?;
            zip.write_all(text.as_bytes())?;
        }
        zip.finish()?;
        Ok(())
    };
    write().map_err(|error| {
        let shown = directory.display();
        Failure::failed(format!("`{shown}` can't be written: {error}"))
    })
}

/// Writes a file for pip.
fn write_lines(
    work: &TempDir,
    name: &str,
    lines: impl Iterator<Item = String>,
) -> Result<PathBuf, Failure> {
    let path = work.path().join(name);
    let mut text = String::new();
    for line in lines {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{line}");
    }
    fs::write(&path, text).map_err(|error| {
        Failure::failed(format!("`{}` can't be written: {error}", path.display()))
    })?;
    Ok(path)
}
