//! Whose turn it is to get a replica.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// The turn of a request, the smallest first: the dominant share of its namespace for the
/// namespace's weight, the priority within the namespace, its own share for its weight, and its
/// index. A turn grows as replicas are allocated. Thousands are moved in each queue, so it is small.
pub(super) type Turn = (u64, Reverse<i32>, u64, u32);

/// Requests that wait for replicas, for which nodes are looked at one after another. Requests whose
/// replicas fit on the same nodes have one shape, so that a node on which they do not fit passes all
/// of them over at once.
pub(super) struct Queue {
    shapes: Vec<BinaryHeap<Reverse<Turn>>>,
    /// The first turn of each shape that has not been passed over, and the shape.
    order: BinaryHeap<Reverse<(Turn, u32)>>,
    /// Those that do not fit on the current node.
    passed: Vec<Reverse<(Turn, u32)>>,
}

/// The request that is first in a queue.
pub(super) struct First<'q> {
    queue: &'q mut Queue,
    shape: usize,
    /// Its index.
    pub(super) request: usize,
}

impl Queue {
    /// A queue of requests, each with its shape, a number below `shapes`.
    pub(super) fn new(turns: impl IntoIterator<Item = (usize, Turn)>, shapes: usize) -> Self {
        let mut waiting = vec![Vec::new(); shapes];
        for (shape, turn) in turns {
            waiting[shape].push(Reverse(turn));
        }
        let shapes: Vec<BinaryHeap<Reverse<Turn>>> =
            waiting.into_iter().map(BinaryHeap::from).collect();
        let first = shapes.iter().enumerate();
        let order =
            first.filter_map(|(shape, waiting)| Some(Reverse((waiting.peek()?.0, shape as u32))));
        Self { order: order.collect(), shapes, passed: Vec::new() }
    }

    /// Whether no request waits.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.passed.is_empty()
    }

    /// The request whose turn is the first by `turn`, of those that `fits` on the current node.
    /// What does not is not asked for again until [`Self::next_node`].
    pub(super) fn first(
        &mut self,
        fits: impl Fn(usize) -> bool,
        turn: impl Fn(usize) -> Turn,
    ) -> Option<First<'_>> {
        let (shape, request) = loop {
            let Reverse((first, shape)) = *self.order.peek()?;
            let (shape, request) = (shape as usize, first.3 as usize);
            if !fits(request) {
                self.passed.extend(self.order.pop());
                continue;
            }
            // Its namespace may have got more since it was queued.
            let now = turn(request);
            if now == first {
                break (shape, request);
            }
            self.replace(shape, Some(now));
        };
        Some(First { queue: self, shape, request })
    }

    /// Gives the first request of all another turn, or takes it out; `shape` is its shape.
    fn replace(&mut self, shape: usize, turn: Option<Turn>) {
        let waiting = &mut self.shapes[shape];
        match turn {
            Some(turn) => drop(waiting.peek_mut().map(|mut first| *first = Reverse(turn))),
            None => drop(waiting.pop()),
        }
        let Some(mut first) = self.order.peek_mut() else { return };
        match waiting.peek() {
            Some(Reverse(turn)) => *first = Reverse((*turn, shape as u32)),
            None => drop(PeekMut::pop(first)),
        }
    }

    /// Lets all requests try the next node.
    pub(super) fn next_node(&mut self) {
        self.order.extend(self.passed.drain(..));
    }
}

impl First<'_> {
    /// Queues it again.
    pub(super) fn wait(self, turn: Turn) {
        self.queue.replace(self.shape, Some(turn));
    }

    /// Takes it out of the queue.
    pub(super) fn leave(self) {
        self.queue.replace(self.shape, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(share: u64, request: u32) -> Turn {
        (share, Reverse(0), 0, request)
    }

    /// Requests of two sizes, the even ones and the odd ones.
    fn queue(turns: [Turn; 4]) -> Queue {
        Queue::new(turns.map(|turn| (turn.3 as usize % 2, turn)), 2)
    }

    #[test]
    fn the_first_turn_of_those_that_fit_is_next() {
        let turns = [turn(1, 0), turn(4, 1), turn(3, 2), turn(2, 3)];
        let mut queue = queue(turns);
        let mut next = |fits: fn(usize) -> bool| {
            let first = queue.first(fits, |request| turns[request]);
            let taken = first.map(|first| {
                let request = first.request;
                first.leave();
                request
            });
            queue.next_node();
            taken
        };
        assert_eq!(next(|request| request % 2 == 1), Some(3));
        assert_eq!(next(|_| true), Some(0));
        assert_eq!(next(|_| false), None);
        assert_eq!([next(|_| true), next(|_| true), next(|_| true)], [Some(2), Some(1), None]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_turn_that_has_grown_meanwhile_waits_longer() {
        let mut queue = queue([turn(1, 0), turn(2, 1), turn(3, 2), turn(4, 3)]);
        let now = |request: usize| turn([9, 8, 3, 4][request], request as u32);
        let first = queue.first(|_| true, now).unwrap();
        assert_eq!(first.request, 2);
        first.wait(turn(7, 2));
        assert_eq!(queue.first(|_| true, now).map(|first| first.request), Some(3));
    }
}
