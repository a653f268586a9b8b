//! Replicas on nodes while capacity is divided.

use crate::resources::Amount;

/// The end of a list of seats.
const END: u32 = u32::MAX;

/// How many replicas of each request are on each node. All nodes share one allocation: thousands of
/// nodes have a few requests each.
pub(super) struct Seats {
    /// The first seat of each node.
    first: Vec<u32>,
    seats: Vec<Seat>,
}

/// Replicas of one request on a node.
struct Seat {
    next: u32,
    request: u32,
    replicas: Amount,
}

impl Seats {
    /// No replicas on this many nodes. There are about so many seats in the end.
    pub(super) fn new(nodes: usize, seats: usize) -> Self {
        Self { first: vec![END; nodes], seats: Vec::with_capacity(seats) }
    }

    /// Number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.first.len()
    }

    /// The requests with a seat on a node, in the order in which they came, and their replicas.
    pub(super) fn on(&self, node: usize) -> impl Iterator<Item = (usize, Amount)> {
        let seat = |at: u32| self.seats.get(at as usize);
        let first = self.first.get(node).and_then(|first| seat(*first));
        let seats = std::iter::successors(first, move |last| seat(last.next));
        seats.map(|seat| (seat.request as usize, seat.replicas))
    }

    /// Number of replicas of a request on a node.
    pub(super) fn of(&self, node: usize, request: usize) -> Amount {
        self.on(node).find(|(of, _)| *of == request).map_or(0, |(_, replicas)| replicas)
    }

    /// Seats replicas of different requests on a node that has no seats yet.
    pub(super) fn begin(&mut self, node: usize, seats: &[(usize, Amount)]) {
        let first = self.seats.len();
        self.seats.extend(seats.iter().enumerate().map(|(at, (request, replicas))| Seat {
            next: (first + at + 1) as u32,
            request: *request as u32,
            replicas: *replicas,
        }));
        if let Some(last) = self.seats[first..].last_mut() {
            last.next = END;
            self.first[node] = first as u32;
        }
    }

    /// Adds replicas of a request on a node, or takes them back if the number is negative.
    pub(super) fn add(&mut self, node: usize, request: usize, replicas: Amount) {
        let (mut last, mut at) = (None, self.first[node]);
        while let Some(seat) = self.seats.get_mut(at as usize) {
            if seat.request as usize == request {
                seat.replicas += replicas;
                return;
            }
            (last, at) = (Some(at), seat.next);
        }
        let new = self.seats.len() as u32;
        match last.and_then(|last| self.seats.get_mut(last as usize)) {
            Some(seat) => seat.next = new,
            None => self.first[node] = new,
        }
        self.seats.push(Seat { next: END, request: request as u32, replicas });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_seats_in_the_order_in_which_they_came() {
        let mut seats = Seats::new(2, 1);
        seats.begin(0, &[(7, 2), (5, 1)]);
        for (node, request, replicas) in [(1, 7, 1), (0, 3, 4), (0, 7, -1), (0, 5, 2)] {
            seats.add(node, request, replicas);
        }
        assert_eq!(seats.on(0).collect::<Vec<_>>(), [(7, 1), (5, 3), (3, 4)]);
        assert_eq!(seats.on(1).collect::<Vec<_>>(), [(7, 1)]);
        assert_eq!([seats.of(0, 3), seats.of(1, 3)], [4, 0]);
        assert_eq!(seats.nodes(), 2);
    }
}
