//! The files that an instance has to itself, without Python around them.

#![allow(missing_docs)]

use std::cell::RefCell;
use std::rc::Rc;

use pipeline_component::files::{
    Access, CAPACITY, Descriptors, Error, Found, Kind, Library, Packed, Slot, Tree,
};

const BOTH: Access = Access {
    read: true,
    write: true,
    append: false,
};

fn tree() -> Tree {
    Tree::new([
        b"/stdlib".as_slice(),
        b"/nodes/mine",
        b"/nodes/other",
        b"/tmp/given",
    ])
}

fn place(tree: &Tree, path: &str) -> Result<Slot, Error> {
    match tree.find(b"/tmp", path.as_bytes(), true)? {
        Found::Ours(place) => Ok(place),
        Found::Theirs(path) => panic!("{} is the host's", String::from_utf8_lossy(&path)),
    }
}

fn theirs(tree: &Tree, path: &str) -> String {
    match tree.find(b"/tmp", path.as_bytes(), true) {
        Ok(Found::Theirs(path)) => String::from_utf8(path).unwrap(),
        _ => panic!("{path} is not the host's"),
    }
}

fn write(tree: &Tree, path: &str, text: &str) -> Result<(), Error> {
    let place = place(tree, path)?;
    let node = match &place.node {
        Some(node) => Rc::clone(node),
        None => tree.create(&place, Kind::File(RefCell::default()), 0o644)?,
    };
    node.truncate(0)?;
    node.write(Some(0), text.as_bytes()).map(drop)
}

fn read(tree: &Tree, path: &str) -> Result<String, Error> {
    let place = place(tree, path)?;
    let node = place.node()?;
    let mut bytes = vec![0; node.stat().size];
    node.read(0, &mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn names(tree: &Tree, path: &str) -> Vec<String> {
    let entries = place(tree, path)
        .unwrap()
        .node()
        .unwrap()
        .entries()
        .unwrap();
    let names = entries.into_iter().map(|(name, _)| String::from_utf8(name));
    names.map(Result::unwrap).collect()
}

#[test]
fn the_root_shows_what_there_is() {
    let tree = tree();
    assert_eq!(names(&tree, "/"), ["dev", "nodes", "stdlib", "tmp"]);
    assert_eq!(names(&tree, "/nodes"), ["mine", "other"]);
    assert_eq!(names(&tree, "/dev"), ["null"]);
    assert_eq!(names(&tree, "/tmp"), ["given"]);
}

#[test]
fn what_the_host_gave_is_left_to_libc() {
    let tree = tree();
    assert_eq!(theirs(&tree, "/stdlib"), "/stdlib");
    assert_eq!(theirs(&tree, "/stdlib/json/../os.py"), "/stdlib/os.py");
    assert_eq!(theirs(&tree, "../nodes/./mine//a.py"), "/nodes/mine/a.py");
    assert_eq!(theirs(&tree, "given/x"), "/tmp/given/x");
    assert_eq!(names(&tree, "/stdlib/../nodes/mine/.."), ["mine", "other"]);
}

#[test]
fn a_host_that_gives_its_root_keeps_all_but_tmp() {
    let tree = Tree::new([b"/".as_slice()]);
    assert_eq!(theirs(&tree, "/etc/hosts"), "/etc/hosts");
    assert_eq!(theirs(&tree, "/"), "/");
    assert_eq!(theirs(&tree, "/dev/zero"), "/dev/zero");
    write(&tree, "/tmp/a", "x").unwrap();
    assert!(matches!(
        place(&tree, "/tmp/b").unwrap().node(),
        Err(Error::NotFound)
    ));
    assert!(place(&tree, "/dev/null").unwrap().node().is_ok());
}

#[test]
fn nothing_can_be_put_outside_of_tmp() {
    let tree = tree();
    assert_eq!(write(&tree, "/x", ""), Err(Error::Denied));
    assert_eq!(write(&tree, "/dev/x", ""), Err(Error::Denied));
    assert_eq!(write(&tree, "/etc/x", ""), Err(Error::NotFound));
    assert_eq!(write(&tree, "/tmp", ""), Err(Error::IsDirectory));
    let removed = tree.remove(&place(&tree, "/dev/null").unwrap(), false);
    assert_eq!(removed, Err(Error::Denied));
    let removed = tree.remove(&place(&tree, "/tmp").unwrap(), true);
    assert_eq!(removed, Err(Error::Denied));
}

#[test]
fn files_come_and_go() {
    let tree = tree();
    let before = tree.used();
    write(&tree, "a", "one").unwrap();
    tree.make_directory(&place(&tree, "d").unwrap(), 0o755)
        .unwrap();
    assert_eq!(
        tree.make_directory(&place(&tree, "d").unwrap(), 0o755),
        Err(Error::Exists)
    );
    write(&tree, "d/b", "two").unwrap();
    assert_eq!(write(&tree, "a/b", ""), Err(Error::NotDirectory));
    assert_eq!(
        tree.remove(&place(&tree, "d").unwrap(), true),
        Err(Error::NotEmpty)
    );
    tree.rename(&place(&tree, "a").unwrap(), &place(&tree, "d/b").unwrap())
        .unwrap();
    assert_eq!(read(&tree, "/tmp/d/b").unwrap(), "one");
    assert_eq!(read(&tree, "a"), Err(Error::NotFound));
    assert_eq!(
        tree.rename(&place(&tree, "d").unwrap(), &place(&tree, "d/e").unwrap()),
        Err(Error::Invalid)
    );
    tree.rename(&place(&tree, "d").unwrap(), &place(&tree, "e").unwrap())
        .unwrap();
    tree.remove(&place(&tree, "e/b").unwrap(), false).unwrap();
    tree.remove(&place(&tree, "e").unwrap(), true).unwrap();
    assert_eq!(names(&tree, "/tmp"), ["given"]);
    assert_eq!(tree.used(), before);
}

#[test]
fn a_name_more_is_no_copy() {
    let tree = tree();
    write(&tree, "a", "one").unwrap();
    let node = Rc::clone(place(&tree, "a").unwrap().node().unwrap());
    tree.link(&node, &place(&tree, "b").unwrap()).unwrap();
    assert_eq!(node.stat().links, 2);
    write(&tree, "b", "two").unwrap();
    assert_eq!(read(&tree, "a").unwrap(), "two");
    tree.remove(&place(&tree, "a").unwrap(), false).unwrap();
    assert_eq!(read(&tree, "b").unwrap(), "two");
}

#[test]
fn links_lead_on() {
    let tree = tree();
    let link = |name: &str, target: &str| {
        let kind = Kind::Link(target.as_bytes().to_vec());
        let Found::Ours(place) = tree.find(b"/tmp", name.as_bytes(), false).unwrap() else {
            panic!("{name} is the host's");
        };
        tree.create(&place, kind, 0o777).unwrap();
    };
    link("to-stdlib", "/stdlib/json");
    link("up", "..");
    link("new", "made");
    link("around", "around");
    assert_eq!(theirs(&tree, "to-stdlib/tool.py"), "/stdlib/json/tool.py");
    assert_eq!(names(&tree, "up"), names(&tree, "/"));
    write(&tree, "new", "x").unwrap();
    assert_eq!(read(&tree, "made").unwrap(), "x");
    assert_eq!(read(&tree, "around"), Err(Error::Loop));
}

#[test]
fn what_is_open_outlives_its_name_and_its_room_comes_back() {
    let tree = tree();
    let mut open = Descriptors::new();
    let before = tree.used();
    let target = place(&tree, "a").unwrap();
    let node = tree.create(&target, Kind::File(RefCell::default()), 0o600);
    let one = open.open(node.unwrap(), target.path, BOTH).unwrap();
    open.write(one, None, b"hello").unwrap();
    tree.remove(&place(&tree, "a").unwrap(), false).unwrap();
    open.seek(one, -4, 2).unwrap();
    let mut rest = [0; 8];
    assert_eq!(open.read(one, None, &mut rest), Ok(4));
    assert_eq!(&rest[..4], b"ello");
    assert_eq!(open.read(one, None, &mut rest), Ok(0));
    assert_eq!(open.seek(one, -1, 0), Err(Error::Invalid));
    open.write(one, Some(7), b"!").unwrap();
    assert_eq!(open.read(one, Some(0), &mut rest), Ok(8));
    assert_eq!(&rest, b"hello\0\0!");
    assert!(tree.used() > before);
    open.close(one).unwrap();
    assert_eq!(open.close(one), Err(Error::BadDescriptor));
    assert_eq!(tree.used(), before);
}

#[test]
fn what_is_full_says_so_and_stays_whole() {
    let tree = tree();
    write(&tree, "a", "kept").unwrap();
    write(&tree, "big", "x").unwrap();
    let big = place(&tree, "big").unwrap();
    let big = big.node().unwrap();
    big.truncate(tree.free() as u64).unwrap();
    assert!(tree.free() < 256);
    assert_eq!(big.truncate(CAPACITY as u64 + 1), Err(Error::Full));
    assert_eq!(big.write(Some(u64::MAX), b"x"), Err(Error::Full));
    assert_eq!(write(&tree, "c", ""), Err(Error::Full));
    assert_eq!(read(&tree, "a").unwrap(), "kept");
    tree.remove(&place(&tree, "a").unwrap(), false).unwrap();
    write(&tree, "c", "here").unwrap();
    assert_eq!(read(&tree, "c").unwrap(), "here");
}

#[test]
fn a_library_lies_beside_the_rest_and_stays_as_it_is() {
    let text = "print('hello')\n".repeat(100);
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
    let mut library = Library::new();
    library
        .add("/nodes/own", "pkg/a.py", &packed, text.len())
        .unwrap();
    library.add("/nodes/own", "raw", b"as it is", 8).unwrap();
    library.add("/stdlib", "os.py", b"", 0).unwrap();
    for (mount, path, error) in [
        ("/nodes/own", "pkg", Error::Exists),
        ("/nodes/own", "raw/below", Error::NotDirectory),
        ("/nodes/own", "../out", Error::Invalid),
        ("/nodes/own", "/absolute", Error::Invalid),
        ("/nodes/../tmp", "a", Error::Invalid),
        ("relative", "a", Error::Invalid),
        ("/nodes/own", "", Error::Invalid),
    ] {
        assert_eq!(
            library.add(mount, path, b"", 0),
            Err(error),
            "{mount} {path}"
        );
    }
    assert!(library.has("/stdlib") && !library.has("/nodes"));
    let tree = Tree::new([b"/nodes/other".as_slice()]);
    library.attach_to(&tree);
    let free = tree.free();
    assert_eq!(read(&tree, "/nodes/own/pkg/a.py").unwrap(), text);
    assert_eq!(read(&tree, "/nodes/own/raw").unwrap(), "as it is");
    assert_eq!(theirs(&tree, "/nodes/other/x"), "/nodes/other/x");
    for path in ["/nodes/own/new", "/nodes/own/pkg/new"] {
        assert_eq!(write(&tree, path, ""), Err(Error::Denied));
    }
    let file = place(&tree, "/nodes/own/raw").unwrap();
    let node = file.node().unwrap();
    assert_eq!(node.stat().size, 8);
    assert_eq!(node.truncate(0), Err(Error::Denied));
    assert_eq!(node.write(None, b"x"), Err(Error::Denied));
    assert_eq!(tree.remove(&file, false), Err(Error::Denied));
    let link = place(&tree, "/tmp/link").unwrap();
    assert_eq!(tree.link(node, &link), Err(Error::NotPermitted));
    assert_eq!(tree.free(), free, "it is no part of what `/tmp` may hold");
}

#[test]
fn what_was_packed_is_as_large_as_it_is_said_to_be() {
    let packed = miniz_oxide::deflate::compress_to_vec(&[7; 1000], 6);
    for size in [1, 999, 1001] {
        assert_eq!(
            Packed::new(&packed, size).content().err(),
            Some(Error::Invalid)
        );
    }
    let whole = Packed::new(&packed, 1000);
    let (one, same) = (whole.content().unwrap(), whole.content().unwrap());
    assert!(
        Rc::ptr_eq(&one, &same),
        "it is unpacked once, as long as it is open"
    );
    assert_eq!(*one, [7; 1000]);
}
