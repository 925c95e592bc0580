// What has to be mended in the code that jco-transpile 0.15, of jco 1.35, generates. Each mend must find what it mends, so
// that a later jco that needs it no more, or writes other code, stops the build.

const MENDS = [
  {
    // A directive that no tool knows, of which each bundler warns.
    what: /^"use components";\s*/g,
    with: "",
  },
  {
    // A string that begins with U+FEFF lost it: a decoder takes it for a mark of the byte order.
    // https://encoding.spec.whatwg.org/#dom-textdecoder
    what: /const TEXT_DECODER_UTF8 = new TextDecoder\(\);/g,
    with: 'const TEXT_DECODER_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });',
  },
  {
    // Where an engine has no JSPI, each of these calls throws, and the engine reads the function of
    // 50,000 lines around it again to word the error: 17 ms each, seven times in every instance.
    // Nothing here is asynchronous, so nothing uses what they make.
    what: /try \{\s*(\w+) = WebAssembly\.promising\([^;]+\);\s*\} catch\s*\(err\) \{\s*\1 = ([^;]+);\s*\}/g,
    with: "$1 = $2;",
  },
  {
    // Whenever the engine collected a session that was not closed, this called into its instance, which may have been
    // closed or have failed by then, and whose memory may be another's. What is not closed goes with its instance.
    what: /if \(typeof FinalizationRegistry === 'undefined'\) \{\s*return \{ unregister \(\) \{\} \};\s*\}\s*return new FinalizationRegistry\(unregister\);/g,
    with: "return { register () {}, unregister () {} };",
  },
  {
    // Looked up the environment several times in each call that crosses, which Node asks the system for.
    what: /const _debugLog = \(\.\.\.args\) => \{\s*if \(!globalThis\?\.process\?\.env\?\.JCO_DEBUG\) \{ return; \}\s*console\.debug\(\.\.\.args\);\s*\};/g,
    with: "const _debugLog = () => {};",
  },
];

/** Mends generated code. */
export function patch(code) {
  for (const mend of MENDS) {
    if (code.search(mend.what) < 0) {
      throw new Error(`the generated code has nothing like ${mend.what}: is the mend still needed?`);
    }
    code = code.replace(mend.what, mend.with);
  }
  return code;
}
