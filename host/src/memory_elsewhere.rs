//! Linear memories on systems other than Linux: wasmtime maps them, content
//! included, for each instance anew.

use std::future::Future;

/// The images of a component's memories: none.
#[derive(Clone, Default)]
pub(crate) struct Images;

impl Images {
    /// Lets the component be instantiated.
    pub(crate) async fn provide<T>(&self, instantiate: impl Future<Output = T>) -> T {
        instantiate.await
    }
}
