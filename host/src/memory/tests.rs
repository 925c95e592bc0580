//! Memories against a naive model: bytes in a vector.

use std::fs::File;
use std::io::Write as _;

use proptest::prelude::*;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};
use wasmtime::StackCreator as _;

use super::content::{Content, Kind, PAGE, split};
use super::pagemap::Pagemap;
use super::*;

const KIND: Kind = Kind {
    minimum: 96,
    maximum: None,
};
const MINIMUM: usize = 96 * PAGE as usize;

fn content() -> Content {
    let bytes = (0..90 * PAGE).map(|at| (at % 251) as u8 + 1).collect();
    Content {
        kind: KIND,
        offset: 2 * PAGE,
        bytes,
    }
}

fn images(content: &Content) -> Images {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&content.bytes).unwrap();
    let (file, length) = (Arc::new(file), content.bytes.len());
    // SAFETY: nobody else knows the file.
    let image = unsafe {
        Image::of_file(
            file,
            0,
            length,
            (KIND, KIND.minimum as usize * PAGE as usize),
            content.offset as usize,
        )
    };
    Images::new([image.unwrap()])
}

fn memory(images: &Images, kept: usize) -> Box<dyn LinearMemory> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let engine = wasmtime::Engine::default();
    let brake = Arc::new(Brake::new(&engine));
    let made = runtime.block_on(images.provide(&brake, async {
        let ty = MemoryType::new(96, None);
        Memories::new(kept).new_memory(ty, MINIMUM, None, Some(4 << 30), 32 << 20)
    }));
    made.unwrap()
}

/// All of a memory.
fn bytes(memory: &mut Box<dyn LinearMemory>) -> &mut [u8] {
    // SAFETY: accessible up to its size, and borrowed as long as the slice.
    unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size()) }
}

/// What a new memory holds.
fn fresh() -> Vec<u8> {
    let content = content();
    let mut fresh = vec![0; MINIMUM];
    let start = content.offset as usize;
    fresh[start..start + content.bytes.len()].copy_from_slice(&content.bytes);
    fresh
}

#[derive(Clone, Debug)]
enum Step {
    Write { at: usize, length: usize, byte: u8 },
    Read { at: usize },
    Grow { pages: usize },
    PageOut,
    Next,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..MINIMUM, 1..300_000_usize, any::<u8>())
            .prop_map(|(at, length, byte)| Step::Write { at, length, byte }),
        2 => (0..MINIMUM).prop_map(|at| Step::Read { at }),
        1 => (1..40_usize).prop_map(|pages| Step::Grow { pages }),
        1 => Just(Step::PageOut),
        3 => Just(Step::Next),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was done to it, the next one is as if it were the first. Pages
    /// are swapped out where the machine has somewhere to put them; elsewhere
    /// the attack in `tests/all/threats/isolation.rs` makes room first.
    #[test]
    fn what_was_done_to_a_memory_is_gone(steps in proptest::collection::vec(step(), 1..40)) {
        let images = images(&content());
        let mut memory = Some(memory(&images, 1));
        let mut model = fresh();
        for step in steps.into_iter().chain([Step::Next]) {
            let mut current = memory.take().unwrap();
            match step {
                Step::Write { at, length, byte } => {
                    let end = model.len().min(at + length);
                    bytes(&mut current)[at..end].fill(byte);
                    model[at..end].fill(byte);
                }
                Step::Read { at } => prop_assert_eq!(bytes(&mut current)[at], model[at]),
                Step::Grow { pages } => {
                    let size = model.len() + pages * PAGE as usize;
                    current.grow_to(size).unwrap();
                    model.resize(size, 0);
                    bytes(&mut current)[size - 1] = 9;
                    model[size - 1] = 9;
                }
                Step::PageOut => {
                    let bytes = bytes(&mut current);
                    // SAFETY: pages that are paged out hold what they held.
                    let _ = unsafe {
                        madvise(bytes.as_mut_ptr().cast(), bytes.len(), Advice::LinuxPageOut)
                    };
                }
                Step::Next => {
                    prop_assert!(bytes(&mut current) == model);
                    drop(current);
                    current = self::memory(&images, 1);
                    model = fresh();
                    prop_assert!(bytes(&mut current) == model);
                }
            }
            memory = Some(current);
        }
    }
}

#[test]
fn a_memory_is_used_again_and_no_more_are_kept_than_asked_for() {
    let images = images(&content());
    let (a, b) = (memory(&images, 1), memory(&images, 1));
    let first = a.as_ptr().addr();
    drop(a);
    drop(b);
    let (c, d) = (memory(&images, 1), memory(&images, 1));
    assert_eq!(c.as_ptr().addr(), first);
    assert_ne!(d.as_ptr().addr(), first);
    // Outside of a component's instantiation there is no image, only zeros.
    let ty = MemoryType::new(96, None);
    let made = Memories::new(1).new_memory(ty, MINIMUM, None, Some(4 << 30), 32 << 20);
    assert!(bytes(&mut made.unwrap()).iter().all(|byte| *byte == 0));
}

#[test]
fn what_was_grown_is_out_of_reach_for_the_next() {
    let images = images(&content());
    let mut first = memory(&images, 1);
    let beyond = first.as_ptr().addr() + MINIMUM;
    assert_eq!(access(beyond), "---");
    first.grow_to(MINIMUM + (1 << 20)).unwrap();
    assert_eq!(access(beyond), "rw-");
    drop(first);
    let next = memory(&images, 1);
    assert_eq!(next.as_ptr().addr() + MINIMUM, beyond);
    assert_eq!(access(beyond), "---");
    assert_eq!(access(next.as_ptr().addr() - 1), "---");
    assert!(memory(&images, 0).grow_to(usize::MAX / 2).is_err());
}

#[test]
fn a_stack_is_used_again_and_lies_above_its_guard() {
    let stacks = Stacks::new(1);
    const SIZE: usize = 8 << 20;
    let stack = stacks.new_stack(SIZE, false).unwrap();
    let (range, guard) = (stack.range(), stack.guard_range());
    assert_eq!(stack.top().addr(), range.end);
    assert!(range.len() >= SIZE && range.end.is_multiple_of(4096));
    assert_eq!(guard.end.addr(), range.start);
    assert_eq!(access(guard.end.addr() - 1), "---");
    assert_eq!(access(range.start), "rw-");
    let bytes = |at: usize| std::ptr::with_exposed_provenance_mut::<u8>(at);
    // SAFETY: within the stack, which nothing runs on.
    unsafe { bytes(range.start).write_volatile(1) };
    drop(stack);
    // Of another size, or with nothing in it: not the one that was kept.
    assert_ne!(stacks.new_stack(SIZE / 2, false).unwrap().range(), range);
    assert_ne!(stacks.new_stack(SIZE, true).unwrap().range(), range);
    let again = stacks.new_stack(SIZE, false).unwrap();
    assert_eq!(again.range(), range);
    // SAFETY: as above. What a deep call used is given back.
    assert_eq!(unsafe { bytes(range.start).read_volatile() }, 0);
}

/// What may be done at an address.
fn access(address: usize) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start)..number(end)).contains(&address)
    });
    line.unwrap().split(' ').nth(1).unwrap()[..3].to_owned()
}

#[test]
fn written_pages_are_known_on_this_machine() {
    assert!(Pagemap::get().is_some());
    let file = File::open("/proc/self/exe").unwrap();
    let page = rustix::param::page_size();
    // SAFETY: a new mapping that only this test knows.
    let found = unsafe {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let start = mmap(
            ptr::null_mut(),
            8 * page,
            protection,
            MapFlags::PRIVATE,
            &file,
            0,
        );
        let start = start.unwrap();
        for written in [1, 2, 5] {
            start.cast::<u8>().add(written * page).write_volatile(1);
        }
        Pagemap::get().unwrap().written(start.addr(), 8, page)
    };
    assert_eq!(found.unwrap(), [1..3, 5..6]);
}

#[test]
fn content_is_taken_out_where_it_is_clear_whose_it_is() {
    let contents = |text: &str| {
        let component = wat::parse_str(text).unwrap();
        let (rest, contents) = split(&component);
        wasmparser::Validator::new().validate_all(&rest).unwrap();
        assert_eq!(rest == component, contents.is_empty());
        contents
    };
    let one = contents(
        r#"(component (core module (memory 4 9)
            (data (i32.const 65540) "abc") (data (i32.const 65541) "x")))"#,
    );
    let [content] = &one[..] else {
        panic!("{one:?}")
    };
    let kind = Kind {
        minimum: 4,
        maximum: Some(9),
    };
    assert_eq!((content.kind, content.offset), (kind, PAGE));
    assert_eq!(content.bytes.len() as u64, PAGE);
    assert_eq!(&content.bytes[..8], b"\0\0\0\0axc\0");
    let nested = contents(
        r#"(component
            (component (core module (memory 3) (data (i32.const 0) "a")))
            (core module (memory 2) (data (i32.const 9) "b")))"#,
    );
    assert_eq!(nested.len(), 2);
    for left in [
        // Two that could be taken for each other.
        r#"(component (core module (memory 1) (data (i32.const 0) "a"))
            (core module (memory 1)))"#,
        // Used later, by number.
        r#"(component (core module (memory 1) (data (i32.const 0) "a") (func data.drop 0)))"#,
        r#"(component (core module (memory 1) (data "a")))"#,
        // Another module's memory.
        r#"(component (core module (import "m" "m" (memory 1)) (data (i32.const 0) "a")))"#,
        // A trap when it is instantiated.
        r#"(component (core module (memory 1) (data (i32.const 65535) "ab")))"#,
        r#"(component (core module (global i32 (i32.const 0)) (memory 1)
            (data (global.get 0) "a")))"#,
        r#"(component (core module (memory i64 1) (data (i64.const 0) "a")))"#,
        r#"(component (core module (memory 1)))"#,
        r#"(component)"#,
    ] {
        assert!(contents(left).is_empty(), "{left}");
    }
    for broken in [
        &b"\0asm\x0d\0\x01\0\x01\xff"[..],
        b"",
        b"\0asm\x0d\0\x01\0\x01\x09\0asm",
    ] {
        assert_eq!(split(broken), (broken.to_owned(), Vec::new()));
    }
}

/// What goes on for ever, in the text of functions of which `$run` is called.
const ENDLESS: [(&str, &str); 9] = [
    ("a loop", "(func $run (loop $on (br $on)))"),
    (
        "loops in loops that write nothing",
        "(func $run (loop $out (loop $in (br_if $in (i32.const 1)) (br $out))))",
    ),
    (
        "a loop in a loop that ends each time",
        "(func $run (local $i i32) (loop $out
            (local.set $i (i32.const 1000))
            (loop $in
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (br_if $in (local.get $i)))
            (br $out)))",
    ),
    (
        "calls that call twice",
        "(func $twice (param i32)
            (if (local.get 0) (then
                (call $twice (i32.sub (local.get 0) (i32.const 1)))
                (call $twice (i32.sub (local.get 0) (i32.const 1))))))
        (func $run (call $twice (i32.const 200)))",
    ),
    (
        "calls that call each other twice",
        "(func $a (param i32)
            (if (local.get 0) (then
                (call $b (i32.sub (local.get 0) (i32.const 1)))
                (call $b (i32.sub (local.get 0) (i32.const 1))))))
        (func $b (param i32) (call $a (local.get 0)))
        (func $run (call $a (i32.const 200)))",
    ),
    (
        "calls by a table",
        "(type $t (func (param i32))) (table funcref (elem $a))
        (func $a (param i32)
            (if (local.get 0) (then
                (call $b (i32.sub (local.get 0) (i32.const 1)))
                (call $b (i32.sub (local.get 0) (i32.const 1))))))
        (func $b (param i32) (call_indirect (type $t) (local.get 0) (i32.const 0)))
        (func $run (call $a (i32.const 200)))",
    ),
    ("tail calls", "(func $run (return_call $run))"),
    (
        "tail calls by a table",
        "(type $t (func)) (table funcref (elem $run))
        (func $run (return_call_indirect (type $t) (i32.const 0)))",
    ),
    (
        "tail calls by reference",
        "(type $t (func)) (elem declare func $run)
        (func $run (return_call_ref $t (ref.func $run)))",
    ),
];

/// A component whose function `run` is the module's `$run`.
fn runs(functions: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m {functions} (memory 1) (export "run" (func $run)))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn whatever_goes_on_for_ever_is_stopped() {
    let engine = crate::Engine::new(&crate::EngineOptions::default()).unwrap();
    for (name, functions) in ENDLESS {
        let compiled = crate::precompile(&runs(functions)).unwrap();
        let component = crate::compiled::adopt(engine.wasmtime(), &compiled).unwrap();
        let brake = Arc::new(Brake::new(engine.wasmtime()));
        let mut store = wasmtime::Store::new(engine.wasmtime(), ());
        let linker = wasmtime::component::Linker::new(engine.wasmtime());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let ended = runtime.block_on(async {
            let made = linker.instantiate_async(&mut store, component.wasmtime());
            let instance = component.images().provide(&brake, made).await.unwrap();
            let run = instance
                .get_typed_func::<(), ()>(&mut store, "run")
                .unwrap();
            let puller = Arc::clone(&brake);
            let puller = std::thread::spawn(move || puller.pull());
            let ended = run.call_async(&mut store, ()).await;
            puller.join().unwrap();
            ended
        });
        let trap = ended.unwrap_err().downcast::<wasmtime::Trap>().unwrap();
        assert_eq!(trap, wasmtime::Trap::MemoryOutOfBounds, "{name}");
    }
}

#[test]
fn checks_are_where_something_can_go_on_for_ever() {
    for (expected, functions) in [
        (0, "(func $run)"),
        (0, "(func $a) (func $run (call $a) (call $a))"),
        (1, "(func $run (loop))"),
        (2, "(func $run (loop (loop)) )"),
        (
            3,
            "(func $a (call $b)) (func $b (call $a)) (func $run (loop) (call $a))",
        ),
    ] {
        let checked = checks::with_checks(&runs(functions)).unwrap();
        wasmparser::Validator::new().validate_all(&checked).unwrap();
        assert_eq!(checks::count(&checked), expected, "{functions}");
    }
    for form in [
        // Sections before and after, and none of memories.
        r#"(component (core module (type (func)) (func (loop)) (global i32 (i32.const 0))
            (table 1 funcref) (elem (i32.const 0) 0) (export "f" (func 0))))"#,
        r#"(component (core module (import "m" "m" (memory 1)) (import "m" "f" (func $f))
            (func (loop) (call $f)) (@custom "a" "b")))"#,
        r#"(component (component (core module (memory i64 1) (memory 2 3)
            (func (param i32) (local i64) (block (loop (br 0)))) (data "a"))))"#,
    ] {
        let component = wat::parse_str(form).unwrap();
        let checked = checks::with_checks(&component).unwrap();
        wasmparser::Validator::new().validate_all(&checked).unwrap();
        assert_eq!(checks::count(&checked), 1, "{form}");
    }
    // A host could not tell such a memory from its own.
    let like = wat::parse_str("(component (core module (memory 1 2987)))").unwrap();
    assert!(checks::with_checks(&like).is_err());
    assert!(checks::with_checks(b"\0asm\x0d\0\x01\0\x01\xff").is_err());
}

#[test]
fn a_brake_is_used_again_and_is_no_longer_pulled() {
    let engine = wasmtime::Engine::default();
    let idle = Arc::default();
    let make = |brake: &Arc<Brake>| {
        let brake = Some(Arc::clone(brake));
        BrakeMemory::new(4 << 30, 32 << 20, brake, &idle, 1).unwrap()
    };
    let brake = Arc::new(Brake::new(&engine));
    let first = make(&brake);
    let address = first.as_ptr().addr();
    assert_eq!(access(address), "r--");
    brake.pull();
    assert_eq!(access(address), "---");
    // What is made later is pulled as well.
    let second = make(&brake);
    assert_eq!(access(second.as_ptr().addr()), "---");
    brake.release();
    assert_eq!(access(address), "r--");
    brake.pull();
    drop((first, second));
    let other = Arc::new(Brake::new(&engine));
    let next = make(&other);
    assert_eq!(
        (next.as_ptr().addr(), access(address).as_str()),
        (address, "r--")
    );
    // It is another instance's now.
    brake.release();
    brake.pull();
    assert_eq!(access(address), "r--");
}
