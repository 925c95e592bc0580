//! Reading values from JSON, straight into their arena.

use std::collections::HashSet;

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, NumberAny, NumberInt, Peek};

use super::arena::{MAX_DEPTH, MAX_DIGITS, MAX_NODES, no_key};
use super::error::{Problem, ReadError, Step, shortened};
use super::forms::{self, Form, Forms, MEDIA};
use crate::types::{Data, Input, Value, ValueNode};

/// Reads one text.
pub(super) struct Reader<'j> {
    source: &'j [u8],
    json: Jiter<'j>,
    /// Where in `source` the text begins that `json` knows.
    base: usize,
    nodes: Vec<ValueNode>,
    depth: usize,
    forms: Forms,
}

pub(super) type Read<T> = Result<T, Problem>;

/// How many items a list has at least for numbers in it to be given in bulk.
pub(super) const BULK: usize = 64;

/// A number as it was written.
enum Number {
    Integer(i64),
    BigInteger(String),
    Float(f64),
}

/// The key of a pair: a string has no node as long as all others are strings.
enum Key {
    Text(String),
    Node(u32),
}

/// The elements of a list so far: in bulk as long as they are of one kind.
enum Elements {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Mixed(Vec<u32>),
}

/// Few items are easier to handle one by one.
pub(super) fn few_alone(items: Vec<Input>, count: usize) -> Vec<Input> {
    match count < BULK {
        true => super::one_by_one(items),
        false => items,
    }
}

impl<'j> Reader<'j> {
    pub(super) fn new(source: &'j [u8]) -> Self {
        // Some programs begin what they write with a mark.
        let base = source.len() - source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source).len();
        Self {
            source,
            json: Jiter::new(&source[base..]).with_allow_inf_nan(),
            base,
            nodes: Vec::new(),
            depth: 0,
            forms: Forms::default(),
        }
    }

    /// Reads all of the text by `read`.
    pub(super) fn whole<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Read<T>,
    ) -> Result<T, ReadError> {
        let result = read(&mut self).and_then(|value| match self.json.finish() {
            Ok(()) => Ok(value),
            Err(error) => Err(self.problem(error)),
        });
        result.map_err(|problem| problem.locate(self.source))
    }

    /// Items: the elements of one array, or one value after the other.
    pub(super) fn items(&mut self) -> Read<Vec<Input>> {
        let mut items = Vec::new();
        self.blank();
        let start = self.offset();
        if self.source.get(start) == Some(&b'[') {
            let count = self.elements(|reader, peek| reader.collect(&mut items, peek))?;
            self.blank();
            if self.offset() == self.source.len() {
                return Ok(few_alone(items, count));
            }
            // More than one value: what looked like the list of all items was
            // the first item.
            items.clear();
            self.jump(start);
        }
        let mut index = 0;
        while self.offset() < self.source.len() {
            self.next(&mut items)
                .map_err(|problem| problem.within(Step::Index(index)))?;
            index += 1;
            self.blank();
        }
        Ok(few_alone(items, index))
    }

    /// The item that comes next: numbers are kept together.
    pub(super) fn next(&mut self, items: &mut Vec<Input>) -> Read<()> {
        let peek = self.peek()?;
        self.collect(items, peek)
    }

    /// An element of a list of items: numbers are kept together.
    #[inline]
    fn collect(&mut self, items: &mut Vec<Input>, peek: Peek) -> Read<()> {
        if !peek.is_num() {
            items.push(self.input()?);
            return Ok(());
        }
        let number = self.number(peek)?;
        let last = match items.last_mut() {
            Some(Input {
                node_id: None,
                item,
            }) => Some(item),
            _ => None,
        };
        let item = match (number, last) {
            (Number::Integer(item), Some(Data::Integers(items))) => {
                items.push(item);
                return Ok(());
            }
            (Number::Float(item), Some(Data::Numbers(items))) => {
                items.push(item);
                return Ok(());
            }
            (Number::Integer(item), _) => Data::Integers(vec![item]),
            (Number::Float(item), _) => Data::Numbers(vec![item]),
            (Number::BigInteger(digits), _) => Data::Value(Value {
                nodes: vec![ValueNode::BigInteger(digits)],
                root: 0,
            }),
        };
        items.push(item.into());
        Ok(())
    }

    /// An item that may be meant for one source:
    /// `{"$input": {"node": "mic", "item": ...}}`.
    pub(super) fn input(&mut self) -> Read<Input> {
        let start = self.peek()?;
        if start != Peek::Object || self.lone_dollar()?.as_deref() != Some("$input") {
            return self.item().map(Input::from);
        }
        let within = |problem: Problem| problem.within(Step::Key("$input".to_owned()));
        self.first_key()?;
        let input = self.meant().map_err(within)?;
        self.close()?;
        Ok(input)
    }

    fn meant(&mut self) -> Read<Input> {
        let shape = r#"an input for one source is {"node": "...", "item": ...}"#;
        let peek = self.peek()?;
        let start = self.offset();
        self.expect(peek, Peek::Object, shape)?;
        let (mut node_id, mut item) = (None, None);
        let mut next = self.first_key()?;
        while let Some(key) = next {
            let peek = self.peek()?;
            let at = self.offset();
            let within = |problem: Problem| problem.within(Step::Key(key.clone()));
            let twice = match key.as_str() {
                "node" => {
                    self.expect(peek, Peek::String, "the id of a node is a string")
                        .map_err(within)?;
                    node_id.replace(self.string().map_err(within)?).is_some()
                }
                "item" => item.replace(self.item().map_err(within)?).is_some(),
                _ => return Err(within(Problem::new(shape, at))),
            };
            if twice {
                return Err(within(Problem::new("this key was given before", at)));
            }
            next = self.key()?;
        }
        match (node_id, item) {
            (Some(node_id), Some(item)) => Ok(Input {
                node_id: Some(node_id),
                item,
            }),
            _ => Err(Problem::new(shape, start)),
        }
    }

    /// An item: a medium or a value.
    pub(super) fn item(&mut self) -> Read<Data> {
        let start = self.peek()?;
        if start == Peek::Object
            && let Some(name) = self.lone_dollar()?
            && MEDIA.contains(&name.as_str())
        {
            return self.medium(&name);
        }
        self.value_alone().map(Data::Value)
    }

    /// A value with an arena of its own.
    pub(super) fn value_alone(&mut self) -> Read<Value> {
        let outer = std::mem::take(&mut self.nodes);
        let depth = std::mem::replace(&mut self.depth, 0);
        let read = self.value();
        self.depth = depth;
        let mut nodes = std::mem::replace(&mut self.nodes, outer);
        // There may be a million small ones.
        if nodes.capacity() > 2 * nodes.len() {
            nodes.shrink_to_fit();
        }
        Ok(Value { root: read?, nodes })
    }

    fn value(&mut self) -> Read<u32> {
        let peek = self.peek()?;
        self.known(peek)
    }

    fn known(&mut self, peek: Peek) -> Read<u32> {
        let node = match peek {
            Peek::Null => {
                self.json
                    .known_null()
                    .map_err(|error| self.problem(error))?;
                ValueNode::Null
            }
            Peek::True | Peek::False => ValueNode::Boolean(
                self.json
                    .known_bool(peek)
                    .map_err(|error| self.problem(error))?,
            ),
            Peek::String => ValueNode::Text(self.string()?),
            Peek::Array => self.inside(Self::list)?,
            Peek::Object => self.object()?,
            _ => match self.number(peek)? {
                Number::Integer(value) => ValueNode::Integer(value),
                Number::BigInteger(digits) => ValueNode::BigInteger(digits),
                Number::Float(value) => ValueNode::Number(value),
            },
        };
        self.push(node)
    }

    fn list(&mut self) -> Read<ValueNode> {
        let mut elements = Elements::Integers(Vec::new());
        self.elements(|reader, peek| reader.element(&mut elements, peek))?;
        Ok(match elements {
            Elements::Integers(values) if values.is_empty() => ValueNode::Items(Vec::new()),
            Elements::Integers(values) => ValueNode::Integers(values),
            Elements::Numbers(values) => ValueNode::Numbers(values),
            Elements::Mixed(children) => ValueNode::Items(children),
        })
    }

    #[inline]
    fn element(&mut self, elements: &mut Elements, peek: Peek) -> Read<()> {
        if peek.is_num() {
            match (self.number(peek)?, &mut *elements) {
                (Number::Integer(value), Elements::Integers(values)) => values.push(value),
                (Number::Float(value), Elements::Numbers(values)) => values.push(value),
                (Number::Float(value), Elements::Integers(values)) if values.is_empty() => {
                    *elements = Elements::Numbers(vec![value]);
                }
                (number, _) => {
                    let node = match number {
                        Number::Integer(value) => ValueNode::Integer(value),
                        Number::BigInteger(digits) => ValueNode::BigInteger(digits),
                        Number::Float(value) => ValueNode::Number(value),
                    };
                    let children = self.mixed(elements)?;
                    children.push(self.push(node)?);
                }
            }
            return Ok(());
        }
        let children = self.mixed(elements)?;
        children.push(self.known(peek)?);
        Ok(())
    }

    /// Gives each element so far a node of its own.
    fn mixed<'e>(&mut self, elements: &'e mut Elements) -> Read<&'e mut Vec<u32>> {
        let children = match std::mem::replace(elements, Elements::Mixed(Vec::new())) {
            Elements::Mixed(children) => children,
            Elements::Integers(values) => {
                let nodes = values.into_iter().map(ValueNode::Integer);
                nodes.map(|node| self.push(node)).collect::<Read<_>>()?
            }
            Elements::Numbers(values) => {
                let nodes = values.into_iter().map(ValueNode::Number);
                nodes.map(|node| self.push(node)).collect::<Read<_>>()?
            }
        };
        *elements = Elements::Mixed(children);
        match elements {
            Elements::Mixed(children) => Ok(children),
            Elements::Integers(_) | Elements::Numbers(_) => unreachable!("set just above"),
        }
    }

    fn object(&mut self) -> Read<ValueNode> {
        match self.lone_dollar()? {
            Some(name) => self.special(&name),
            None => self.inside(Self::fields),
        }
    }

    fn fields(&mut self) -> Read<ValueNode> {
        let mut fields: Vec<(String, u32)> = Vec::new();
        let mut names = Names::default();
        let first = self.json.known_object().map(|key| key.map(str::to_owned));
        let mut next = first.map_err(|error| self.problem(error))?;
        while let Some(key) = next {
            if !names.add(&key, &fields) {
                let at = self.offset();
                return Err(Problem::new("this key was given before", at).within(Step::Key(key)));
            }
            match self.value() {
                Ok(child) => fields.push((key, child)),
                Err(problem) => return Err(problem.within(Step::Key(key))),
            }
            next = self.key()?;
        }
        Ok(ValueNode::Fields(fields))
    }

    /// A form that plain JSON can't say.
    fn special(&mut self, name: &str) -> Read<ValueNode> {
        let at = self.offset();
        self.first_key()?;
        let peek = self.peek()?;
        let holds = |reader: &mut Self, form: Form, wanted| {
            let message = format!("{} must hold {}", form.key(), form.holds());
            reader.expect(peek, wanted, &message)
        };
        let node = match Form::of(name) {
            Some(Form::Float) => ValueNode::Number(self.named_float()?),
            Some(Form::Bytes) => ValueNode::Bytes(self.base64()?),
            Some(form @ Form::Tuple) => {
                holds(self, form, Peek::Array)?;
                ValueNode::Tuple(self.inside(|reader| reader.children(Self::value))?)
            }
            Some(form @ Form::Dict) => {
                holds(self, form, Peek::Array)?;
                let pairs = self.inside(|reader| reader.children(Self::pair))?;
                self.mapping(pairs, at)?
            }
            Some(form @ Form::Object) => {
                holds(self, form, Peek::Object)?;
                self.inside(Self::fields)?
            }
            None if MEDIA.contains(&name) => {
                let message = format!("{name} stands for a whole item, not for a part of one");
                return Err(Problem::new(message, at));
            }
            None => return Err(Problem::new(forms::unknown(&shortened(name)), at)),
        };
        self.close()?;
        Ok(node)
    }

    fn named_float(&mut self) -> Read<f64> {
        let at = self.offset();
        let text = if self.peek()? == Peek::String {
            self.string()?
        } else {
            String::new()
        };
        forms::float_of(&text).ok_or_else(|| {
            let form = Form::Float;
            Problem::new(format!("{} must be {}", form.key(), form.holds()), at)
        })
    }

    /// The mapping of some pairs: the plain one where all keys are strings.
    fn mapping(&mut self, pairs: Vec<(Key, u32)>, at: usize) -> Read<ValueNode> {
        let mut seen = HashSet::new();
        for (key, _) in &pairs {
            if let Key::Text(name) = key
                && !seen.insert(name.as_str())
            {
                let message = format!("the key {:?} was given before", shortened(name));
                return Err(Problem::new(message, at));
            }
        }
        if seen.len() == pairs.len() {
            let field = |(key, value)| match key {
                Key::Text(name) => Some((name, value)),
                Key::Node(_) => None,
            };
            return Ok(ValueNode::Fields(
                pairs.into_iter().filter_map(field).collect(),
            ));
        }
        let entry = |(key, value)| match key {
            Key::Text(name) => Ok((self.push(ValueNode::Text(name))?, value)),
            Key::Node(key) => Ok((key, value)),
        };
        let entries = pairs.into_iter().map(entry).collect::<Read<_>>()?;
        Ok(ValueNode::Entries(entries))
    }

    fn pair(&mut self) -> Read<(Key, u32)> {
        let at = self.offset();
        let wrong = || {
            let form = Form::Dict;
            Problem::new(format!("{} must hold {}", form.key(), form.holds()), at)
        };
        if self.peek()? != Peek::Array {
            return Err(wrong());
        }
        let first = self.json.known_array();
        let Some(peek) = first.map_err(|error| self.problem(error))? else {
            return Err(wrong());
        };
        let key = match peek {
            Peek::String => self.string().map(Key::Text),
            _ => self.known(peek).map(Key::Node),
        };
        let key = key.map_err(|problem| problem.within(Step::Index(0)))?;
        if let Key::Node(node) = key
            && let Some(what) = no_key(&self.nodes, node)
        {
            let message = format!("{what} can't be the key of a mapping");
            return Err(Problem::new(message, at).within(Step::Index(0)));
        }
        let second = self.json.array_step();
        let Some(peek) = second.map_err(|error| self.problem(error))? else {
            return Err(wrong());
        };
        let value = self
            .known(peek)
            .map_err(|problem| problem.within(Step::Index(1)))?;
        match self.json.array_step() {
            Ok(None) => Ok((key, value)),
            Ok(Some(_)) => Err(wrong()),
            Err(error) => Err(self.problem(error)),
        }
    }

    /// Reads each element of the array that begins here, and says how many there
    /// are.
    #[inline]
    fn elements(&mut self, mut read: impl FnMut(&mut Self, Peek) -> Read<()>) -> Read<usize> {
        let mut next = self
            .json
            .known_array()
            .map_err(|error| self.problem(error))?;
        let mut index = 0;
        while let Some(peek) = next {
            read(self, peek).map_err(|problem| problem.within(Step::Index(index)))?;
            index += 1;
            next = self
                .json
                .array_step()
                .map_err(|error| self.problem(error))?;
        }
        Ok(index)
    }

    /// The elements of the array that begins here, each read by `read`.
    pub(super) fn children<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut children = Vec::new();
        self.elements(|reader, _| {
            children.push(read(reader)?);
            Ok(())
        })?;
        Ok(children)
    }

    fn number(&mut self, peek: Peek) -> Read<Number> {
        match self.json.known_number(peek) {
            Ok(NumberAny::Int(NumberInt::Int(value))) => Ok(Number::Integer(value)),
            Ok(NumberAny::Int(NumberInt::BigInt(value))) => {
                Ok(Number::BigInteger(value.to_string()))
            }
            Ok(NumberAny::Float(value)) => Ok(Number::Float(value)),
            Err(error) => Err(self.problem(error)),
        }
    }

    pub(super) fn string(&mut self) -> Read<String> {
        let text = self.json.known_str().map(str::to_owned);
        text.map_err(|error| self.problem(error))
    }

    /// The bytes that the string that comes next stands for.
    pub(super) fn base64(&mut self) -> Read<Vec<u8>> {
        let at = self.offset();
        if self.peek()? != Peek::String {
            return Err(Problem::new("bytes are written as a string in base64", at));
        }
        let decoded = self.json.known_str().map(forms::bytes_of);
        let decoded = decoded.map_err(|error| self.problem(error))?;
        decoded.map_err(|error| Problem::new(format!("not valid base64: {error}"), at))
    }

    /// The name of the only key of the object that comes next, where it begins
    /// with `$`. Nothing is consumed.
    fn lone_dollar(&mut self) -> Read<Option<String>> {
        self.blank();
        let start = self.offset();
        // Nearly all objects are told apart by their first bytes.
        let mut rest = self.source[start + 1..].iter().copied();
        let mut byte = rest.find(|byte| !byte.is_ascii_whitespace());
        if byte == Some(b'"') {
            byte = rest.next();
        }
        if !matches!(byte, Some(b'$' | b'\\')) {
            return Ok(None);
        }
        let mut probe = Jiter::new(&self.source[start..]).with_allow_inf_nan();
        let name = match probe.known_object() {
            Ok(Some(name)) if name.starts_with('$') => name.to_owned(),
            _ => return Ok(None),
        };
        let alone = self.forms.has_one_key(self.source, start);
        Ok(alone.then_some(name))
    }

    pub(super) fn peek(&mut self) -> Read<Peek> {
        let peek = self.json.peek();
        peek.map_err(|error| self.problem(error))
    }

    pub(super) fn key(&mut self) -> Read<Option<String>> {
        let key = self.json.next_key().map(|key| key.map(str::to_owned));
        key.map_err(|error| self.problem(error))
    }

    pub(super) fn first_key(&mut self) -> Read<Option<String>> {
        let key = self.json.known_object().map(|key| key.map(str::to_owned));
        key.map_err(|error| self.problem(error))
    }

    /// The end of an object that has one key.
    pub(super) fn close(&mut self) -> Read<()> {
        self.key().map(|_| ())
    }

    /// Passes over the value that comes next.
    pub(super) fn skip(&mut self) -> Read<()> {
        let skipped = self.json.next_skip();
        skipped.map_err(|error| self.problem(error))
    }

    /// Where a value is of another kind than `wanted`, says so, unless it isn't
    /// even JSON.
    pub(super) fn expect(&mut self, found: Peek, wanted: Peek, message: &str) -> Read<()> {
        if found == wanted {
            return Ok(());
        }
        let at = self.offset();
        self.skip()?;
        Err(Problem::new(message, at))
    }

    pub(super) fn signed(&mut self, peek: Peek) -> Read<Option<i128>> {
        Ok(match self.number(peek)? {
            Number::Integer(value) => Some(value.into()),
            Number::BigInteger(digits) => digits.parse().ok(),
            Number::Float(_) => None,
        })
    }

    /// Where the next thing begins, as far as the parser has looked.
    pub(super) fn offset(&self) -> usize {
        self.base + self.json.current_index()
    }

    /// Reads what is inside a list or mapping, one level deeper.
    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            return Err(Problem::new(message, self.offset()));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    #[inline]
    fn push(&mut self, node: ValueNode) -> Read<u32> {
        let index = self.nodes.len();
        if index >= MAX_NODES {
            let message = format!("the value has more than {MAX_NODES} parts");
            return Err(Problem::new(message, self.offset()));
        }
        self.nodes.push(node);
        Ok(index as u32)
    }

    /// Goes on reading somewhere else.
    fn jump(&mut self, to: usize) {
        self.base = to;
        self.json = Jiter::new(&self.source[to..]).with_allow_inf_nan();
    }

    fn blank(&mut self) {
        let at = self.offset();
        let rest = &self.source[at..];
        let blank = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        if blank > 0 {
            self.jump(at + blank);
        }
    }

    #[cold]
    pub(super) fn problem(&self, error: JiterError) -> Problem {
        let message = match error.error_type {
            JiterErrorType::WrongType { expected, actual } => {
                format!("expected {expected}, found {actual}")
            }
            JiterErrorType::JsonError(kind) => say(&kind),
        };
        Problem::new(message, self.base + error.index)
    }
}

fn say(kind: &JsonErrorType) -> String {
    match kind {
        JsonErrorType::EofWhileParsingList => "the text ends in the middle of a list",
        JsonErrorType::EofWhileParsingObject => "the text ends in the middle of an object",
        JsonErrorType::EofWhileParsingString => "the text ends in the middle of a string",
        JsonErrorType::EofWhileParsingValue => "the text ends where a value should begin",
        JsonErrorType::ExpectedSomeIdent | JsonErrorType::ExpectedSomeValue => {
            "this is not JSON: expected a value (strings need double quotes)"
        }
        // The second comes of a first half with no escape after it.
        JsonErrorType::LoneLeadingSurrogateInHexEscape
        | JsonErrorType::UnexpectedEndOfHexEscape => "half of a surrogate pair is no text",
        JsonErrorType::NumberOutOfRange => return format!(
            "the number has more than {MAX_DIGITS} digits; give it in another form, for example as \
             a string in hexadecimal"
        ),
        JsonErrorType::TrailingComma => "a comma with nothing after it",
        JsonErrorType::TrailingCharacters => "there is more text after the value",
        JsonErrorType::RecursionLimitExceeded => "nested too deeply",
        other => return other.to_string(),
    }
    .to_owned()
}

/// Tells whether a key was given before: by looking at all of them while they
/// are few.
#[derive(Default)]
struct Names(Option<HashSet<String>>);

impl Names {
    fn add(&mut self, key: &str, fields: &[(String, u32)]) -> bool {
        const FEW: usize = 16;
        if fields.len() < FEW {
            return fields.iter().all(|(name, _)| name != key);
        }
        let names = self
            .0
            .get_or_insert_with(|| fields.iter().map(|(name, _)| name.clone()).collect());
        names.insert(key.to_owned())
    }
}
