//! What happens next: events by time, and in the order they were planned at the same time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pod::PodRef;

/// Something that happens in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The script of this workload changes its replicas.
    Load(usize),
    /// The ReplicaSet controller looks at this workload.
    Reconcile(usize),
    /// The scheduler takes the next pods from its queue.
    Schedule,
    /// The pod becomes Ready.
    Ready(PodRef),
    /// The pod has ended and leaves its node.
    Gone(PodRef),
    /// The metric of this autoscaler is computed anew.
    Refresh(usize),
    /// This autoscaler runs.
    Sync(usize),
    /// The series gets its next sample.
    Sample,
}

/// Planned events.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    planned: u64,
}

impl EventQueue {
    /// Plans `event` for `at_ms`.
    pub(super) fn push(&mut self, at_ms: u64, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at_ms, self.planned, event)));
    }

    /// The next event, if it is not after `end_ms`.
    pub(super) fn pop_until(&mut self, end_ms: u64) -> Option<(u64, Event)> {
        let Reverse((at_ms, ..)) = self.heap.peek()?;
        if *at_ms > end_ms {
            return None;
        }
        self.heap.pop().map(|Reverse((at_ms, _, event))| (at_ms, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_moment_come_in_the_order_they_were_planned() {
        let mut queue = EventQueue::default();
        queue.push(5, Event::Sample);
        queue.push(5, Event::Load(0));
        queue.push(1, Event::Schedule);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_until(5)).collect();
        assert_eq!(order, [(1, Event::Schedule), (5, Event::Sample), (5, Event::Load(0))]);
        queue.push(6, Event::Sample);
        assert_eq!(queue.pop_until(5), None);
    }
}
