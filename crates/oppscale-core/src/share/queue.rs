//! Whose turn it is to get a replica.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};

/// The turn of a request among those of its namespace, the smallest first: the priority within the
/// namespace, its own share for its weight, and its index. It grows as replicas are allocated.
pub(super) type OwnTurn = (Reverse<i32>, u64, u32);

/// The turn of a request: the dominant share of its namespace for the namespace's weight, which
/// grows, too, and its turn in there. Thousands are moved in each queue, so it is small.
type Turn = (u64, OwnTurn);

/// Requests that wait for replicas, for which nodes are looked at one after another. Requests whose
/// replicas fit on the same nodes have one shape, so that a node on which they do not fit passes all
/// of them over at once. Those of one namespace and shape are a group: when the namespace gets more,
/// the turn of each grows by the same.
pub(super) struct Queue {
    groups: Vec<BinaryHeap<Reverse<OwnTurn>>>,
    /// The first turn of each group, and the group, by shape.
    shapes: Vec<BinaryHeap<Reverse<(Turn, u32)>>>,
    /// The first turn of each shape that has not been passed over, and the shape.
    order: BinaryHeap<Reverse<(Turn, u32)>>,
    /// Those that do not fit on the current node.
    passed: Vec<Reverse<(Turn, u32)>>,
}

/// A request that comes into a queue.
pub(super) struct Waiting {
    /// A number below that of the shapes.
    pub(super) shape: usize,
    pub(super) namespace: usize,
    /// Dominant share of the namespace for its weight.
    pub(super) dominant: u64,
    pub(super) turn: OwnTurn,
}

/// The request that is first in a queue.
pub(super) struct First<'q> {
    queue: &'q mut Queue,
    shape: usize,
    group: usize,
    /// Dominant share of its namespace.
    dominant: u64,
    /// Its index.
    pub(super) request: usize,
}

impl Queue {
    /// A queue of requests of so many shapes.
    pub(super) fn new(requests: impl IntoIterator<Item = Waiting>, shapes: usize) -> Self {
        let mut numbers: HashMap<(usize, usize), usize> = HashMap::new();
        let mut groups: Vec<(usize, u64, Vec<Reverse<OwnTurn>>)> = Vec::new();
        for Waiting { shape, namespace, dominant, turn } in requests {
            let number = *numbers.entry((shape, namespace)).or_insert_with(|| {
                groups.push((shape, dominant, Vec::new()));
                groups.len() - 1
            });
            groups[number].2.push(Reverse(turn));
        }
        let mut first = vec![Vec::new(); shapes];
        let groups = groups.into_iter().enumerate().map(|(number, (shape, dominant, turns))| {
            let turns = BinaryHeap::from(turns);
            first[shape]
                .extend(turns.peek().map(|turn| Reverse(((dominant, turn.0), number as u32))));
            turns
        });
        let groups = groups.collect();
        let shapes: Vec<_> = first.into_iter().map(BinaryHeap::from).collect();
        let order = shapes.iter().enumerate().filter_map(|(shape, groups)| {
            let Reverse((turn, _)) = groups.peek()?;
            Some(Reverse((*turn, shape as u32)))
        });
        Self { order: order.collect(), groups, shapes, passed: Vec::new() }
    }

    /// Whether no request waits.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.passed.is_empty()
    }

    /// The request whose turn is the first, of those that `fits` on the current node. `dominant`
    /// tells the dominant share of a request's namespace now. What does not fit is not asked for
    /// again until [`Self::next_node`].
    pub(super) fn first(
        &mut self,
        fits: impl Fn(usize) -> bool,
        dominant: impl Fn(usize) -> u64,
    ) -> Option<First<'_>> {
        loop {
            let Reverse(((known, turn), shape)) = *self.order.peek()?;
            let (shape, request) = (shape as usize, turn.2 as usize);
            if !fits(request) {
                self.passed.extend(self.order.pop());
                continue;
            }
            let group = self.shapes[shape].peek()?.0.1 as usize;
            // Its namespace may have got more since it was queued.
            let now = dominant(request);
            if now == known {
                return Some(First { queue: self, shape, group, dominant: now, request });
            }
            self.replace(shape, group, Some((now, turn)));
        }
    }

    /// Gives the first group of all another turn, or takes it out; `shape` is its shape.
    fn replace(&mut self, shape: usize, group: usize, turn: Option<Turn>) {
        let groups = &mut self.shapes[shape];
        match (turn, groups.peek_mut()) {
            (Some(turn), Some(mut first)) => *first = Reverse((turn, group as u32)),
            (None, Some(first)) => drop(PeekMut::pop(first)),
            (_, None) => {}
        }
        let Some(mut first) = self.order.peek_mut() else { return };
        match groups.peek() {
            Some(Reverse((turn, _))) => *first = Reverse((*turn, shape as u32)),
            None => drop(PeekMut::pop(first)),
        }
    }

    /// Lets all requests try the next node.
    pub(super) fn next_node(&mut self) {
        self.order.extend(self.passed.drain(..));
    }
}

impl First<'_> {
    /// Queues it again, with the dominant share of its namespace now.
    pub(super) fn wait(self, dominant: u64, turn: OwnTurn) {
        let Self { queue, shape, group, .. } = self;
        let members = &mut queue.groups[group];
        if let Some(mut first) = members.peek_mut() {
            *first = Reverse(turn);
        }
        let first = members.peek().map_or(turn, |first| first.0);
        queue.replace(shape, group, Some((dominant, first)));
    }

    /// Takes it out of the queue.
    pub(super) fn leave(self) {
        let Self { queue, shape, group, dominant, .. } = self;
        let members = &mut queue.groups[group];
        members.pop();
        let first = members.peek().map(|first| (dominant, first.0));
        queue.replace(shape, group, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests of two shapes, the even ones and the odd ones, in two namespaces, the first two and
    /// the last two.
    fn queue(dominant: [u64; 2], own: [u64; 4]) -> Queue {
        let of = |(request, own): (usize, u64)| Waiting {
            shape: request % 2,
            namespace: request / 2,
            dominant: dominant[request / 2],
            turn: turn(own, request),
        };
        Queue::new(own.into_iter().enumerate().map(of), 2)
    }

    fn turn(own: u64, request: usize) -> OwnTurn {
        (Reverse(0), own, request as u32)
    }

    #[test]
    fn the_first_turn_of_those_that_fit_is_next() {
        let dominant = [2, 1];
        let mut queue = queue(dominant, [1, 4, 3, 2]);
        let of = |request: usize| dominant[request / 2];
        let mut next = |fits: fn(usize) -> bool| {
            let taken = queue.first(fits, of).map(|first| {
                let request = first.request;
                first.leave();
                request
            });
            queue.next_node();
            taken
        };
        assert_eq!(next(|request| request % 2 == 0), Some(2));
        assert_eq!(next(|_| true), Some(3));
        assert_eq!(next(|_| false), None);
        assert_eq!([next(|_| true), next(|_| true), next(|_| true)], [Some(0), Some(1), None]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_turn_that_has_grown_meanwhile_waits_longer() {
        let mut queue = queue([1, 2], [1, 2, 3, 4]);
        // The first namespace has got more.
        let now = |request: usize| [3, 2][request / 2];
        let first = queue.first(|_| true, now).unwrap();
        assert_eq!(first.request, 2);
        first.wait(5, turn(7, 2));
        let now = |request: usize| [3, 5][request / 2];
        assert_eq!(queue.first(|_| true, now).map(|first| first.request), Some(0));
    }
}
