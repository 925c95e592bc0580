//! What people are told, word for word.

use crate::program::{Files, run};

/// What is told of a node of one's own, with the paths of the test left out.
fn told(code: &str) -> String {
    let files = Files::node(code);
    let ran = run(files.arguments(&["--input", "1"]));
    let base = files.path("");
    ran.stderr.replace(base.trim_end_matches('/'), "DIR")
}

#[test]
fn a_syntax_error_has_its_own_place_and_nobody_elses_frames() {
    let expected = "\
unavailable-node-type

  × the module can't be imported: SyntaxError: expected ':' (DIR/nodes/own.py, line 2)
   ╭─[DIR/m.json:1:54]
 1 │ {\"version\": \"v1\", \"nodes\": [{\"id\": \"n\", \"node_type\": \"own:Own\"}]}
   ·                                                      ─────────
   ╰────
  help:   File \"DIR/nodes/own.py\", line 2
            def process(self, x)
                                ^
        SyntaxError: expected ':'
";
    let told = told("class Own:\n    def process(self, x)\n        return x\n");
    let without_empty = |text: &str| {
        let lines = text
            .lines()
            .map(str::trim_end)
            .filter(|line| *line != " 2 │");
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_empty(&told), without_empty(expected));
}

#[test]
fn a_breakpoint_says_where_it_works() {
    let told =
        told("class Own:\n    def process(self, x):\n        breakpoint()\n        return x\n");
    let expected = "\
Traceback (most recent call last):
  File \"DIR/nodes/own.py\", line 3, in process
    breakpoint()
    ~~~~~~~~~~^^
RuntimeError: breakpoint() has nobody to talk to in the sandbox: run the pipeline natively, where it stops in pdb: \
python -c \"import remotemedia; remotemedia.run('manifest.json', [...])\"
  × node `n` (own:Own), item 0: RuntimeError: breakpoint() has nobody to talk to in the sandbox: run the pipeline \
natively, where it stops in pdb: python -c \"import remotemedia; remotemedia.run('manifest.json', [...])\"
";
    assert_eq!(told, expected);
}

#[test]
fn arrays_are_told_what_they_can_be() {
    let told = told(
        "import array\n\n\nclass Own:\n    def process(self, x):\n        return {'a': array.array('f', [1.0])}\n",
    );
    let expected = "  × node `n` (own:Own), item 0: outputs[0].a: array.array has no plain form; an array is an item \
                    of its own, as it is, or as remotemedia.Tensor(array) or remotemedia.Audio(array, sample_rate); \
                    inside another item convert it with its tolist()\n";
    assert_eq!(told, expected);
}

#[test]
fn unknown_node_types_are_to_be_found_by_a_command() {
    let told = run(["check", "Nothing ! PassThrough"]).code(2).stderr;
    assert!(
        told.ends_with(
            "list them to see which; `pipeline nodes` lists the node types, and with --nodes DIR those of your own\n"
        ),
        "{told}"
    );
    // Names of the interface between host and component are nobody's business.
    for arguments in [
        &["run", "PassThrough"][..],
        &["run", "PassThrough", "--input", "nowhere=1"],
        &["run", "examples/mixed.json"],
    ] {
        let told = run(arguments).code(2).stderr;
        for word in ["execute-with-input", "list-nodes", "execute_with_input"] {
            assert!(!told.contains(word), "{told}");
        }
    }
}
