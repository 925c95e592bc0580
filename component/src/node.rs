//! What the executor asks of a node.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::value::Value;

/// One node of a running pipeline, in whatever language.
///
/// The executor calls `initialize` once, then `process` for each item (or
/// `produce` once, for a source without input), then `finish` once, then
/// `cleanup` once: also after a failure, and only where `initialize`
/// succeeded.
pub trait Node {
    /// Makes the node ready.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn initialize(&mut self) -> Result<(), NodeError> {
        Ok(())
    }

    /// Takes one item and gives none, one or many.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError>;

    /// Whether the node takes [`Value::Object`]s as they are. The executor
    /// converts them for any other node.
    fn takes_objects(&self) -> bool {
        false
    }

    /// Whether the node sets items of several connections in relation by when
    /// they come. A run takes its input item by item then, as a stream does:
    /// what comes of one item on all ways is there before the next one is.
    fn follows_time(&self) -> bool {
        false
    }

    /// Whether calls of [`process`](Node::process) may be under way when it
    /// returns: [`settle`](Node::settle) waits for them.
    fn is_concurrent(&self) -> bool {
        false
    }

    /// What calls under way give, in the order of their items.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn settle(&mut self) -> Result<Outputs, NodeError> {
        Ok(Outputs::None)
    }

    /// Whether the node produces items of its own, without input.
    fn is_source(&self) -> bool {
        false
    }

    /// The items that a source produces; called once, where
    /// [`is_source`](Node::is_source) is true and the pipeline has no input.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn produce(&mut self) -> Result<Outputs, NodeError> {
        Ok(Outputs::None)
    }

    /// Ends the node's input; it may still give items.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn finish(&mut self) -> Result<Outputs, NodeError> {
        Ok(Outputs::None)
    }

    /// Gives back what the node holds.
    ///
    /// # Errors
    /// What went wrong. The other nodes are cleaned up all the same.
    fn cleanup(&mut self) -> Result<(), NodeError> {
        Ok(())
    }
}

/// What a node gives for one call.
pub enum Outputs {
    /// Nothing: the item is filtered out.
    None,
    /// One item.
    One(Value),
    /// Items that are computed as they are asked for, so that an endless
    /// generator never sits in memory.
    Many(Box<dyn Emitter>),
}

/// Gives items one by one.
pub trait Emitter {
    /// The next item, or `None` at the end.
    ///
    /// # Errors
    /// What went wrong; the run stops.
    fn next(&mut self) -> Result<Option<Value>, NodeError>;

    /// Which of the node's items the last call of [`next`](Emitter::next) was
    /// for, where that is not the one that the node was given last.
    fn item(&self) -> Option<u64> {
        None
    }
}

/// What is known of a failure in a node's own language.
#[derive(Clone)]
pub struct Traceback {
    /// How that language shows it.
    pub text: String,
    /// What was raised, where whoever runs the pipeline speaks the language too.
    pub raised: Option<Rc<dyn Any>>,
}

impl From<String> for Traceback {
    fn from(text: String) -> Self {
        Self { text, raised: None }
    }
}

impl PartialEq for Traceback {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Traceback {}

impl fmt::Debug for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Why a node failed. The executor adds which node, and on which item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The node could not be made: its parameters, its constructor.
    #[error("{message}")]
    Setup {
        /// What went wrong.
        message: String,
        /// The Python traceback.
        traceback: Option<Traceback>,
    },
    /// The node failed at work.
    #[error("{message}")]
    Failed {
        /// What went wrong.
        message: String,
        /// The Python traceback.
        traceback: Option<Traceback>,
    },
    /// The node gave an object that has no form outside its language.
    #[error(transparent)]
    NoForm(#[from] crate::value::NoForm),
}

impl NodeError {
    /// A failure at work, without a traceback.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            traceback: None,
        }
    }
}
