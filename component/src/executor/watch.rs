//! What can be seen of a run while it goes on.

use crate::value::Value;

/// Is told what happens in a run, in order.
pub trait Watcher {
    /// The time since the last call of this was the node's, at this position in
    /// the manifest.
    fn called(&mut self, position: usize, node: &str);

    /// An item of the input begins its way.
    fn fed(&mut self, node: &str, item: &Value);

    /// A node gives an item, for one of its own items or for none. Where it is
    /// `converted`, whoever takes it gets it without what is its language's own.
    fn given(&mut self, node: &str, for_item: Option<u64>, item: &Value, converted: bool);
}
