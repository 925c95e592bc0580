//! A flame graph: nodes, and of those in Python the functions that they call; as
//! wide as the time that they took.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Profiled;
use crate::drawing::escaped;
use crate::metrics::time;

const ROW: usize = 20;
/// What is narrower, as a share of the whole, is left out.
const NARROWEST: f64 = 0.0005;

#[derive(Debug, Default)]
struct Frame {
    own: u64,
    calls: u64,
    inner: BTreeMap<String, Frame>,
}

impl Frame {
    fn all(&self) -> u64 {
        let inner = self.inner.values().map(Self::all);
        inner.fold(self.own, u64::saturating_add)
    }

    fn depth(&self) -> usize {
        1 + self.inner.values().map(Self::depth).max().unwrap_or(0)
    }
}

/// The flame graph, as HTML.
pub(super) fn flame(profiled: &Profiled<'_>) -> String {
    let mut root = Frame::default();
    for (frames, (nanoseconds, calls)) in &profiled.profile.stacks {
        let mut at = &mut root;
        for name in frames {
            at = at.inner.entry(name.clone()).or_default();
        }
        at.own = at.own.saturating_add(*nanoseconds);
        at.calls = at.calls.saturating_add(*calls);
    }
    for spec in &profiled.manifest.nodes {
        // What is not in functions is the node's: all of it where it is in Rust.
        let measured = profiled.nanoseconds(&spec.id);
        let node = root.inner.entry(spec.id.clone()).or_default();
        node.own += measured.saturating_sub(node.all());
    }
    let whole = root.all();
    if whole == 0 {
        return "<p>Nothing took any time.</p>".to_owned();
    }
    let mut html = format!(
        "<div class=\"flame\" style=\"height:{}px\">\n",
        ROW * root.depth()
    );
    draw(&mut html, "all nodes", &root, 0, 0.0, whole, whole);
    html.push_str("</div>\n");
    html
}

fn draw(
    html: &mut String,
    name: &str,
    frame: &Frame,
    depth: usize,
    left: f64,
    all: u64,
    whole: u64,
) {
    let width = all as f64 / whole as f64;
    if width < NARROWEST {
        return;
    }
    let share = 100.0 * width;
    let calls = match frame.calls {
        0 => String::new(),
        1 => ", 1 call".to_owned(),
        calls => format!(", {calls} calls"),
    };
    let title = format!(
        "{name}\n{} ({share:.1} %){calls}\n{} in itself",
        time(all),
        time(frame.own)
    );
    // Of a function, its name alone: the file is in the title.
    let label = name.split(" (").next().unwrap_or(name);
    let hue = match depth {
        0 => 215,
        1 => 200,
        _ => {
            20 + (name
                .bytes()
                .fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte))
                % 35)
        }
    };
    // Writing to a string can't fail.
    let _ = writeln!(
        html,
        "<button style=\"left:{:.4}%;width:{share:.4}%;top:{}px;background:hsl({hue} 80% 80%)\" \
         data-x=\"{left:.6}\" data-w=\"{width:.6}\" title=\"{}\">{}</button>",
        100.0 * left,
        ROW * depth,
        escaped(&title),
        escaped(label),
    );
    let mut at = left;
    for (name, inner) in &frame.inner {
        let all = inner.all();
        draw(html, name, inner, depth + 1, at, all, whole);
        at += all as f64 / whole as f64;
    }
}

/// Lets a click on a frame make it as wide as the page, and one on the root all of
/// it again.
pub(super) const SCRIPT: &str = "\
for (const flame of document.querySelectorAll('.flame')) {
  const frames = [...flame.children];
  flame.addEventListener('click', ({ target }) => {
    if (!target.dataset.w) return;
    const from = Number(target.dataset.x), scale = 1 / Number(target.dataset.w);
    for (const frame of frames) {
      const left = (Number(frame.dataset.x) - from) * scale;
      const right = left + Number(frame.dataset.w) * scale;
      const [start, end] = [Math.max(left, 0), Math.min(right, 1)];
      frame.style.left = `${100 * start}%`;
      frame.style.width = `${100 * Math.max(end - start, 0)}%`;
      frame.hidden = end - start < 0.0005;
    }
  });
}";
