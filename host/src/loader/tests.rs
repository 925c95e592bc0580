use super::*;

/// The smallest component.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
/// Another one: it has an empty custom section.
const OTHER: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01x";

struct Fixture {
    root: tempfile::TempDir,
    engine: Engine,
}

impl Fixture {
    fn new() -> Self {
        let engine = crate::Engine::new(&crate::EngineOptions::default()).unwrap();
        Self {
            root: tempfile::tempdir().unwrap(),
            engine: engine.wasmtime().clone(),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.root.path().join(name);
        // What may be mapped is replaced, not written over.
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a component, and beside it code that was compiled from another.
    fn pair(&self, wasm: &[u8], compiled_from: &[u8]) -> PathBuf {
        let compiled = compile(&self.engine, compiled_from, "it").unwrap();
        self.write("a.cwasm", &compiled);
        self.write("a.wasm", wasm)
    }

    /// Loads, and says what happened.
    fn load(&self, path: &Path, code: Code<'_>) -> Result<Vec<String>, Error> {
        let mut told = Vec::new();
        let mut events = |event| {
            told.push(match event {
                LoadEvent::Refused { reason, .. } => reason,
                LoadEvent::Compiling { .. } => "compiling".to_owned(),
                LoadEvent::Compiled { kept, .. } => match kept {
                    Ok(_) => "kept".to_owned(),
                    Err(reason) => reason,
                },
            });
        };
        let mut loader = Loader {
            engine: &self.engine,
            cache: Ok(Cache::at(self.root.path().join("cache"))),
            events: &mut events,
        };
        loader.load(path, code)?;
        Ok(told)
    }

    fn cached(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root.path().join("cache")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|it| it == "cwasm"))
            .collect()
    }
}

#[test]
fn compiled_once_whatever_the_file_is_called() {
    let fixture = Fixture::new();
    let path = fixture.write("a.wasm", EMPTY);
    let load = |path: &Path| fixture.load(path, Code::Cached).unwrap();
    assert_eq!(load(&path), ["compiling", "kept"]);
    assert!(load(&path).is_empty());
    // The content counts, not the name or the time.
    let copy = fixture.write("b.wasm", EMPTY);
    assert!(load(&copy).is_empty());
    assert_eq!(fixture.cached().len(), 1);
    fixture.write("a.wasm", OTHER);
    assert_eq!(load(&path), ["compiling", "kept"]);
    assert!(load(&copy).is_empty());
    assert_eq!(fixture.cached().len(), 2);
}

#[test]
fn the_cache_does_not_grow_for_ever() {
    let fixture = Fixture::new();
    for number in 0..20 {
        let path = fixture.write("a.wasm", &[OTHER, &[0, 2, 1, number]].concat());
        let told = fixture.load(&path, Code::Cached).unwrap();
        assert_eq!(told, ["compiling", "kept"]);
    }
    assert_eq!(fixture.cached().len(), 8);
}

#[test]
fn damaged_files_are_refused_wherever_a_bit_flips() {
    let fixture = Fixture::new();
    let path = fixture.write("a.wasm", EMPTY);
    fixture.load(&path, Code::Cached).unwrap();
    let [cached] = &fixture.cached()[..] else {
        panic!("one file is kept")
    };
    let whole = fs::read(cached).unwrap();
    let refused = |bytes: &[u8]| {
        fs::remove_file(cached).unwrap();
        fs::write(cached, bytes).unwrap();
        let told = fixture.load(&path, Code::Cached).unwrap();
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(told[1..], ["compiling", "kept"]);
        assert!(fixture.load(&path, Code::Cached).unwrap().is_empty());
    };
    for length in [0, 1, 10, 63, 64, 100, whole.len() / 2, whole.len() - 1] {
        refused(&whole[..length]);
    }
    for place in (0..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        refused(&flipped);
    }
}

#[test]
fn a_sibling_counts_for_an_installed_component_alone() {
    let fixture = Fixture::new();
    let path = fixture.pair(EMPTY, EMPTY);
    assert!(fixture.load(&path, Code::Sibling).unwrap().is_empty());
    assert!(
        fixture
            .load(&path.with_extension("cwasm"), Code::Cached)
            .unwrap()
            .is_empty()
    );
    // An unpacked archive may hold anything beside its component.
    let told = fixture.load(&path, Code::Cached).unwrap();
    assert_eq!(told, ["compiling", "kept"]);
}

#[test]
fn a_copy_is_as_good_as_the_original_whatever_the_times_say() {
    let fixture = Fixture::new();
    let path = fixture.pair(EMPTY, EMPTY);
    let later = std::time::SystemTime::now() + Duration::from_secs(60);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(later).unwrap();
    assert!(fixture.load(&path, Code::Sibling).unwrap().is_empty());
}

#[test]
fn code_of_another_component_is_not_run() {
    let fixture = Fixture::new();
    let path = fixture.pair(EMPTY, OTHER);
    let told = fixture.load(&path, Code::Sibling).unwrap();
    assert!(
        told[0].starts_with("it was compiled from another"),
        "{told:?}"
    );
    assert_eq!(told[1..], ["compiling", "kept"]);
    // Also where the pair was right when it was looked at before.
    let path = fixture.pair(EMPTY, EMPTY);
    assert!(fixture.load(&path, Code::Sibling).unwrap().is_empty());
    fixture.write("a.wasm", OTHER);
    let told = fixture.load(&path, Code::Sibling).unwrap();
    assert!(
        told[0].starts_with("it was compiled from another"),
        "{told:?}"
    );
}

#[test]
#[cfg(unix)]
fn what_others_could_have_written_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let fixture = Fixture::new();
    let path = fixture.pair(EMPTY, EMPTY);
    let sibling = path.with_extension("cwasm");
    let told = || fixture.load(&path, Code::Sibling).unwrap().remove(0);
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&sibling, 0o620);
    assert_eq!(told(), "others may write to it (chmod go-w)");
    allow(&sibling, 0o644);
    allow(fixture.root.path(), 0o777);
    assert_eq!(told(), "others may write to its directory (chmod go-w)");
    allow(fixture.root.path(), 0o700);
    assert!(fixture.load(&path, Code::Sibling).unwrap().is_empty());
    let elsewhere = fixture.root.path().join("elsewhere");
    fs::rename(&sibling, &elsewhere).unwrap();
    symlink(&elsewhere, &sibling).unwrap();
    assert_eq!(told(), "it is a link");
    fs::remove_file(&sibling).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&sibling).status();
    assert!(made.unwrap().success());
    assert_eq!(told(), "it is no file");
    // Nor is a pipe waited for where a component should be.
    let error = fixture.load(&sibling.with_extension("cwasm"), Code::Cached);
    assert!(matches!(error, Err(Error::Refused { .. })));
    fs::remove_file(&path).unwrap();
    fs::rename(&sibling, &path).unwrap();
    let error = fixture.load(&path, Code::Cached);
    assert!(matches!(error, Err(Error::NotAComponent { .. })));
}

#[test]
#[cfg(unix)]
fn notes_of_others_are_not_believed() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::new();
    let cache = Cache::at(fixture.root.path().join("cache"));
    let files = ["a".to_owned(), "b".to_owned()];
    cache.note_checked(&files);
    assert!(cache.was_checked(&files));
    assert!(!cache.was_checked(&files[..1]));
    let directory = fixture.root.path().join("cache");
    fs::set_permissions(directory, fs::Permissions::from_mode(0o770)).unwrap();
    assert!(!cache.was_checked(&files));
}

#[test]
fn without_a_cache_it_still_runs() {
    let fixture = Fixture::new();
    let path = fixture.write("a.wasm", EMPTY);
    fixture.write("cache", b"a file");
    let told = fixture.load(&path, Code::Cached).unwrap();
    assert_eq!(told[0], "compiling");
    assert_ne!(told[1], "kept");
}

#[test]
fn other_files_are_named() {
    let fixture = Fixture::new();
    let load = |path: &Path| fixture.load(path, Code::Cached).unwrap_err();
    for (bytes, found) in [
        (&b""[..], "empty"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"\0asm", "cut short"),
        (b"hello", "it is text"),
        (b"(component)", "in text form"),
        (b"PK\x03\x04", "ZIP"),
        (b"\xff\xfe\0\0", "something else"),
    ] {
        let error = load(&fixture.write("b.wasm", bytes)).in_full();
        assert!(error.contains(found), "{error}");
    }
    let broken = fixture.write("b.wasm", &[EMPTY, b"\x0b\xff"].concat());
    assert!(matches!(load(&broken), Error::Invalid { .. }));
    let text = fixture.write("c.cwasm", b"hello");
    assert!(matches!(load(&text), Error::Refused { .. }));
    let missing = fixture.root.path().join("d.cwasm");
    assert!(matches!(load(&missing), Error::Component { .. }));
}
