//! Where nodes stand: in layers, so that every connection leads to a later one,
//! and in an order within the layers that lets few connections cross.

/// A place in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Node(usize),
    /// Where a connection passes through a layer.
    Pass,
}

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    /// The layers, and the places in each, in order.
    pub(super) layers: Vec<Vec<Place>>,
    /// Pieces of connections between one layer and the next: the layer, and the
    /// position in it and in the next one.
    pub(super) pieces: Vec<Piece>,
    /// Of each connection, its pieces.
    pub(super) ways: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) layer: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// How often the order within layers is made better.
const SWEEPS: usize = 8;

/// Lays out `count` nodes, of which each comes after all that give to it.
pub(super) fn layout(count: usize, edges: &[(usize, usize)]) -> Layout {
    let mut rank = vec![0; count];
    let mut sorted = edges.to_vec();
    sorted.sort_unstable();
    for &(from, to) in &sorted {
        rank[to] = rank[to].max(rank[from] + 1);
    }
    let depth = rank.iter().max().map_or(0, |most| most + 1);
    // Places have numbers of their own, which stay when the order changes.
    let mut places: Vec<(usize, Place)> =
        (0..count).map(|at| (rank[at], Place::Node(at))).collect();
    let mut links: Vec<(usize, usize)> = Vec::new();
    let mut ways = Vec::new();
    for &(from, to) in edges {
        let mut way = Vec::new();
        let mut last = from;
        for layer in rank[from] + 1..rank[to] {
            places.push((layer, Place::Pass));
            way.push(links.len());
            links.push((last, places.len() - 1));
            last = places.len() - 1;
        }
        way.push(links.len());
        links.push((last, to));
        ways.push(way);
    }
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (at, (layer, _)) in places.iter().enumerate() {
        layers[*layer].push(at);
    }
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); places.len()];
    let mut after = before.clone();
    for &(from, to) in &links {
        before[to].push(from);
        after[from].push(to);
    }
    let mut position = vec![0; places.len()];
    number(&layers, &mut position);
    let mut best = (crossings(&places, &links, &position), layers.clone());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let order: Vec<usize> = match down {
            true => (0..depth).collect(),
            false => (0..depth).rev().collect(),
        };
        for layer in order {
            let mean = |place: usize| -> f64 {
                let near = if down { &before[place] } else { &after[place] };
                let sum: usize = near.iter().map(|&other| position[other]).sum();
                match near.len() {
                    0 => position[place] as f64,
                    count => sum as f64 / count as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> = layers[layer]
                .iter()
                .map(|&place| (mean(place), place))
                .collect();
            keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
            layers[layer] = keyed.into_iter().map(|(_, place)| place).collect();
            number(&layers, &mut position);
        }
        let crossed = crossings(&places, &links, &position);
        if crossed < best.0 {
            best = (crossed, layers.clone());
        }
    }
    let layers = best.1;
    number(&layers, &mut position);
    let piece = |&(from, to): &(usize, usize)| Piece {
        layer: places[from].0,
        from: position[from],
        to: position[to],
    };
    Layout {
        pieces: links.iter().map(piece).collect(),
        layers: layers
            .iter()
            .map(|layer| layer.iter().map(|&place| places[place].1).collect())
            .collect(),
        ways,
    }
}

fn number(layers: &[Vec<usize>], position: &mut [usize]) {
    for layer in layers {
        for (at, &place) in layer.iter().enumerate() {
            position[place] = at;
        }
    }
}

/// How many pairs of pieces are counted: the work is quadratic.
const MOST_COUNTED: usize = 2000;

fn crossings(places: &[(usize, Place)], links: &[(usize, usize)], position: &[usize]) -> usize {
    let links = &links[..links.len().min(MOST_COUNTED)];
    let mut count = 0;
    for (at, &(from, to)) in links.iter().enumerate() {
        for &(other_from, other_to) in &links[at + 1..] {
            let crosses = places[from].0 == places[other_from].0
                && (position[from] < position[other_from]) != (position[to] < position[other_to])
                && position[from] != position[other_from]
                && position[to] != position[other_to];
            count += usize::from(crosses);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_follow_connections_and_few_of_them_cross() {
        // 0 and 1 give to 3 and 2, so that 2 and 3 change places; 0 to 4 is long.
        let layout = layout(5, &[(0, 3), (1, 2), (2, 4), (3, 4), (0, 4)]);
        assert_eq!(layout.layers.len(), 3);
        assert_eq!(layout.layers[0], [Place::Node(0), Place::Node(1)]);
        let second = &layout.layers[1];
        assert_eq!(second.len(), 3);
        let at = |place| second.iter().position(|it| *it == place);
        assert!(at(Place::Node(3)) < at(Place::Node(2)));
        assert_eq!(layout.ways[4].len(), 2);
        assert_eq!(layout.layers[2], [Place::Node(4)]);
    }
}
