//! Linear memories on systems other than Linux: wasmtime maps them, content
//! included, for each instance anew. Busy guests look at the engine's epoch.

#[path = "memory/content.rs"]
pub(crate) mod content;
#[path = "memory/exchange.rs"]
pub(crate) mod exchange;
#[path = "memory/sections.rs"]
mod sections;

use std::future::Future;
use std::sync::Arc;

use wasmtime::UpdateDeadline;

use crate::instance::State;

/// The images of a component's memories: none.
#[derive(Clone, Default)]
pub(crate) struct Images;

impl Images {
    /// Nothing is known of memories here.
    pub(crate) fn watch(&self) -> bool {
        false
    }

    pub(crate) fn seen(&self) -> Option<Vec<u8>> {
        None
    }

    /// Lets the component be instantiated.
    pub(crate) async fn provide<T>(
        &self,
        _: &Arc<Brake>,
        instantiate: impl Future<Output = T>,
    ) -> T {
        instantiate.await
    }
}

/// Lets each busy guest of an engine look whether it must end.
pub(crate) struct Brake(wasmtime::Engine);

impl Brake {
    pub(crate) fn new(engine: &wasmtime::Engine) -> Self {
        Self(engine.clone())
    }

    pub(crate) fn pull(&self) {
        self.0.increment_epoch();
    }

    pub(crate) fn release(&self) {}
}

/// Lets a guest that sees the epoch move look whether it must end.
pub(crate) fn heed_epochs(store: &mut wasmtime::Store<State>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| match context.data().bounds.exceeded() {
        Ok(()) => Ok(UpdateDeadline::Continue(1)),
        Err(fault) => Err(wasmtime::Error::new(fault)),
    });
}
