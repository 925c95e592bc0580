//! Items of which numbers may stand in bulk, many in one element.

use crate::types::{Data, Input, Value, ValueNode};

/// Items that are each one: what stands in bulk is taken apart.
#[must_use]
pub fn one_by_one(inputs: Vec<Input>) -> Vec<Input> {
    let mut all = Vec::with_capacity(inputs.len());
    for Input { node_id, item } in inputs {
        let single = |node| Input {
            node_id: node_id.clone(),
            item: Data::Value(Value {
                nodes: vec![node],
                root: 0,
            }),
        };
        match item {
            Data::Integers(items) => {
                all.extend(items.into_iter().map(ValueNode::Integer).map(single));
            }
            Data::Numbers(items) => {
                all.extend(items.into_iter().map(ValueNode::Number).map(single));
            }
            item => all.push(Input { node_id, item }),
        }
    }
    all
}

/// Items of which numbers are put in bulk, where there are many.
#[must_use]
pub fn in_bulk(items: Vec<Data>) -> Vec<Data> {
    if items.len() < super::read::BULK {
        return items;
    }
    let mut bulk: Vec<Data> = Vec::new();
    for item in items {
        let number = match &item {
            Data::Value(value) => match value.nodes.as_slice() {
                [node @ (ValueNode::Integer(_) | ValueNode::Number(_))] => Some(node),
                _ => None,
            },
            _ => None,
        };
        match (number, bulk.last_mut()) {
            (Some(ValueNode::Integer(number)), Some(Data::Integers(numbers))) => {
                numbers.push(*number);
            }
            (Some(ValueNode::Number(number)), Some(Data::Numbers(numbers))) => {
                numbers.push(*number);
            }
            (Some(ValueNode::Integer(number)), _) => bulk.push(Data::Integers(vec![*number])),
            (Some(ValueNode::Number(number)), _) => bulk.push(Data::Numbers(vec![*number])),
            _ => bulk.push(item),
        }
    }
    bulk
}

/// Items for every source.
#[must_use]
pub fn for_all(items: Vec<Data>) -> Vec<Input> {
    items.into_iter().map(Input::from).collect()
}

/// How many items an element stands for.
#[must_use]
pub fn weight(item: &Data) -> usize {
    match item {
        Data::Integers(items) => items.len(),
        Data::Numbers(items) => items.len(),
        _ => 1,
    }
}

/// How many items there are.
#[must_use]
pub fn count(inputs: &[Input]) -> usize {
    inputs.iter().map(|input| weight(&input.item)).sum()
}

/// Takes all items but the first `most` off.
#[must_use]
pub fn split_off(inputs: &mut Vec<Input>, most: usize) -> Vec<Input> {
    let mut left = most;
    for position in 0..inputs.len() {
        let weight = weight(&inputs[position].item);
        if weight <= left {
            left -= weight;
            continue;
        }
        let mut rest = inputs.split_off(position);
        if left > 0
            && let Some(Input { node_id, item }) = rest.first_mut()
        {
            // Only what stands in bulk weighs more than one.
            let first = match item {
                Data::Integers(numbers) => {
                    let later = numbers.split_off(left);
                    Data::Integers(std::mem::replace(numbers, later))
                }
                Data::Numbers(numbers) => {
                    let later = numbers.split_off(left);
                    Data::Numbers(std::mem::replace(numbers, later))
                }
                _ => return rest,
            };
            inputs.push(Input {
                node_id: node_id.clone(),
                item: first,
            });
        }
        return rest;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read_items, read_lines};

    fn numbers(input: &Input) -> Vec<i64> {
        match &input.item {
            Data::Integers(numbers) => numbers.clone(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn items_are_counted_and_split_wherever_they_stand() {
        let text: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let lines = format!("{}\n\"x\"\n\n{}\n", text.join("\n"), text.join("\n"));
        let array = format!("[{},\"x\",{}]", text.join(","), text.join(","));
        for items in [
            read_lines(lines.as_bytes()).unwrap(),
            read_items(lines.as_bytes()).unwrap(),
            read_items(array.as_bytes()).unwrap(),
        ] {
            assert_eq!((items.len(), count(&items)), (3, 201));
            for most in [0, 1, 99, 100, 101, 102, 200, 201, 500] {
                let mut first = items.clone();
                let rest = split_off(&mut first, most);
                assert_eq!(count(&first), most.min(201));
                assert_eq!(count(&rest), 201 - most.min(201));
                let mut both = one_by_one(first);
                both.extend(one_by_one(rest));
                assert_eq!(
                    format!("{both:?}"),
                    format!("{:?}", one_by_one(items.clone()))
                );
            }
        }
        let mut items = read_items(array.as_bytes()).unwrap();
        let rest = split_off(&mut items, 3);
        assert_eq!(numbers(&items[0]), [0, 1, 2]);
        assert_eq!(numbers(&rest[0])[..2], [3, 4]);
    }

    #[test]
    fn few_items_stand_alone_and_a_line_is_an_item() {
        assert_eq!(read_lines(b"1\n2\n").unwrap().len(), 2);
        assert_eq!(read_lines(b"[1,2]\n").unwrap().len(), 1);
        assert_eq!(read_items(b"[1,2]\n").unwrap().len(), 2);
        assert_eq!(read_items(b"[1,2]\n[3]").unwrap().len(), 2);
        let error = read_lines(b"1\n2 3\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
    }
}
