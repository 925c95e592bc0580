//! What a run tells its host while it goes on, where the host asks for that: what
//! nodes print and log, with the node; each item's way; where the time goes.
//!
//! The guest tells it by lines of its standard error that begin with a mark. The
//! host makes the mark anew for each instance, and gives it in a variable of the
//! environment, which Python doesn't see.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use serde_json::Value;

/// Something that a run tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Something was printed: a line, lines, or a part of one.
    Printed {
        /// Id of the node; none where no node ran.
        node: Option<String>,
        /// What was printed.
        text: String,
    },
    /// A message of Python's `logging` that nothing in the pipeline handles.
    Logged {
        /// Id of the node; none where no node ran.
        node: Option<String>,
        /// Python's name of the level.
        level: String,
        /// The logger.
        logger: String,
        /// The message, with a traceback where there is one.
        message: String,
    },
    /// An item of the input begins its way at a node.
    Fed {
        /// Id of the node.
        node: String,
        /// The item, in a few words.
        item: String,
    },
    /// A node gives an item.
    Given {
        /// Id of the node.
        node: String,
        /// For which of the items that it was given; none at its end.
        for_item: Option<u64>,
        /// The item, in a few words.
        item: String,
    },
    /// What a node gives depends on more than its code, its params and its items:
    /// it may be something else the next time.
    Depends {
        /// Id of the node; none where that is true of all.
        node: Option<String>,
        /// On what.
        on: Dependence,
    },
    /// A node gives an item, which is told whole.
    Gives {
        /// Id of the node.
        node: String,
        /// The item as JSON: see [`crate::codec`].
        json: String,
    },
    /// How busy nodes were over the time of a run.
    Busy {
        /// Nanoseconds that a part of the time lasts.
        part: u64,
        /// Of each node, nanoseconds that it worked in each part.
        nodes: BTreeMap<String, Vec<u64>>,
    },
    /// How long functions in Python took.
    Profiled {
        /// Each way to a function that was seen.
        stacks: Vec<Stack>,
    },
}

/// On what a node can depend beside its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// A clock that it reads. To sleep is not to read one.
    Clock,
    /// Random numbers, from the system or from a generator that all share.
    Chance,
    /// When items come in relation to others.
    Order,
    /// What its items are beyond their form as JSON: objects of its language, or
    /// more than is told.
    Form,
}

/// A way to a function, and what was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// The node, then functions, the outermost first.
    pub frames: Vec<String>,
    /// Nanoseconds in the function itself.
    pub nanoseconds: u64,
    /// How often it was called or went on.
    pub calls: u64,
}

/// Takes what runs tell, as it comes.
pub type Events = Arc<dyn Fn(Event) + Send + Sync>;

/// What a host wants to be told.
#[derive(Clone)]
pub struct Telling {
    /// Who is told: what nodes print and log at least.
    pub to: Events,
    /// Whether each item's way is told.
    pub traces: bool,
    /// Whether it is told where the time goes. It makes Python slower.
    pub profiles: bool,
    /// Whether it is told what nodes give, whole, and what that depends on beside
    /// their items.
    pub observes: bool,
}

impl std::fmt::Debug for Telling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telling")
            .field("traces", &self.traces)
            .field("profiles", &self.profiles)
            .field("observes", &self.observes)
            .finish_non_exhaustive()
    }
}

impl Telling {
    /// What is told of what nodes print and log, and nothing else.
    #[must_use]
    pub fn new(to: Events) -> Self {
        Self {
            to,
            traces: false,
            profiles: false,
            observes: false,
        }
    }

    /// The variables by which a guest knows what to tell, and how.
    pub(crate) fn variables(&self, mark: &str) -> Vec<(&'static str, String)> {
        let mut variables = vec![("PIPELINE_EVENTS", mark.to_owned())];
        let asked = [
            ("PIPELINE_TRACE", self.traces),
            ("PIPELINE_PROFILE", self.profiles),
            ("PIPELINE_OBSERVE", self.observes),
        ];
        let asked = asked.into_iter().filter(|(_, asked)| *asked);
        variables.extend(asked.map(|(name, _)| (name, "1".to_owned())));
        variables
    }
}

/// A mark that a guest can't guess, other than by looking for it: what it could
/// do with it is to say something in a node's name, of itself.
pub(crate) fn new_mark() -> String {
    // The standard library seeds each from the system.
    let random = || RandomState::new().build_hasher().finish();
    format!("\u{1e}{:016x}{:016x} ", random(), random())
}

/// Reads what stands after the mark; none where that makes no sense.
pub(crate) fn read(json: &[u8]) -> Option<Event> {
    let Value::Array(parts) = serde_json::from_slice(json).ok()? else {
        return None;
    };
    let text = |at: usize| parts.get(at)?.as_str().map(str::to_owned);
    Some(match parts.first()?.as_str()? {
        "print" => Event::Printed {
            node: text(1),
            text: text(2)?,
        },
        "log" => Event::Logged {
            node: text(1),
            level: text(2)?,
            logger: text(3)?,
            message: text(4)?,
        },
        "fed" => Event::Fed {
            node: text(1)?,
            item: text(2)?,
        },
        "given" => Event::Given {
            node: text(1)?,
            for_item: parts.get(2)?.as_u64(),
            item: text(3)?,
        },
        "depends" => Event::Depends {
            node: text(1),
            on: match parts.get(2)?.as_str()? {
                "clock" => Dependence::Clock,
                "chance" => Dependence::Chance,
                "order" => Dependence::Order,
                "form" => Dependence::Form,
                _ => return None,
            },
        },
        "gives" => Event::Gives {
            node: text(1)?,
            json: text(2)?,
        },
        "busy" => Event::Busy {
            part: parts.get(2)?.as_u64()?,
            nodes: parts
                .get(3)?
                .as_object()?
                .iter()
                .map(|(node, parts)| Some((node.clone(), numbers(parts)?)))
                .collect::<Option<_>>()?,
        },
        "profile" => Event::Profiled {
            stacks: parts
                .get(2)?
                .as_array()?
                .iter()
                .map(stack)
                .collect::<Option<_>>()?,
        },
        _ => return None,
    })
}

fn numbers(value: &Value) -> Option<Vec<u64>> {
    value.as_array()?.iter().map(Value::as_u64).collect()
}

fn stack(value: &Value) -> Option<Stack> {
    let frames = value.get(0)?.as_array()?.iter();
    Some(Stack {
        frames: frames
            .map(|frame| frame.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        nanoseconds: value.get(1)?.as_u64()?,
        calls: value.get(2)?.as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_and_nothing_else_is() {
        let printed = Event::Printed {
            node: Some("n".into()),
            text: "hi\n".into(),
        };
        assert_eq!(read(br#"["print","n","hi\n"]"#), Some(printed));
        let busy = read(br#"["busy",null,100,{"n":[1,2]}]"#);
        assert!(matches!(busy, Some(Event::Busy { part: 100, .. })));
        let profiled = read(br#"["profile",null,[[["n","f"],5,1]]]"#);
        assert!(matches!(profiled, Some(Event::Profiled { stacks }) if stacks[0].calls == 1));
        for strange in [
            "",
            "[]",
            "{}",
            "[1]",
            r#"["print","n"]"#,
            r#"["print",null,5]"#,
            r#"["busy",null,-1,{}]"#,
            r#"["profile",null,[[["n"],"5",1]]]"#,
            r#"["depends","n","luck"]"#,
            r#"["format"]"#,
        ] {
            assert_eq!(read(strange.as_bytes()), None, "{strange}");
        }
        assert_ne!(new_mark(), new_mark());
    }
}
