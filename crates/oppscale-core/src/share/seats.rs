//! Replicas on nodes, before capacity is divided and meanwhile.

use std::ops::Range;

use super::rows::NodeAmount;

/// The end of a list of seats.
const END: u32 = u32::MAX;

/// A request with running replicas on a node, and their number.
pub(super) type Standing = (usize, NodeAmount);

/// Running replicas of the requests that share a node: node by node, in the order of the requests.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Running {
    standing: Vec<Standing>,
    /// Where those of each node end.
    ends: Vec<u32>,
}

impl Running {
    /// None, with room for those of so many nodes.
    pub(super) fn with_capacity(nodes: usize, standing: usize) -> Self {
        Self { standing: Vec::with_capacity(standing), ends: Vec::with_capacity(nodes) }
    }

    /// Those of the next node.
    pub(super) fn push(&mut self, standing: &[Standing]) {
        self.standing.extend_from_slice(standing);
        self.ends.push(self.standing.len() as u32);
    }

    /// Number of all.
    pub(super) fn len(&self) -> usize {
        self.standing.len()
    }

    /// Those of a node.
    pub(super) fn on(&self, node: usize) -> &[Standing] {
        &self.standing[self.range(node)]
    }

    /// Those of a node, to be replaced by as many.
    pub(super) fn on_mut(&mut self, node: usize) -> &mut [Standing] {
        let range = self.range(node);
        &mut self.standing[range]
    }

    fn range(&self, node: usize) -> Range<usize> {
        let first = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        first as usize..self.ends[node] as usize
    }
}

/// How many replicas of each request are on each node.
pub(super) struct Seats<'r> {
    running: &'r Running,
    /// Replicas of each of those that run, as far as they sit.
    standing: Vec<NodeAmount>,
    /// The first seat on each node of a request that does not run there.
    first: Vec<u32>,
    /// Seats of such requests. All nodes share one allocation: thousands of nodes have a few each.
    further: Vec<Seat>,
}

/// Replicas of one request on a node.
struct Seat {
    next: u32,
    request: u32,
    replicas: NodeAmount,
}

impl<'r> Seats<'r> {
    /// No replicas yet on the nodes of these that run.
    pub(super) fn new(running: &'r Running) -> Self {
        let nodes = running.ends.len();
        Self {
            running,
            standing: vec![0; running.len()],
            first: vec![END; nodes],
            further: Vec::with_capacity(nodes),
        }
    }

    /// Number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.first.len()
    }

    /// The requests with seats on a node, and their replicas, of which there may be none: those that
    /// run there, then others in the order in which they came.
    pub(super) fn on(&self, node: usize) -> impl Iterator<Item = Standing> {
        let range = self.running.range(node);
        let standing = self.running.standing[range.clone()].iter().zip(&self.standing[range]);
        let seat = |at: u32| self.further.get(at as usize);
        let first = self.first.get(node).and_then(|first| seat(*first));
        let further = std::iter::successors(first, move |last| seat(last.next));
        let further = further.map(|seat| (seat.request as usize, seat.replicas));
        standing.map(|((request, _), replicas)| (*request, *replicas)).chain(further)
    }

    /// Number of replicas of a request on a node.
    pub(super) fn of(&self, node: usize, request: usize) -> NodeAmount {
        self.on(node).find(|(of, _)| *of == request).map_or(0, |(_, replicas)| replicas)
    }

    /// Seats all that run.
    pub(super) fn seat_running(&mut self) {
        let running = self.running.standing.iter();
        self.standing.iter_mut().zip(running).for_each(|(seated, (_, all))| *seated = *all);
    }

    /// Takes all that run on a node from their seats.
    pub(super) fn unseat_running(&mut self, node: usize) {
        self.standing[self.running.range(node)].fill(0);
    }

    /// Adds replicas of a request on a node, or takes them back if the number is negative.
    pub(super) fn add(&mut self, node: usize, request: usize, replicas: NodeAmount) {
        let range = self.running.range(node);
        let mut running = self.running.standing[range.clone()].iter();
        if let Some(at) = running.position(|(of, _)| *of == request) {
            self.standing[range.start + at] += replicas;
            return;
        }
        let (mut last, mut at) = (None, self.first[node]);
        while let Some(seat) = self.further.get_mut(at as usize) {
            if seat.request as usize == request {
                seat.replicas += replicas;
                return;
            }
            (last, at) = (Some(at), seat.next);
        }
        let new = self.further.len() as u32;
        match last.and_then(|last| self.further.get_mut(last as usize)) {
            Some(seat) => seat.next = new,
            None => self.first[node] = new,
        }
        self.further.push(Seat { next: END, request: request as u32, replicas });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_seats_those_that_run_first() {
        let mut running = Running::default();
        running.push(&[(5, 1), (7, 2)]);
        running.push(&[]);
        let mut seats = Seats::new(&running);
        assert_eq!(seats.on(0).collect::<Vec<_>>(), [(5, 0), (7, 0)]);
        seats.seat_running();
        for (node, request, replicas) in [(1, 7, 1), (0, 3, 4), (0, 7, -1), (0, 5, 2), (0, 3, 1)] {
            seats.add(node, request, replicas);
        }
        assert_eq!(seats.on(0).collect::<Vec<_>>(), [(5, 3), (7, 1), (3, 5)]);
        assert_eq!(seats.on(1).collect::<Vec<_>>(), [(7, 1)]);
        assert_eq!([seats.of(0, 3), seats.of(1, 3)], [5, 0]);
        seats.unseat_running(0);
        assert_eq!(seats.on(0).collect::<Vec<_>>(), [(5, 0), (7, 0), (3, 5)]);
        assert_eq!(seats.nodes(), 2);
    }
}
