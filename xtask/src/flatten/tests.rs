use anyhow::{Context as _, Result};
use wasmparser::{Operator, Parser, Payload};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};
use wit_component::DecodedWasm;

use super::Flat;
use super::module::Module;
use super::simplify::simplify;

/// What the linker makes, in small: a module with the memory and the table, a
/// library that fills them, and a trampoline for a call back into the library.
const LINKED: &str = r#"
(component
  (import "twice" (func $twice (param "x" u32) (result u32)))
  (core module $env
    (type $unary (func (param i32) (result i32)))
    (table (export "table") 4 funcref)
    (memory (export "memory") 1)
    (global (export "base") i32 (i32.const 1))
    (global (export "address") (mut i32) (i32.const 0))
    (func (export "add") (param i32) (result i32)
      (call_indirect (type $unary) (local.get 0) (i32.const 1))))
  (core module $library
    (import "env" "table" (table 1 funcref))
    (import "env" "memory" (memory 1))
    (import "env" "base" (global $base i32))
    (import "env" "address" (global $address (mut i32)))
    (import "env" "add" (func $add (param i32) (result i32)))
    (import "host" "twice" (func $twice (param i32) (result i32)))
    (func $real (param i32) (result i32)
      (i32.add (local.get 0) (i32.load (global.get $address))))
    (func $start (global.set $address (i32.const 8)))
    (func (export "run") (param i32) (result i32)
      (call $twice (call $add (local.get 0))))
    (func (export "prepare") (global.set $address (i32.const 12)))
    (func (export "unused"))
    (start $start)
    (elem (global.get $base) func $real)
    (data (offset (i32.add (global.get $base) (i32.const 7))) "\2a\00\00\00\05"))
  (core instance $env (instantiate $env))
  (core func $lowered (canon lower (func $twice)))
  (core instance $library (instantiate $library
    (with "env" (instance $env))
    (with "host" (instance (export "twice" (func $lowered))))))
  (func (export "run") (param "x" u32) (result u32)
    (canon lift (core func $library "run")))
  (func (export "prepare") (canon lift (core func $library "prepare"))))
"#;

/// Calls `run` with a host whose `twice` doubles.
fn run(component: &[u8], prepare: bool, x: u32) -> Result<u32> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker
        .root()
        .func_wrap("twice", |_, (x,): (u32,)| Ok((2 * x,)))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Component::new(&engine, component)?)?;
    if prepare {
        instance
            .get_typed_func::<(), ()>(&mut store, "prepare")?
            .call(&mut store, ())?;
    }
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
    Ok(run.call(&mut store, (x,))?.0)
}

/// How many operators of a module satisfy a condition.
fn operators(wasm: &[u8], condition: impl Fn(&Operator<'_>) -> bool) -> Result<usize> {
    let mut found = 0;
    for body in Module::parse(wasm)?.bodies {
        for operator in body.get_operators_reader()? {
            found += usize::from(condition(&operator?));
        }
    }
    Ok(found)
}

fn indirect(wasm: &[u8]) -> Result<usize> {
    operators(wasm, |operator| {
        matches!(operator, Operator::CallIndirect { .. })
    })
}

#[test]
fn a_flat_component_does_what_the_linked_one_does() -> Result<()> {
    let linked = wat::parse_str(LINKED)?;
    let flat = Flat::new(&linked)?.encode()?;
    for (prepare, result) in [(false, 84), (true, 10)] {
        assert_eq!(run(&linked, prepare, 0)?, result);
        assert_eq!(run(&flat, prepare, 0)?, result);
    }
    Ok(())
}

#[test]
fn flattening_again_changes_nothing() -> Result<()> {
    let once = Flat::new(&wat::parse_str(LINKED)?)?;
    let again = Flat::new(&once.encode()?)?;
    assert_eq!(run(&again.encode()?, true, 4)?, 18);
    let (once, again) = (Module::parse(&once.module)?, Module::parse(&again.module)?);
    assert_eq!(once.functions.len(), again.functions.len());
    assert_eq!(once.imports, again.imports);
    Ok(())
}

#[test]
fn trampolines_tables_and_what_is_unused_go() -> Result<()> {
    let flat = Flat::new(&wat::parse_str(LINKED)?)?;
    let module = Module::parse(&flat.module)?;
    assert_eq!(indirect(&flat.module)?, 0);
    assert!(module.tables.is_empty());
    assert_eq!(module.imports.len(), 1);
    assert_eq!(
        (module.imports[0].module, module.imports[0].name),
        ("$root", "twice")
    );
    // run, real, prepare, and what starts it.
    assert_eq!(module.functions.len(), 4);
    assert_eq!(module.globals.len(), 1);
    Ok(())
}

#[test]
fn an_export_is_left_out_with_what_only_it_needs() -> Result<()> {
    let flat = Flat::new(&wat::parse_str(LINKED)?)?.without("prepare")?;
    let component = flat.encode()?;
    assert_eq!(run(&component, false, 1)?, 86);
    assert!(run(&component, true, 1).is_err());
    assert_eq!(Module::parse(&flat.module)?.functions.len(), 3);
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&component)? else {
        panic!("not a component");
    };
    let exports: Vec<_> = resolve.worlds[world].exports.values().collect();
    assert_eq!(exports.len(), 1);
    Ok(())
}

#[test]
fn a_snapshot_does_not_start_again() -> Result<()> {
    let flat = Flat::new(&wat::parse_str(LINKED)?)?;
    // Any component whose module has the same exports will do for a snapshot:
    // this one's start is undone, so that the address stays zero.
    let snapshot = flat.snapshot(&flat.encode()?)?;
    let module = Module::parse(&snapshot.module)?;
    assert!(
        module
            .exports
            .iter()
            .all(|export| export.name != "_initialize")
    );
    assert_eq!(run(&snapshot.encode()?, false, 3)?, 6);
    Ok(())
}

#[test]
fn a_table_that_changes_is_not_known() -> Result<()> {
    let wasm = wat::parse_str(
        r#"(module
          (table 2 funcref)
          (elem (i32.const 0) $a $b)
          (func $a) (func $b)
          (func (export "change") (table.set (i32.const 0) (ref.func $b)))
          (func (export "call") (call_indirect (i32.const 0))))"#,
    )?;
    assert_eq!(indirect(&simplify(&wasm, |_| true)?)?, 1);
    // Without the one who changes it, it is.
    let simple = simplify(&wasm, |name| name != "change")?;
    assert_eq!(indirect(&simple)?, 0);
    Ok(())
}

#[test]
fn a_call_of_the_wrong_type_still_traps() -> Result<()> {
    let wasm = wat::parse_str(
        r#"(module
          (table 1 funcref)
          (elem (i32.const 0) $a)
          (func $a)
          (func (export "call") (result i32) (call_indirect (result i32) (i32.const 0)))
          (func (export "empty") (call_indirect (i32.const 5))))"#,
    )?;
    assert_eq!(indirect(&simplify(&wasm, |_| true)?)?, 2);
    Ok(())
}

#[test]
fn functions_that_only_call_each_other_are_no_trap_for_us() -> Result<()> {
    let wasm = wat::parse_str(
        r#"(module
          (func $a (export "a") (call $b)) (func $b (call $c)) (func $c (call $a))
          (func $self (export "self") (call $self)))"#,
    )?;
    let simple = simplify(&wasm, |_| true)?;
    wasmparser::Validator::new().validate_all(&simple)?;
    assert!(
        operators(&simple, |operator| matches!(
            operator,
            Operator::Call { .. }
        ))? > 0
    );
    Ok(())
}

#[test]
fn a_branch_between_a_slot_and_its_call_is_seen() -> Result<()> {
    // The constant right before the call is not always the slot's only value.
    let wasm = wat::parse_str(
        r#"(module
          (type $t (func (result i32)))
          (table 2 funcref)
          (elem (i32.const 0) $a $b)
          (func $a (result i32) (i32.const 10))
          (func $b (result i32) (i32.const 20))
          (func (export "call") (param i32) (result i32)
            (call_indirect (type $t)
              (if (result i32) (local.get 0) (then (i32.const 0)) (else (i32.const 1))))))"#,
    )?;
    assert_eq!(indirect(&simplify(&wasm, |_| true)?)?, 1);
    Ok(())
}

#[test]
fn the_real_component_keeps_its_world() -> Result<()> {
    let Ok(linked) = std::fs::read(crate::target().join("guest/linked.wasm")) else {
        eprintln!("skipped: not built yet");
        return Ok(());
    };
    let flat = Flat::new(&linked)?;
    let component = flat.encode()?;
    let world = |component: &[u8]| -> Result<(Vec<String>, Vec<String>)> {
        let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
            anyhow::bail!("not a component");
        };
        let world = &resolve.worlds[world];
        let names = |keys: Vec<_>| keys.iter().map(|key| resolve.name_world_key(key)).collect();
        Ok((
            names(world.imports.keys().cloned().collect()),
            names(world.exports.keys().cloned().collect()),
        ))
    };
    let (before, after) = (world(&linked)?, world(&component)?);
    assert_eq!(before.1, after.1);
    assert!(after.0.iter().all(|import| before.0.contains(import)));
    // One module with a memory, the rest is what fills the imports in.
    let mut modules = 0;
    for payload in Parser::new(0).parse_all(&component) {
        modules += usize::from(matches!(payload?, Payload::ModuleSection { .. }));
    }
    assert!(modules <= 3, "{modules} modules");
    Module::parse(&flat.module)?
        .memories
        .first()
        .context("no memory")?;
    Ok(())
}

#[test]
fn segments_that_lie_close_become_one() -> Result<()> {
    let module = |data: &str, code: &str| -> Result<Vec<u8>> {
        Ok(wat::parse_str(format!(
            "(module (memory (export \"memory\") 2) (func (export \"run\") {code}) {data})"
        ))?)
    };
    let memory = |wasm: &[u8]| -> Result<Vec<u8>> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let module = wasmtime::Module::new(&engine, wasm)?;
        let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .context("memory")?;
        Ok(memory.data(&store).to_vec())
    };
    let far = r#"(data (i32.const 100) "far")"#;
    for (data, segments) in [
        (
            r#"(data (i32.const 8) "a") (data (i32.const 9) "b") (data (i32.const 20) "c")"#,
            1,
        ),
        (
            r#"(data (i32.const 70000) "z") (data (i32.const 120) "e") (data (i32.const 20) "d")"#,
            2,
        ),
        (r#"(data "passive") (data (i32.const 70000) "z")"#, 1),
        ("", 0),
    ] {
        let given = module(data, "")?;
        let packed = super::data::pack(&given)?;
        assert_eq!(Module::parse(&packed)?.data.len(), segments, "{data}");
        assert_eq!(memory(&packed)?, memory(&given)?, "{data}");
    }
    let overlap = module(r#"(data (i32.const 8) "abc") (data (i32.const 9) "x")"#, "")?;
    assert_eq!(super::data::pack(&overlap)?, overlap);
    let used = module(&format!("(data \"passive\") {far} {far}"), "(data.drop 0)")?;
    assert_eq!(super::data::pack(&used)?, used);
    Ok(())
}

#[test]
fn sockets_are_refused_without_an_import() -> Result<()> {
    let given = wat::parse_str(
        r#"(module
          (import "wasi:sockets/tcp@0.2.4" "[method]tcp-socket.is-listening"
            (func $listening (param i32) (result i32)))
          (import "wasi:sockets/tcp-create-socket@0.2.4" "create-tcp-socket"
            (func $create (param i32 i32)))
          (import "host" "add" (func $add (param i32) (result i32)))
          (import "wasi:sockets/instance-network@0.2.4" "instance-network"
            (func $network (result i32)))
          (import "wasi:sockets/network@0.2.4" "[resource-drop]network"
            (func $drop (param i32)))
          (memory (export "memory") 1)
          (table 1 funcref)
          (elem (i32.const 0) $listening)
          (func (export "create") (result i32)
            (call $drop (call $network))
            (call $create (i32.const 0) (i32.const 16))
            (call $add (i32.load8_u (i32.const 20))))
          (func (export "listening") (result i32)
            (call_indirect (param i32) (result i32) (i32.const 7) (i32.const 0))))"#,
    )?;
    let cut = simplify(&super::network::cut(&given)?, |_| true)?;
    let module = Module::parse(&cut)?;
    let imports: Vec<_> = module.imports.iter().map(|import| import.module).collect();
    assert_eq!(imports, ["host"]);
    let engine = Engine::default();
    let mut linker = wasmtime::Linker::new(&engine);
    linker.func_wrap("host", "add", |x: i32| x + 100)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &wasmtime::Module::new(&engine, &cut)?)?;
    let mut call = |name: &str| {
        let function = instance.get_typed_func::<(), i32>(&mut store, name)?;
        function.call(&mut store, ())
    };
    // An error, and it is "access-denied".
    assert_eq!(call("create")?, 101);
    assert!(call("listening").is_err());
    Ok(())
}

#[test]
fn what_code_refers_to_stays_declared() -> Result<()> {
    // The export that declares `$f` is not wanted.
    let module = wat::parse_str(
        r#"(module (func $f (export "f")) (func (export "run") (drop (ref.func $f))))"#,
    )?;
    let simple = simplify(&module, |name| name == "run")?;
    wasmparser::Validator::new().validate_all(&simple)?;
    let again = simplify(&simple, |name| name == "run")?;
    assert_eq!(again, simple);
    Ok(())
}

/// Calls functions of a table, mostly one of them.
const CALLS: &str = r#"(module
  (type $binary (func (param i32 i64) (result i64)))
  (memory (export "memory") 1)
  (table 6 funcref)
  (elem (i32.const 1) $add $subtract $multiply $add $nothing)
  (func $add (type $binary) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func $subtract (type $binary) (i64.sub (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func $multiply (type $binary) (i64.mul (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func $nothing)
  (func $apply (export "apply") (param i32 i32 i64) (result i64)
    (local $before i64)
    (local.set $before (i64.const 1000))
    (i64.add
      (local.get $before)
      (call_indirect (type $binary) (local.get 1) (local.get 2) (local.get 0))))
  (func $often (param $slot i32) (param $times i32)
    (loop
      (drop (call $apply (local.get $slot) (i32.const 1) (i64.const 2)))
      (br_if 0 (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
  (func (export "train")
    (call $often (i32.const 2) (i32.const 35))
    (call $often (i32.const 1) (i32.const 60))
    (call $often (i32.const 3) (i32.const 5))))"#;

#[test]
fn calls_are_counted_and_made_direct() -> Result<()> {
    let given = wat::parse_str(CALLS)?;
    let (counting, sites) = super::calls::counting::count(&given)?;
    wasmparser::Validator::new().validate_all(&counting)?;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instantiate = async |store: &mut Store<()>, module: &wasmtime::Module| {
        wasmtime::Instance::new_async(store, module, &[]).await
    };
    let mut wizer = wasmtime_wizer::Wizer::new();
    let snapshot = wizer.init_func("train").keep_init_func(true);
    let snapshot = tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(snapshot.run(&mut store, &counting, instantiate))?;
    let profile = super::calls::counting::profile(&snapshot, &sites)?;
    assert_eq!(profile, "apply 0 1000000 add=60 subtract=35 multiply=5\n");

    let direct = super::calls::directing::direct(&given, &profile)?;
    wasmparser::Validator::new().validate_all(&direct)?;
    let calls = |wasm: &[u8]| operators(wasm, |it| matches!(it, Operator::Call { .. }));
    assert_eq!(calls(&direct)?, calls(&given)? + 2);
    assert_eq!(indirect(&direct)?, 1);
    for slot in 0..7 {
        let run = |wasm: &[u8]| -> Result<Option<i64>> {
            let mut store = Store::new(&engine, ());
            let module = wasmtime::Module::new(&engine, wasm)?;
            let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
            let apply = instance.get_typed_func::<(i32, i32, i64), i64>(&mut store, "apply")?;
            Ok(apply.call(&mut store, (slot, 7, 5)).ok())
        };
        assert_eq!(run(&direct)?, run(&given)?, "slot {slot}");
    }
    // What is gone is passed over.
    for other in [
        "apply 1 9 add=90\n",
        "apply 0 9 nothing=90\n",
        "gone 0 9 add=90 gone=9\n",
    ] {
        let same = super::calls::directing::direct(&given, other)?;
        assert_eq!(calls(&same)?, calls(&given)?, "{other}");
    }
    assert!(super::calls::directing::direct(&given, "apply 0 9 add\n").is_err());
    Ok(())
}
