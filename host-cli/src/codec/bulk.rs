//! Items of which numbers may stand in bulk, many in one element.

use crate::types::{Data, Value, ValueNode};

/// Items that are each one: what stands in bulk is taken apart.
#[must_use]
pub fn one_by_one(items: Vec<Data>) -> Vec<Data> {
    let single = |node| {
        let nodes = vec![node];
        Data::Value(Value { nodes, root: 0 })
    };
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Data::Integers(items) => {
                all.extend(items.into_iter().map(ValueNode::Integer).map(single));
            }
            Data::Numbers(items) => {
                all.extend(items.into_iter().map(ValueNode::Number).map(single));
            }
            item => all.push(item),
        }
    }
    all
}

/// Values as items: many numbers are put in bulk.
#[must_use]
pub fn in_bulk(values: Vec<Value>) -> Vec<Data> {
    if values.len() < super::read::BULK {
        return values.into_iter().map(Data::Value).collect();
    }
    let mut items: Vec<Data> = Vec::new();
    for value in values {
        match (value.nodes.as_slice(), items.last_mut()) {
            ([ValueNode::Integer(number)], Some(Data::Integers(numbers))) => numbers.push(*number),
            ([ValueNode::Number(number)], Some(Data::Numbers(numbers))) => numbers.push(*number),
            ([ValueNode::Integer(number)], _) => items.push(Data::Integers(vec![*number])),
            ([ValueNode::Number(number)], _) => items.push(Data::Numbers(vec![*number])),
            _ => items.push(Data::Value(value)),
        }
    }
    items
}

/// How many items an element stands for.
fn weight(item: &Data) -> usize {
    match item {
        Data::Integers(items) => items.len(),
        Data::Numbers(items) => items.len(),
        _ => 1,
    }
}

/// How many items there are.
#[must_use]
pub fn count(items: &[Data]) -> usize {
    items.iter().map(weight).sum()
}

/// Takes all items but the first `most` off.
#[must_use]
pub fn split_off(items: &mut Vec<Data>, most: usize) -> Vec<Data> {
    let mut left = most;
    for position in 0..items.len() {
        let weight = weight(&items[position]);
        if weight <= left {
            left -= weight;
            continue;
        }
        let mut rest = items.split_off(position);
        if left > 0
            && let Some(first) = rest.first_mut()
        {
            // Only what stands in bulk weighs more than one.
            match first {
                Data::Integers(numbers) => {
                    let later = numbers.split_off(left);
                    items.push(Data::Integers(std::mem::replace(numbers, later)));
                }
                Data::Numbers(numbers) => {
                    let later = numbers.split_off(left);
                    items.push(Data::Numbers(std::mem::replace(numbers, later)));
                }
                _ => {}
            }
        }
        return rest;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{read_items, read_lines};

    fn numbers(item: &Data) -> Vec<i64> {
        match item {
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
